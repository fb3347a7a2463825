package ui

import (
	"strings"
	"testing"
	"time"

	"spraydeck/event"
)

// playbookRun is a playbook on three hosts of which one fails and one is unreachable, as the default callback prints it.
func playbookRun() *script {
	s := begun()
	s.in("upgrade").add(time.Second, event.StepStarted{Attempt: 1})
	s.command(event.Workstation, "ansible-playbook upgrade.yml", false)
	s.prints("\nPLAY [Gather facts] ****\n").add(0, event.Progress{Play: "Gather facts"})
	task := func(n int, play, name, results string) {
		s.prints("\nTASK [" + name + "] ****\n")
		s.add(0, event.Progress{Play: play, Task: name, Tasks: n})
		s.prints(results)
	}
	task(1, "Gather facts", "setup", "ok: [node1]\nok: [node2]\nok: [node3]\n")
	s.prints("\nPLAY [Upgrade nodes] ****\n").add(0, event.Progress{Play: "Upgrade nodes", Task: "setup", Tasks: 1})
	task(2, "Upgrade nodes", "kubernetes/preinstall : Stop if swap is on", "ok: [node1]\nfatal: [node2]: FAILED! => {\"changed\": false, \"assertion\": \"ansible_swaptotal_mb == 0\", \"evaluated_to\": false, \"msg\": \"Swap is on, the kubelet does not start with it\"}\nfatal: [node3]: UNREACHABLE! => {\"changed\": false, \"msg\": \"Failed to connect to the host via ssh\", \"unreachable\": true}\n")
	task(3, "Upgrade nodes", "kubernetes/node : Restart kubelet", "")
	return s
}

// TestPlaybookOnRunScreen: the failed tasks, their hosts and messages are on the screen as soon as they are printed, and what is
// waited for.
func TestPlaybookOnRunScreen(t *testing.T) {
	s := playbookRun()
	for _, size := range sizes[:2] {
		d := newDriver(t, "en", size.w, size.h)
		d.play(scene{events: s.events, now: s.now.Add(4 * time.Second)})
		screen := d.screen()
		for _, want := range []string{"Stop if swap is on on node2", "Swap is on, the kubelet does not start with it", "unreachable",
			"Failed to connect to the host via ssh", "task 3  kubernetes/node : Restart kubelet  5s", "waits for node1"} {
			if !strings.Contains(screen, want) {
				t.Errorf("%v: %q is not on the screen:\n%s", size, want, screen)
			}
		}
		golden(t, "playbook_failing_"+map[int]string{120: "120x40", 80: "80x24"}[size.w], screen)
	}
}

// TestPlaybookFailureAtOnce: a failure is on the screen before the next line tells whether it is ignored, and leaves it if so.
func TestPlaybookFailureAtOnce(t *testing.T) {
	s := begun()
	s.in("upgrade").add(time.Second, event.StepStarted{Attempt: 1})
	s.command(event.Workstation, "ansible-playbook upgrade.yml", false)
	s.prints("\nTASK [etcd : Check] ****\nfatal: [node1]: FAILED! => {\"changed\": false, \"msg\": \"etcd is unhealthy\"}\n").add(0, event.Progress{Task: "etcd : Check", Tasks: 1, Failed: 1})
	d := newDriver(t, "en", 80, 24)
	d.play(scene{events: s.events, now: s.now})
	if !strings.Contains(d.screen(), "etcd is unhealthy\n") && !strings.Contains(d.screen(), "   etcd is unhealthy") {
		t.Errorf("the failure is not told:\n%s", d.screen())
	}
	d.send(batch{event.Event{Seq: 900, Time: s.now, Step: "upgrade", Data: event.NewOutput(s.number, "stdout", []byte("...ignoring\n"))}})
	if strings.Contains(d.screen(), "   etcd is unhealthy") {
		t.Errorf("an ignored failure is told:\n%s", d.screen())
	}
}

// TestTasksDrillDown goes from the plays to the fields of a result and back.
func TestTasksDrillDown(t *testing.T) {
	s := playbookRun()
	s.prints("changed: [node1]\n\nPLAY RECAP ****\nnode1 : ok=3 changed=1 unreachable=0 failed=0 skipped=0 rescued=0 ignored=0\nnode2 : ok=1 changed=0 unreachable=0 failed=1 skipped=0 rescued=0 ignored=0\n").ends(2)
	d := newDriver(t, "en", 120, 40)
	d.play(scene{events: s.events, now: s.now})
	step := func(keys []string, wants ...string) {
		t.Helper()
		d.press(keys...)
		for _, want := range wants {
			if !strings.Contains(d.screen(), want) {
				t.Errorf("after %v: no %q:\n%s", keys, want, d.screen())
			}
		}
	}
	step([]string{"t"}, "Plays › Upgrade nodes", "› ✗ kubernetes/preinstall : Stop if swap is on", "failed 1 unreachable 1 ok 1")
	step([]string{"enter"}, "✗ failed", "node2", "Swap is on")
	step([]string{"f", "enter"}, "Stop if swap is on › node2 › failed", "assertion", "ansible_swaptotal_mb == 0", "evaluated_to")
	golden(t, "tasks_result", d.screen())
	step([]string{"enter"}, "this is the whole result")
	step([]string{"esc", "esc", "esc"}, "Gather facts", "Slowest tasks", "Recap")
	step([]string{"G", "enter"}, "✗ node2 : ok=1", "✓ node1 : ok=3")
	step([]string{"esc", "k", "enter"}, "Slowest tasks", "Restart kubelet")
	step([]string{"esc", "esc"}, "Workers, one at a time")
	step([]string{"t", "/", "k", "u", "b", "e", "l", "e", "t", "enter"}, "Restart kubelet")
	if strings.Contains(d.screen(), "Stop if swap") {
		t.Errorf("the filter lets all through:\n%s", d.screen())
	}
	golden(t, "tasks_list", d.screen())
}
