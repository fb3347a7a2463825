package e2e

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"spraydeck/kube"
	"spraydeck/runbook"
	"spraydeck/whatif"
)

// forecast is what whatif says that the hop restarts: "NODE unit kubelet".
func (l *lab) forecast(state string) map[string]bool {
	l.t.Helper()
	r := l.spraydeck(state, "whatif", "--nodes", "--hop", "v2.27.0..v2.28.0", "-o", "json")
	var report whatif.Report
	if err := json.Unmarshal([]byte(r.out), &report); err != nil {
		l.t.Fatalf("%v\n%s", err, r)
	}
	if len(report.Edits) > 0 || len(report.Unread) > 0 {
		l.t.Errorf("untouched nodes: edits %+v, not read %v", report.Edits, report.Unread)
	}
	found := map[string]bool{}
	for _, x := range report.Restarts {
		for _, node := range x.Nodes {
			found[node+" "+x.What] = true
		}
	}
	return found
}

// started says since when the units of each node and its static pods run.
func (l *lab) started() map[string]string {
	l.t.Helper()
	since := map[string]string{}
	for i := 1; i <= 4; i++ {
		node := fmt.Sprintf("node%d", i)
		for _, unit := range []string{"kubelet", "containerd"} {
			since[node+" unit "+unit] = l.shell("ssh -F " + l.vars["LAB_SSH_CONFIG"] + " " + node + " " +
				runbook.Quote("systemctl show -p ActiveEnterTimestamp -p MainPID "+unit))
		}
	}
	c, err := kube.Open(l.vars["KUBECONFIG"], "")
	if err != nil {
		l.t.Fatal(err)
	}
	pods, err := c.Get(l.t.Context(), "pods", "kube-system", "", "", "")
	if err != nil {
		l.t.Fatal(err)
	}
	for _, p := range pods {
		name, node := dig(p, "metadata", "name"), dig(p, "spec", "nodeName")
		if static, ok := strings.CutSuffix(name, "-"+node); ok {
			since[node+" pod "+static] = fmt.Sprint(dig(p, "metadata", "uid"), p["spec"].(map[string]any)["containers"])
		}
	}
	return since
}

// restartedAsForecast holds a forecast against what restarted since.
func (l *lab) restartedAsForecast(forecast map[string]bool, before map[string]string) {
	l.t.Helper()
	after := l.started()
	hit, truth := 0, 0
	var missed []string
	for id, since := range before {
		if after[id] == since {
			continue
		}
		truth++
		if forecast[id] {
			hit++
		} else {
			missed = append(missed, id)
		}
	}
	var wrong []string
	for id := range forecast {
		if since, there := before[id]; there && after[id] == since || !there {
			wrong = append(wrong, id)
		}
	}
	slices.Sort(missed)
	slices.Sort(wrong)
	l.t.Logf("%d restarts, %d forecast, %d right", truth, len(forecast), hit)
	if truth == 0 || hit*100 < 95*truth || hit*100 < 90*len(forecast) {
		l.t.Errorf("missed %v\nwrong %v\nof %v", missed, wrong, slices.Sorted(maps.Keys(forecast)))
	}
}
