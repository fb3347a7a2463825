package ui

import (
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"spraydeck/event"
	"spraydeck/safetext"
)

// commandLog lists every command of the run, oldest first, and shows the output of one.
type commandLog struct {
	look
	commands []*event.CommandState
	stepOf   map[int]int // number of a command to number of its step
	cursor   int
	follow   bool
	scroll   scroll
	open     *outputView // the output of the command under the cursor, nil for the list
	w, h     int
	focused  bool
}

func newCommandLog(l look) *commandLog { return &commandLog{look: l, follow: true} }

// SetSize takes the room there is.
func (c *commandLog) SetSize(w, h int) {
	c.w, c.h = w, h
	c.arrange()
}

// SetState takes the run as it is now.
func (c *commandLog) SetState(state *event.State, _ time.Time) {
	c.commands, c.stepOf = nil, map[int]int{}
	if st := state.Step(""); st != nil {
		c.commands = append(c.commands, st.Commands...)
	}
	for i, st := range state.Steps {
		c.commands = append(c.commands, st.Commands...)
		for _, k := range st.Commands {
			c.stepOf[k.Number] = i + 1
		}
	}
	slices.SortStableFunc(c.commands, func(a, b *event.CommandState) int { return a.Number - b.Number })
	if c.follow {
		c.cursor = max(0, len(c.commands)-1)
	}
	c.arrange()
}

func (c *commandLog) arrange() {
	c.cursor = max(0, min(c.cursor, len(c.commands)-1))
	c.scroll.Fit(c.h-1, len(c.commands))
	c.scroll.Show(c.cursor)
	if c.open != nil {
		c.open.SetSize(c.w, max(0, c.h-1))
		c.open.SetCommands(c.open.commands)
	}
}

// AtCursor is the command under the cursor, nil for none.
func (c *commandLog) AtCursor() *event.CommandState {
	if c.cursor >= len(c.commands) {
		return nil
	}
	return c.commands[c.cursor]
}

// HandleKey moves through the list, or through the output of a command.
func (c *commandLog) HandleKey(msg tea.KeyPressMsg) action {
	if c.open != nil {
		if a := c.open.HandleKey(msg); a != nil {
			return a
		}
		if msg.String() == "esc" || msg.String() == "enter" {
			c.open = nil
			return handled{}
		}
		return nil
	}
	if msg.String() == "enter" && c.AtCursor() != nil {
		c.open = newOutputView(c.look)
		c.open.follow = c.AtCursor().Outcome == ""
		c.open.commands = c.commands[c.cursor : c.cursor+1]
		c.arrange()
		return handled{}
	}
	mover := scroll{Top: c.cursor, Height: 1, Total: len(c.commands)}
	m := motionOf(msg)
	if m == pageUp || m == pageDown {
		c.cursor += map[motion]int{pageUp: -1, pageDown: 1}[m] * max(1, c.h-2)
	} else if mover.Move(m) {
		c.cursor = mover.Top
	} else {
		return nil
	}
	c.arrange()
	c.follow = c.cursor >= len(c.commands)-1
	return handled{}
}

// Keys are what HandleKey knows.
func (c *commandLog) Keys() []Key {
	if c.open != nil {
		return append([]Key{{Keys: []string{"esc", "enter"}, Help: sayKeyBack}}, append(c.open.Keys(), motionKeys()...)...)
	}
	enter := Key{Keys: []string{"enter"}, Help: sayKeyOutput}
	return append([]Key{enter.without(len(c.commands) == 0, sayNoCommandsYet)}, motionKeys()...)
}

// View draws the list, or the output.
func (c *commandLog) View() string {
	style := c.Title
	if c.focused {
		style = c.Selected
	}
	title := style.Render(" "+strings.ToUpper(c.say(sayLog))+" ") + "  " + c.say(sayCommandCount, len(c.commands))
	if c.open != nil && len(c.open.commands) > 0 {
		k := c.open.commands[0]
		title = style.Render(" "+safetext.Line(k.Host)+" ") + "  " + c.Command.Render(safetext.Line(k.Line))
		return strings.Join(append([]string{fit(title, c.w)}, c.open.View()), "\n")
	}
	lines := []string{title}
	for i, k := range c.commands {
		if i >= c.scroll.Top && i < c.scroll.Top+c.scroll.Height {
			lines = append(lines, c.line(i, k))
		}
	}
	return strings.Join(fill(lines, c.w, c.h), "\n")
}

func (c *commandLog) line(i int, k *event.CommandState) string {
	kind := " "
	if k.Changes {
		kind = "▲"
	}
	step := ""
	if n := c.stepOf[k.Number]; n > 0 {
		step = c.say(sayStepShort, n)
	}
	left := " " + k.Begun.Format("15:04:05") + "  " + fit(step, 4) + " " + kind + " " + fit(safetext.Line(k.Host), 11) + " " + safetext.Line(k.Line)
	line := ends(left, c.outcome(k)+" ", c.w)
	switch {
	case i == c.cursor && c.focused:
		return c.marked(line)
	case k.Outcome != "" && k.Outcome != event.Done && !k.Probe:
		return c.Danger.Render(line)
	case k.Probe:
		return c.Faint.Render(line)
	}
	return line
}
