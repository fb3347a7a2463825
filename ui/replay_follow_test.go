package ui

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"spraydeck/event"
	"spraydeck/event/eventtest"
	"spraydeck/transcript"
)

// writing is a run that is being written while it is watched.
type writing struct {
	t   *testing.T
	w   *transcript.Writer
	now time.Time
}

func newWriting(t *testing.T) *writing {
	t.Helper()
	begin := time.Date(2026, 12, 1, 8, 50, 0, 0, time.UTC)
	w, err := transcript.Create(t.TempDir(), transcript.Header{Tool: "test", Runbook: "kubespray/v2.28.0", Cluster: "prod-4",
		From: "v2.27.0", To: "v2.28.0", Started: begin})
	if err != nil {
		t.Fatal(err)
	}
	r := &writing{t, w, begin}
	r.clock()
	t.Cleanup(func() { r.w.Close() })
	r.put("", event.Started{Runbook: "kubespray/v2.28.0", Title: event.T("Upgrade"), From: "v2.27.0", To: "v2.28.0", Cluster: "prod-4", At: begin})
	r.put("", event.Planned{Steps: []event.PlannedStep{
		{ID: "read", Title: event.T("Read the notes"), Kind: "note"}, {ID: "upgrade", Title: event.T("Upgrade"), Kind: "ansible"}}})
	r.put("read", event.StepStarted{Attempt: 1})
	r.put("read", event.CommandStarted{Number: 1, Host: "node1", Line: "uname -r", Probe: true})
	r.put("read", event.NewOutput(1, "stdout", []byte("6.8.0-generic\n")))
	r.put("read", event.CommandEnded{Number: 1, Outcome: event.Done})
	r.put("read", event.StepEnded{Status: event.Passed})
	r.put("upgrade", event.StepStarted{Attempt: 1})
	r.put("upgrade", event.CommandStarted{Number: 2, Host: "workstation", Line: "ansible-playbook upgrade-cluster.yml", Changes: true})
	return r
}

func (r *writing) clock() {
	from := r.now
	r.w.Clock = func() (time.Time, time.Duration) { return r.now, r.now.Sub(from) }
}

func (r *writing) put(step string, d event.Data) {
	r.t.Helper()
	r.now = r.now.Add(30 * time.Second)
	if _, err := r.w.Append(event.Event{Step: step, Data: d}); err != nil {
		r.t.Fatal(err)
	}
}

func (r *writing) print(s string) { r.put("upgrade", event.NewOutput(2, "stdout", []byte(s))) }

// poll is what a screen that follows does again and again.
func (s *stage) poll() { s.Update(s.scan(true)()) }

func TestReplayFollow(t *testing.T) {
	r := newWriting(t)
	s := newStage(t, r.w.Path(), 120, 40, ReplayOptions{Options: Options{Lang: "en"}, Follow: true})
	wants := func(words ...string) {
		t.Helper()
		for _, w := range words {
			if !strings.Contains(s.text(), w) {
				t.Fatalf("no %q:\n%s", w, s.text())
			}
		}
	}
	p := s.screen.player
	wants("● live", "ansible-playbook upgrade-cluster.yml", "verifying")
	s.do(s.verify())
	r.print("one\n")
	s.poll()
	wants("verified ✓", "one")
	s.press("[", "left") // there is no failure; back to the step
	r.print("two\n")
	s.poll()
	wants("behind", "paused")
	if p.AtEnd() || strings.Contains(s.text(), "two") {
		t.Errorf("it does not stay where the operator went:\n%s", s.text())
	}
	s.press("space") // plays until it has caught up
	s.wait(3 * time.Minute)
	wants("● live", "two")
	r.print("thr")
	r.print("ee\n")
	s.poll()
	wants("three")
	s.press("space") // away from the end, without going anywhere
	r.print("four\n")
	s.poll()
	if wants("paused"); p.AtEnd() {
		t.Error("a pause does not pause")
	}
	s.press("G")
	wants("● live", "four")
	if err := r.w.Close(); err != nil {
		t.Fatal(err)
	}
	s.poll()
	wants("interrupted: no console writes this run")
	half, err := os.OpenFile(r.w.Path(), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(half, `{"seq":`)
	half.Close()
	s.poll()
	if r.w, _, err = transcript.Open(r.w.Path()); err != nil {
		t.Fatal(err)
	}
	r.clock()
	r.put("", event.Resumed{Tool: "test", Operator: "aya@bastion", At: r.now})
	r.print("five\n")
	s.poll()
	wants("● live", "five")
	r.put("upgrade", event.CommandEnded{Number: 2, Outcome: event.Done})
	r.put("upgrade", event.StepEnded{Status: event.Passed})
	r.put("", event.Ended{Status: event.Passed})
	s.poll()
	s.do(s.verify())
	wants("■ end", "verified ✓", "↻")
}

func TestReplayFollowGolden(t *testing.T) {
	for _, size := range [][2]int{{80, 24}, {120, 40}} {
		w, h := size[0], size[1]
		r := newWriting(t)
		r.print("TASK [kubernetes/node : Install kubelet] ***\nchanged: [node1]\n")
		s := newStage(t, r.w.Path(), w, h, ReplayOptions{Options: Options{Lang: map[int]string{80: "ja"}[w]}, Follow: true})
		s.do(s.verify())
		got := drawn(t, s.View().Content, w, h)
		r.w.Close()
		s.poll()
		line, _, _ := strings.Cut(drawn(t, s.View().Content, w, h), "\n")
		sameAsGolden(t, fmt.Sprintf("replay-follow-%dx%d", w, h), got+"──── the console went away\n"+line+"\n")
	}
}

// What a run that goes on has not written yet is no damage; what nobody will write is.
func TestReplayFollowTorn(t *testing.T) {
	r := newWriting(t)
	f, err := os.OpenFile(r.w.Path(), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(f, `{"seq":`)
	f.Close()
	s := newStage(t, r.w.Path(), 120, 40, ReplayOptions{Follow: true})
	s.do(s.verify())
	if strings.Contains(s.text(), "NOT VERIFIED") {
		t.Errorf("a line on its way:\n%s", s.text())
	}
	r.w.Close()
	s.poll()
	if !strings.Contains(s.text(), "NOT VERIFIED: cut off in line") {
		t.Errorf("a line that nobody ends:\n%s", s.text())
	}
}

// A search goes on while keys are answered; esc ends it, and what it has found stays.
func TestReplaySearchGoesOn(t *testing.T) {
	r := newWriting(t)
	for i := range 200 {
		r.print(fmt.Sprintf("line %d\nneedle %d\n", i, i))
	}
	s := newStage(t, r.w.Path(), 120, 40, ReplayOptions{})
	search := s.screen.search("needle").(actSearch).Search
	step := func() {
		found, done, err := search.Next(5000)
		s.Update(searched{search, found, done, err})
	}
	step()
	f := s.screen.finder
	if len(f.found) == 0 || f.search == nil || !strings.Contains(s.text(), "searching") {
		t.Fatalf("%d found:\n%s", len(f.found), s.text())
	}
	if !strings.Contains(s.text(), "needle 0") || s.screen.player.playing {
		t.Errorf("not at the first one:\n%s", s.text())
	}
	s.press("n")
	if !strings.Contains(s.text(), "match 2 of") {
		t.Errorf("not at the second one:\n%s", s.text())
	}
	had := len(f.found)
	s.press("N", "N") // the one before the first is the last, which it does not know yet
	if f.want != -1 {
		t.Errorf("it does not wait for the last: %+v", f.here)
	}
	s.press("esc")
	if step(); len(f.found) != had || strings.Contains(s.text(), "searching") {
		t.Error("it goes on after esc")
	}
	s.press("/", "n", "e", "e", "d", "l", "e", "enter", "N", "N")
	if f := s.screen.finder; len(f.found) != 200 || f.here != f.found[199] {
		t.Errorf("%d found, at %+v", len(f.found), f.here)
	}
	s.press("/", "z", "z", "z", "enter")
	if s.screen.finder != nil || !strings.Contains(s.text(), "zzz") {
		t.Errorf("a vain search:\n%s", s.text())
	}
}

// What was printed by a command that the step does not show is found in the command log.
func TestReplaySearchInProbes(t *testing.T) {
	s := newStage(t, newWriting(t).w.Path(), 120, 40, ReplayOptions{})
	s.press("/", "6", ".", "8", "enter")
	if !strings.Contains(s.text(), "6.8.0-generic") || s.screen.run.focus != panelLog {
		t.Errorf("the output of a probe is not in sight:\n%s", s.text())
	}
	s.press("left")
	if s.screen.run.focus != panelStep {
		t.Error("the next jump stays in the command log")
	}
}

func TestReplayGoTo(t *testing.T) {
	path := recorded(t)
	for _, size := range [][2]int{{80, 24}, {120, 40}} {
		w, h := size[0], size[1]
		s := newStage(t, path, w, h, ReplayOptions{Options: Options{Lang: map[int]string{80: "ja"}[w]}})
		s.press("space", ":")
		padded := strings.Join(fill(strings.Split(s.View().Content, "\n"), w, h), "\n") // a canvas trims trailing blanks
		sameAsGolden(t, fmt.Sprintf("replay-goto-%dx%d", w, h), drawn(t, padded, w, h))
	}
	at := func(keys ...string) *stage {
		s := newStage(t, path, 120, 40, ReplayOptions{})
		s.press(":")
		s.press(keys...)
		s.press("enter")
		return s
	}
	if s := at(strings.Split("drain-node2", "")...); s.screen.player.state.Current != "drain-node2" || s.screen.player.playing || s.over != nil {
		t.Errorf("at %s", s.screen.player.state.Current)
	}
	for _, typed := range []string{"20:00", "0:20:00", "20m"} {
		if e := at(strings.Split(typed, "")...).screen.player.at.Elapsed; e > 20*time.Minute || e < 10*time.Minute {
			t.Errorf("%s leads to %v", typed, e)
		}
	}
	s := newStage(t, path, 120, 40, ReplayOptions{})
	s.press(":", "g", "o", "space", "t", "o", "space", "2", "0", ":", "0", "0", "enter")
	if e := s.screen.player.at.Elapsed; e > 20*time.Minute || e < 10*time.Minute {
		t.Errorf("go to 20:00 leads to %v", e)
	}
	if s := at("o", "v", "e", "r", "r", "i"); s.screen.player.at.Pos == 0 {
		t.Error("an override cannot be gone to")
	}
	s.press(":", "esc")
	if s.over != nil {
		t.Error("esc does not leave the list")
	}
}

// A time in which output was not recorded is on the timeline, can be gone to, and is named while it is shown.
func TestReplayPausedRecording(t *testing.T) {
	for _, lang := range []string{"en", "ja"} {
		w, err := transcript.Create(t.TempDir(), transcript.Header{Tool: "test", Runbook: "r", Started: time.Date(2026, 11, 14, 22, 3, 0, 0, time.UTC)})
		if err != nil {
			t.Fatal(err)
		}
		now := w.Header().Started
		w.Clock = func() (time.Time, time.Duration) { return now, now.Sub(w.Header().Started) }
		for _, d := range []event.Data{event.Started{Runbook: "r"}, event.Planned{Steps: eventtest.Plan()[:1]}, event.StepStarted{Attempt: 1},
			event.CommandStarted{Number: 1, Host: "node1", Line: "login"}, event.NewOutput(1, "stdout", []byte("before\n")), event.Paused{},
			event.NewOutput(1, "stdout", []byte("private\n")), event.CommandEnded{Number: 1, Outcome: event.Done}, event.Unpaused{},
			event.StepEnded{Status: event.Passed}, event.Ended{Status: event.Passed}} {
			e := event.Event{Data: d}
			if _, paused := d.(event.Paused); now.After(w.Header().Started) && !paused && d != event.Data(event.Unpaused{}) {
				e.Step = eventtest.Plan()[0].ID
			}
			if _, ended := d.(event.Ended); ended {
				e.Step = ""
			}
			now = now.Add(time.Second)
			if _, err := w.Append(e); err != nil {
				t.Fatal(err)
			}
		}
		path := w.Path()
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		s := newStage(t, path, 120, 40, ReplayOptions{Options: Options{Lang: lang}})
		s.press("space")
		_, line, _ := strings.Cut(s.text(), "├")
		if line, _, _ = strings.Cut(line, "┤"); !strings.Contains(line, "‖") || !strings.Contains(line, "‣") {
			t.Errorf("the pause is not on the timeline: %s", line)
		}
		s.press(":")
		if text := s.text(); !strings.Contains(text, sayRecPaused.In(lang)) || !strings.Contains(text, sayRecAgain.In(lang)) {
			t.Errorf("the pause cannot be gone to:\n%s", text)
		}
		s.press("esc")
		for elapsed, paused := range map[string]bool{"0:04": false, "0:07": true, "0:09": false, "0:08": true} {
			s.press(":")
			s.press(strings.Split(elapsed, "")...)
			s.press("enter")
			text := s.text()
			if strings.Contains(text, "‖ "+sayRecPaused.In(lang)) != paused || strings.Contains(text, "private") {
				t.Errorf("at %s (%v):\n%s", elapsed, s.screen.player.at.Elapsed, text)
			}
		}
	}
}

// Output whose spool is gone is said where it would stand, and above.
func TestReplayWithoutSpool(t *testing.T) {
	r := newWriting(t)
	dir := r.w.Spool(2)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "2.out"), []byte("from the spool\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	r.print("from the spool\n")
	r.w.Close()
	s := newStage(t, r.w.Path(), 120, 40, ReplayOptions{})
	if s.press("G"); !strings.Contains(s.text(), "from the spool") || !strings.Contains(s.text(), "verified ✓") {
		t.Errorf("output of a spool is not shown:\n%s", s.text())
	}
	if err := os.Remove(filepath.Join(dir, "2.out")); err != nil {
		t.Fatal(err)
	}
	s = newStage(t, r.w.Path(), 200, 40, ReplayOptions{})
	if s.press("G"); !strings.Contains(s.text(), "2.out") || !strings.Contains(s.text(), "NOT VERIFIED: the output of line") {
		t.Errorf("a spool that is gone is not said:\n%s", s.text())
	}
	s.press("/", "s", "p", "o", "o", "l", "enter")
	if !strings.Contains(s.text(), "2.out") {
		t.Errorf("a search does not say what it could not read:\n%s", s.text())
	}
}
