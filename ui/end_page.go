package ui

import (
	"strings"

	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"

	"spraydeck/event"
	"spraydeck/recap"
	"spraydeck/safetext"
)

var (
	sayKeyReport    = event.Text{En: "write the report", Ja: "レポートを書き出す"}
	sayKeyReplay    = event.Text{En: "replay this run", Ja: "この実行を再生"}
	sayKeyNextPlan  = event.Text{En: "plan of the next hop", Ja: "次のホップの計画"}
	sayReportAt     = event.Text{En: "report written to %s", Ja: "レポートを書き出しました: %s"}
	sayReportFailed = event.Text{En: "no report: %s", Ja: "レポートを書き出せません: %s"}
	sayNoNextPlan   = event.Text{En: "the runbook is not one of a Kubespray hop", Ja: "Kubespray の更新用の手順書ではありません"}
)

// What to do when the console has gone: the operator chose it on the end page.
const (
	AfterNothing = ""
	AfterReplay  = "replay"
	AfterPlan    = "plan"
)

type (
	actReport struct{}
	actAfter  struct{ what string }
)

// endPage says what the run came to.
type endPage struct {
	look
	opts   Options
	live   bool // not in a replay
	lines  []string
	scroll scroll
	w, h   int
}

func newEndPage(l look, o Options) *endPage { return &endPage{look: l, opts: o} }

// SetSize takes the room there is.
func (p *endPage) SetSize(w, h int) { p.w, p.h = w, h }

// SetState takes the run as it ended.
func (p *endPage) SetState(state *event.State) {
	p.lines = nil
	for _, sec := range recap.Of(state, p.opts.Window) {
		if !sec.Title.Empty() {
			p.lines = append(p.lines, "", " "+p.Title.Render(p.say(sec.Title)))
		}
		for _, l := range sec.Lines {
			p.lines = append(p.lines, p.line(l)...)
		}
	}
	p.scroll.Fit(p.h, len(p.lines))
}

func (p *endPage) line(l recap.Line) []string {
	style := []lipgloss.Style{p.Plain, p.Success, p.Warning, p.Danger}[l.Mark]
	in := " " + style.Render(l.Mark.Sign()) + " "
	if l.Under {
		in = "     "
	}
	var out []string
	for i, part := range wrap(safetext.Text(l.Text.In(p.lang)), max(8, p.w-width(in)-1)) {
		if i > 0 {
			in = strings.Repeat(" ", width(in))
		}
		out = append(out, in+part)
	}
	return out
}

// View draws the lines in sight.
func (p *endPage) View() string {
	lines := fill(p.scroll.Window(p.lines), p.w, p.h)
	if p.scroll.Total > p.scroll.Height && len(lines) > 0 {
		more := p.Faint.Render(p.say(sayRange, p.scroll.Top+1, p.scroll.Top+p.scroll.Height, p.scroll.Total)) + " "
		lines[len(lines)-1] = ends(strings.TrimRight(lines[len(lines)-1], " "), more, p.w)
	}
	return strings.Join(lines, "\n")
}

// HandleKey scrolls, and does what comes after the run.
func (p *endPage) HandleKey(msg tea.KeyPressMsg) action {
	if p.scroll.Move(motionOf(msg)) {
		return handled{}
	}
	k, ok := find(p.Keys(), msg)
	switch {
	case !ok:
		return nil
	case !k.Enabled():
		return actNotice{k.Disabled}
	}
	switch msg.String() {
	case "e":
		return actReport{}
	case "p":
		return actAfter{AfterReplay}
	case "o":
		return actAfter{AfterPlan}
	}
	return nil
}

// Keys are what HandleKey knows.
func (p *endPage) Keys() []Key {
	if !p.live {
		return motionKeys()
	}
	return append([]Key{
		Key{Keys: []string{"e"}, Help: sayKeyReport}.without(p.opts.Report == nil, sayNoRecording),
		Key{Keys: []string{"p"}, Help: sayKeyReplay}.without(p.opts.Report == nil, sayNoRecording),
		Key{Keys: []string{"o"}, Help: sayKeyNextPlan}.without(!p.opts.NextPlan, sayNoNextPlan),
	}, motionKeys()...)
}

// report writes the report, beside the screen.
func (m *model) report() tea.Cmd {
	write := m.opts.Report
	return func() tea.Msg {
		path, err := write()
		return reported{path, err}
	}
}

// reported says where the report was written, or why not.
type reported struct {
	path string
	err  error
}

func (m *model) told(r reported) {
	if r.err != nil {
		m.run.Notice(m.run.say(sayReportFailed, safetext.Line(r.err.Error())))
		return
	}
	m.run.Notice(m.run.say(sayReportAt, safetext.Line(r.path)))
}
