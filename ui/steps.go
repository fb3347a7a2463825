package ui

import (
	"fmt"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"spraydeck/event"
)

// stepList is the plan as a list: phases, steps, where each stands. The cursor follows the current step until the
// operator moves it.
type stepList struct {
	look
	state   *event.State
	now     time.Time
	w, h    int
	scroll  scroll
	cursor  int // index into state.Steps
	moved   bool
	focused bool
}

func newStepList(l look) *stepList { return &stepList{look: l, state: &event.State{}} }

// SetSize takes the room there is.
func (s *stepList) SetSize(w, h int) { s.w, s.h = w, h; s.show() }

// SetState takes the run as it is now.
func (s *stepList) SetState(state *event.State, now time.Time) {
	s.state, s.now = state, now
	if !s.moved {
		n, _ := state.Position()
		s.cursor = max(0, n-1)
	}
	s.cursor = max(0, min(s.cursor, len(state.Steps)-1))
	s.show()
}

// Home puts the cursor back on the current step.
func (s *stepList) Home() { s.moved = false; s.SetState(s.state, s.now) }

// AtCursor is the step under the cursor, nil in an empty plan.
func (s *stepList) AtCursor() *event.StepState {
	if s.cursor >= len(s.state.Steps) {
		return nil
	}
	return s.state.Steps[s.cursor]
}

// HandleKey moves the cursor. enter is the root's business: what to do with the step under it.
func (s *stepList) HandleKey(msg tea.KeyPressMsg) action {
	mover := scroll{Top: s.cursor, Height: 1, Total: len(s.state.Steps)}
	m := motionOf(msg)
	if m == pageUp || m == pageDown {
		mover.Height = max(1, s.h)
	}
	if !mover.Move(m) {
		return nil
	}
	s.cursor, s.moved = mover.Top, true
	if m == toEnd || m == pageDown && mover.AtEnd() {
		s.cursor = max(0, len(s.state.Steps)-1)
	}
	s.show()
	return handled{}
}

// Keys are what HandleKey knows.
func (s *stepList) Keys() []Key { return motionKeys() }

// show brings the cursor into sight, with its phase if it is the first of one.
func (s *stepList) show() {
	lines, at := s.lines()
	s.scroll.Fit(s.h, len(lines))
	s.scroll.Show(min(at+1, max(0, len(lines)-1)))
	s.scroll.Show(max(0, at-1))
	s.scroll.Show(at)
}

// View draws the lines in sight.
func (s *stepList) View() string {
	lines, _ := s.lines()
	return strings.Join(fill(s.scroll.Window(lines), s.w, s.h), "\n")
}

// lines draws the list, and gives the line the cursor is on. Only the list that has the focus shows every step; else a phase that
// is not the current one is a line with what went wrong in it.
func (s *stepList) lines() (lines []string, at int) {
	phases := s.state.Phases()
	i := 0
	for _, p := range phases {
		open := s.focused || len(phases) == 1 || p.Has(s.state.Current) || s.state.Current == "" && i == 0
		switch {
		case !open:
			lines = append(lines, s.phaseLine(p, s.w))
		case !p.Title.Empty():
			lines = append(lines, s.Title.Render(cut(" "+s.told(p.Title), s.w)))
		}
		for _, st := range p.Steps {
			if i == s.cursor {
				at = max(0, len(lines)-1)
				if open {
					at++
				}
			}
			switch st.Status {
			case event.Failed, event.Overridden, event.Lost, event.Cancelled:
				lines = append(lines, s.line(i, st))
			default:
				if open {
					lines = append(lines, s.line(i, st))
				}
			}
			i++
		}
	}
	return lines, at
}

func (s *stepList) line(i int, st *event.StepState) string {
	mark, word, style := s.sign(st.Status)
	right := s.took(st)
	switch st.Status {
	case event.Failed, event.Overridden, event.Lost, event.Cancelled:
		right = s.say(word)
	case event.Waiting:
		if st.NoReturn {
			right = "⚑ " + s.say(sayNoReturn)
		}
	}
	if right != "" {
		right += " "
	}
	text := ends(fmt.Sprintf(" %s %2d %s", mark, i+1, s.told(st.Title)), right, s.w)
	switch {
	case s.focused && i == s.cursor:
		return s.marked(text)
	case st.Status == event.Waiting && st.NoReturn:
		return s.Warning.Render(text)
	}
	return style.Render(text)
}

// took is how long the step has taken.
func (s *stepList) took(st *event.StepState) string {
	switch {
	case st.Begun.IsZero():
		return ""
	case !st.Finished.IsZero() && st.Status != event.Running:
		return event.Duration(st.Took())
	case st.Status == event.Running:
		return event.Duration(s.now.Sub(st.Begun))
	}
	return ""
}
