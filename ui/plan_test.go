package ui

import (
	"fmt"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"spraydeck/event"
	"spraydeck/event/eventtest"
)

func samplePlan() Plan {
	return Plan{
		Title: text("Kubespray v2.28.0", ""), Runbook: "kubespray/v2.28.0 1.0", Cluster: "prod-4", From: "v2.27.0", To: "v2.28.0",
		KnownTo: "v2.31.0", Steps: eventtest.Plan(),
		Inputs: []PlanInput{{Name: "inventory", Value: "inventory/mycluster"}, {Name: "token", Value: "s3cret", Secret: true}},
		Operations: map[string][]event.Operation{
			"api-server": {{Host: "node1", Line: "grep server: /etc/kubernetes/*.conf"}, {Host: "node2", Line: "grep server: /etc/kubernetes/*.conf"}},
			"drain-node2": {{Host: "api", Line: "kubectl drain node2 --force --ignore-daemonsets --delete-emptydir-data --timeout=10m0s", Changes: true},
				{Host: "workstation", Line: "set -e\necho two lines", Changes: true}},
		},
		Findings: []event.GateChecked{
			{Gate: "cgroup", Title: text("node4 runs cgroup v1", "node4 は cgroup v1"), Required: event.Advisory, Verdict: event.Fail},
			eventtest.FailingGate(),
			{Gate: "fine", Title: text("Ceph is healthy", ""), Required: event.Success, Verdict: event.Pass},
		},
	}
}

func newTestPlan(lang string, w, h int) *planView {
	v := newPlanView(newLook(Options{Lang: lang}), samplePlan())
	v.SetSize(w, h)
	return v
}

func TestPlanGolden(t *testing.T) {
	for _, size := range [][2]int{{80, 24}, {120, 40}, {40, 12}} {
		w, h := size[0], size[1]
		v := newTestPlan(map[int]string{40: "ja"}[w], w, h)
		got := drawn(t, v.View(), w, h)
		for range 4 {
			v.HandleKey(press("j"))
		}
		got += "──── on a step\n" + drawn(t, v.View(), w, h)
		for _, k := range []string{"/", "d", "r", "a"} {
			v.HandleKey(press(k))
		}
		got += "──── filtering\n" + drawn(t, v.View(), w, h)
		sameAsGolden(t, fmt.Sprintf("plan-%dx%d", w, h), got)
	}
}

func TestPlanKeys(t *testing.T) {
	prepared := func(w int) *planView {
		v := newTestPlan("", w, 15)
		for range 4 {
			v.HandleKey(press("j")) // the drain, in the middle
		}
		return v
	}
	for _, w := range []int{80, 120} {
		for _, k := range prepared(w).Keys() {
			for _, name := range k.Keys {
				v := prepared(w)
				before := v.View()
				switch got := v.HandleKey(press(name)).(type) {
				case actStart:
					if name != "enter" {
						t.Errorf("%s starts the run", name)
					}
				case actBack:
					if name != "esc" {
						t.Errorf("%s goes back", name)
					}
				case actCopy:
					if name != "y" || !strings.HasPrefix(got.Text, "kubectl drain node2") {
						t.Errorf("%s copies %q", name, got.Text)
					}
				default:
					if v.View() == before {
						t.Errorf("%d columns: %s does nothing (%T)", w, name, got)
					}
				}
			}
		}
	}
}

func TestPlanFilter(t *testing.T) {
	v := newTestPlan("", 100, 30)
	for _, k := range []string{"/", "e", "m", "p", "t", "y", "d", "i", "r", "enter"} {
		v.HandleKey(press(k))
	}
	if s := ansi.Strip(v.View()); !strings.Contains(s, "Drain node2") || strings.Contains(s, "Read the release notes") {
		t.Errorf("the filter does not look into commands:\n%s", s)
	}
	if _, back := v.HandleKey(press("esc")).(actBack); back || !strings.Contains(v.View(), "Read the release notes") {
		t.Error("esc does not take the filter away first")
	}
	for _, k := range []string{"/", "x", "x", "x", "enter"} {
		v.HandleKey(press(k))
	}
	if s := v.View(); !strings.Contains(s, "nothing fits the filter") {
		t.Error(ansi.Strip(s))
	}
	for _, k := range v.Keys() {
		if k.Keys[0] == "y" && k.Enabled() {
			t.Error("y copies nothing but is enabled")
		}
	}
}

func TestReviewPlan(t *testing.T) {
	for _, tt := range []struct {
		keys  string
		start bool
		quits bool
	}{{"enter", true, true}, {"esc", false, true}, {"q", false, true}, {"ctrl+c", false, true}, {"? q", false, false},
		{"/ q enter", false, false}, {"y", false, false}} {
		m := &reviewModel{plan: newPlanView(newLook(Options{}), samplePlan())}
		_ = m.View()
		m.Update(tea.WindowSizeMsg{Width: 100, Height: 30})
		var cmd tea.Cmd
		for _, k := range strings.Fields(tt.keys) {
			_, cmd = m.Update(press(k))
			drawn(t, m.View().Content, 100, 30)
		}
		quits := false
		if cmd != nil {
			_, quits = cmd().(tea.QuitMsg)
		}
		if m.start != tt.start || quits != tt.quits {
			t.Errorf("%s: start %v, quits %v", tt.keys, m.start, quits)
		}
	}
}

// Every step can be reached in both directions, whatever is between.
func TestPlanCursor(t *testing.T) {
	v := newTestPlan("", 120, 40)
	seen := map[int]bool{}
	for range 20 {
		seen[v.cursor] = true
		v.HandleKey(press("down"))
	}
	for range 20 {
		v.HandleKey(press("up"))
	}
	if r, _ := v.selected(); len(seen) != 6 || r.finding != 0 {
		t.Errorf("%d rows reached, and back at %+v", len(seen), r)
	}
	v.HandleKey(press("G"))
	if r, _ := v.selected(); r.step != 3 {
		t.Errorf("G ends at %+v", r)
	}
}

func TestPlanAtAnySize(t *testing.T) {
	for _, p := range []Plan{{}, samplePlan()} {
		v := newPlanView(newLook(Options{}), p)
		_ = v.View()
		for w := range 130 {
			for _, h := range []int{0, 1, 2, 5, 12, 30} {
				v.SetSize(w, h)
				_ = v.View()
				v.HandleKey(press("j"))
				v.HandleKey(press("tab"))
			}
		}
	}
	empty := newPlanView(newLook(Options{}), Plan{})
	if _, start := empty.HandleKey(press("enter")).(actStart); start {
		t.Error("an empty plan starts")
	}
}
