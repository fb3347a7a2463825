package ui

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"

	"spraydeck/ansible"
	"spraydeck/event"
	"spraydeck/safetext"
)

var (
	sayTasksTitle   = event.Text{En: "plays", Ja: "プレイ"}
	sayTasksOf      = event.Text{En: "%d tasks", Ja: "タスク %d 件"}
	sayHostsCount   = event.Text{En: "%d hosts", Ja: "%d ホスト"}
	saySlowest      = event.Text{En: "slowest tasks", Ja: "時間のかかったタスク"}
	sayRecap        = event.Text{En: "recap", Ja: "集計"}
	sayOnlyLater    = event.Text{En: "results before task %d are in the transcript only", Ja: "タスク %d より前の結果は記録にのみあります"}
	sayNoResultsYet = event.Text{En: "No host has answered yet.", Ja: "まだどのホストも応答していません。"}
	sayNoBody       = event.Text{En: "The callback printed nothing more about this result.", Ja: "この結果についてそれ以上の出力はありません。"}
	sayKeyUpLevel   = event.Text{En: "up", Ja: "上の階層"}
	sayKeyNextFail  = event.Text{En: "next failed", Ja: "次の失敗"}
	sayNoMoreFailed = event.Text{En: "no failed task", Ja: "失敗したタスクはありません"}
	sayEndOfResult  = event.Text{En: "this is the whole result", Ja: "これが結果のすべてです"}
)

// The levels of a taskView, from the outside in.
const (
	levelPlays = iota
	levelTasks
	levelHosts
	levelResult
)

// taskView goes through a playbook: its plays, the tasks of one, the hosts of a task, the result of a host.
type taskView struct {
	look
	book   *playbook
	step   *event.StepState
	now    time.Time
	level  int
	play   string
	list   string // slowest or recap in the place of a play, or ""
	task   int    // index into book.tasks
	result int    // index into its results
	cursor [4]int
	opened bool // it has shown something
	rows   []taskRow
	scroll scroll
	filter filter
	w, h   int
}

// taskRow is a line of the list: what it says, and what is behind it. A nil open is the end of the way.
type taskRow struct {
	left, right string
	style       lipgloss.Style
	open        func()
	bad         bool
}

func newTaskView(l look) *taskView { return &taskView{look: l, level: levelTasks} }

// SetSize takes the room there is.
func (v *taskView) SetSize(w, h int) { v.w, v.h = w, h }

// SetTasks takes the playbook as it is now. The first time the cursor goes to what failed, or to the newest task.
func (v *taskView) SetTasks(b *playbook, st *event.StepState, now time.Time) {
	v.book, v.step, v.now = b, st, now
	if !v.opened && len(b.tasks) > 0 {
		v.opened = true
		v.play = b.tasks[len(b.tasks)-1].play
		at := len(b.tasks) - 1
		for i, t := range b.tasks {
			if t.counts[ansible.Failed]+t.counts[ansible.Unreachable] > 0 {
				v.play, at = t.play, i
			}
		}
		v.build()
		v.cursor[levelTasks] = v.rowOf(at)
	}
	v.build()
}

func (v *taskView) rowOf(task int) (row int) {
	for i, t := range v.book.tasks[:task] {
		if t.play == v.book.tasks[task].play && i < task {
			row++
		}
	}
	return row
}

// build makes the rows of the level.
func (v *taskView) build() {
	switch {
	case v.level == levelPlays:
		v.rows = v.playRows()
	case v.level == levelTasks && v.list == "recap":
		v.rows = v.recapRows()
	case v.level == levelTasks && v.list == "slowest":
		v.rows = v.slowestRows()
	case v.level == levelTasks:
		v.rows = v.taskRows()
	case v.level == levelHosts:
		v.rows = v.hostRows()
	default:
		v.rows = v.resultRows()
	}
	if v.level != levelResult {
		v.rows = slices.DeleteFunc(v.rows, func(r taskRow) bool { return !v.filter.passes(r.left + " " + r.right) })
	}
	v.cursor[v.level] = max(0, min(v.cursor[v.level], len(v.rows)-1))
	v.scroll.Fit(max(0, v.h-1), len(v.rows))
	if v.level != levelResult {
		v.scroll.Show(v.cursor[v.level])
	}
}

func (v *taskView) into(level int, set func()) func() {
	return func() {
		set()
		v.level, v.cursor[level], v.scroll.Top = level, 0, 0
		v.filter = filter{}
	}
}

func (v *taskView) playRows() []taskRow {
	var rows []taskRow
	for i, t := range v.book.tasks {
		if i > 0 && v.book.tasks[i-1].play == t.play {
			continue
		}
		n, bad := 0, false
		for _, other := range v.book.tasks[i:] {
			if other.play != t.play {
				break
			}
			n++
			bad = bad || other.counts[ansible.Failed]+other.counts[ansible.Unreachable] > 0
		}
		mark, style := v.taskSign(bad, i+n == len(v.book.tasks))
		rows = append(rows, taskRow{left: mark + " " + safetext.Line(t.play), right: v.say(sayTasksOf, n), style: style, bad: bad,
			open: v.into(levelTasks, func() { v.play, v.list = t.play, "" })})
	}
	if len(v.step.Tasks) > 1 {
		rows = append(rows, taskRow{left: "  " + upperFirst(v.say(saySlowest)), open: v.into(levelTasks, func() { v.list = "slowest" })})
	}
	if len(v.book.recaps) > 0 {
		rows = append(rows, taskRow{left: "  " + upperFirst(v.say(sayRecap)), right: v.say(sayHostsCount, len(v.book.recaps)),
			open: v.into(levelTasks, func() { v.list = "recap" })})
	}
	return rows
}

// taskSign is the mark and the style of a play or a task.
func (v *taskView) taskSign(bad, newest bool) (string, lipgloss.Style) {
	switch {
	case bad:
		return "✗", v.Danger
	case newest && v.book.command.Outcome == "":
		return "▶", v.Bold
	}
	return "✓", v.Plain
}

func (v *taskView) taskRows() []taskRow {
	var rows []taskRow
	for i, t := range v.book.tasks {
		if t.play != v.play {
			continue
		}
		bad := t.counts[ansible.Failed]+t.counts[ansible.Unreachable] > 0
		mark, style := v.taskSign(bad, i == len(v.book.tasks)-1)
		right := v.countsOf(t)
		if d, ok := v.took(t); ok {
			right += "  " + fit(event.Duration(d), 7)
		}
		rows = append(rows, taskRow{left: mark + " " + safetext.Line(t.name), right: right, style: style, bad: bad,
			open: v.into(levelHosts, func() { v.task = i })})
	}
	return rows
}

// took is how long a task ran, as far as it is known: its header came with its time.
func (v *taskView) took(t *taskRun) (time.Duration, bool) {
	if v.book.missing {
		return 0, false
	}
	i, found := slices.BinarySearchFunc(v.step.Tasks, t.number, func(s event.TaskSpan, n int) int { return s.Number - n })
	if !found || v.step.Tasks[i].Task != t.name {
		return 0, false
	}
	return v.step.Tasks[i].Took(v.now), true
}

// countsOf says how the hosts answered: "ok 3 changed 1".
func (v *taskView) countsOf(t *taskRun) string {
	var parts []string
	for _, s := range []ansible.Status{ansible.Failed, ansible.Unreachable, ansible.Ignored, ansible.Rescued, ansible.Changed, ansible.OK, ansible.Skipped, ansible.Retrying} {
		if n := t.counts[s]; n > 0 {
			parts = append(parts, fmt.Sprintf("%s %d", s, n))
		}
	}
	return strings.Join(parts, " ")
}

func (v *taskView) slowestRows() []taskRow {
	var rows []taskRow
	for _, s := range v.step.Slowest(100, v.now) {
		row := taskRow{left: fit(event.Duration(s.Took(v.now)), 8) + " " + safetext.Line(s.Task), right: safetext.Line(s.Play)}
		i := slices.IndexFunc(v.book.tasks, func(t *taskRun) bool { return t.number == s.Number && t.name == s.Task })
		if i >= 0 && !v.book.missing {
			row.open = v.into(levelHosts, func() { v.task = i })
		}
		rows = append(rows, row)
	}
	return rows
}

func (v *taskView) recapRows() []taskRow {
	var rows []taskRow
	for _, c := range v.book.recaps {
		row := taskRow{left: "✓ " + safetext.Line(c.Text), style: v.Plain}
		if !c.Good() {
			row.left, row.style, row.bad = "✗ "+safetext.Line(c.Text), v.Danger, true
		}
		rows = append(rows, row)
	}
	return rows
}

func (v *taskView) hostRows() []taskRow {
	var rows []taskRow
	for i, r := range v.book.tasks[v.task].results {
		row := taskRow{left: fmt.Sprintf("%-11s %s", r.Status, safetext.Line(r.Host)), style: v.Plain,
			open: v.into(levelResult, func() { v.result = i })}
		if r.Item != "" {
			row.left += "  " + safetext.Line(r.Item)
		}
		switch {
		case r.Status.Bad():
			row.left, row.style, row.bad = "✗ "+row.left, v.Danger, true
			row.right = cut(safetext.Line(r.Innermost()), v.w/2)
		case failed(r.Status) || r.Status == ansible.Retrying:
			row.left, row.style = "! "+row.left, v.Warning
			row.right = cut(safetext.Line(r.Innermost()), v.w/2)
		default:
			row.left = "✓ " + row.left
		}
		rows = append(rows, row)
	}
	return rows
}

// resultRows are everything the callback printed about one result: the message first, then every field.
func (v *taskView) resultRows() []taskRow {
	var rows []taskRow
	add := func(style lipgloss.Style, text string) {
		for _, line := range wrap(safetext.Text(text), max(8, v.w-3)) {
			rows = append(rows, taskRow{left: line, style: style})
		}
	}
	t := v.book.tasks[v.task]
	if v.result >= len(t.results) {
		return nil
	}
	r := t.results[v.result]
	if r.Path != "" {
		add(v.Faint, r.Path)
	}
	if inner := r.Innermost(); inner != "" {
		add(v.Danger, inner)
		add(v.Plain, "")
	}
	for _, f := range []struct{ name, text string }{{"msg", r.Message}, {"cmd", r.Cmd}, {"rc", r.RC}, {"assertion", r.Assert}, {"stderr", r.Stderr}, {"stdout", r.Stdout}, {"", r.Raw}} {
		if f.text != "" {
			add(v.Bold, f.name)
			add(v.Plain, "  "+strings.ReplaceAll(f.text, "\n", "\n  "))
		}
	}
	known := []string{"msg", "cmd", "rc", "assertion", "stderr", "stdout", "stderr_lines", "stdout_lines"}
	var names []string
	for name := range r.Fields {
		if !slices.Contains(known, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		text, err := json.MarshalIndent(r.Fields[name], "  ", "  ")
		if err == nil {
			add(v.Bold, name)
			add(v.Plain, "  "+string(text))
		}
	}
	if len(rows) == 0 {
		add(v.Faint, v.say(sayNoBody))
	}
	return rows
}

// title is the way to where we are.
func (v *taskView) title() string {
	parts := []string{upperFirst(v.say(sayTasksTitle))}
	if v.level > levelPlays {
		name := safetext.Line(v.play)
		if v.list == "slowest" {
			name = upperFirst(v.say(saySlowest))
		} else if v.list == "recap" {
			name = upperFirst(v.say(sayRecap))
		}
		parts = append(parts, name)
	}
	if v.level > levelTasks {
		parts = append(parts, safetext.Line(v.book.tasks[v.task].name))
	}
	if v.level == levelResult {
		if rs := v.book.tasks[v.task].results; v.result < len(rs) {
			parts = append(parts, safetext.Line(rs[v.result].Host), string(rs[v.result].Status))
		}
	}
	parts[len(parts)-1] = v.Title.Render(parts[len(parts)-1])
	line := " " + strings.Join(parts, v.Faint.Render(" › "))
	if v.book.missing && v.level < levelHosts {
		line += "   " + v.Faint.Render(v.say(sayOnlyLater, max(1, v.step.Progress.Tasks-len(v.book.tasks)+1)))
	}
	if v.filter.typing() {
		return v.filter.line(v.w)
	}
	if v.filter.text != "" {
		line += "   " + v.Info.Render("/"+v.filter.text)
	}
	return line
}

// View draws the level.
func (v *taskView) View() string {
	lines := []string{fit(v.title(), v.w)}
	if len(v.rows) == 0 {
		none := sayNoResultsYet
		if v.filter.text != "" {
			none = sayNoMatch
		}
		lines = append(lines, "  "+v.Faint.Render(v.say(none)))
	}
	for i, r := range v.rows {
		if i < v.scroll.Top || i >= v.scroll.Top+v.scroll.Height {
			continue
		}
		text := ends("  "+r.left, r.right+" ", v.w)
		switch {
		case v.level == levelResult:
			text = r.style.Render(text)
		case i == v.cursor[v.level]:
			text = v.marked(text)
		default:
			text = r.style.Render(text)
		}
		lines = append(lines, text)
	}
	return strings.Join(fill(lines, v.w, v.h), "\n")
}

// HandleKey moves, goes in and goes out.
func (v *taskView) HandleKey(msg tea.KeyPressMsg) action {
	a := v.press(msg)
	v.build()
	return a
}

func (v *taskView) press(msg tea.KeyPressMsg) action {
	if v.filter.typing() {
		v.filter.HandleKey(msg)
		return handled{}
	}
	if m := motionOf(msg); m != noMotion {
		if v.level == levelResult {
			v.scroll.Move(m)
		} else {
			v.cursor[v.level] = moveCursor(m, v.cursor[v.level], len(v.rows), v.scroll.Height, func(int) bool { return true })
		}
		return handled{}
	}
	switch msg.String() {
	case "enter", "right":
		if v.level == levelResult || v.cursor[v.level] >= len(v.rows) || v.rows[v.cursor[v.level]].open == nil {
			return actNotice{sayEndOfResult}
		}
		v.rows[v.cursor[v.level]].open()
	case "esc", "left":
		switch {
		case v.filter.text != "":
			v.filter = filter{}
		case v.level == levelPlays:
			return actBack{}
		default:
			v.level--
			v.scroll.Top = 0
		}
	case "f":
		return v.nextFailed()
	case "/":
		if v.level == levelResult {
			return actNotice{sayEndOfResult}
		}
		v.filter.begin()
	default:
		return nil
	}
	return handled{}
}

// nextFailed goes to the next row that failed, from the top again after the last.
func (v *taskView) nextFailed() action {
	at := v.cursor[v.level]
	for i := range v.rows {
		k := (at + 1 + i) % len(v.rows)
		if v.rows[k].bad {
			v.cursor[v.level] = k
			return handled{}
		}
	}
	return actNotice{sayNoMoreFailed}
}

// Paste puts pasted text into the filter.
func (v *taskView) Paste(s string) bool {
	taken := v.filter.Paste(s)
	v.build()
	return taken
}

// Keys are what HandleKey knows.
func (v *taskView) Keys() []Key {
	if v.filter.typing() {
		return v.filter.Keys()
	}
	up := sayKeyUpLevel
	if v.level == levelPlays {
		up = sayKeyBack
	}
	end := v.level == levelResult || v.cursor[v.level] >= len(v.rows) || v.rows[v.cursor[v.level]].open == nil
	bad := slices.ContainsFunc(v.rows, func(r taskRow) bool { return r.bad })
	return append([]Key{
		Key{Keys: []string{"enter", "right"}, Help: sayKeyOpen}.without(end, sayEndOfResult),
		Key{Keys: []string{"f"}, Help: sayKeyNextFail}.without(!bad, sayNoMoreFailed),
		Key{Keys: []string{"/"}, Help: sayKeyFilter}.without(v.level == levelResult, sayEndOfResult),
		{Keys: []string{"esc", "left"}, Help: up},
	}, motionKeys()...)
}
