package ui

import (
	"context"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"spraydeck/event"
)

// Every key that a screen advertises does something, or says why not.
func TestAdvertisedKeys(t *testing.T) {
	for _, sc := range scenes() {
		prepared := [][]string{nil}
		if sc.name == "approve" || sc.name == "playbook" || sc.name == "red" {
			prepared = [][]string{nil, {"1"}, {"3"}, {"4", "enter"}, {"d"}, {"/", "o", "enter"}}
		}
		for _, prepare := range prepared {
			probe := opened(t, sc.name, "en", 120, 40)
			probe.press(prepare...)
			for _, k := range probe.m.run.allKeys() {
				for _, name := range k.Keys {
					d := opened(t, sc.name, "en", 120, 40)
					d.press(prepare...)
					a := d.m.run.HandleKey(pressOf(name))
					if a == nil {
						a = d.m.rootKey(pressOf(name))
					}
					if a == nil && name != "ctrl+c" {
						t.Errorf("%s after %v: %s (%s) does nothing", sc.name, prepare, name, k.Help)
					}
					says := d.m.run.ask != nil && !d.m.run.ask.note.Empty()
					if _, ok := a.(actNotice); !ok && !says && !k.Enabled() {
						t.Errorf("%s after %v: %s is off and does not say why: %#v", sc.name, prepare, name, a)
					}
				}
			}
		}
	}
}

func TestStopIsGentleThenFirm(t *testing.T) {
	d := opened(t, "playbook", "en", 80, 24)
	d.press("ctrl+c")
	if c := d.control(); c == nil || !c.Stop {
		t.Fatalf("got %v", c)
	}
	if !strings.Contains(d.screen(), "again kills it") {
		t.Error("the screen does not say what a second ctrl+c does")
	}
	d.press("ctrl+c")
	if c := d.control(); c == nil || !c.Stop {
		t.Fatalf("got %v", c)
	}
	if !strings.Contains(d.screen(), "killing it") || d.quit {
		t.Error("the second ctrl+c must stop firmly, and not leave")
	}
	d.send(batch{event.Event{Step: "upgrade", Time: d.now, Data: event.CommandEnded{Number: d.m.stopping, Exit: -1, Outcome: event.Stopped}}})
	if strings.Contains(d.screen(), "stopping") {
		t.Errorf("what has stopped is not stopping any more:\n%s", d.screen())
	}
}

// A gate that is looked at again and fails again asks the same as before: the screen says that it was looked at.
func TestCheckedAgainIsSaid(t *testing.T) {
	d := opened(t, "gate", "en", 80, 24)
	q := d.asked.q
	again := func(q event.Question) {
		d.asked = &asking{q: q, reply: make(chan event.Answer, 1)}
		d.send(batch{d.asked})
	}
	d.press("enter")
	again(q)
	if want := "checked again at " + d.now.Format(time.TimeOnly); !strings.Contains(d.screen(), want) {
		t.Errorf("nothing says %q:\n%s", want, d.screen())
	}
	d.press("x", "enter")
	again(*inputScene().ask)
	if strings.Contains(d.screen(), "checked again") {
		t.Error("another question is no second look")
	}
}

// What is searched is the output, also from the details, which are in its place.
func TestSearchFromDetails(t *testing.T) {
	d := opened(t, "playbook", "en", 80, 24)
	d.press("d", "/", "S", "t", "e", "p", "space", "3", "enter")
	if !strings.Contains(d.screen(), "Step 3") || d.m.run.step.details {
		t.Errorf("the search is not in the output:\n%s", d.screen())
	}
}

func TestRemedyIsConfirmed(t *testing.T) {
	d := opened(t, "playbook", "en", 80, 24)
	d.press("r")
	if d.control() != nil {
		t.Fatal("one key started a remedy")
	}
	d.press("down", "enter")
	if c := d.control(); c == nil || c.Remedy != "delete-pdb" {
		t.Errorf("got %v", c)
	}
	d.press("r", "esc")
	if d.control() != nil {
		t.Error("Esc started a remedy")
	}
}

func TestKeysGoToTheCommand(t *testing.T) {
	d := opened(t, "playbook", "en", 80, 24)
	d.press("i", "y", "enter", "q", "up")
	var got []byte
	for c := d.control(); c != nil; c = d.control() {
		got = append(got, c.Keys...)
	}
	if string(got) != "y\rq\x1b[A" {
		t.Errorf("got %q", got)
	}
	d.press("ctrl+]", "q")
	if d.control() != nil || d.m.over == nil {
		t.Error("after ctrl+] keys are the console's again")
	}
}

func TestLeaving(t *testing.T) {
	d := opened(t, "playbook", "en", 80, 24)
	d.press("q", "esc")
	if d.quit || d.m.over != nil {
		t.Fatal("Esc must stay")
	}
	d.press("q", "enter")
	if d.quit {
		t.Fatal("enter must stay")
	}
	d.press("q", "q")
	if !d.quit {
		t.Error("a second q leaves")
	}

	d = opened(t, "gate", "en", 80, 24)
	d.press("q", "q")
	if a := d.answer(); a == nil || a.Choice != event.ChoiceLeave || d.quit {
		t.Fatalf("leaving at a question is its answer: %v", a)
	}
	d.send(batch{finished{}})
	if !d.quit {
		t.Error("it leaves once the run has come to rest")
	}

	d = opened(t, "finished", "en", 80, 24)
	d.press("q")
	if !d.quit {
		t.Error("after the end, q leaves at once")
	}
}

func TestCopyAndWithdraw(t *testing.T) {
	d := opened(t, "gate", "en", 200, 50)
	d.press("y")
	if d.copied != "grep server: /etc/kubernetes/*.conf" {
		t.Errorf("copied %q", d.copied)
	}
	d.send(batch{withdrawn{d.asked}})
	if d.m.run.ask != nil {
		t.Error("a withdrawn question still stands")
	}
	d.press("enter")
	if d.answer() != nil {
		t.Error("a withdrawn question was answered")
	}
}

// Two questions at once are asked one after the other.
func TestQuestionsQueue(t *testing.T) {
	d := opened(t, "gate", "en", 80, 24)
	first := d.asked
	second := &asking{q: *inputScene().ask, reply: make(chan event.Answer, 1)}
	d.send(batch{second})
	d.press("enter")
	d.asked = first
	if a := d.answer(); a == nil || a.Choice != event.ChoiceRetry {
		t.Fatalf("got %v", a)
	}
	d.press("enter")
	d.asked = second
	if a := d.answer(); a == nil || a.Text != "1.32.5" {
		t.Errorf("got %v", a)
	}
}

// Output that scrolls in leaves the lines that are being read where they are.
func TestOutputStaysWhereItIsRead(t *testing.T) {
	d := opened(t, "playbook", "en", 80, 24)
	d.press("pgup", "pgup")
	top := d.m.run.step.output.scroll.Top
	more := event.Event{Step: "upgrade", Time: d.now, Data: event.NewOutput(1, "stdout", []byte(strings.Repeat("more\n", 11000)))}
	d.send(batch{more})
	if d.m.state.Step("upgrade").Commands[0].Output.Dropped == 0 {
		t.Fatal("the test requires dropped lines")
	}
	o := d.m.run.step.output
	if o.follow || o.scroll.Top != top || !strings.Contains(o.View(), "transcript only") {
		t.Errorf("it moved from %d to %d\n%s", top, o.scroll.Top, o.View())
	}
	d.press("G")
	if !strings.Contains(d.m.run.step.output.View(), "more") || !o.follow {
		t.Error("G goes to the end and follows again")
	}
}

// A real program on pipes: events, a question, an answer, an end.
func TestConsoleRuns(t *testing.T) {
	c := New(Options{})
	keys, typed := io.Pipe()
	c.program = []tea.ProgramOption{tea.WithInput(keys), tea.WithOutput(io.Discard), tea.WithWindowSize(80, 24)}
	ended := make(chan error, 1)
	go func() { ended <- c.Run(t.Context()) }()
	for _, e := range begun().events {
		c.Emit(e)
	}
	answers := make(chan event.Answer, 1)
	go func() {
		a, err := c.Ask(t.Context(), event.Question{Form: event.AskAcknowledge, Title: event.T("read")})
		if err != nil {
			t.Error(err)
		}
		answers <- a
	}()
	deadline := time.After(20 * time.Second)
	press := time.NewTicker(250 * time.Millisecond) // until it is taken: how fast a program starts is not ours to know
	defer press.Stop()
	for waiting := true; waiting; {
		select {
		case a := <-answers:
			if a.Choice != event.ChoiceContinue || a.By != "operator" {
				t.Errorf("got %+v", a)
			}
			waiting = false
		case <-press.C:
			_, _ = io.WriteString(typed, "\r")
		case <-deadline:
			t.Fatal("nobody answered")
		}
	}
	c.Finished()
	for {
		select {
		case err := <-ended:
			if err != nil {
				t.Error(err)
			}
			if _, err := c.Ask(t.Context(), event.Question{}); !errors.Is(err, event.ErrUnanswered) || !errors.Is(err, ErrLeft) {
				t.Errorf("after the end a question got %v", err)
			}
			c.Emit(event.Event{}) // and this must not block
			return
		case <-press.C:
			_, _ = io.WriteString(typed, "q")
		case <-deadline:
			t.Fatal("it did not end")
		}
	}
}

func TestAskEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := New(Options{}).Ask(ctx, event.Question{}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// pump passes everything on, in order, and gathers output.
func TestPumpKeepsOrder(t *testing.T) {
	c := New(Options{})
	var want []int64
	for i := range int64(1000) {
		var data event.Data = event.Output{}
		if i%100 == 99 {
			data = event.Progress{}
		}
		want = append(want, i)
		c.Emit(event.Event{Seq: i, Data: data})
	}
	ctx, cancel := context.WithCancel(t.Context())
	var got []int64
	batches := 0
	c.pump(ctx, func(msg tea.Msg) {
		batches++
		for _, item := range msg.(batch) {
			got = append(got, item.(event.Event).Seq)
		}
		if len(got) == len(want) {
			cancel()
		}
	})
	if !reflect.DeepEqual(got, want) || batches > 2 {
		t.Errorf("%d events in %d batches", len(got), batches)
	}
}

// Every text of this package is there in both languages.
func TestTextsHaveBothLanguages(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		fset := token.NewFileSet()
		f, err := parser.ParseFile(fset, file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			lit, ok := n.(*ast.CompositeLit)
			if !ok {
				return true
			}
			keys := map[string]string{}
			for _, e := range lit.Elts {
				if kv, ok := e.(*ast.KeyValueExpr); ok {
					if id, ok := kv.Key.(*ast.Ident); ok {
						if v, ok := kv.Value.(*ast.BasicLit); ok {
							keys[id.Name] = v.Value
						} else {
							keys[id.Name] = "expression"
						}
					}
				}
			}
			_, en := keys["En"]
			ja, has := keys["Ja"]
			if en && (!has || ja == `""`) {
				t.Errorf("%s: %s has no Japanese", fset.Position(lit.Pos()), keys["En"])
			}
			return true
		})
	}
}

// Before a second attempt is approved, its exact command is on the screen, however much the first one printed.
func TestCommandIsSeenBeforeItRunsAgain(t *testing.T) {
	s := upgrading()
	s.prints(strings.Repeat("a line\n", 300)).ends(2)
	s.add(time.Second, event.StepStarted{Attempt: 2})
	q := *approveScene().ask
	for range 6 {
		q.Choices = append(q.Choices, event.Choice{ID: "other", Label: event.T("another choice")})
	}
	for _, size := range sizes[:2] {
		d := newDriver(t, "en", size.w, size.h)
		d.play(s.asks("again", q))
		screen := strings.Join(strings.Fields(d.screen()), " ")
		for _, word := range strings.Fields("ansible-playbook upgrade-cluster.yml -b -i inventory/mycluster/inventory.ini -e kube_version=1.32.5 --limit node3") {
			if !strings.Contains(screen, word) {
				t.Errorf("%dx%d does not show %s\n%s", size.w, size.h, word, d.screen())
			}
		}
	}
}

// A question can come before there is a plan.
func TestQuestionBeforeThePlan(t *testing.T) {
	d := newDriver(t, "en", 80, 24)
	s := &script{now: sceneStart}
	s.add(0, event.Started{Runbook: "kubespray", Title: event.T("Upgrade")})
	d.play(s.asks("early", *inputScene().ask))
	if !strings.Contains(d.screen(), "Which Kubernetes version?") {
		t.Error(d.screen())
	}
	d.press("enter")
	if a := d.answer(); a == nil || a.Text != "1.32.5" {
		t.Errorf("got %v", a)
	}
}

// Nothing that a command prints reaches the terminal as anything but text.
func TestOutputCannotDriveTheTerminal(t *testing.T) {
	d := newDriver(t, "en", 80, 24)
	s := upgrading()
	evil := "\x1b]0;owned\x07\x1b]52;c;b3duZWQ=\x07\x1b[2J\x1b[5;5Hx\x1b[?1049l\u009b2J"
	s.prints(evil + "\n" + evil)
	s.add(0, event.Remark{Text: event.T(evil)}, event.Hit{Pitfall: evil, Title: event.T(evil), Cause: event.T(evil), Line: evil, Host: evil, Severity: evil,
		Remedies: []event.Remedy{{ID: "x", Title: event.T(evil)}}})
	s.node(evil+"9", evil, evil, true, evil)
	q := *gateScene().ask
	q.Title, q.Body, q.Details = event.T(evil), event.T(evil), []string{evil}
	q.Choices = append(q.Choices, event.Choice{ID: "x", Label: event.T(evil)})
	for _, danger := range []event.Danger{event.Changes, event.Destroys} {
		q.Danger = danger
		d.play(s.asks("evil", q))
		for _, keys := range []string{"", "d", "L", "n", "1", "p", "2"} {
			if keys != "" {
				d.press("tab", keys)
			}
			content := d.m.View().Content
			for _, bad := range []string{"\x1b]", "\x07", "\x1b[2J", "\x1b[5;5H", "1049", "\u009b"} {
				if strings.Contains(content, bad) {
					t.Errorf("after %q the screen contains %q", keys, bad)
				}
			}
		}
	}
}

// R stops and starts the recording of output; the header says so, and the palette has it by name.
func TestPauseRecording(t *testing.T) {
	d := newDriver(t, "en", 120, 40)
	var told []bool
	d.m.opts.Pause = func(on bool) error {
		told = append(told, on)
		return nil
	}
	d.play(sceneNamed(t, "playbook"))
	d.press("R")
	if !slices.Equal(told, []bool{true}) || !strings.Contains(d.screen(), "shown and not recorded") {
		t.Fatalf("%v\n%s", told, d.screen())
	}
	d.send(batch{event.Event{Data: event.Paused{}}})
	if s := d.screen(); !strings.Contains(s, "‖ output not recorded") || strings.Contains(s, "● rec") {
		t.Errorf("%s", s)
	}
	d.press(":")
	for _, c := range "record again" {
		d.send(tea.KeyPressMsg{Code: c, Text: string(c)})
	}
	d.press("enter")
	d.send(batch{event.Event{Data: event.Unpaused{}}})
	if !slices.Equal(told, []bool{true, false}) || !strings.Contains(d.screen(), "● rec") {
		t.Errorf("%v\n%s", told, d.screen())
	}
	d.m.opts.Pause = nil
	d.press("R")
	if len(told) != 2 || !strings.Contains(d.screen(), "nothing is recorded here") {
		t.Errorf("%v\n%s", told, d.screen())
	}
}
