//go:build !race

// These read some 30,000 logs in one goroutine. The race detector makes half a minute of it eight, and finds nothing here.

package diagnose

import (
	"slices"
	"strings"
	"testing"

	"spraydeck/symptom"
)

// TestEveryForm: what the catalogue's own samples show does not depend on how Ansible prints the result they stand in: the
// callback, items, retries, colours, prefixes.
func TestEveryForm(t *testing.T) {
	pitfalls := builtinPitfalls(t)
	k := New(pitfalls, nil)
	tried := 0
	for _, p := range pitfalls {
		for i := range p.Symptoms {
			s := &p.Symptoms[i]
			task := taskFor(t, s)
			for _, sample := range s.Match {
				for field, r := range resultsOf(sample.Value) {
					want := told(report(t, k, r.forms(task)["one line"]), p.Name.Value)
					if bare := told(report(t, k, sample.Value+"\n"), p.Name.Value); bare == "verdict" && s.Task.RE == nil {
						want = bare
					}
					if want == "nothing" {
						continue
					}
					for form, log := range r.forms(task) {
						if s.Task.RE != nil && !strings.Contains(log, task) {
							continue // these tell no task
						}
						if s.Lasts.Value > 0 && strings.Contains(log, "03:04:05") {
							continue // these tell a time, and that none has passed
						}
						tried++
						if got := told(report(t, k, log), p.Name.Value); got != want {
							t.Errorf("%s/%s as %s in %s: %s, want %s\n%s", p.Name.Value, s.ID.Value, form, field, got, want, log)
						}
					}
				}
			}
		}
	}
	t.Logf("%d forms tried", tried)
	if tried < 15_000 {
		t.Error("these are too few")
	}
}

// TestEveryTask: a pattern that is bound to no task shows in every task that others are bound to, and in those of the drain.
func TestEveryTask(t *testing.T) {
	pitfalls := builtinPitfalls(t)
	k := New(pitfalls, nil)
	var tasks []string
	for _, p := range pitfalls {
		for i := range p.Symptoms {
			if s := &p.Symptoms[i]; s.Task.RE != nil {
				tasks = append(tasks, taskFor(t, s))
			}
		}
	}
	tasks = append(slices.Compact(tasks), "upgrade/pre-upgrade : Drain node", "container-engine/validate-container-engine : Drain node", "kubernetes/control-plane : Kubeadm | Upgrade first control plane node")
	if len(tasks) < 12 {
		t.Fatalf("%d tasks", len(tasks))
	}
	for _, p := range pitfalls {
		for i := range p.Symptoms {
			s := &p.Symptoms[i]
			if s.Task.RE != nil || symptom.HeadOnly(s.Line.RE) || p.Affects.System.Value == "k3s" {
				continue // K3s is not in a task of Kubespray
			}
			for _, sample := range s.Match {
				for field, r := range resultsOf(sample.Value) {
					want := told(report(t, k, r.forms("some/role : Do something")["one line"]), p.Name.Value)
					if want == "nothing" || field == "stdout" {
						continue
					}
					for _, task := range tasks {
						if got := report(t, k, r.forms(task)["one line"]); told(got, p.Name.Value) != want && !beside(got, p.Name.Value) {
							t.Errorf("%s/%s in the task %s: %s, want %s", p.Name.Value, s.ID.Value, task, told(got, p.Name.Value), want)
						}
					}
				}
			}
		}
	}
}
