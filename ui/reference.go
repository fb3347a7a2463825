package ui

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"spraydeck/event"
	"spraydeck/safetext"
)

var (
	sayThen        = event.Text{En: "then", Ja: "前回"}
	sayThenTook    = event.Text{En: "%s in %s", Ja: "%s (%s)"}
	sayThenNothing = event.Text{En: "that run did not come to this step", Ja: "前回の実行はこの手順に達していません"}

	sayKeyThen     = event.Text{En: "compare with the earlier run", Ja: "前回と比較"}
	sayNoReference = event.Text{En: "no earlier run to compare with: --reference names one", Ja: "比較する実行がありません (--reference で指定)"}
	sayNothingThen = event.Text{En: "the step printed nothing, then or now", Ja: "前回も今回も出力がありません"}
	sayAbortBy     = event.Text{En: "abort by %s", Ja: "中止期限 %s"}
	sayAbortNow    = event.Text{En: "abort: the deadline was %s", Ja: "中止期限超過 (%s)"}
)

// thenLines say what happened at this step in the earlier run: how it ended and how long it took, what did not pass,
// what was known, what was decided.
func (l look) thenLines(r *event.Reference, then *event.StepState) []string {
	_, word, _ := l.sign(then.Status)
	head := l.say(word)
	if then.Finished.After(then.Begun) && !then.Begun.IsZero() {
		head = l.say(sayThenTook, head, event.Duration(then.Took()))
	}
	if where := safetext.Line(r.Where()); where != "" {
		head += "  (" + where + ")"
	}
	lines := []string{head}
	if why := l.told(then.Why); why != "" && then.Status != event.Passed {
		lines = append(lines, why)
	}
	for _, g := range then.Gates {
		if g.Verdict != event.Pass {
			_, word, _ := l.verdict(g)
			lines = append(lines, l.say(word)+": "+l.told(g.Title))
		}
	}
	for _, h := range then.Hits {
		lines = append(lines, l.say(sayMet, safetext.Line(h.Pitfall), l.told(h.Title)))
	}
	for _, d := range then.Decisions {
		if d.Reason != "" {
			lines = append(lines, l.say(sayDecided, safetext.Line(d.Choice), safetext.Line(d.Reason)))
		}
	}
	return lines
}

func (l look) thenBlock(r *event.Reference, then *event.StepState, w int) block {
	if r == nil {
		return block{}
	}
	text := l.say(sayThenNothing)
	if then != nil {
		text = strings.Join(l.thenLines(r, then), "\n")
	}
	var lines []string
	label := fit(l.say(sayThen), max(width(l.say(sayThen)), width(l.say(sayOn)), width(l.say(sayRun)))) + " "
	for i, line := range strings.Split(text, "\n") {
		if i > 0 {
			label = strings.Repeat(" ", width(label))
		}
		lines = append(lines, l.labelled(label, line, w, l.Faint)...)
	}
	return block{lines: append(lines, ""), short: lines[:1], keep: 4}
}

// printed is what the step's own commands printed, each under its line.
func printed(st *event.StepState) string {
	if st == nil {
		return ""
	}
	var b strings.Builder
	for _, c := range shownCommands(st) {
		out := c.Output.All()
		if len(out) == 0 {
			continue
		}
		fmt.Fprintf(&b, "$ %s\n", safetext.Line(c.Line))
		for _, line := range out {
			b.WriteString(strings.TrimRight(safetext.Line(line), " ") + "\n")
		}
	}
	return b.String()
}

// ShowThen puts what a step printed in the earlier run beside what it prints now.
func (r *runScreen) ShowThen() action {
	st, _ := r.shownStep()
	if st == nil || r.opts.Reference == nil {
		return actNotice{sayNoReference}
	}
	then := r.opts.Reference.Same(r.state, st.ID)
	old, now := printed(then), printed(st)
	if old == "" && now == "" {
		return actNotice{sayNothingThen}
	}
	r.then = newDiffView(r.look, event.Compared{Path: st.ID, Left: r.opts.Reference.Name, Right: r.say(sayRightNow), Old: old, New: now})
	r.focus, r.zoom = panelThen, true
	r.arrange()
	return handled{}
}

var sayRightNow = event.Text{En: "now", Ja: "今回"}

// abortBy is the latest time to pass the point of no return, so that what comes after it ends within the window. It is
// not known where there is no window, no such point ahead, or no estimate of what comes after it.
func abortBy(state *event.State, window time.Duration) (at time.Time, known bool) {
	if window <= 0 || state.Started.At.IsZero() || state.Ended != nil {
		return at, false
	}
	i := slices.IndexFunc(state.Steps, func(st *event.StepState) bool { return st.NoReturn && st.Status == event.Waiting })
	if i < 0 {
		return at, false
	}
	var after time.Duration
	for _, st := range state.Steps[i:] {
		after += st.Estimate
	}
	return state.Started.At.Add(window - after), after > 0
}

// abort says by when the run has to turn back, if it has not come to the point of no return.
func (l look) abort(state *event.State, o Options, now time.Time) piece {
	at, known := abortBy(state, o.Window)
	switch {
	case !known:
		return piece{}
	case now.After(at):
		return piece{text: l.Danger.Render("✗ " + l.say(sayAbortNow, at.Format("15:04"))), keep: 9}
	case at.Sub(now) < 15*time.Minute:
		return piece{text: l.Warning.Render("! " + l.say(sayAbortBy, at.Format("15:04"))), keep: 9}
	}
	return piece{text: l.say(sayAbortBy, at.Format("15:04")), keep: 2}
}
