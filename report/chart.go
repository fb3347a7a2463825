package report

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/charmbracelet/x/ansi"

	"spraydeck/event"
)

// chart is the timeline and the nodes over one axis of time, in pixels. The template draws it as it is.
type chart struct {
	Width, Height  float64
	Left, Right    float64 // of the plot
	Bottom         float64 // of the plot, above the axis
	Ticks          []tick
	Breaks         []chartBreak
	Rows           []row // phases
	Marks          []chartMark
	MarksY         float64
	NodesY         float64 // top of the nodes, 0 without any
	Nodes          []row
	Outages        []bar
	NoReturn       float64 // the point of no return, 0 for none
	Label, Summary string
}

type tick struct {
	X     float64
	Label string
}

// chartBreak is a long time in which nothing happened, drawn short.
type chartBreak struct {
	X, W  float64
	Title string
}

// row is a line of the chart: its name, and what is drawn in it.
type row struct {
	Y           float64
	Label, Full string
	Sub         string
	Bars        []bar
	Changes     []tick // of the version
}

// bar is a stretch of a row.
type bar struct {
	X, W   float64
	Class  string
	Text   string // where there is room
	Title  string
	Target string // id of what it leads to
}

// chartMark is something that stood out.
type chartMark struct {
	X, Y          float64
	Class         string
	Title, Target string
}

const (
	chartWidth = 1160.0
	labelWidth = 196.0
	rowHeight  = 26.0
	nodeHeight = 30.0
	charWidth  = 6.1 // of a column of text in a bar
)

// scale turns times into places. Breaks are drawn with a width of their own.
type scale struct {
	left, perSecond float64
	breaks          []span
}

const breakWidth = 22.0

func newScale(r *run) scale {
	total := r.last.At
	for _, b := range r.idle {
		total -= b.length()
	}
	s := scale{left: labelWidth, breaks: r.idle}
	width := chartWidth - 20 - labelWidth - breakWidth*float64(len(r.idle))
	s.perSecond = max(width, 100) / max(seconds(total), 0.001)
	return s
}

func seconds(s Seconds) float64 { return time.Duration(s).Seconds() }

func (s scale) x(at Seconds) float64 {
	x := s.left
	var from Seconds
	for _, b := range s.breaks {
		if at <= b.from {
			break
		}
		x += seconds(b.from-from)*s.perSecond + breakWidth*float64(min(at, b.to)-b.from)/float64(b.length())
		if from = b.to; at <= b.to {
			return round(x)
		}
	}
	return round(x + seconds(at-from)*s.perSecond)
}

func round(x float64) float64 { return math.Round(x*10) / 10 }

// chart draws the run.
func (r *run) chart(l language) *chart {
	s := newScale(r)
	c := &chart{Width: chartWidth, Left: labelWidth, Right: s.x(r.last.At)}
	y := 8.0
	if marks := r.marks(l, s); len(marks) > 0 {
		c.Marks, y = stack(marks, y)
		c.MarksY = 8
	}
	c.Rows, y = r.phaseRows(l, s, y)
	if lanes := r.lanes(); len(lanes) > 0 {
		y += 30
		c.NodesY = y
		c.Nodes, y = nodeRows(l, s, lanes, y)
		for _, o := range r.outages() {
			x := s.x(o.from)
			c.Outages = append(c.Outages, bar{X: x, W: max(2, s.x(o.to)-x), Title: l.say("API server not reached for %s", "API サーバー接続断 %s", l.took(o.length()))})
		}
	}
	c.Bottom, c.Height = y+2, y+24
	c.Ticks = r.ticks(s)
	for _, b := range r.idle {
		c.Breaks = append(c.Breaks, chartBreak{s.x(b.from), breakWidth, l.say("nothing happened for %s", "%s の間、動きなし", l.took(b.length()))})
	}
	for _, st := range r.steps {
		if st.NoReturn && st.Began != nil && st.Status != event.Skipped {
			c.NoReturn = s.x(st.Began.At)
			break
		}
	}
	c.Label = l.say("Timeline", "タイムライン")
	c.Summary = l.say("Steps by phase, what stood out, and the state of each node, from %s to %s.", "フェーズごとの手順、特記事項、各ノードの状態 (%s から %s まで)。",
		r.begun.Time.Format("15:04:05"), r.last.Time.Format("15:04:05"))
	return c
}

// phaseRows returns a row for each phase, in the order of the plan.
func (r *run) phaseRows(l language, s scale, y float64) ([]row, float64) {
	var rows []row
	byName := map[string]int{}
	for _, st := range r.steps {
		if st.Began == nil || st.Status == event.Skipped && st.Took < Seconds(time.Second) {
			continue // as good as nothing happened
		}
		name := l.phase(st)
		i, known := byName[name]
		if !known {
			i = len(rows)
			byName[name] = i
			rows = append(rows, row{Y: y, Label: short(name, 28), Full: name})
			y += rowHeight
		}
		x := s.x(st.Began.At)
		b := bar{X: x, W: round(max(2.5, s.x(st.Began.At+st.Took)-x)), Class: "s-" + string(st.Status), Target: st.anchor()}
		b.Title = fmt.Sprintf("%d %s · %s · %s", st.Number, l.text(st.Title), l.status(st.Status), l.took(st.Took))
		b.Text = room(l.text(st.Title), b.W)
		rows[i].Bars = append(rows[i].Bars, b)
	}
	return rows, y
}

// room returns what of a text fits into a bar, nothing rather than a stump.
func room(s string, width float64) string {
	columns := int((width - 12) / charWidth)
	if columns >= ansi.StringWidth(s) {
		return s
	}
	if columns < 12 {
		return ""
	}
	return short(s, columns)
}

func nodeRows(l language, s scale, lanes []lane, y float64) ([]row, float64) {
	var rows []row
	for _, n := range lanes {
		out := row{Y: y, Label: short(plain(n.name), 26), Full: plain(n.name)}
		if rank(n) == 0 {
			out.Sub = l.say("control plane", "コントロールプレーン")
		}
		told := ""
		for i, sp := range n.spans {
			if sp.deleted {
				continue
			}
			x := s.x(sp.from)
			b := bar{X: x, W: round(max(1.5, s.x(sp.to)-x)), Class: nodeClass(sp)}
			if sp.version != n.before() {
				b.Class += " newer"
			}
			b.Title = fmt.Sprintf("%s · %s · %s · %s", plain(n.name), nodeStatus(l, sp), plain(sp.version), l.took(sp.length()))
			if told != sp.version {
				if b.Text = room(plain(sp.version), b.W); b.Text != "" {
					told = sp.version
				}
			}
			if i > 0 && n.spans[i-1].version != sp.version {
				out.Changes = append(out.Changes, tick{x, plain(n.spans[i-1].version) + " → " + plain(sp.version)})
			}
			out.Bars = append(out.Bars, b)
		}
		rows = append(rows, out)
		y += nodeHeight
	}
	return rows, y
}

func nodeClass(s nodeSpan) string {
	class := "n-ready"
	switch {
	case s.ready == "Unknown":
		class = "n-unknown"
	case s.ready != "True":
		class = "n-down"
	}
	if s.cordoned {
		class += " cordoned"
	}
	return class
}

func nodeStatus(l language, s nodeSpan) string {
	text := "Ready"
	switch {
	case s.deleted:
		return l.say("deleted", "削除")
	case s.ready == "Unknown":
		text = l.say("NotReady (unknown)", "NotReady (不明)")
	case s.ready != "True":
		text = "NotReady"
	}
	if s.cordoned {
		text += l.say(", cordoned", "、コードン中")
	}
	return text
}

// marks are the things that stood out, in order of time.
func (r *run) marks(l language, s scale) []chartMark {
	type at struct {
		when Seconds
		chartMark
	}
	var list []at
	put := func(when Seconds, class, step, title string) {
		target := ""
		if st := r.byID[step]; st != nil {
			target = st.anchor()
		}
		list = append(list, at{when, chartMark{X: s.x(when), Class: class, Title: title, Target: target}})
	}
	for _, g := range r.gates {
		if blocked(g) {
			put(g.At, "m-gate", g.Step, l.say("gate: ", "ゲート: ")+l.text(g.Title)+" · "+l.verdict(g.Verdict))
		}
	}
	for _, h := range r.hits {
		put(h.At, "m-hit", h.Step, l.say("known: ", "既知の問題: ")+plain(h.Pitfall)+" · "+l.text(h.Title))
	}
	for _, d := range r.overrides() {
		put(d.At, "m-override", d.Step, l.say("override: ", "強行: ")+plain(d.Reason))
	}
	for _, m := range r.remedies {
		put(m.Began.At, "m-remedy", m.Step, l.say("remedy: ", "対処: ")+l.text(m.Title)+" · "+l.status(m.Status))
	}
	for _, m := range r.resumes {
		put(m.At, "m-resume", "", l.resumed(m))
	}
	for _, c := range r.commands {
		switch c.Outcome {
		case event.StateLost, event.TimedOut, event.Stopped:
			put(c.Began.At+c.Took, "m-fail", c.Step, plain(c.Host)+": "+l.outcome(c))
		}
	}
	for _, st := range r.steps {
		if st.Status == event.Failed || st.Status == event.Lost {
			put(st.Began.At+st.Took, "m-fail", st.ID, l.text(st.Title)+" · "+l.status(st.Status))
		}
	}
	slices.SortStableFunc(list, func(a, b at) int { return cmp.Compare(a.when, b.when) })
	marks := make([]chartMark, len(list))
	for i, m := range list {
		marks[i] = m.chartMark
	}
	return marks
}

// stack moves marks that would hide each other one below the other. Beyond four rows they may.
func stack(marks []chartMark, y float64) ([]chartMark, float64) {
	const pitch, rows = 17.0, 4
	var free [rows]float64
	used := 0
	for i := range marks {
		at := 0
		for at < rows-1 && marks[i].X < free[at] {
			at++
		}
		free[at] = marks[i].X + 15
		marks[i].Y = y + pitch*float64(at) + 8
		used = max(used, at+1)
	}
	return marks, y + pitch*float64(used) + 8
}

// ticks are round times of day, about eight of them.
func (r *run) ticks(s scale) []tick {
	total := r.last.At
	for _, b := range r.idle {
		total -= b.length()
	}
	every := time.Second
	for _, d := range []time.Duration{time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second, 15 * time.Second, 30 * time.Second, time.Minute, 2 * time.Minute, 5 * time.Minute,
		10 * time.Minute, 15 * time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour, 4 * time.Hour, 8 * time.Hour, 24 * time.Hour} {
		if every = d; time.Duration(total)/d <= 9 {
			break
		}
	}
	layout := "15:04"
	if every < time.Minute {
		layout = "15:04:05"
	}
	_, zone := r.begun.Time.Zone()
	shift := time.Duration(zone) * time.Second
	first := r.begun.Time.Add(shift).Truncate(every).Add(-shift)
	var list []tick
	for t := first.Add(every); ; t = t.Add(every) {
		at := Seconds(t.Sub(r.begun.Time))
		if at > r.last.At || len(list) > 400 {
			return list
		}
		if slices.ContainsFunc(r.idle, func(b span) bool { return at > b.from && at < b.to }) {
			continue
		}
		if x := s.x(at); len(list) == 0 || x-list[len(list)-1].X > 60 {
			list = append(list, tick{x, t.Format(layout)})
		}
	}
}

// anchor is the step's place in the report. Ids of steps hold characters that addresses may not.
func (st *Step) anchor() string { return fmt.Sprintf("step-%d", st.Number) }
