package ui

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"spraydeck/event"
)

var update = flag.Bool("update", false, "rewrite the golden screens")

// driver runs the root model in step with the test: no goroutines, no clock but its own.
type driver struct {
	t        *testing.T
	m        *model
	now      time.Time
	asked    *asking
	controls chan event.Control
	quit     bool
	keepHeld bool // an answer that is held is left so
	copied   string
}

func newDriver(t *testing.T, lang string, w, h int) *driver {
	d := &driver{t: t, now: sceneStart, controls: make(chan event.Control, 8)}
	d.m = newModel(Options{Lang: lang, Window: 4 * time.Hour, Version: "test", Recording: true,
		Clock: func() time.Time { return d.now }}, d.controls)
	d.send(tea.WindowSizeMsg{Width: w, Height: h})
	return d
}

// send updates the model and runs what it returns, except the clock.
func (d *driver) send(msg tea.Msg) {
	_, cmd := d.m.Update(msg)
	d.run(cmd)
}

func (d *driver) run(cmd tea.Cmd) {
	if cmd == nil {
		return
	}
	switch msg := cmd().(type) {
	case tea.BatchMsg:
		for _, c := range msg {
			d.run(c)
		}
	case tea.QuitMsg:
		d.quit = true
	case reported:
		d.send(msg)
	case unheld:
		if !d.keepHeld {
			d.send(msg)
		}
	case nil:
	default:
		if fmt.Sprintf("%T", msg) == "tea.setClipboardMsg" {
			d.copied = fmt.Sprint(msg)
			return
		}
		d.t.Fatalf("unexpected message %T", msg)
	}
}

// play brings a scene to its point.
func (d *driver) play(sc scene) {
	d.now = sc.now
	var items batch
	for _, e := range sc.events {
		items = append(items, e)
	}
	if sc.ask != nil {
		d.asked = &asking{q: *sc.ask, reply: make(chan event.Answer, 1)}
		items = append(items, d.asked)
	}
	d.send(items)
	d.now = d.now.Add(time.Second) // the operator reads
}

// press sends keys, slowly.
func (d *driver) press(keys ...string) {
	for _, k := range keys {
		d.now = d.now.Add(time.Second)
		d.send(pressOf(k))
	}
}

// answer is what the question got, nil for nothing yet.
func (d *driver) answer() *event.Answer {
	select {
	case a := <-d.asked.reply:
		return &a
	default:
		return nil
	}
}

// control is what was sent to the run, nil for nothing.
func (d *driver) control() *event.Control {
	select {
	case c := <-d.controls:
		return &c
	default:
		return nil
	}
}

func (d *driver) screen() string { return ansi.Strip(d.m.View().Content) }

func sceneNamed(t *testing.T, name string) scene {
	t.Helper()
	for _, sc := range scenes() {
		if sc.name == name {
			return sc
		}
	}
	t.Fatalf("no scene %q", name)
	return scene{}
}

func opened(t *testing.T, name, lang string, w, h int) *driver {
	t.Helper()
	d := newDriver(t, lang, w, h)
	d.play(sceneNamed(t, name))
	return d
}

var sizes = []struct{ w, h int }{{120, 40}, {80, 24}, {40, 12}}

// TestScreens compares every scene at every size with what it looked like when somebody last looked at it.
func TestScreens(t *testing.T) {
	for _, sc := range scenes() {
		for _, lang := range []string{"en", "ja"} {
			for _, size := range sizes {
				name := fmt.Sprintf("%s_%s_%dx%d", sc.name, lang, size.w, size.h)
				t.Run(name, func(t *testing.T) {
					d := newDriver(t, lang, size.w, size.h)
					d.play(sc)
					checkSize(t, d.screen(), size.w, size.h)
					golden(t, name, d.screen())
				})
			}
		}
	}
}

// TestPanels shows the other things that can be on the screen.
func TestPanels(t *testing.T) {
	for _, c := range []struct {
		name, scene string
		w, h        int
		keys        []string
	}{
		{"help", "playbook", 80, 24, []string{"?"}},
		{"palette", "playbook", 80, 24, []string{":", "c"}},
		{"leave", "playbook", 80, 24, []string{"q"}},
		{"remedies", "playbook", 80, 24, []string{"r"}},
		{"nodes", "playbook", 120, 40, []string{"n"}},
		{"nodes_narrow", "playbook", 80, 24, []string{"3"}},
		{"log", "playbook", 120, 40, []string{"L"}},
		{"log_output", "playbook", 80, 24, []string{"4", "k", "k", "enter"}},
		{"steps", "gate", 80, 24, []string{"1"}},
		{"earlier_step", "playbook", 120, 40, []string{"1", "k", "k", "k", "enter"}},
		{"later_step", "gate", 80, 24, []string{"1", "G", "enter"}},
		{"plan", "gate", 120, 40, []string{"p"}},
		{"details", "playbook", 80, 24, []string{"d"}},
		{"search", "playbook", 80, 24, []string{"/", "S", "t", "e", "p", "space", "3", "0", "enter"}},
		{"reason", "gate", 80, 24, []string{"o", "v", "i", "p"}},
		{"behind", "red", 80, 24, []string{"tab"}},
		{"red_reason", "red", 80, 24, []string{"down", "enter", "x"}},
		{"disabled", "approve", 80, 24, []string{"/"}},
		{"search_line", "playbook", 80, 24, []string{"/", "k"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := opened(t, c.scene, "en", c.w, c.h)
			d.press(c.keys...)
			checkSize(t, d.screen(), c.w, c.h)
			golden(t, "panel_"+c.name, d.screen())
		})
	}
}

// TestNoSizePanics draws every scene at every awkward size.
func TestNoSizePanics(t *testing.T) {
	for _, sc := range scenes() {
		d := newDriver(t, "ja", 0, 0)
		d.play(sc)
		for _, w := range []int{0, 1, 20, 39, 40, 41, 60, 99, 100, 300} {
			for _, h := range []int{0, 1, 5, 11, 12, 13, 20, 23, 24, 100} {
				d.send(tea.WindowSizeMsg{Width: w, Height: h})
				checkSize(t, d.screen(), w, h)
				d.m.View()
			}
		}
	}
	d := opened(t, "gate", "en", 20, 5)
	if s := strings.Join(strings.Fields(d.screen()), " "); s != "terminal too small: 20x5, needs 40x12" {
		t.Errorf("got %q", s)
	}
}

func checkSize(t *testing.T, screen string, w, h int) {
	t.Helper()
	if w == 0 || h == 0 {
		return
	}
	lines := strings.Split(screen, "\n")
	if len(lines) > h {
		t.Errorf("%dx%d: %d lines", w, h, len(lines))
	}
	for i, line := range lines {
		if width(line) > w {
			t.Errorf("%dx%d: line %d is %d columns wide: %q", w, h, i+1, width(line), line)
		}
	}
}

// TestColourIsNotNeeded: a screen without colours says the same.
func TestColourIsNotNeeded(t *testing.T) {
	for _, sc := range scenes() {
		d, n := newDriver(t, "en", 120, 40), newDriver(t, "en", 120, 40)
		n.m = newModel(Options{NoColor: true, Window: 4 * time.Hour, Version: "test", Recording: true, Clock: func() time.Time { return n.now }}, n.controls)
		n.send(tea.WindowSizeMsg{Width: 120, Height: 40})
		d.play(sc)
		n.play(sc)
		if d.screen() != n.screen() {
			t.Errorf("%s reads differently without colours", sc.name)
		}
		for _, code := range []string{"[31m", "[32m", "[33m", "[36m", "[38;", "[1;31m"} {
			if strings.Contains(n.m.View().Content, code) {
				t.Errorf("%s has colour %s in spite of NoColor", sc.name, code)
			}
		}
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	lines := strings.Split(got, "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	got = strings.TrimRight(strings.Join(lines, "\n"), "\n") + "\n"
	path := filepath.Join("testdata", "screens", name+".txt")
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("no golden screen (go test ./ui -update makes it): %v", err)
	}
	if got != string(want) {
		t.Errorf("%s looks different now (go test ./ui -update takes it)\n--- want\n%s\n--- got\n%s", name, want, got)
	}
}
