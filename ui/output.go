package ui

import (
	"fmt"
	"strings"
	"unicode"

	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"

	"spraydeck/event"
	"spraydeck/safetext"
)

// outputView shows what commands printed, one after the other. Lines count from the first line ever printed, also where
// the state has let go of the oldest: so what the operator reads stays where it is while more comes in.
type outputView struct {
	look
	commands []*event.CommandState
	w, h     int
	scroll   scroll
	left     int  // columns scrolled to the side
	follow   bool // stay at the end
	query    string
	found    int // row of the match last gone to, -1 for none
}

func newOutputView(l look) *outputView { return &outputView{look: l, follow: true, found: -1} }

// SetSize takes the room there is.
func (o *outputView) SetSize(w, h int) {
	o.w, o.h = w, h
	o.fit()
}

// SetCommands takes the commands whose output is shown. At the end it stays at the end, elsewhere it does not move.
func (o *outputView) SetCommands(commands []*event.CommandState) {
	o.commands = commands
	o.fit()
}

// Reset forgets the position, for another step.
func (o *outputView) Reset() {
	o.scroll, o.left, o.follow, o.query, o.found = scroll{}, 0, true, "", -1
}

func (o *outputView) fit() {
	o.scroll.Fit(o.h, o.Rows())
	if o.follow {
		o.scroll.Move(toEnd)
	}
}

// Rows is how many lines there are to show.
func (o *outputView) Rows() int {
	n := 0
	for _, c := range o.commands {
		n += o.rowsOf(c)
	}
	return n
}

func (o *outputView) rowsOf(c *event.CommandState) int {
	n := c.Output.Dropped + len(c.Output.Lines)
	if o.headed() {
		n++
	}
	if c.Output.Partial != "" {
		n++
	}
	if o.endOf(c) != "" {
		n++
	}
	return n
}

// headed reports whether each command is introduced by a line: one alone is under `run` already.
func (o *outputView) headed() bool { return len(o.commands) > 1 }

func (o *outputView) endOf(c *event.CommandState) string {
	if c.Outcome == "" || c.Outcome == event.Done {
		return ""
	}
	return o.outcome(c)
}

// outcome says in a few words how a command ended.
func (l look) outcome(c *event.CommandState) string {
	switch c.Outcome {
	case "":
		return "▶ " + l.say(sayRunning)
	case event.Done:
		return "✓ " + l.say(sayPassed)
	case event.Exited:
		if c.Outcome.Answers(c.Probe) {
			return "· " + l.say(sayExit, c.Exit)
		}
		return "✗ " + l.say(sayExit, c.Exit)
	}
	s := "✗ " + l.say(c.Outcome.Text())
	if c.Error != "" {
		s += ": " + safetext.Line(c.Error)
	}
	return s
}

// row returns a line by its number, without style, and how to style it.
func (o *outputView) row(i int) (string, lipgloss.Style) {
	for _, c := range o.commands {
		n := o.rowsOf(c)
		if i >= n {
			i -= n
			continue
		}
		if o.headed() {
			if i == 0 {
				return fmt.Sprintf("── %s  %s", safetext.Line(c.Host), safetext.Line(c.Line)), o.Command
			}
			i--
		}
		out := &c.Output
		switch {
		case i < out.Dropped:
			return o.say(sayDropped), o.Faint
		case i-out.Dropped < len(out.Lines):
			line := safetext.Line(out.Lines[i-out.Dropped])
			return line, o.styleOf(line)
		case i-out.Dropped == len(out.Lines) && out.Partial != "":
			return safetext.Line(out.Partial), o.Plain
		}
		if c.Outcome.Answers(c.Probe) {
			return o.endOf(c), o.Faint
		}
		return o.endOf(c), o.Danger
	}
	return "", o.Plain
}

// styleOf colours what Ansible and most tools mark by a word at the start of a line. The word stays.
func (o *outputView) styleOf(line string) lipgloss.Style {
	head, _, _ := strings.Cut(line, ":")
	switch strings.TrimSpace(strings.ToLower(head)) {
	case "fatal", "failed", "error", "err", "unreachable":
		return o.Danger
	case "changed", "warning", "[warning]", "warn":
		return o.Warning
	case "skipping", "included":
		return o.Faint
	}
	if strings.HasPrefix(line, "TASK [") || strings.HasPrefix(line, "PLAY ") {
		return o.Bold
	}
	return o.Plain
}

// View draws the rows in sight.
func (o *outputView) View() string {
	lines := make([]string, 0, max(o.h, 0))
	for i := o.scroll.Top; i < min(o.scroll.Top+o.h, o.scroll.Total); i++ {
		line, style := o.row(i)
		if o.left > 0 {
			line = ansi.Cut(line, o.left, max(o.left, width(line)))
		}
		lines = append(lines, " "+o.mark(cut(line, o.w-1), style, i == o.found))
	}
	if below := o.scroll.Total - o.scroll.Top - len(lines); below > 0 && len(lines) > 0 {
		last := len(lines) - 1
		lines[last] = ends(lines[last], o.Warning.Render(o.say(sayBelow, below))+" ", o.w)
	}
	return strings.Join(fill(lines, o.w, o.h), "\n")
}

// mark styles a line, with what the search found in it set off.
func (o *outputView) mark(line string, style lipgloss.Style, here bool) string {
	at, n := o.match(line)
	if at < 0 {
		return style.Render(line)
	}
	match := o.Match
	if here {
		match = match.Bold(true).Underline(true)
	}
	return style.Render(line[:at]) + match.Render(line[at:at+n]) + style.Render(line[at+n:])
}

// match finds the query in a line. A query without capitals finds both.
func (o *outputView) match(line string) (at, n int) {
	if o.query == "" {
		return -1, 0
	}
	if strings.ContainsFunc(o.query, unicode.IsUpper) {
		return strings.Index(line, o.query), len(o.query)
	}
	lower := strings.ToLower(line)
	if len(lower) != len(line) { // lowering changed the length of a letter: positions would not fit
		lower = line
	}
	return strings.Index(lower, o.query), len(o.query)
}

// Search looks for text from the line in sight on, and reports whether it is anywhere.
func (o *outputView) Search(query string) bool {
	o.query, o.found = query, -1
	if query == "" {
		return true
	}
	return o.next(o.scroll.Top, 1)
}

// SearchNext goes to the next match in a direction, round the end.
func (o *outputView) SearchNext(direction int) bool {
	from := o.found + direction
	if o.found < 0 {
		from = o.scroll.Top
	}
	return o.next(from, direction)
}

func (o *outputView) next(from, direction int) bool {
	total := o.Rows()
	for k := range total {
		i := ((from+k*direction)%total + total) % total
		line, _ := o.row(i)
		if at, _ := o.match(line); at >= 0 {
			o.reveal(i)
			return true
		}
	}
	return false
}

// GoTo goes to a line of a command, counted from the one that it is printing, and marks what is looked for there.
func (o *outputView) GoTo(number, up int, query string) {
	row := 0
	for _, c := range o.commands {
		if c.Number != number {
			row += o.rowsOf(c)
			continue
		}
		if o.headed() {
			row++
		}
		row += max(0, c.Output.Dropped+len(c.Output.Lines)-up)
		o.scroll.Fit(o.h, o.Rows())
		o.query = query
		o.reveal(row)
		return
	}
}

// reveal brings a match into sight, also where it is beyond the right edge.
func (o *outputView) reveal(row int) {
	o.found, o.follow, o.left = row, false, 0
	o.scroll.Show(row)
	line, _ := o.row(row)
	if at, n := o.match(line); at >= 0 && width(line[:at+n]) > o.w-1 {
		o.left = max(0, width(line[:at])-o.w/3)
	}
}

// HandleKey scrolls, follows and goes through what was found.
func (o *outputView) HandleKey(msg tea.KeyPressMsg) action {
	if m := motionOf(msg); m != noMotion {
		o.scroll.Move(m)
		if m == toTop {
			o.scroll.Top = 0
		}
		o.follow = o.scroll.AtEnd()
		return handled{}
	}
	switch msg.String() {
	case "space":
		o.follow = !o.follow
		o.fit()
	case "left", "h":
		o.left = max(0, o.left-20)
	case "right", "l":
		o.left += 20
	default:
		if o.query == "" {
			return nil
		}
		switch msg.String() {
		case "n":
			o.SearchNext(1)
		case "N":
			o.SearchNext(-1)
		case "esc":
			o.query, o.found = "", -1
		default:
			return nil
		}
	}
	return handled{}
}

// Keys are what HandleKey knows.
func (o *outputView) Keys() []Key {
	follow := Key{Keys: []string{"space"}, Help: sayKeyFollow}
	if o.follow {
		follow.Help = sayKeyHold
	}
	keys := []Key{follow}
	if o.query != "" {
		keys = append(keys, Key{Keys: []string{"n"}, Help: sayKeyNextMatch}, Key{Keys: []string{"N"}, Help: sayKeyPrevMatch},
			Key{Keys: []string{"esc"}, Help: sayKeyEndSearch})
	}
	return append(keys, Key{Keys: []string{"left", "h"}, Help: sayKeyLeft, Quiet: true}, Key{Keys: []string{"right", "l"}, Help: sayKeyRight, Quiet: true})
}
