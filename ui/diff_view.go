package ui

import (
	"slices"
	"strconv"

	tea "charm.land/bubbletea/v2"

	"spraydeck/diff"
	"spraydeck/event"
)

var (
	sayHunk        = event.Text{En: "hunk %d of %d", Ja: "差分 %d / %d"}
	sayNoHunk      = event.Text{En: "no differences", Ja: "差分なし"}
	sayEqualLines  = event.Text{En: "%d equal lines", Ja: "同じ行 %d 行"}
	sayNoEnd       = event.Text{En: "no newline at the end", Ja: "末尾に改行なし"}
	sayNotFound    = event.Text{En: "not found: %s", Ja: "見つかりません: %s"}
	sayKeyNextHunk = event.Text{En: "next hunk", Ja: "次の差分"}
	sayKeyPrevHunk = event.Text{En: "previous hunk", Ja: "前の差分"}
	sayKeyFold     = event.Text{En: "fold equal lines", Ja: "同じ行を畳む"}
	sayKeyUnfold   = event.Text{En: "unfold equal lines", Ja: "同じ行を開く"}
	sayKeySearch   = event.Text{En: "search", Ja: "検索"}
	sayKeyMatch    = event.Text{En: "next match", Ja: "次の一致"}
	sayKeyMatchUp  = event.Text{En: "previous match", Ja: "前の一致"}
	sayKeyAside    = event.Text{En: "scroll to the side", Ja: "横スクロール"}
	sayKeyBack     = event.Text{En: "back", Ja: "戻る"}
	sayKeyEndFind  = event.Text{En: "end the search", Ja: "検索を終える"}
	sayOneHunk     = event.Text{En: "there is no other hunk", Ja: "ほかに差分はありません"}
	sayNoFolds     = event.Text{En: "nothing is long enough to fold", Ja: "畳める行がありません"}
)

const (
	diffContext  = 3   // equal lines around a hunk that are never folded
	diffTwoSides = 100 // columns from which both texts stand side by side
	diffAside    = 10  // columns a key scrolls to the side
)

// diffView shows two texts: side by side where there is room, else one below the other as diff -u does.
type diffView struct {
	look
	c      event.Compared
	t      *diff.Comparison
	w, h   int
	folded bool
	items  []diffItem
	places []diff.Hunk // where each hunk stands among the items
	folds  bool        // something can be folded
	scroll scroll
	left   int // columns scrolled to the side
	hunk   int // the one the operator is at
	search *field
	query  string
	missed bool
}

// diffItem is a line of the view: a row, a side of a row, or equal rows folded to one line.
type diffItem struct {
	row   int
	count int // of folded rows, 0 = a row
	side  diffSide
}

type diffSide byte

const (
	bothSides diffSide = iota
	leftSide
	rightSide
)

func newDiffView(l look, c event.Compared) *diffView {
	v := &diffView{look: l, c: c, t: diff.Compare(c.Old, c.New), folded: true}
	v.folded = len(v.t.Hunks) > 0
	return v
}

// SetSize takes the room there is. Another width may turn two columns into one; the hunk stays in sight.
func (v *diffView) SetSize(w, h int) {
	v.w, v.h = w, h
	v.arrange()
	v.showHunk()
}

func (v *diffView) wide() bool { return v.w >= diffTwoSides }

// arrange lists the lines of the view.
func (v *diffView) arrange() {
	v.items, v.places, v.folds = v.items[:0], v.places[:0], false
	equalFrom := 0
	for i, h := range v.t.Hunks {
		v.equal(equalFrom, h.From, i > 0, true)
		first := len(v.items)
		v.different(h)
		v.places = append(v.places, diff.Hunk{From: first, To: len(v.items)})
		equalFrom = h.To
	}
	v.equal(equalFrom, len(v.t.Rows), len(v.t.Hunks) > 0, false)
	v.scroll.Fit(v.bodyHeight(), len(v.items))
}

// equal lists rows[from:to], folded if they are many; after and before say whether a hunk is there.
func (v *diffView) equal(from, to int, after, before bool) {
	start, end := from, to
	if after {
		start = min(to, from+diffContext)
	}
	if before {
		end = max(start, to-diffContext)
	}
	if end-start < 2 || !after && !before {
		start, end = to, to
	} else {
		v.folds = true
		if !v.folded {
			start, end = to, to
		}
	}
	for i := from; i < start; i++ {
		v.items = append(v.items, diffItem{row: i})
	}
	if end > start {
		v.items = append(v.items, diffItem{row: start, count: end - start})
	}
	for i := end; i < to; i++ {
		v.items = append(v.items, diffItem{row: i})
	}
}

func (v *diffView) different(h diff.Hunk) {
	if v.wide() {
		for i := h.From; i < h.To; i++ {
			v.items = append(v.items, diffItem{row: i})
		}
		return
	}
	for i := h.From; i < h.To; i++ {
		if v.t.Rows[i].Old > 0 {
			v.items = append(v.items, diffItem{row: i, side: leftSide})
		}
	}
	for i := h.From; i < h.To; i++ {
		if v.t.Rows[i].New > 0 {
			v.items = append(v.items, diffItem{row: i, side: rightSide})
		}
	}
}

// itemOf finds the line that shows a row, or what it is folded into.
func (v *diffView) itemOf(row int) int {
	for i, it := range v.items {
		if it.count == 0 && it.row == row || it.row <= row && row < it.row+it.count {
			return i
		}
	}
	return 0
}

// showHunk brings the hunk the operator is at into sight, with the lines before it.
func (v *diffView) showHunk() {
	if v.hunk >= len(v.t.Hunks) {
		return
	}
	at := v.places[v.hunk]
	if at.From >= v.scroll.Top && at.To <= v.scroll.Top+v.scroll.Height {
		return
	}
	v.scroll.Top = at.From - diffContext
	v.scroll.Fit(v.bodyHeight(), len(v.items))
}

// followScroll makes the first hunk in sight the one the operator is at, if that one has left the sight.
func (v *diffView) followScroll() {
	inSight := func(at diff.Hunk) bool { return at.From < v.scroll.Top+v.scroll.Height && at.To > v.scroll.Top }
	if v.hunk < len(v.places) && inSight(v.places[v.hunk]) {
		return
	}
	if i := slices.IndexFunc(v.places, inSight); i >= 0 {
		v.hunk = i
	}
}

// Paste puts pasted text into the search line.
func (v *diffView) Paste(s string) bool { return v.search != nil && v.search.Paste(s) }

// HandleKey moves through the differences. Esc ends a search first and leaves the screen then.
func (v *diffView) HandleKey(msg tea.KeyPressMsg) action {
	if v.search != nil {
		return v.typing(msg)
	}
	v.missed = false
	if m := motionOf(msg); m != noMotion {
		v.scroll.Move(m)
		v.followScroll()
		return handled{}
	}
	switch msg.String() {
	case "]", "[":
		return v.step(msg.String() == "]")
	case "w":
		row := 0
		if v.scroll.Top < len(v.items) {
			row = v.items[v.scroll.Top].row
		}
		v.folded = !v.folded
		v.arrange()
		v.scroll.Top = v.itemOf(row)
		v.scroll.Fit(v.bodyHeight(), len(v.items))
		v.showHunk()
	case "left", "h":
		v.left = max(0, v.left-diffAside)
	case "right", "l":
		v.left = min(v.left+diffAside, max(v.left, v.widest()-diffAside))
	case "/":
		f := newField("", false, true)
		v.search = &f
	case "n", "N":
		if v.query == "" {
			return nil
		}
		v.find(msg.String() == "n")
	case "esc":
		if v.query == "" {
			return actBack{}
		}
		v.query = ""
	default:
		return nil
	}
	return handled{}
}

func (v *diffView) step(forward bool) action {
	if len(v.t.Hunks) < 2 {
		v.showHunk()
		return actNotice{sayOneHunk}
	}
	n := len(v.t.Hunks)
	if forward {
		v.hunk = (v.hunk + 1) % n
	} else {
		v.hunk = (v.hunk + n - 1) % n
	}
	v.showHunk()
	return handled{}
}

// Keys are what HandleKey knows.
func (v *diffView) Keys() []Key {
	if v.search != nil {
		return []Key{{Keys: []string{"enter"}, Help: sayKeySearch}, {Keys: []string{"esc"}, Help: sayKeyEndFind}}
	}
	few := len(v.t.Hunks) < 2
	fold := Key{Keys: []string{"w"}, Help: sayKeyUnfold}
	if !v.folded {
		fold.Help = sayKeyFold
	}
	keys := []Key{
		Key{Keys: []string{"]"}, Help: sayKeyNextHunk}.without(few, sayOneHunk),
		Key{Keys: []string{"["}, Help: sayKeyPrevHunk}.without(few, sayOneHunk),
		fold.without(!v.folds, sayNoFolds),
		{Keys: []string{"/"}, Help: sayKeySearch},
	}
	if v.query != "" {
		keys = append(keys, Key{Keys: []string{"n"}, Help: sayKeyMatch}, Key{Keys: []string{"N"}, Help: sayKeyMatchUp})
	}
	keys = append(keys, Key{Keys: []string{"right", "l"}, Help: sayKeyAside, Quiet: true}, Key{Keys: []string{"left", "h"}, Help: sayKeyAside, Quiet: true})
	keys = append(keys, motionKeys()...)
	if v.query != "" {
		return append(keys, Key{Keys: []string{"esc"}, Help: sayKeyEndFind})
	}
	return append(keys, Key{Keys: []string{"esc"}, Help: sayKeyBack})
}

func (v *diffView) numberWidth() int {
	return len(strconv.Itoa(max(len(v.t.Old), len(v.t.New), 1)))
}
