package e2e

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"spraydeck/event"
	"spraydeck/runbook"
)

// ownPitfall is what an operator writes for their own site with nothing but docs/runbook-reference.md beside them.
const ownPitfall = `apiVersion: spraydeck/v1
kind: Pitfall
name: site-motd-missing
title: A node has lost the site's login banner
severity: nuisance
affects: {to: ">=2.28.0"}
why: The banner tells colleagues that a maintenance window is open. An image update removes it.
before:
  facts:
    banner: {ssh: "cat /etc/motd.site 2>/dev/null || true", on: all}
  rule: banner.all(host, banner[host].stdout.contains("maintenance"))
  says: these nodes do not tell that a window is open
  evidence: banner.filter(host, !banner[host].stdout.contains("maintenance")).map(host, host + " has no banner").sort()
symptoms:
  - id: banner-warning
    line: 'site-login: banner (?P<file>\S+) is missing'
    match: ["Nov 20 10:00:00 node1 site-login: banner /etc/motd.site is missing"]
    miss: ["Nov 20 10:00:00 node1 site-login: banner /etc/motd.site was read"]
remedies:
  - id: write-banner
    title: write the banner on these nodes
    steps:
      - id: write
        title: Write the banner
        on: '${banner.filter(host, !banner[host].stdout.contains("maintenance"))}'
        danger: changes
        ssh: echo maintenance > /etc/motd.site
sources: [site handbook, chapter 4]
`

// TestOwnPitfall: thirty lines of an operator's own are linted, met by check in the lab and found in a log.
func TestOwnPitfall(t *testing.T) {
	dir, state := t.TempDir(), t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "site-motd-missing.yaml"), []byte(ownPitfall), 0o600); err != nil {
		t.Fatal(err)
	}
	env := plainEnv(state)
	if r := command(t, env, spraydeck, "lint", dir); r.exit != 0 || r.out != "" {
		t.Errorf("lint: %s", r)
	}
	log := write(t, "syslog", "Nov 20 09:59:00 node1 systemd: started\nNov 20 10:00:00 node1 site-login: banner /etc/motd.site is missing\n")
	if r := command(t, env, spraydeck, "diagnose", "--runbooks", dir, log); r.exit != 3 || !strings.Contains(r.out, "site-motd-missing") {
		t.Errorf("diagnose: %s", r)
	}
	l := boot(t)
	r := l.spraydeck(state, "check", "kubespray-v2.28.0", "--runbooks", dir, "--set", "ansible=system", "-o", "json")
	var report struct{ Findings []runbook.Finding }
	if err := json.Unmarshal([]byte(r.out), &report); err != nil {
		t.Fatalf("%v\n%s", err, r)
	}
	for _, f := range report.Findings {
		if f.Pitfall == "site-motd-missing" && f.Verdict == event.Fail && len(f.Evidence) == 4 && len(f.Remedies) == 1 {
			return
		}
	}
	t.Errorf("check did not find it: %s", r)
}
