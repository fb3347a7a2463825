package ui

import (
	"slices"

	tea "charm.land/bubbletea/v2"

	"spraydeck/event"
)

// homeView is the Home screen: where the operator is, the runbooks, the saved runs.
type homeView struct {
	look
	opts   Options
	facts  *homeFacts
	w, h   int
	books  homeList
	runs   homeList
	inRuns bool // which list has the focus
	moved  bool // the operator chose a place in the list of runbooks
	filter filter

	shownBooks []HomeRunbook
	shownRuns  []HomeSaved
}

// homeList is a cursor in a list and the part in sight.
type homeList struct {
	cursor int
	scroll scroll
}

func (l *homeList) fit(height, total int) {
	l.cursor = max(0, min(l.cursor, total-1))
	l.scroll.Fit(height, total)
	l.scroll.Show(l.cursor)
}

func newHomeView(l look, o Options, facts *homeFacts) *homeView {
	return &homeView{look: l, opts: o, facts: facts}
}

// SetSize takes the room there is.
func (v *homeView) SetSize(w, h int) {
	v.w, v.h = w, h
	v.fit()
}

// Refresh takes what has become known. The cursors stay on what they are on; until it is moved, the one of the runbooks
// is on the one that fits.
func (v *homeView) Refresh() {
	book, run := "", ""
	if b, ok := v.book(); ok && v.moved {
		book = b.Name
	}
	if s, ok := v.run(); ok && v.runs.cursor > 0 {
		run = s.ID
	}
	fits := v.facts.next.value.Fits
	v.shownBooks = slices.DeleteFunc(slices.Clone(v.facts.books.value), func(b HomeRunbook) bool {
		return !v.filter.passes(b.Name, v.told(b.Title), b.From, b.To)
	})
	rank := func(b HomeRunbook) int {
		if i := slices.Index(fits, b.Name); i >= 0 {
			return i
		}
		return len(fits)
	}
	slices.SortStableFunc(v.shownBooks, func(a, b HomeRunbook) int { return rank(a) - rank(b) })
	v.shownRuns = slices.DeleteFunc(slices.Clone(v.facts.runs.value), func(s HomeSaved) bool {
		_, word, _ := v.runSign(s)
		return !v.filter.passes(s.ID, s.Header.Runbook, s.Header.Cluster, s.Header.From, s.Header.To, runTime(s), v.say(word))
	})
	v.books.cursor = max(0, slices.IndexFunc(v.shownBooks, func(b HomeRunbook) bool { return b.Name == book }))
	v.runs.cursor = max(0, slices.IndexFunc(v.shownRuns, func(s HomeSaved) bool { return s.ID == run }))
	v.fit()
}

// book is the runbook under its list's cursor.
func (v *homeView) book() (HomeRunbook, bool) {
	if v.books.cursor >= len(v.shownBooks) {
		return HomeRunbook{}, false
	}
	return v.shownBooks[v.books.cursor], true
}

// run is the saved run under its list's cursor.
func (v *homeView) run() (HomeSaved, bool) {
	if v.runs.cursor >= len(v.shownRuns) {
		return HomeSaved{}, false
	}
	return v.shownRuns[v.runs.cursor], true
}

// checked is the runbook that findings are asked about: the one under the cursor, or else the one that fits.
func (v *homeView) checked() string {
	if b, ok := v.book(); ok && !v.inRuns {
		return b.Name
	}
	return v.facts.fitting()
}

func (v *homeView) fit() {
	r := v.room()
	v.books.fit(r.Books-1, len(v.shownBooks))
	v.runs.fit(r.Runs-1, len(v.shownRuns))
}

// Paste puts pasted text into the filter.
func (v *homeView) Paste(s string) bool {
	if !v.filter.Paste(s) {
		return false
	}
	v.Refresh()
	return true
}

// HandleKey moves through the lists and says what was chosen.
func (v *homeView) HandleKey(msg tea.KeyPressMsg) action {
	if v.filter.typing() {
		v.filter.HandleKey(msg)
		v.Refresh()
		return handled{}
	}
	if m := motionOf(msg); m != noMotion {
		v.move(m)
		return handled{}
	}
	switch msg.String() {
	case "enter":
		return v.open()
	case "o":
		if s, ok := v.run(); v.inRuns && ok && resumable(s) {
			return actChoose{HomeChoice{HomeResume, s.Dir}}
		}
		return actNotice{sayNothingToResume}
	case "tab", "shift+tab":
		v.inRuns = !v.inRuns
	case "1":
		v.inRuns = false
	case "2":
		v.inRuns = true
	case "c":
		if v.checked() == "" {
			return actNotice{sayNoHopRunbook}
		}
		return actFindings{v.checked()}
	case "p":
		if v.facts.next.value.Chain == nil {
			return actNotice{sayNoChain}
		}
		return actChain{}
	case "d":
		return actChoose{HomeChoice{Act: HomeDemo}}
	case "r":
		return actAgain{}
	case "/":
		v.filter.begin()
	case "esc":
		if v.filter.text == "" {
			return nil
		}
		v.filter.text = ""
		v.Refresh()
	default:
		return nil
	}
	v.fit()
	return handled{}
}

// open chooses what is under the cursor.
func (v *homeView) open() action {
	if v.inRuns {
		s, ok := v.run()
		switch {
		case !ok:
			return actNotice{sayNothingToOpen}
		case s.Err != nil:
			return actNotice{sayBrokenRun}
		}
		return actChoose{HomeChoice{HomeReplay, s.Dir}}
	}
	b, ok := v.book()
	if !ok {
		return actNotice{sayNothingToOpen}
	}
	return actChoose{HomeChoice{HomeRun, b.Name}}
}

// resumable reports whether a run can be gone on with: nobody writes it, and it came to no good end.
func resumable(s HomeSaved) bool {
	return s.Err == nil && s.Status != event.Running && s.Status != event.Passed
}

func (v *homeView) move(m motion) {
	l, n := &v.books, len(v.shownBooks)
	if v.inRuns {
		l, n = &v.runs, len(v.shownRuns)
	} else {
		v.moved = true
	}
	if n > 0 {
		l.cursor = moveCursor(m, l.cursor, n, l.scroll.Height, func(int) bool { return true })
	}
	v.fit()
}

// Keys are what HandleKey knows.
func (v *homeView) Keys() []Key {
	if v.filter.typing() {
		return v.filter.Keys()
	}
	open := Key{Keys: []string{"enter"}, Help: sayKeyOpen}.without(len(v.shownBooks) == 0, sayNothingToOpen)
	if v.inRuns {
		s, ok := v.run()
		open = Key{Keys: []string{"enter"}, Help: sayKeyWatch}.without(!ok, sayNothingToOpen).without(s.Err != nil, sayBrokenRun)
	}
	keys := []Key{open}
	if v.inRuns {
		s, ok := v.run()
		keys = append(keys, Key{Keys: []string{"o"}, Help: sayKeyResume}.without(!ok || !resumable(s), sayNothingToResume))
	}
	keys = append(keys, []Key{
		{Keys: []string{"tab", "shift+tab"}, Help: sayKeySection},
		Key{Keys: []string{"c"}, Help: sayKeyFindings}.without(v.checked() == "", sayNoHopRunbook),
		Key{Keys: []string{"p"}, Help: sayKeyChain}.without(v.facts.next.value.Chain == nil, sayNoChain),
		{Keys: []string{"d"}, Help: sayKeyDemo},
		{Keys: []string{"/"}, Help: sayKeyFilter},
		{Keys: []string{"r"}, Help: sayKeyAgain},
		{Keys: []string{"1"}, Help: sayKeyToRunbooks, Quiet: true},
		{Keys: []string{"2"}, Help: sayKeyToRuns, Quiet: true},
	}...)
	keys = append(keys, motionKeys()...)
	if v.filter.text != "" {
		keys = append(keys, Key{Keys: []string{"esc"}, Help: sayKeyAll})
	}
	return keys
}

// Cursor is where the terminal's cursor belongs, if anything is typed.
func (v *homeView) Cursor() (x, y int, ok bool) {
	return v.filter.cursor(v.w, 0)
}
