package e2e

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"spraydeck/event"
)

// TestUpgrade walks the whole procedure in the console, by keyboard alone, at 80x24.
func TestUpgrade(t *testing.T) {
	l := boot(t)
	state := t.TempDir()

	dry := l.spraydeck(state, "run", "kubespray-v2.28.0", "--set", "ansible=system", "--dry-run")
	if dry.exit != 0 {
		t.Fatalf("dry run: %s", dry)
	}
	if files, _ := filepath.Glob(filepath.Join(state, "spraydeck", "sessions", "*")); len(files) > 0 {
		t.Errorf("the dry run left %v", files)
	}
	if got := fmt.Sprint(l.nodes()); got != fmt.Sprint(before) || l.shell("git branch --show-current") != "t_v2.27.0" {
		t.Errorf("the dry run changed something: %s", got)
	}

	forecast, started := l.forecast(state), l.started()
	c := l.open(state, 80, 24, "run", "kubespray-v2.28.0", "--set", "ansible=system")
	c.start()
	c.walk(12*time.Minute, chooseAll)
	l.restartedAsForecast(forecast, started)
	events := c.events()
	end := events[len(events)-1].Data.(event.Ended)
	if end.Exit != 0 {
		t.Fatalf("ended %+v\n%s", end, c.screen())
	}
	if code := c.quit(); code != "0" {
		t.Errorf("the console ended with %s\n%s", code, c.screen())
	}
	upgraded(t, l, state, events)
	sameLines(t, dry.out, events)
}

// chooseAll takes the first way offered at a choice and goes on everywhere else.
func chooseAll(q event.Question, _ int) (string, string) {
	if q.Form == event.AskChoose {
		return q.Choices[0].ID, ""
	}
	return "", ""
}

// upgraded checks everything that must be true after a complete run.
func upgraded(t *testing.T, l *lab, state string, events []event.Event) {
	t.Helper()
	if got := fmt.Sprint(l.nodes()); got != fmt.Sprint(after) {
		t.Errorf("nodes are %s", got)
	}
	if got := l.shell("git branch --show-current"); got != "t_v2.28.0" {
		t.Errorf("the checkout is on %s", got)
	}
	if got := l.shell("git status --porcelain"); got != "" {
		t.Errorf("uncommitted: %s", got)
	}
	if got := l.shell("git log --oneline v2.28.0..t_v2.28.0 -- inventory/mycluster"); got == "" {
		t.Error("no commit holds the inventory")
	}
	if r := l.spraydeck(state, "verify"); r.exit != 0 {
		t.Errorf("verify: %s", r)
	}
	text := l.spraydeck(state, "replay", "--text")
	if text.exit != 0 {
		t.Errorf("replay --text: %s", text)
	}
	at := 0
	for _, e := range events {
		c, ok := e.Data.(event.CommandStarted)
		if !ok {
			continue
		}
		first, _, _ := strings.Cut(c.Line, "\n")
		i := strings.Index(text.out[at:], first)
		if i < 0 {
			t.Errorf("replay --text does not list %q in its place", first)
			continue
		}
		at += i + len(first)
	}
	oneAtATime(t, events)
}

// oneAtATime: never were two nodes out of service at once, unless the run says that an outage happened.
func oneAtATime(t *testing.T, events []event.Event) {
	t.Helper()
	out := map[string]bool{}
	for _, e := range events {
		n, ok := e.Data.(event.NodeChanged)
		if !ok {
			continue
		}
		delete(out, n.Node.Name)
		if n.Node.Unschedulable {
			out[n.Node.Name] = true
		}
		if len(out) > 1 {
			t.Errorf("event %d: more than one node is cordoned: %v", e.Seq, out)
		}
	}
}

// sameLines: what the dry run printed is what ran.
func sameLines(t *testing.T, dry string, events []event.Event) {
	t.Helper()
	flat := strings.Join(strings.Fields(dry), " ")
	for _, e := range events {
		c, ok := e.Data.(event.CommandStarted)
		if !ok || c.Probe || e.Step == "" { // the lease belongs to the run, not to a step
			continue
		}
		want := c.Host + ": " + strings.Join(strings.Fields(c.Line), " ")
		if !strings.Contains(flat, want) {
			t.Errorf("the dry run did not print %q", want)
		}
	}
}

func TestDeadVIP(t *testing.T) {
	l := boot(t, "dead-vip")
	state := t.TempDir()
	head := l.head()
	args := []string{"run", "kubespray-v2.28.0", "--set", "ansible=system", "--plain", "--answers"}

	blocked := l.spraydeck(state, append(args, write(t, "a.yaml", goOn))...)
	if blocked.exit != 3 {
		t.Fatalf("not blocked: %s", blocked)
	}
	for _, want := range []string{"vip-notready-v2.28", "node2 /etc/kubernetes/kubelet.conf", "node3 /etc/kubernetes/kubelet.conf"} {
		if !strings.Contains(blocked.out, want) {
			t.Errorf("the blocked run does not say %q", want)
		}
	}
	l.untouched(head)

	remedied := l.spraydeck(state, append(args, write(t, "a.yaml", goOn+`
"*/vip-notready-v2.28": remedy:vip-notready-v2.28/use-loopback
`))...)
	if remedied.exit != 0 {
		t.Fatalf("with the remedy: %s", remedied)
	}
	for _, node := range []string{"node2", "node3"} {
		if got := l.shell("ssh -F " + l.vars["LAB_SSH_CONFIG"] + " " + node + " 'ls /etc/kubernetes/kubelet.conf.* | wc -l'"); got == "0" {
			t.Errorf("no backup of kubelet.conf on %s", node)
		}
	}
	upgraded(t, l, state, newest(t, state))
}

// goOn answers everything that is no gate and no failure.
const goOn = `
start: continue
"*/approve": continue
fresh-inventory/approve: {choice: continue, text: inventory/mycluster}
upgrade-all/approve: {choice: continue, text: cluster.local}
strategy: all_at_once
release-notes: continue
restart-first: continue
etcd-snapshot: continue
upgrade-document: continue
no-way-back: continue
after-outside: continue
"*/review": continue
"review-*": continue
`

// TestOverride lets the outage happen, sees it, and fixes it.
func TestOverride(t *testing.T) {
	l := boot(t, "dead-vip")
	state := t.TempDir()
	c := l.open(state, 120, 40, "run", "kubespray-v2.28.0", "--set", "ansible=system")
	c.start()
	c.walk(15*time.Minute, func(q event.Question, nth int) (string, string) {
		switch {
		case strings.HasSuffix(q.ID, "/vip-notready-v2.28"):
			return event.ChoiceOverride, "CHG-1234 accepts the outage"
		case strings.HasSuffix(q.ID, "/node-left-cordoned"):
			return "remedy:node-left-cordoned/uncordon", ""
		case q.Form == event.AskFailed && nth == 0:
			return "remedy:vip-notready-v2.28/use-loopback", ""
		case q.Form == event.AskFailed:
			return event.ChoiceRetry, ""
		}
		return chooseAll(q, nth)
	})
	events := c.events()
	var lost, hit, reason, remedy bool
	for _, e := range events {
		switch d := e.Data.(type) {
		case event.NodeChanged:
			lost = lost || d.Node.Ready != "True"
		case event.Hit:
			hit = hit || d.Pitfall == "vip-notready-v2.28"
		case event.Answered:
			reason = reason || d.Reason == "CHG-1234 accepts the outage"
			remedy = remedy || d.Choice == "remedy:vip-notready-v2.28/use-loopback"
		}
	}
	if !lost || !hit || !reason || !remedy {
		t.Errorf("lost %v, hit %v, reason %v, remedy %v", lost, hit, reason, remedy)
	}
	if !slices.ContainsFunc(c.screens, func(s string) bool { return strings.Contains(s, "NotReady") }) {
		t.Error("no screen showed NotReady")
	}
	if end := events[len(events)-1].Data.(event.Ended); end.Exit != 0 {
		t.Errorf("ended %+v", end)
	}
	if got := fmt.Sprint(l.nodes()); got != fmt.Sprint(after) {
		t.Errorf("nodes are %s", got)
	}
}

func newest(t *testing.T, state string) []event.Event {
	dirs, _ := filepath.Glob(filepath.Join(state, "spraydeck", "sessions", "*"))
	if len(dirs) == 0 {
		t.Fatal("no transcript")
	}
	return eventsOf(t, dirs[len(dirs)-1])
}
