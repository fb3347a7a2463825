package ui

import (
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"spraydeck/event"
)

// asked brings a question that changes something on the screen of a driver whose held answers stay held.
func asked(t *testing.T, q event.Question) *driver {
	d := newDriver(t, "en", 100, 30)
	d.keepHeld = true
	sc := approveScene()
	sc.ask = &q
	d.play(sc)
	d.now = d.now.Add(-time.Second) // it has just opened
	return d
}

// TestStrayEntersApproveNothing: enters that nobody meant for the question do not answer it, one that was meant does.
func TestStrayEntersApproveNothing(t *testing.T) {
	enters := func(n int, gap time.Duration) func(*driver) {
		return func(d *driver) {
			for range n {
				d.now = d.now.Add(gap)
				d.send(pressOf("enter"))
			}
		}
	}
	wait := func(by time.Duration) func(*driver) { return func(d *driver) { d.now = d.now.Add(by) } }
	held := func(d *driver) { d.send(unheld{d.m.holds}) }
	for name, keys := range map[string][]func(*driver){
		"typed ahead":                       {enters(1, 321*time.Millisecond), held},
		"held, 10 a second":                 {enters(40, 100*time.Millisecond), held},
		"held, with a jitter of the line":   {enters(3, 30*time.Millisecond), wait(255 * time.Millisecond), enters(20, 30*time.Millisecond), held},
		"held, and the repeat begins late":  {enters(30, 33*time.Millisecond), wait(1200 * time.Millisecond), enters(2, 33*time.Millisecond), held},
		"the first repeat after the pause":  {wait(800 * time.Millisecond), enters(2, 33*time.Millisecond), held},
		"pasted":                            {wait(5 * time.Second), func(d *driver) { typeFast(d, "ls\r\rs\rok\r") }, held},
		"pasted, a letter of a choice":      {wait(5 * time.Second), func(d *driver) { typeFast(d, "ls\rgone\r") }, wait(time.Second), func(d *driver) { d.send(pressOf("enter")) }, held},
		"pasted, with brackets":             {wait(5 * time.Second), func(d *driver) { d.send(tea.PasteMsg{Content: "c\n\n"}) }, held},
		"queued while it was stopped":       {wait(time.Hour), enters(30, 0), func(d *driver) { d.send(awake{}) }, held},
		"one queued while it was stopped":   {wait(time.Hour), enters(1, 0), func(d *driver) { d.send(awake{}) }, held},
		"queued, and read after it went on": {wait(time.Hour), func(d *driver) { d.send(awake{}) }, enters(30, 0), held},
		"a resize in between":               {enters(1, 100*time.Millisecond), func(d *driver) { d.send(tea.WindowSizeMsg{Width: 60, Height: 20}) }, enters(1, 500*time.Millisecond), held},
	} {
		t.Run(name, func(t *testing.T) {
			d := asked(t, *approveScene().ask)
			for _, do := range keys {
				do(d)
			}
			if a := d.answer(); a != nil {
				t.Errorf("answered %+v", a)
			}
		})
	}
	d := asked(t, *approveScene().ask)
	d.now = d.now.Add(800 * time.Millisecond)
	d.send(pressOf("enter"))
	held(d)
	if a := d.answer(); a == nil || a.Choice != event.ChoiceContinue {
		t.Errorf("one enter that was meant gives %+v", a)
	}
	d = asked(t, *approveScene().ask)
	enters(3, 100*time.Millisecond)(d)
	d.now = d.now.Add(800 * time.Millisecond)
	d.send(pressOf("c"))
	held(d)
	if a := d.answer(); a == nil || a.Choice != event.ChoiceContinue {
		t.Errorf("after stray enters the key shown gives %+v\n%s", a, d.screen())
	}
}

func typeFast(d *driver, s string) {
	for _, r := range s {
		d.now = d.now.Add(time.Millisecond)
		switch r {
		case '\r':
			d.send(pressOf("enter"))
		default:
			d.send(pressOf(string(r)))
		}
	}
}

// TestRemedyShowsItsOwnDanger: a remedy of a step that only reads is approved under what the remedy can do.
func TestRemedyShowsItsOwnDanger(t *testing.T) {
	q := *approveScene().ask
	q.Danger = event.Changes
	l := newLook(Options{})
	p := newStepPanel(l)
	p.SetSize(80, 20)
	st := &event.StepState{PlannedStep: event.PlannedStep{ID: "check", Title: event.T("Check"), Danger: event.ReadOnly}}
	p.SetStep(&event.State{Steps: []*event.StepState{st}}, st, quiet(q), sceneStart)
	word, _ := l.danger(event.Changes)
	if got := p.title(); !strings.Contains(got, l.say(word)) {
		t.Errorf("%q does not say %q", got, l.say(word))
	}
}

// TestYesIsNoCopy: y at a question copies nothing, where the key line does not say that it does.
func TestYesIsNoCopy(t *testing.T) {
	for _, size := range [][2]int{{40, 12}, {80, 24}, {160, 50}} {
		d := newDriver(t, "en", size[0], size[1])
		d.play(approveScene())
		offered := strings.Contains(d.screen(), "y copy")
		d.press("y")
		screen := d.screen()
		if offered != strings.Contains(screen, "copied to") || !offered && !strings.Contains(screen, "y is no answer") {
			t.Errorf("%v: offered %v:\n%s", size, offered, screen)
		}
	}
}
