package ui

// The smallest terminal that the console draws on.
const (
	minWidth  = 40
	minHeight = 12
)

// panel is one part of the Run screen; its number is the key that jumps to it.
type panel int

const (
	panelSteps panel = iota + 1
	panelStep
	panelNodes
	panelLog
	panelPlan // always the whole screen
	panelThen // always the whole screen
	panelMet  // always the whole screen
	panelTask // always the whole screen: the tasks of a playbook
)

// box is a place on the screen.
type box struct{ X, Y, W, H int }

// Empty reports whether nothing can be drawn in it.
func (b box) Empty() bool { return b.W <= 0 || b.H <= 0 }

// layout says where everything of the Run screen goes. A part whose box is empty is not drawn.
type layout struct {
	TooSmall bool
	Wide     bool // steps and nodes are beside the step, framed by rules
	Header   box
	Steps    box
	Main     box // the current step, or the panel in its place
	Nodes    box // the table
	Strip    box // the nodes in a line
	Phases   box // the phases in a line
	Now      box // what happens now, in a line
	Keys     box
}

// layoutOf divides a terminal of w by h. nodes is how many nodes the table has, 0 for none.
//
//	wide, from 100x24                      narrow                    small, under 20 lines or 60 columns
//	┌ header ─────────────────────────┐    ┌ header ────────────┐    ┌ header ────────┐
//	├ now ────────────────────────────┤    ├ phases, now ───────┤    │ main           │
//	├──────────┬──────────────────────┤    │                    │    │                │
//	│ steps    │ main                 │    │ main               │    ├ keys ──────────┤
//	├──────────┴──────────────────────┤    │                    │
//	│ nodes                           │    ├ nodes in a line ───┤
//	├ keys ───────────────────────────┤    ├ keys ──────────────┤
func layoutOf(w, h, nodes int) layout {
	if w < minWidth || h < minHeight {
		return layout{TooSmall: true}
	}
	l := layout{
		Wide:   w >= 100 && h >= 24,
		Header: box{0, 0, w, 1},
		Keys:   box{0, h - 1, w, 1},
	}
	if !l.Wide {
		l.Main = box{0, 1, w, h - 2}
		if h >= 20 && w >= 60 {
			l.Phases = box{0, 1, w, 1}
			l.Now = box{0, 2, w, 1}
			l.Main.Y += 2
			l.Main.H -= 2
		}
		if nodes > 0 && h >= 20 && w >= 60 {
			l.Main.H--
			l.Strip = box{0, h - 2, w, 1}
		}
		return l
	}
	body := h - 5 // without header, what happens now, its rule, the rule over the keys, and the keys
	l.Now = box{0, 1, w, 1}
	if nodes > 0 {
		table := min(nodes+1, max(4, h/4)) // a heading, then a line for each
		l.Nodes = box{0, h - 2 - table, w, table}
		body -= table + 1
	}
	left := min(max(w/3, 34), 48)
	l.Steps = box{0, 3, left, body}
	l.Main = box{left + 1, 3, w - left - 1, body}
	return l
}
