package plain

import (
	"fmt"
	"io"
	"strings"

	"spraydeck/diff"
	"spraydeck/event"
	"spraydeck/safetext"
)

const (
	plainIndent = "      " // of what belongs to the line above
	nodeStatus  = len("NotReady,SchedulingDisabled")
)

func (p *Printer) described(st *step, d event.Described) {
	if !p.started.DryRun {
		return // each command is printed when it starts
	}
	st.printed = map[string]bool{}
	for _, op := range d.Operations {
		st.printed[op.Host+"\x00"+op.Line] = true
		label := p.say("run", "実行")
		if op.Probe {
			label = p.say("probe", "調査")
		}
		p.command(label, op.Host, op.Line, op.Fed)
	}
}

func (p *Printer) commandStarted(st *step, d event.CommandStarted) {
	c := &command{CommandStarted: d}
	for _, other := range p.open {
		if !other.Probe && !d.Probe {
			p.flushCommand(other)
			other.shared, c.shared = true, true
		}
	}
	p.open[d.Number] = c
	switch {
	case st.printed[d.Host+"\x00"+d.Line]:
	case d.Probe:
		p.command(p.say("probe", "調査"), d.Host, d.Line, d.Fed)
	default:
		p.command(p.say("run", "実行"), d.Host, d.Line, d.Fed)
	}
}

// command prints a command exactly, the further lines of a script below the first.
func (p *Printer) command(label, host, line string, fed bool) {
	lines := strings.Split(strings.TrimRight(safetext.Visible(line), "\n"), "\n")
	p.line(fmt.Sprintf("  %s  %s: %s", label, host, lines[0]))
	for _, l := range lines[1:] {
		p.line(plainIndent + l)
	}
	if fed {
		p.under("(" + event.SayFed.In(p.o.Lang) + ")")
	}
}

// prints reports whether the output of a command is printed.
func (p *Printer) prints(c *command) bool { return !c.handed && (!c.Probe || p.o.Probes) }

func (p *Printer) output(c *command, d event.Output) {
	c.partial += d.Text
	for {
		line, rest, found := strings.Cut(c.partial, "\n")
		if !found {
			break
		}
		c.partial = rest
		p.outputLine(c, line)
	}
	if gap := d.Omission(); !gap.Empty() {
		p.flushCommand(c)
		p.outputLine(c, gap.In(p.o.Lang))
	}
}

func (p *Printer) outputLine(c *command, line string) {
	host := ""
	if c.shared {
		host = c.Host + " | "
	}
	p.line(strings.TrimRight(plainIndent+host+safetext.Line(line), " "))
}

func (p *Printer) flushCommand(c *command) {
	if c.partial != "" {
		p.outputLine(c, c.partial)
		c.partial = ""
	}
}

func (p *Printer) flush() {
	for _, c := range p.open {
		p.flushCommand(c)
	}
}

func (p *Printer) commandEnded(d event.CommandEnded) {
	c := p.open[d.Number]
	if c == nil {
		return
	}
	p.flushCommand(c)
	delete(p.open, d.Number)
	if d.Outcome == event.Done {
		return
	}
	p.item(p.say("exit", "終了"), c.Host+": "+p.outcome(d))
	if d.Hint != "" {
		p.under(d.Hint)
	}
}

func (p *Printer) gate(d event.GateChecked) {
	word := map[event.Verdict]string{
		event.Pass: p.say("pass", "合格"), event.Fail: p.say("FAIL", "不合格"),
	}[d.Verdict]
	if word == "" {
		word = p.say("unknown", "不明")
	}
	parts := []string{d.Title.In(p.o.Lang)}
	if d.Verdict != event.Pass {
		parts = append(parts, p.insists(d.Required), event.SeverityText(d.Severity).In(p.o.Lang), d.Pitfall)
	}
	p.item(word, parts...)
	p.under(d.Says.In(p.o.Lang))
	for _, l := range d.Evidence {
		p.under(l)
	}
}

func (p *Printer) insists(r event.Required) string {
	switch r {
	case event.Success:
		return p.say("blocks", "ブロック")
	case event.Acknowledge:
		return p.say("must be read", "要確認")
	}
	return p.say("advice", "参考")
}

func (p *Printer) hit(d event.Hit) {
	p.flush()
	known := p.say("known", "既知の問題")
	if d.Hint {
		known = p.say("perhaps", "参考")
	}
	p.item(known, d.Pitfall, event.SeverityText(d.Severity).In(p.o.Lang), d.Host, d.Task)
	p.under(d.Title.In(p.o.Lang))
	if d.Hint {
		p.under(event.HintNote.In(p.o.Lang))
	}
	p.under(d.Cause.In(p.o.Lang))
	p.under(p.say("seen: ", "該当行: ") + safetext.Line(d.Line))
	for _, r := range d.Remedies {
		p.under(p.say("remedy ", "対処 ") + r.ID + ": " + r.Title.In(p.o.Lang))
	}
}

func (p *Printer) node(d event.NodeChanged) {
	n := d.Node
	p.nameWide = max(p.nameWide, len(n.Name))
	state := fmt.Sprintf("%-*s  %s", nodeStatus, n.Status(), n.Version)
	if d.Deleted {
		state = p.say("deleted", "削除されました")
	}
	if len(n.Pressure) > 0 {
		state += "  " + strings.Join(n.Pressure, ",")
	}
	if p.nodes[n.Name] == state {
		return
	}
	p.nodes[n.Name] = state
	p.item(p.say("node", "ノード"), fmt.Sprintf("%-*s  %s", p.nameWide, n.Name, state))
}

// resumed says where a run goes on, and what was running when its console went away.
func (p *Printer) resumed(d event.Resumed) {
	p.current = "" // a step that goes on is named once more
	p.line(p.sayf("%s is taken up again by %s", "%s を %s が再開します", p.started.Runbook, d.Operator))
	for _, st := range p.steps {
		if st.status == event.Running {
			p.item(p.say("in", "手順"), fmt.Sprintf("%d/%d", st.number, len(p.steps)), st.Title.In(p.o.Lang))
		}
	}
	for _, c := range p.open {
		if !c.Probe {
			p.item(p.say("was running", "実行中だったもの"), c.Host+": "+c.Line)
		}
	}
	if d.Torn > 0 {
		p.item(p.say("note", "補足"), p.sayf("%d bytes of an unfinished line were cut off the transcript", "書きかけの行 %d バイトを 記録から削除しました", d.Torn))
	}
	if d.Digest != "" {
		p.item(p.say("note", "補足"), p.say("the runbook has changed since", "手順書は変更されています"))
	}
}

func (p *Printer) drifted(d event.Drifted) {
	word := p.say("FAIL", "不合格")
	if d.Now == event.Unknown {
		word = p.say("unknown", "不明")
	}
	p.item(p.say("drift", "変化"), d.Step, d.Title.In(p.o.Lang), p.say("passed before, now ", "以前は合格、現在は ")+word)
	p.under(d.Says.In(p.o.Lang))
	for _, l := range d.Evidence {
		p.under(l)
	}
}

func (p *Printer) connection(d event.Connection) {
	if d.Up == !p.down[d.To] {
		return
	}
	p.down[d.To] = !d.Up
	if d.Up {
		p.item(p.say("link", "接続"), d.To+": "+p.say("back", "回復しました"))
		return
	}
	p.item(p.say("link", "接続"), d.To+": "+p.say("lost", "切れました"), d.Error)
}

func (p *Printer) compared(d event.Compared) {
	t := diff.Compare(d.Old, d.New)
	p.item(p.say("diff", "差分"), d.Path, d.Left+" → "+d.Right, t.Stat())
	p.under(d.Note.In(p.o.Lang))
	for _, l := range t.Unified(3) {
		p.line(strings.TrimRight(plainIndent+l, " "))
	}
}

func (p *Printer) stepEnded(st *step, d event.StepEnded) {
	p.flush()
	st.status = d.Status
	word := p.status(d.Status)
	if d.Status == event.Failed {
		word = strings.ToUpper(word)
	}
	took := ""
	if !st.begun.IsZero() && d.Status != event.Skipped {
		took = event.Duration(p.now.Sub(st.begun))
	}
	p.item(word, took, d.Why.In(p.o.Lang))
	p.then(st)
}

// item prints "  label  a  b" without empty parts.
func (p *Printer) item(label string, parts ...string) { p.item2("  "+label, parts...) }

func (p *Printer) item2(label string, parts ...string) {
	s := label
	for _, part := range parts {
		if part != "" {
			s += "  " + safetext.Line(part)
		}
	}
	p.line(s)
}

// under prints what belongs to the line above, each line of it indented.
func (p *Printer) under(s string) {
	if s == "" {
		return
	}
	for l := range strings.SplitSeq(strings.TrimRight(s, "\n"), "\n") {
		p.line(strings.TrimRight(plainIndent+safetext.Line(l), " "))
	}
}

func (p *Printer) blank() { p.write("\n") }

func (p *Printer) line(s string) {
	if p.o.Times {
		s = fmt.Sprintf("%8s  %s", event.Duration(p.now.Sub(p.begun)), s)
	}
	p.write(s + "\n")
}

func (p *Printer) write(s string) {
	if p.err == nil {
		_, p.err = io.WriteString(p.w, event.Shown(s))
	}
}

func (p *Printer) say(en, ja string) string { return event.Text{En: en, Ja: ja}.In(p.o.Lang) }

func (p *Printer) sayf(en, ja string, args ...any) string {
	return fmt.Sprintf(p.say(en, ja), args...)
}

// then prints what happened at a step in the earlier run.
func (p *Printer) then(st *step) {
	if p.o.Reference == nil {
		return
	}
	then := p.o.Reference.Same(&p.state, st.ID)
	if then == nil {
		return
	}
	took := ""
	if then.Finished.After(then.Begun) && !then.Begun.IsZero() {
		took = event.Duration(then.Took())
	}
	p.item(p.say("then", "前回"), p.status(then.Status), took, p.o.Reference.Where())
	for _, h := range then.Hits {
		p.under(p.sayf("known: %s, %s", "既知の問題: %s, %s", h.Pitfall, h.Title.In(p.o.Lang)))
	}
	for _, d := range then.Decisions {
		if d.Reason != "" {
			p.under(p.sayf("decided: %s: %s", "判断: %s: %s", d.Choice, d.Reason))
		}
	}
}
