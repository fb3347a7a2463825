package ui

import (
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"spraydeck/event"
	"spraydeck/safetext"
)

// Key is a binding as data: the key line, the help screen and the manual are made from it.
type Key struct {
	Keys     []string   // as tea.KeyPressMsg.String says them; the first is shown
	Help     event.Text // what it does, in a word or two
	Disabled event.Text // why it does nothing now; empty if it works
	Quiet    bool       // in the help only, not in the key line
}

// Enabled reports whether the key does something now.
func (k Key) Enabled() bool { return k.Disabled.Empty() }

// Is reports whether the press is one of this binding's keys.
func (k Key) Is(msg tea.KeyPressMsg) bool { return slices.Contains(k.Keys, msg.String()) }

// without returns the binding with a reason why it does not work now; a false why leaves it alone.
func (k Key) without(disabled bool, reason event.Text) Key {
	if disabled {
		k.Disabled = reason
	}
	return k
}

// find returns the binding that the press belongs to.
func find(keys []Key, msg tea.KeyPressMsg) (Key, bool) {
	i := slices.IndexFunc(keys, func(k Key) bool { return k.Is(msg) })
	if i < 0 {
		return Key{}, false
	}
	return keys[i], true
}

// action is what the operator meant by a key. nil: the key means nothing to the part. The root acts on the others.
type action any

type (
	handled    struct{}                      // it was for the part, and the part is done with it
	actBack    struct{}                      // leave this screen
	actQuit    struct{}                      // leave the console
	actStop    struct{}                      // stop the running command
	actAnswer  struct{ Answer event.Answer } // answer the question that stands
	actRemedy  struct{ ID string }           // start a remedy beside the running command
	actCopy    struct{ Text string }         // to the clipboard of the operator's terminal
	actNotice  struct{ Text event.Text }     // say this in the status line
	actHelp    struct{}                      // show every key
	actPalette struct{}                      // open the command palette
	actTypeIn  struct{}                      // give the keys to the command that runs
	actPause   struct{}                      // stop recording output, or start again
	actPick    struct{ Remedies []event.Remedy }
)

// keyNames are the names people know, where Bubble Tea's differ.
var keyNames = strings.NewReplacer("pgdown", "PgDn", "pgup", "PgUp", "left", "←", "right", "→", "up", "↑", "down", "↓",
	"esc", "Esc")

// keyLine draws the keys that work now into one line of width w. What does not fit is dropped from the right, except
// help and the last key, which is how to get out.
func (l look) keyLine(keys []Key, w int) string {
	var parts []string
	for _, k := range l.drawn(keys, w) {
		parts = append(parts, l.keyHelp(k))
	}
	return fit(" "+strings.Join(parts, keyGap), w)
}

const keyGap = "   "

// drawn are the keys that keyLine has room for, in their order.
func (l look) drawn(keys []Key, w int) []Key {
	keys = slices.DeleteFunc(slices.Clone(keys), func(k Key) bool {
		return !k.Enabled() || k.Quiet || len(k.Keys) == 0 || k.Help.Empty()
	})
	line, end := "", ""
	var first, last []Key
	for i, k := range keys {
		if i == len(keys)-1 || slices.Contains(k.Keys, "?") {
			end += l.keyHelp(k) + keyGap
			last = append(last, k)
		}
	}
	full := false
	for i, k := range keys {
		if i == len(keys)-1 || slices.Contains(k.Keys, "?") {
			continue
		}
		if full = full || width(line+l.keyHelp(k)+keyGap+end)-2 > w; !full {
			line += l.keyHelp(k) + keyGap
			first = append(first, k)
		}
	}
	return append(first, last...)
}

func (l look) keyHelp(k Key) string {
	return l.Key.Render(keyNames.Replace(k.Keys[0])) + " " + l.told(k.Help)
}

// motion is a move through something longer than the screen.
type motion int

const (
	noMotion motion = iota
	lineUp
	lineDown
	pageUp
	pageDown
	toTop
	toEnd
)

// motionOf reads the keys that people have in their fingers from less, vi and lazygit.
func motionOf(msg tea.KeyPressMsg) motion {
	switch msg.String() {
	case "up", "k":
		return lineUp
	case "down", "j":
		return lineDown
	case "pgup", "ctrl+b", "ctrl+u":
		return pageUp
	case "pgdown", "ctrl+f", "ctrl+d":
		return pageDown
	case "home", "g":
		return toTop
	case "end", "G":
		return toEnd
	}
	return noMotion
}

// motionKeys are the bindings of motionOf, for Keys of the parts that scroll.
func motionKeys() []Key {
	return []Key{
		{Keys: []string{"up", "k"}, Help: sayKeyUp, Quiet: true},
		{Keys: []string{"down", "j"}, Help: sayKeyDown, Quiet: true},
		{Keys: []string{"pgup", "ctrl+b", "ctrl+u"}, Help: sayKeyPageUp, Quiet: true},
		{Keys: []string{"pgdown", "ctrl+f", "ctrl+d"}, Help: sayKeyPageDown, Quiet: true},
		{Keys: []string{"g", "home"}, Help: sayKeyTop, Quiet: true},
		{Keys: []string{"G", "end"}, Help: sayKeyEnd, Quiet: true},
	}
}

// scroll is a window of Height lines on Total lines, from Top.
type scroll struct{ Top, Height, Total int }

// AtEnd reports whether the last line is in sight.
func (s scroll) AtEnd() bool { return s.Top+s.Height >= s.Total }

// Fit takes new sizes and keeps the window within them.
func (s *scroll) Fit(height, total int) {
	s.Height, s.Total = max(height, 0), total
	s.Top = max(0, min(s.Top, total-s.Height))
}

// Move goes one step, and reports whether m was one.
func (s *scroll) Move(m motion) bool {
	switch m {
	case lineUp:
		s.Top--
	case lineDown:
		s.Top++
	case pageUp:
		s.Top -= max(1, s.Height-1)
	case pageDown:
		s.Top += max(1, s.Height-1)
	case toTop:
		s.Top = 0
	case toEnd:
		s.Top = s.Total
	default:
		return false
	}
	s.Fit(s.Height, s.Total)
	return true
}

// Show moves as little as needed to bring line i into sight.
func (s *scroll) Show(i int) {
	if i < s.Top {
		s.Top = i
	} else if i >= s.Top+s.Height {
		s.Top = i - s.Height + 1
	}
	s.Fit(s.Height, s.Total)
}

// Window returns the lines in sight.
func (s scroll) Window(lines []string) []string {
	return lines[min(s.Top, len(lines)):min(s.Top+s.Height, len(lines))]
}

// copiedLine is the notice after a text was copied.
func copiedLine(s string) string {
	line, _, more := strings.Cut(strings.TrimSpace(s), "\n")
	if line = safetext.Line(line); more {
		line += " ..."
	}
	return line
}
