package report

import (
	"fmt"
	"io"
	"strings"

	"spraydeck/event"
)

// writeMarkdown writes what the HTML file has, for a ticket that takes Markdown: the chart is drawn with characters.
func writeMarkdown(w io.Writer, src Source, l language) error {
	m := &markdown{w: w, l: l, page: newPage(fold(src, &budget{}), l)}
	m.head()
	m.timeline()
	m.stoodOut()
	m.nodeTable()
	m.changes()
	m.steps()
	m.diffs()
	m.inputs()
	m.foot()
	return nil
}

// markdown writes; errors of writing are kept by the writer.
type markdown struct {
	w    io.Writer
	l    language
	page *page
}

func (m *markdown) line(format string, args ...any) { fmt.Fprintf(m.w, format+"\n", args...) }

// inline escapes what Markdown would take for its own, in one line.
func inline(s string) string {
	s = strings.Join(strings.Fields(plain(s)), " ")
	var b strings.Builder
	for _, r := range s {
		if strings.ContainsRune("\\`*_{}[]<>#|~&", r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// code is a stretch of code in one line; its fence is longer than any in it.
func code(s string) string {
	return fenced(strings.Join(strings.Fields(plain(s)), " "))
}

// fenced is a line as code, with every blank in it.
func fenced(s string) string {
	if s == "" {
		return ""
	}
	fence := "`"
	for strings.Contains(s, fence) {
		fence += "`"
	}
	if len(fence) > 1 {
		return fence + " " + s + " " + fence
	}
	return fence + s + fence
}

// cell is code in a table, which even there would end at a bar.
func cell(s string) string { return strings.ReplaceAll(code(s), "|", "\\|") }

// commandCell is a command in a table: exactly as it ran where it can be pasted, else a text that does not look like one.
func (m *markdown) commandCell(c *commandView) string {
	line := strings.TrimRight(plain(c.Line), "\n")
	if !strings.Contains(line, "\n") && len(line) <= 160 && !c.Fed {
		return strings.ReplaceAll(fenced(line), "|", "\\|")
	}
	s := inline(glimpse(m.l, line, 100))
	if c.Fed {
		s += " (" + inline(m.l.text(event.SayFed)) + ")"
	}
	return s
}

// block is code in lines of its own.
func (m *markdown) block(kind, text string) {
	fence := "```"
	for strings.Contains(text, fence) {
		fence += "`"
	}
	m.line("%s%s\n%s\n%s", fence, kind, strings.TrimRight(text, "\n"), fence)
}

func (m *markdown) head() {
	p, l := m.page, m.l
	if !p.Verified() {
		m.line("> **%s** %s\n", l.say("NOT VERIFIED", "検証できません (NOT VERIFIED)"), inline(p.Proof()))
	}
	m.line("# %s\n", inline(p.Name()))
	result := fmt.Sprintf("**%s %s**", mark(p.Status()), inline(p.Verdict()))
	if why := p.Why(); why != "" {
		result += " " + inline(why)
	}
	m.line("%s\n", result)
	m.line("| | |\n|---|---|")
	row := func(name, value string) { m.line("| %s | %s |", inline(name), value) }
	for _, f := range p.Facts() {
		value := inline(f.Value)
		if f.Code {
			value = cell(f.Value)
		}
		if f.Note != "" {
			value += " (" + inline(f.Note) + ")"
		}
		row(f.Name, value)
	}
	for _, f := range p.Tiles() {
		value := "**" + inline(f.Value) + "**"
		if f.Unit != "" {
			value += " " + inline(f.Unit)
		}
		if f.Note != "" {
			value += " (" + inline(f.Note) + ")"
		}
		row(f.Name, value)
	}
	proof := inline(p.Proof())
	if p.Verified() {
		proof = l.say("**Verified**: ", "**検証済み**: ") + proof + ", " + l.say("digest ", "ダイジェスト ") + code(p.Digest())
	} else {
		proof = l.say("**NOT verified**: ", "**検証できません**: ") + proof
	}
	row(l.say("Record", "記録"), proof)
}

// timeline draws phases and nodes over the same axis, with characters that every font has.
func (m *markdown) timeline() {
	const columns = 72
	l, r := m.l, m.page.run
	at := func(s Seconds) int {
		return min(columns-1, int(float64(s)*columns/max(float64(r.last.At), 1)))
	}
	fill := func(row []byte, s span, c byte) {
		for i := at(s.from); i <= max(at(s.from), at(s.to)-1); i++ {
			row[i] = c
		}
	}
	blank := func() []byte { return []byte(strings.Repeat(" ", columns)) }
	type lineOf struct {
		name string
		row  []byte
	}
	var rows []lineOf
	byName := map[string]int{}
	for _, st := range r.steps {
		if st.Began == nil || st.Status == event.Skipped {
			continue
		}
		name := l.phase(st)
		i, known := byName[name]
		if !known {
			i = len(rows)
			byName[name] = i
			rows = append(rows, lineOf{name, blank()})
		}
		c := byte('=')
		switch st.Status {
		case event.Failed, event.Lost:
			c = 'X'
		case event.Overridden:
			c = '!'
		}
		fill(rows[i].row, span{st.Began.At, st.Began.At + st.Took}, c)
	}
	for _, n := range r.lanes() {
		row := blank()
		for _, s := range n.spans {
			c := byte('-')
			switch {
			case s.deleted:
				c = ' '
			case s.notReady():
				c = 'X'
			case s.cordoned:
				c = 'c'
			case s.version != n.before():
				c = '#'
			}
			fill(row, s.span, c)
		}
		rows = append(rows, lineOf{plain(n.name), row})
	}
	var b strings.Builder
	for _, x := range rows {
		fmt.Fprintf(&b, "%s |%s|\n", padded(short(x.name, 24), 24), x.row)
	}
	from, to := r.begun.Time.Format("15:04:05"), r.last.Time.Format("15:04:05")
	fmt.Fprintf(&b, "%s  %s%s%s", strings.Repeat(" ", 24), from, strings.Repeat(" ", columns-len(from)-len(to)), to)
	m.line("\n## %s\n", l.say("Timeline", "タイムライン"))
	m.block("text", b.String())
	m.line("\n%s", l.say("Steps: `=` ran, `!` overridden, `X` failed. Nodes: `-` Ready, `c` cordoned, `#` Ready on the new version, `X` NotReady.",
		"手順: `=` 実行、`!` 強行、`X` 失敗。ノード: `-` Ready、`c` コードン中、`#` 新しいバージョンで Ready、`X` NotReady。"))
}

func (m *markdown) stoodOut() {
	l, p := m.l, m.page
	m.line("\n## %s\n", l.say("What stood out", "特記事項"))
	for _, f := range p.Failures() {
		m.line("- **%s** %d %s%s", f.Status, f.Step.Number, inline(f.Step.Title()), before(": ", inline(f.Why)))
	}
	if len(p.Failures()) > 0 {
		m.line("")
	}
	m.line("### %s\n", l.say("Overrides", "強行"))
	if list := p.Overrides(); len(list) > 0 {
		m.line("| %s | %s | %s | %s |\n|---|---|---|---|", l.say("when", "時刻"), l.say("step", "手順"), l.say("what was overridden", "対象"), l.say("reason", "理由"))
		for _, d := range list {
			m.line("| %s | %s | %s %s | **%s** %s |", d.Time.Format("15:04:05"), m.step(d.Step), inline(l.text(d.Title)), cell(d.Question), inline(d.Reason), inline(l.by(d.By)))
		}
	} else {
		m.line("%s", l.say("None.", "なし。"))
	}
	m.line("\n### %s\n", l.say("Known pitfalls met", "検出した既知の問題"))
	pitfalls := p.pitfalls()
	for _, x := range pitfalls {
		m.line("- %s**%s** %s · %s · %s", after(inline(l.severity(plain(x.severity))), " · "), inline(l.text(x.title)), code(plain(x.pitfall)), x.moment.Time.Format("15:04:05"), m.step(x.step))
		if s := l.text(x.advice); s != "" {
			m.line("  %s", inline(s))
		}
		for _, s := range x.seen {
			m.line("  - %s", code(s))
		}
		for _, y := range x.remedies {
			m.line("  - **%s** %s · %s · %s%s", l.say("remedy", "対処"), inline(l.text(y.Title)), l.status(y.Status), l.took(y.Took), before(" · ", inline(y.Reason)))
		}
		if d := x.decision; d != nil {
			m.line("  - **%s** %s%s", l.say("decided", "判断"), inline(l.choice(d)), before(" · "+l.say("reason: ", "理由: "), inline(d.Reason)))
		}
		switch {
		case x.holds:
			m.line("  - ✓ %s", l.say("checked again: it holds", "再確認: 合格"))
		case len(x.remedies) == 0 && x.decision == nil:
			m.line("  - %s", l.say("noted; nothing was done about it in this run", "記録のみ。この実行では対処していません"))
		}
	}
	if len(pitfalls) == 0 {
		m.line("%s", l.say("None.", "なし。"))
	}
	if notes := p.Notes(); len(notes) > 0 {
		m.line("\n### %s\n", l.say("Also", "その他"))
		for _, s := range notes {
			m.line("- %s", inline(s))
		}
	}
}

func (m *markdown) nodeTable() {
	l, lanes := m.l, m.page.Lanes()
	if len(lanes) == 0 {
		return
	}
	m.line("\n## %s\n", l.say("Nodes", "ノード"))
	m.line("| %s | %s | %s | %s | %s | %s |\n|---|---|---|---|---:|---:|", l.say("node", "ノード"), l.say("before", "開始時"), l.say("after", "終了時"),
		l.say("state at the end", "終了時の状態"), l.say("NotReady for", "NotReady の時間"), l.say("cordoned for", "コードンの時間"))
	for _, n := range lanes {
		m.line("| %s | %s | %s | %s | %s | %s |", inline(strings.TrimSpace(n.Name+" "+n.Role)), inline(n.Before), inline(n.After), inline(n.State), n.Down, n.Cordoned)
	}
}

func (m *markdown) changes() {
	l, list := m.l, m.page.Changes()
	m.line("\n## %s\n", l.say("Commands that changed something", "変更を伴うコマンド"))
	if len(list) == 0 {
		m.line("%s", l.say("None.", "なし。"))
		return
	}
	m.line("| %s | %s | %s | %s | %s |\n|---|---|---|---|---:|", l.say("when", "時刻"), l.say("where", "場所"), l.say("command", "コマンド"), l.say("outcome", "結果"), l.say("took", "所要時間"))
	for _, c := range list {
		m.line("| %s | %s | %s | %s | %s |", c.Began.Time.Format("15:04:05"), inline(c.Host), m.commandCell(c), or(l.outcome(c.Command), "✓"), l.took(c.Took))
	}
}

func (m *markdown) steps() {
	l := m.l
	m.line("\n## %s", l.say("Steps", "手順"))
	m.items(m.page.Prelude())
	for _, v := range m.page.Steps {
		if v.Phase != "" {
			m.line("\n### %s", inline(v.Phase))
		}
		tags := ""
		for _, t := range v.Tags() {
			tags += " · " + inline(t.Name)
		}
		m.line("\n#### %s %d %s\n", mark(v.Status), v.Number, inline(v.Title()))
		m.line("%s%s%s · %s", l.status(v.Status), before(" · ", v.Took()), tags, code(v.ID()))
		if s := v.Because(); s != "" {
			m.line("\n%s", inline(s))
		}
		m.items(v.Items())
	}
}

func (m *markdown) items(list []item) {
	l := m.l
	for _, it := range list {
		switch {
		case it.Probes != nil:
			m.line("\n<details><summary>%s</summary>\n", l.say("probes: %d", "調査コマンド: %d 件", len(it.Probes)))
			for _, c := range it.Probes {
				m.command(c)
			}
			m.line("\n</details>")
		case it.Command != nil:
			m.command(it.Command)
		case it.Gate != nil:
			m.gate(it.Gate)
		case it.Hit != nil:
			m.line("\n> **%s: %s** %s %s\n>\n> %s", l.say("Known", "既知の問題"), inline(l.text(it.Hit.Title)), code(it.Hit.Pitfall), inline(l.severity(it.Hit.Severity)), code(it.Hit.Host+" "+it.Hit.Line))
		case it.Remedy != nil:
			m.line("\n**%s** %s · %s", l.say("Remedy", "対処"), inline(l.text(it.Remedy.Title)), it.Remedy.Ended)
		case it.Decision != nil:
			d := it.Decision
			m.line("\n**%s** %s%s%s%s (%s%s)", l.say("Decided", "判断"), inline(l.choice(d)), before(" · ", inline(l.text(d.Title))), before(" · ", code(d.Text)),
				before(" · **"+l.say("reason: ", "理由: "), after(inline(d.Reason), "**")), d.Time.Format("15:04:05"), before(", ", l.by(d.By)))
		case it.Diff != nil:
			m.line("\n%s %s +%d −%d", l.say("Compared", "比較"), code(it.Diff.Path), it.Diff.Added, it.Diff.Removed)
		case it.Remark != nil:
			m.line("\n%s", inline(l.text(it.Remark.Text)))
		case it.Note != "":
			m.line("\n%s", inline(it.Note))
		case it.Attempt > 0:
			m.line("\n*%s*", l.say("Attempt %d", "%d 回目", it.Attempt))
		}
	}
}

func (m *markdown) gate(g *Gate) {
	l := m.l
	m.line("\n%s %s · %s", verdictMark(g.Verdict), inline(l.text(g.Title)), l.verdict(g.Verdict))
	if g.Verdict == event.Pass {
		return
	}
	if s := l.text(g.Says); s != "" {
		m.line("%s", inline(s))
	}
	if len(g.Evidence) > 0 {
		m.line("")
	}
	for _, s := range g.Evidence {
		m.line("- %s", code(s))
	}
}

func (m *markdown) command(c *commandView) {
	l := m.l
	how := or(l.outcome(c.Command), "✓") + ", " + l.took(c.Took)
	if c.would {
		how = l.say("would run", "実行予定")
	}
	m.line("\n%s · %s%s\n", inline(c.Host), how, before(": ", inline(c.Error)))
	kind := "sh"
	if c.Fed {
		kind = "text"
		m.line("%s:\n", inline(l.text(event.SayFed)))
	}
	m.block(kind, plain(c.Line))
	k := c.output
	if c.would || k.empty() {
		return
	}
	var b strings.Builder
	for _, line := range k.head {
		m.output(&b, line)
	}
	if k.leftLines > 0 {
		b.WriteString(l.leftOut(k) + "\n")
	}
	for _, line := range k.tail {
		m.output(&b, line)
	}
	m.line("\n<details><summary>%s</summary>\n", l.say("output, %s", "出力 %s", l.bytes(c.Printed)))
	m.block("text", b.String())
	m.line("\n</details>")
}

func (m *markdown) output(b *strings.Builder, o outputLine) {
	if o.omitted > 0 {
		b.WriteString(m.l.omitted(o.omitted) + "\n")
		return
	}
	b.WriteString(plain(o.text))
	if o.more > 0 {
		b.WriteString(m.l.moreOfLine(o.more))
	}
	b.WriteByte('\n')
}

func (m *markdown) diffs() {
	l := m.l
	if len(m.page.Diffs) > 0 {
		m.line("\n## %s", l.say("Differences", "差分"))
	}
	for _, v := range m.page.Diffs {
		m.line("\n%s (%s → %s), +%d −%d\n", code(v.Path), inline(v.Left), inline(v.Right), v.Added, v.Removed)
		if v.Added+v.Removed == 0 {
			continue
		}
		var b strings.Builder
		for _, d := range v.lines {
			if d.sign == gap {
				fmt.Fprintf(&b, "@@ %s @@\n", l.say("%d lines", "%d 行", d.n))
			} else {
				fmt.Fprintf(&b, "%c%s\n", d.sign, plain(d.text))
			}
		}
		m.block("diff", b.String())
	}
}

func (m *markdown) inputs() {
	l, list := m.l, m.page.Inputs()
	m.line("\n## %s\n", l.say("Inputs", "入力値"))
	if len(list) == 0 {
		m.line("%s", l.say("None.", "なし。"))
		return
	}
	m.line("| | |\n|---|---|")
	for _, v := range list {
		text := cell(v.Text)
		if v.Secret {
			text = l.say("secret: not recorded", "秘密の値: 記録されません")
		}
		m.line("| %s | %s |", cell(v.Name), text)
	}
}

func (m *markdown) foot() {
	l, p := m.l, m.page
	m.line("\n---\n")
	if p.Verified() {
		m.line("%s %s", l.say("To prove that the transcript is the one this report was made from:", "この報告の元になった記録であることは次のコマンドで確認できます:"), code("spraydeck verify "+p.ID()))
	} else {
		m.line("**%s**", l.say("This report was made from a transcript that does not verify. What it says may not be what happened.", "この報告は検証できない記録から作成されました。内容が事実と異なる可能性があります。"))
	}
	m.line("%s", l.say("Secrets were masked before anything was written.", "秘密の値は書き込み前に伏せられています。"))
}

func (m *markdown) step(id string) string {
	if v := m.page.byStep[id]; v != nil {
		return fmt.Sprintf("%d %s", v.Number, inline(v.Title()))
	}
	return ""
}

// before and after put a word beside a text that is there.
func before(word, s string) string {
	if s == "" {
		return ""
	}
	return word + s
}

func after(s, word string) string {
	if s == "" {
		return ""
	}
	return s + word
}
