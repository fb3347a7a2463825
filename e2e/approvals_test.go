package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"spraydeck/event"
	"spraydeck/transcript"
)

// waysBook has a step that only reads and takes a moment, one that changes and one that disrupts. These leave a mark.
const waysBook = `apiVersion: spraydeck/v1
kind: Runbook
name: ways
version: 1.0.0
title: Two steps that leave a mark
system: os
inventory: cat inventory.json
phases:
  - title: All
    steps:
      - {id: read, title: Read, danger: none, command: "sleep ${WAIT}"}
      - {id: change, title: Change, on: web, danger: changes, command: "echo changed >> marks; sleep ${WAIT}"}
      - {id: disrupt, title: Disrupt, on: web, danger: disrupts, confirm: web1, undo: There is none., command: "echo disrupted >> marks"}
`

const (
	waysHosts   = `{"web": {"hosts": ["web1"]}, "more": {"hosts": ["web1", "web2"]}, "_meta": {"hostvars": {"web1": {}, "web2": {}}}}`
	waysYes     = "start: continue\nchange/approve: continue\ndisrupt/approve: {choice: continue, text: web1}\n"
	bothMarks   = "changed\ndisrupted\n"
	changeMark  = "changed\n"
	waysChange  = "change/approve"
	waysDisrupt = "disrupt/approve"
)

// ways is a runbook, its operator's state, and what its steps have done.
type ways struct {
	t          *testing.T
	dir, state string
	env        []string
}

func newWays(t *testing.T, wait string) *ways {
	t.Helper()
	w := &ways{t: t, dir: t.TempDir(), state: t.TempDir()}
	w.env = plainEnv(w.state)
	w.write("ways.yaml", strings.ReplaceAll(waysBook, "${WAIT}", wait))
	w.write("inventory.json", waysHosts)
	return w
}

func (w *ways) write(name, text string) {
	w.t.Helper()
	if err := os.WriteFile(filepath.Join(w.dir, name), []byte(text), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

func (w *ways) marks() string {
	b, _ := os.ReadFile(filepath.Join(w.dir, "marks"))
	return string(b)
}

func (w *ways) book() string { return filepath.Join(w.dir, "ways.yaml") }

// plain runs the binary without a terminal, with these answers, or with nobody to answer.
func (w *ways) plain(answers string, args ...string) result {
	w.t.Helper()
	if args = append(args, "--plain"); answers != "" {
		w.write("answers.yaml", answers)
		args = append(args, "--answers", filepath.Join(w.dir, "answers.yaml"))
	}
	return command(w.t, w.env, spraydeck, args...)
}

func (w *ways) run(answers string) result {
	w.t.Helper()
	return w.plain(answers, "run", w.book(), "--checkout", w.dir)
}

// done runs all with a yes to each step: the commands that the test goes on to attack would run. Their marks are removed.
func (w *ways) done() {
	w.t.Helper()
	if r := w.run(waysYes); r.exit != 0 || w.marks() != bothMarks {
		w.t.Fatalf("with a yes to each step: %v, marks %q", r, w.marks())
	}
	w.clean()
}

func (w *ways) clean() { _ = os.Remove(filepath.Join(w.dir, "marks")) }

// nothing fails the test where anything but these marks was left, or the run came to its end.
func (w *ways) nothing(r result, marks string, says ...string) {
	w.t.Helper()
	if r.exit == 0 || w.marks() != marks {
		w.t.Errorf("marks %q, want %q: %v", w.marks(), marks, r)
	}
	for _, s := range says {
		if !strings.Contains(r.out+r.err, s) {
			w.t.Errorf("%q is not said: %v", s, r)
		}
	}
}

// session is the directory of the only run.
func (w *ways) session() string {
	w.t.Helper()
	dirs, _ := filepath.Glob(filepath.Join(w.state, "spraydeck/sessions/*"))
	if len(dirs) != 1 {
		w.t.Fatalf("%d runs: %q", len(dirs), dirs)
	}
	return dirs[0]
}

// cut ends the record after the event of a kind that has a text in it, as if nothing had come after it. With keep, what is
// known of the commands stays, but not how they ended.
func (w *ways) cut(kind, text string, keep bool) {
	w.t.Helper()
	path := filepath.Join(w.session(), transcript.FileName)
	b, err := os.ReadFile(path)
	if err != nil {
		w.t.Fatal(err)
	}
	at := 0
	for line := range bytes.Lines(b) {
		at += len(line)
		if bytes.Contains(line, []byte(`"kind":"`+kind+`"`)) && bytes.Contains(line, []byte(text)) {
			break
		}
	}
	if at == len(b) {
		w.t.Fatalf("no %s with %s in\n%s", kind, text, b)
	}
	if err := os.WriteFile(path, b[:at], 0o600); err != nil {
		w.t.Fatal(err)
	}
	started := bytes.Count(b[:at], []byte(`"kind":"command-started"`))
	kept, _ := filepath.Glob(filepath.Join(w.session(), transcript.SpoolDir, "*"))
	for _, f := range kept {
		if !keep || strings.HasSuffix(f, ".exit") || !strings.HasPrefix(filepath.Base(f), fmt.Sprint(started, ".")) {
			_ = os.Remove(f)
		}
	}
}

// rewrite writes the record again with another header, as it would have been written elsewhere, and puts it in the place of the
// first one.
func (w *ways) rewrite(change func(*transcript.Header, *event.Started)) {
	w.t.Helper()
	old := w.session()
	events := eventsOf(w.t, old)
	b, err := os.ReadFile(filepath.Join(old, transcript.FileName))
	if err != nil {
		w.t.Fatal(err)
	}
	var h transcript.Header
	first, _, _ := bytes.Cut(b, []byte("\n"))
	if err := json.Unmarshal(first, &h); err != nil {
		w.t.Fatal(err)
	}
	if err := os.RemoveAll(old); err != nil {
		w.t.Fatal(err)
	}
	change(&h, h.Start)
	j, err := transcript.Create(filepath.Dir(old), h)
	if err != nil {
		w.t.Fatal(err)
	}
	defer j.Close()
	if err := os.Mkdir(filepath.Join(j.Dir(), transcript.SpoolDir), 0o700); err != nil {
		w.t.Fatal(err)
	}
	for _, e := range events {
		if s, ok := e.Data.(event.Started); ok {
			change(&h, &s)
			e.Data = s
		}
		if _, err := j.Append(e); err != nil {
			w.t.Fatal(err)
		}
	}
}

// TestNoApprovalWithoutItsOwnYes tries twelve ways to have a command run to which nobody said yes, with the real binary, and some
// of them at the line prompt, too. In each the same command runs with a yes.
func TestNoApprovalWithoutItsOwnYes(t *testing.T) {
	for _, way := range []struct {
		name string
		try  func(t *testing.T)
	}{
		{"changed runbook", changedRunbook}, {"changed host list", changedHosts}, {"cut transcript", cutTranscript},
		{"foreign transcript", foreignTranscript}, {"wildcard answer", wildcard}, {"closed stdin", closedStdin}, {"pipe of yes", pipeOfYes},
		{"type-ahead", typeAhead}, {"paste", paste}, {"held enter", heldEnter}, {"resize in the dialog", resize},
		{"terminal lost", terminalLost}, {"type-ahead and paste at the line prompt", linePrompt},
	} {
		t.Run(way.name, func(t *testing.T) { t.Parallel(); way.try(t) })
	}
}

func changedRunbook(t *testing.T) {
	w := newWays(t, "0")
	w.done()
	w.cut("answered", waysChange, false)
	w.write("ways.yaml", strings.ReplaceAll(strings.ReplaceAll(waysBook, "${WAIT}", "0"), "echo changed", "echo OTHER"))
	w.nothing(w.plain("", "resume"), "", "the runbook has changed since it was answered")
	w.nothing(w.plain("start: continue\n", "resume"), "", "the command has changed since it was approved", "echo OTHER")
	if r := w.plain(waysYes, "resume"); r.exit != 0 || w.marks() != "OTHER\ndisrupted\n" {
		t.Errorf("with its own yes: %v, marks %q", r, w.marks())
	}
}

func changedHosts(t *testing.T) {
	w := newWays(t, "0")
	w.done()
	w.cut("answered", waysDisrupt, false)
	w.write("inventory.json", strings.ReplaceAll(waysHosts, `["web1"]`, `["web1", "web2"]`)) // the run has its own copy
	w.nothing(w.plain("", "resume"), "", "Asked again: it was approved before")
	w.write("ways.yaml", strings.ReplaceAll(strings.ReplaceAll(waysBook, "${WAIT}", "0"), "on: web", "on: more"))
	w.nothing(w.plain("start: continue\n", "resume"), "", waysDisrupt)
	if r := w.plain(waysYes, "resume"); r.exit != 0 || w.marks() != "disrupted\n" {
		t.Errorf("with its own yes: %v, marks %q", r, w.marks())
	}
	w = newWays(t, "0")
	w.done()
	w.cut("answered", waysDisrupt, false)
	w.write("ways.yaml", strings.ReplaceAll(strings.ReplaceAll(waysBook, "${WAIT}", "0"), "on: web", "on: more"))
	w.nothing(w.plain("start: continue\n", "resume"), "", "the hosts have changed since it was answered")
}

func cutTranscript(t *testing.T) {
	for _, at := range []struct{ kind, text, says, left string }{
		{"answered", waysChange, "nothing recorded shows that it has begun", bothMarks},
		{"command-started", "echo changed", "nothing recorded shows that it has begun", bothMarks},
		{"answered", waysDisrupt, "nothing recorded shows that it has begun", "disrupted\n"},
		{"command-started", "echo disrupted", "nothing recorded shows that it has begun", "disrupted\n"},
	} {
		w := newWays(t, "0")
		w.done()
		w.cut(at.kind, at.text, false)
		w.nothing(w.plain("", "resume"), "", at.says)
		if r := w.plain(waysYes, "resume"); r.exit != 0 || w.marks() != at.left {
			t.Errorf("cut after %s %s, and with a yes: %v, marks %q", at.kind, at.text, r, w.marks())
		}
	}
}

func foreignTranscript(t *testing.T) {
	foreign := "resume-foreign: continue\n"
	for _, c := range []struct {
		name, says string
		change     func(*transcript.Header, *event.Started)
		answers    string // to go on with it
	}{
		{"none", "nothing recorded shows", func(*transcript.Header, *event.Started) {}, ""},
		{"another operator", "the record is of alice@bastion", func(h *transcript.Header, s *event.Started) {
			h.Operator, s.Operator = "alice@bastion", "alice@bastion"
		}, foreign},
		{"another host", "the record is of", func(h *transcript.Header, s *event.Started) {
			h.Host, h.Operator = "elsewhere", strings.SplitN(h.Operator, "@", 2)[0]+"@elsewhere"
		}, foreign},
		{"another cluster", "this run is of the cluster other", func(h *transcript.Header, s *event.Started) { h.Cluster, s.Cluster = "other", "other" }, ""},
	} {
		w := newWays(t, "0")
		w.done()
		w.cut("answered", waysChange, false)
		w.rewrite(c.change)
		w.nothing(w.plain("", "resume"), "", c.says)
		w.nothing(w.plain(`"*": {choice: continue, text: web1}`, "resume"), map[bool]string{true: changeMark}[c.name == "none"])
		if w.clean(); c.answers != "" {
			w.nothing(w.plain(c.answers+"start: continue\n", "resume"), "", "Asked again", waysChange)
		}
		if c.name != "another cluster" {
			if r := w.plain(c.answers+waysYes, "resume"); r.exit != 0 || !strings.HasSuffix(w.marks(), "disrupted\n") {
				t.Errorf("%s, with a yes: %v, marks %q", c.name, r, w.marks())
			}
		}
	}
	w := newWays(t, "0")
	w.done()
	w.cut("answered", waysChange, false)
	copied := filepath.Join(t.TempDir(), "copy")
	if err := os.CopyFS(copied, os.DirFS(w.session())); err != nil {
		t.Fatal(err)
	}
	w.nothing(w.plain("", "resume", copied), "", "the record is a copy")
	w.nothing(w.plain(foreign+"start: continue\n", "resume", copied), "", "Asked again", waysChange)
}

func wildcard(t *testing.T) {
	w := newWays(t, "0")
	w.done()
	for _, pattern := range []string{`"*"`, `"*/approve"`, `"disrupt*"`, `"disrupt/approv*"`} {
		for _, text := range []string{"", ", text: web1", ", text: yes", ", reason: all is well, text: web1"} {
			_ = os.RemoveAll(filepath.Join(w.state, "spraydeck/sessions"))
			w.clean()
			r := w.run(fmt.Sprintf("start: continue\nchange/approve: continue\n%s: {choice: continue%s}\n", pattern, text))
			w.nothing(r, changeMark, "answered by its exact id only")
		}
	}
	// and none where it is unknown what has run
	w = newWays(t, "0")
	w.done()
	w.cut("command-started", "echo changed", true)
	w.write("marks", "kept\n")
	for _, choice := range []string{"continue", "retry", "override"} {
		w.nothing(w.plain(fmt.Sprintf("start: continue\n\"*\": {choice: %s, text: web1, reason: all is well}\n", choice), "resume"), "kept\n", "already have run")
	}
	exact := "change/unknown: retry\nchange/approve-unknown: continue\n" + waysYes
	if r := w.plain(exact, "resume"); r.exit != 0 || w.marks() != "kept\n"+bothMarks {
		t.Errorf("with the exact ids: %v, marks %q", r, w.marks())
	}
}

func closedStdin(t *testing.T) {
	w := newWays(t, "0")
	w.done()
	for _, from := range []string{"<&-", "</dev/null", "</dev/full", "< /"} {
		line := fmt.Sprintf("exec %s run %s --checkout %s --plain %s", spraydeck, w.book(), w.dir, from)
		w.nothing(command(t, w.env, "sh", "-c", line), "")
	}
}

func pipeOfYes(t *testing.T) {
	w := newWays(t, "0")
	w.done()
	for _, yes := range []string{"", "1", "continue", "web1", "c", "start"} {
		for _, more := range []string{"", "--plain"} {
			w.nothing(command(t, w.env, "sh", "-c", fmt.Sprintf("yes %s | %s run %s --checkout %s %s", yes, spraydeck, w.book(), w.dir, more)), "")
		}
	}
}

// screen opens the console on the runbook and starts it.
func (w *ways) screen() *console {
	w.t.Helper()
	c := open(w.t, w.env, w.state, 100, 30, "run", w.book(), "--checkout", w.dir)
	c.start()
	return c
}

func (c *console) tmux(args ...string) {
	if out, err := exec.Command("tmux", append([]string{"-S", c.socket}, args...)...).CombinedOutput(); err != nil {
		c.t.Fatalf("tmux %q: %v\n%s", args, err, out)
	}
}

// stands waits until a question stands, doing something meanwhile, and gives it.
func (w *ways) stands(c *console, id string, meanwhile func()) event.Question {
	w.t.Helper()
	for begin := time.Now(); time.Since(begin) < time.Minute; time.Sleep(30 * time.Millisecond) {
		state := &event.State{}
		for _, e := range c.events() {
			state.Apply(e)
		}
		if state.Pending != nil && state.Pending.ID == id {
			return *state.Pending
		}
		if meanwhile != nil {
			meanwhile()
		}
	}
	w.t.Fatalf("%s is not asked:\n%s", id, c.screen())
	return event.Question{}
}

// attack does something at each of the two dialogs, from before it opens on, and fails the test where it is answered. Then the same
// dialog is answered with a yes, and the command runs.
func (w *ways) attack(c *console, before, at func()) {
	w.t.Helper()
	marks := ""
	for _, id := range []string{waysChange, waysDisrupt} {
		q := w.stands(c, id, before)
		if at != nil {
			at()
		}
		time.Sleep(time.Second)
		if answered(c, id) || w.marks() != marks {
			w.t.Fatalf("%s is answered, marks %q\n%s", id, w.marks(), c.screen())
		}
		if strings.Contains(c.screen(), "back to the question") {
			c.press("Escape") // what was typed has led elsewhere
		}
		c.read()
		if q.Type == "" {
			c.press("Down", "Up") // plain enter counts again after another key
			c.read()
		} else {
			c.press("C-u")
		}
		seq := int64(len(c.events()))
		c.choose(q, event.ChoiceContinue, "")
		c.await(q, seq)
		marks += map[string]string{waysChange: changeMark, waysDisrupt: "disrupted\n"}[id]
		for range 100 {
			if w.marks() == marks {
				break
			}
			time.Sleep(50 * time.Millisecond)
		}
		if w.marks() != marks {
			w.t.Fatalf("with a yes %s left %q\n%s", id, w.marks(), c.screen())
		}
	}
}

func answered(c *console, id string) bool {
	return slices.ContainsFunc(c.events(), func(e event.Event) bool {
		a, ok := e.Data.(event.Answered)
		return ok && a.Question == id
	})
}

func typeAhead(t *testing.T) {
	w := newWays(t, "2")
	c := w.screen()
	n := 0
	keys := []string{"Enter", "c", "w", "e", "b", "1", "Enter", "y", "Enter"}
	w.attack(c, func() { c.press(keys[n%len(keys)]); n++ }, nil)
}

func paste(t *testing.T) {
	w := newWays(t, "1")
	c := w.screen()
	w.attack(c, nil, func() {
		c.read()
		for _, text := range []string{"c\n", "\n\n", "web1\n", "ls\nweb1\n\n", "y\ny\n"} {
			for _, brackets := range []string{"-p", "-r"} {
				c.tmux("set-buffer", text)
				c.tmux("paste-buffer", brackets)
				time.Sleep(300 * time.Millisecond)
			}
		}
	})
}

func heldEnter(t *testing.T) {
	w := newWays(t, "2")
	c := w.screen()
	hold := func() { exec.Command("tmux", "-S", c.socket, "send-keys", "Enter").Run() }
	w.attack(c, hold, func() {
		for begin := time.Now(); time.Since(begin) < 3*time.Second; time.Sleep(25 * time.Millisecond) {
			hold()
		}
	})
}

func resize(t *testing.T) {
	w := newWays(t, "1")
	c := w.screen()
	w.attack(c, nil, func() {
		c.read()
		for i := range 20 {
			c.tmux("resize-window", "-x", fmt.Sprint(40+i*7%80), "-y", fmt.Sprint(12+i*5%30))
			time.Sleep(40 * time.Millisecond)
		}
		c.tmux("resize-window", "-x", "100", "-y", "30")
	})
}

func terminalLost(t *testing.T) {
	for _, at := range []struct {
		id, marks string
		keys      []string
	}{{waysChange, "", []string{"Down"}}, {waysDisrupt, changeMark, []string{"w", "e", "b", "1"}}} {
		w := newWays(t, "1")
		c := w.screen()
		q := w.stands(c, waysChange, nil)
		if at.id == waysDisrupt {
			c.choose(q, event.ChoiceContinue, "")
			w.stands(c, waysDisrupt, nil)
		}
		c.read()
		c.press(at.keys...)
		c.tmux("kill-server")
		for range 100 {
			if used := command(t, w.env, "sh", "-c", spraydeck+" sessions list"); !strings.Contains(used.out, "running") {
				break
			}
			time.Sleep(50 * time.Millisecond)
		}
		if w.marks() != at.marks || answered(c, at.id) {
			t.Errorf("%s was answered when the terminal was lost: marks %q", at.id, w.marks())
		}
		w.nothing(w.plain("", "resume"), at.marks)
		if r := w.plain(waysYes, "resume"); r.exit != 0 || w.marks() != bothMarks {
			t.Errorf("with a yes: %v, marks %q", r, w.marks())
		}
	}
}

// linePrompt is the run with --plain in a terminal.
func linePrompt(t *testing.T) {
	w := newWays(t, "2")
	c := open(t, w.env, w.state, 100, 60, "run", w.book(), "--checkout", w.dir, "--plain")
	shows := func(text string, times int) {
		t.Helper()
		for range 400 {
			if strings.Count(c.screen(), text) >= times {
				return
			}
			time.Sleep(50 * time.Millisecond)
		}
		t.Fatalf("%q is not shown %d times:\n%s", text, times, c.screen())
	}
	line := func(text string) { c.typed(text); c.press("Enter") }
	shows("choice, 1 to 2:", 1)
	c.read()
	line("1")
	for i := 0; !answered(c, "start"); i++ { // what is typed too soon after it would make it one of several lines
		if i == 200 {
			t.Fatalf("the start is not answered:\n%s", c.screen())
		}
		time.Sleep(50 * time.Millisecond)
	}
	marks := ""
	for i, id := range []string{waysChange, waysDisrupt} {
		w.stands(c, id, func() { line("1"); line("web1") })
		c.typed("1") // the beginning of a line
		shows("choice, 1 to 3:", 3*i+1)
		c.press("Enter")
		shows("nothing is chosen", i+1)
		shows("choice, 1 to 3:", 3*i+2)
		c.tmux("set-buffer", "1\nweb1\nls\n")
		c.tmux("paste-buffer", "-r")
		shows("pasted text decides nothing", i+1)
		shows("choice, 1 to 3:", 3*i+3)
		if answered(c, id) || w.marks() != marks {
			t.Fatalf("%s is answered, marks %q\n%s", id, w.marks(), c.screen())
		}
		line("1")
		if id == waysDisrupt {
			shows("type web1 to go on", 1)
			line("web1")
		}
		marks += map[string]string{waysChange: changeMark, waysDisrupt: "disrupted\n"}[id]
		for range 200 {
			if w.marks() == marks {
				break
			}
			time.Sleep(50 * time.Millisecond)
		}
		if w.marks() != marks {
			t.Fatalf("with a yes %s left %q\n%s", id, w.marks(), c.screen())
		}
	}
}
