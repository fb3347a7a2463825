package ui

import (
	tea "charm.land/bubbletea/v2"
)

// HandleKey moves. Esc goes back one thing at a time: the detail, the filter, the screen.
func (b *browser) HandleKey(msg tea.KeyPressMsg) action {
	if b.filter.typing() {
		b.filter.HandleKey(msg)
		b.narrow()
		return handled{}
	}
	if m := motionOf(msg); m != noMotion {
		if b.inDetail {
			b.detail.Move(m)
		} else {
			b.move(m)
		}
		return handled{}
	}
	switch msg.String() {
	case "enter", "tab":
		if _, ok := b.selected(); !ok {
			return actNotice{sayNothingToOpen}
		}
		b.inDetail = !b.inDetail
		b.fit()
	case "/":
		b.filter.begin()
		b.inDetail = false
		b.fit()
	case "esc":
		switch {
		case b.inDetail:
			b.inDetail = false
			b.fit()
		case b.filter.text != "":
			b.filter.text = ""
			b.narrow()
		default:
			return actBack{}
		}
	default:
		return nil
	}
	return handled{}
}

// move goes through the entries; headings are stepped over.
func (b *browser) move(m motion) {
	to := moveCursor(m, b.cursor, len(b.rows), b.list.Height, func(i int) bool { return b.rows[i] >= 0 })
	if to != b.cursor {
		b.cursor, b.detail.Top = to, 0
		b.fit()
	}
}

// moveCursor returns where a motion leads in a list of n lines of which height are in sight and some can be selected.
func moveCursor(m motion, from, n, height int, can func(int) bool) int {
	mover := scroll{Top: from, Height: 1, Total: n}
	if m == pageUp || m == pageDown {
		mover.Height = max(2, height)
		mover.Total += mover.Height - 1
	}
	mover.Move(m)
	step := 1
	if m == lineUp || m == pageUp || m == toEnd {
		step = -1
	}
	for _, direction := range []int{step, -step} {
		for i := min(mover.Top, n-1); i >= 0 && i < n; i += direction {
			if can(i) {
				return i
			}
		}
	}
	return from
}

// Keys are what HandleKey knows.
func (b *browser) Keys() []Key {
	if b.filter.typing() {
		return b.filter.Keys()
	}
	_, ok := b.selected()
	open := sayKeyDetails
	if b.inDetail {
		open = sayKeyList
	}
	keys := append([]Key{
		Key{Keys: []string{"enter", "tab"}, Help: open}.without(!ok, sayNothingToOpen),
		{Keys: []string{"/"}, Help: sayKeyFilter},
	}, motionKeys()...)
	back := sayKeyBack
	switch {
	case b.inDetail:
		back = sayKeyList
	case b.filter.text != "":
		back = sayKeyAll
	}
	return append(keys, Key{Keys: []string{"esc"}, Help: back})
}

// filterLine is the filter that is typed or in force, "" for none.
func (b *browser) filterLine(w int) string {
	switch {
	case b.filter.typing():
		return b.filter.line(w)
	case b.filter.text != "":
		n := 0
		for _, r := range b.rows {
			if r >= 0 {
				n++
			}
		}
		return " " + b.Info.Render(b.say(sayFiltered, b.filter.text, n, len(b.entries)))
	}
	return ""
}

// filterCursor is where the cursor belongs while the filter is typed: in the first line of the screen.
func (b *browser) filterCursor() (x, y int, ok bool) {
	return b.filter.cursor(b.w, 0)
}
