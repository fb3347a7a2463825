package report

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"spraydeck/event"
	"spraydeck/transcript"
)

// The size of the terminal a recording is played on. Commands were run on a wider one, so that they cut no lines; a
// player wraps these.
const castCols, castRows = 120, 36

// writeCast writes asciicast v3: intervals, and the exit code. https://docs.asciinema.org/manual/asciicast/v3
func writeCast(w io.Writer, src Source, l language) error { return cast(w, src, l, 3) }

// writeCast2 writes asciicast v2: times since the start. https://docs.asciinema.org/manual/asciicast/v2
func writeCast2(w io.Writer, src Source, l language) error { return cast(w, src, l, 2) }

// idleLimit is how long a player shows nothing, unless told otherwise: nobody watches a drain in real time.
const idleLimit = 2

func cast(w io.Writer, src Source, l language, version int) error {
	c := &caster{w: w, l: l, version: version, open: map[int]*casting{}, steps: map[string]event.PlannedStep{}, numbers: map[string]int{}, asked: map[string]event.Question{}, nodes: map[string]string{}}
	if err := c.header(src.Header); err != nil {
		return err
	}
	if !src.Check.Verified() {
		c.line(c.paint("1;37;41", " "+l.say("NOT VERIFIED", "検証できません (NOT VERIFIED)")+" ") + " " + plain(l.verified(src.Check)))
	}
	var unread error
	for e, err := range src.Entries {
		if err != nil {
			unread = err
			c.line(c.paint("31", "! "+plain(err.Error())))
			continue
		}
		c.event(e)
	}
	if c.ended == nil {
		c.line("")
		c.line(c.paint("33", l.say("not ended: the transcript stops here", "未終了: 記録はここまでです")))
	} else if version == 3 {
		c.emit("x", strconv.Itoa(c.ended.Exit))
	}
	return unread
}

// caster plays a run on a terminal that nobody sees.
type caster struct {
	w       io.Writer
	l       language
	version int

	now, written time.Duration // since the start
	zero         time.Duration
	any          bool
	ended        *event.Ended
	current      string // step whose heading was written
	open         map[int]*casting
	column       bool // something is on the line already
	owner        int  // whose line that is, 0 for ours
	steps        map[string]event.PlannedStep
	numbers      map[string]int
	asked        map[string]event.Question
	nodes        map[string]string
}

// casting is a command that runs.
type casting struct {
	event.CommandStarted
	began   time.Duration
	partial map[string]string // what waits for the end of its line, or of an escape sequence
	shared  bool              // others ran beside it: its lines name its host
}

func (c *caster) header(h transcript.Header) error {
	title := h.Runbook
	if h.Cluster != "" {
		title += " · " + h.Cluster
	}
	if h.To != "" {
		title += " · " + strings.TrimPrefix(h.From+" → ", " → ") + h.To
	}
	type term struct {
		Cols int    `json:"cols"`
		Rows int    `json:"rows"`
		Type string `json:"type"`
	}
	var header any
	if c.version == 3 {
		header = struct {
			Version   int     `json:"version"`
			Term      term    `json:"term"`
			Timestamp int64   `json:"timestamp"`
			Idle      float64 `json:"idle_time_limit"`
			Title     string  `json:"title"`
		}{3, term{castCols, castRows, "xterm-256color"}, h.Started.Unix(), idleLimit, plain(title)}
	} else {
		header = struct {
			Version   int               `json:"version"`
			Width     int               `json:"width"`
			Height    int               `json:"height"`
			Timestamp int64             `json:"timestamp"`
			Idle      float64           `json:"idle_time_limit"`
			Title     string            `json:"title"`
			Env       map[string]string `json:"env"`
		}{2, castCols, castRows, h.Started.Unix(), idleLimit, plain(title), map[string]string{"TERM": "xterm-256color"}}
	}
	e := json.NewEncoder(c.w)
	e.SetEscapeHTML(false)
	return e.Encode(header)
}

// emit writes an event. Times are rounded so that their sum does not drift.
func (c *caster) emit(code, data string) {
	now := c.now.Round(time.Microsecond)
	at := now
	if c.version == 3 {
		at = now - c.written
	}
	c.written = now
	text := quoted(data)
	if at == 0 {
		fmt.Fprintf(c.w, "[0.0, %q, %s]\n", code, text)
		return
	}
	fmt.Fprintf(c.w, "[%.6f, %q, %s]\n", at.Seconds(), code, text)
}

func quoted(s string) []byte {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(s) // a string always can be
	return []byte(strings.TrimSuffix(b.String(), "\n"))
}

func (c *caster) paint(sgr, s string) string { return "\x1b[" + sgr + "m" + s + "\x1b[0m" }

// line writes a line of ours, which may hold colours of ours and nothing else that acts.
func (c *caster) line(s string) {
	c.rest()
	c.fresh()
	c.emit("o", strings.ReplaceAll(s, "\n", "\r\n")+"\r\n")
}

// fresh begins a new line where one is half written.
func (c *caster) fresh() {
	if c.column {
		c.emit("o", "\x1b[0m\r\n")
		c.column, c.owner = false, 0
	}
}

// rest writes what a command that has the terminal alone had left unwritten. Others keep theirs until the line ends.
func (c *caster) rest() {
	for _, x := range c.open {
		if !x.shared && len(c.open) == 1 {
			for stream, s := range x.partial {
				x.partial[stream] = ""
				c.print(x, s)
			}
		}
	}
}

func (c *caster) event(e transcript.Entry) {
	if !c.any {
		c.zero, c.any = e.Elapsed, true
	}
	c.now = e.Elapsed - c.zero
	c.ended = nil // a run that was left may go on
	l := c.l
	switch d := e.Data.(type) {
	case event.Started:
		c.line(c.paint("1", l.text(d.Title)))
	case event.Planned:
		for i, s := range d.Steps {
			c.steps[s.ID], c.numbers[s.ID] = s, i+1
		}
	case event.StepStarted:
		c.step(e.Step, d.Attempt)
	case event.Described:
	case event.CommandStarted:
		c.commandStarted(d)
	case event.Output:
		c.output(d)
	case event.CommandEnded:
		c.commandEnded(d)
	case event.GateChecked:
		c.gate(d)
	case event.Hit:
		c.line(c.paint("1;35", "┃ "+l.say("known: ", "既知の問題: ")+plain(d.Pitfall)) + "  " + l.text(d.Title))
	case event.RemedyStarted:
		c.line(c.paint("36", "+ "+l.say("remedy: ", "対処: ")+l.text(d.Title)))
	case event.RemedyEnded:
		c.line(c.paint("36", "+ "+l.say("remedy ", "対処 ")+l.status(d.Status)))
	case event.Asked:
		c.asked[d.Question.ID] = d.Question
	case event.Answered:
		c.answered(d)
	case event.NodeChanged:
		c.node(d)
	case event.Connection:
		if !d.Up {
			c.line(c.paint("31", l.say("API server not reached: ", "API サーバーに接続できません: ")+plain(d.To)))
		}
	case event.Compared:
		c.line(c.paint("2", l.say("compared ", "比較 ")+plain(d.Path)))
	case event.Resumed:
		c.line(c.paint("1;36", "▷ "+l.resumed(&Resume{Away: Seconds(e.After), Operator: d.Operator})))
	case event.Paused:
		c.line(c.paint("33", l.paused(&Pause{Open: true})))
	case event.Drifted:
		c.line(c.paint("33", l.drifted(&Drift{Drifted: d})))
	case event.Remark:
		c.line(c.paint("2", l.text(d.Text)))
	case event.StepEnded:
		if c.current != e.Step { // skipped without having begun
			c.step(e.Step, 1)
		}
		c.line(statusColour(c, d.Status, mark(d.Status)+" "+l.status(d.Status)) + before("  ", l.text(d.Why)))
	case event.Ended:
		c.ended = &d
		c.line("")
		c.line(statusColour(c, d.Status, mark(d.Status)+" "+l.status(d.Status)) + "  " + l.say("exit code %d", "終了コード %d", d.Exit))
	}
}

func statusColour(c *caster, s event.Status, text string) string {
	switch s {
	case event.Passed:
		return c.paint("32", text)
	case event.Failed:
		return c.paint("1;31", text)
	case event.Overridden:
		return c.paint("33", text)
	}
	return c.paint("2", text)
}

func (c *caster) step(id string, attempt int) {
	c.current = id
	title := or(c.l.text(c.steps[id].Title), plain(id))
	head := title
	if n := c.numbers[id]; n > 0 {
		head = fmt.Sprintf("%d/%d %s", n, len(c.numbers), title)
	}
	if attempt > 1 {
		head += c.l.say(" (attempt %d)", " (%d 回目)", attempt)
	}
	c.rest()
	c.fresh()
	c.emit("m", head)
	c.line("\n" + c.paint("1;34", head))
}

func (c *caster) commandStarted(d event.CommandStarted) {
	c.line(c.paint("36", plain(d.Host)) + " " + c.paint("1", "$") + " " + plain(strings.TrimRight(d.Line, "\n")))
	c.open[d.Number] = &casting{CommandStarted: d, began: c.now, partial: map[string]string{}}
	if len(c.open) > 1 {
		for _, x := range c.open {
			x.shared = true
		}
	}
}

// output shows what a command printed as it came, as long as it has the terminal alone; of several at once only whole
// lines, each with its host.
func (c *caster) output(d event.Output) {
	x := c.open[d.Number]
	if x == nil {
		return
	}
	if d.Omitted {
		c.line(c.paint("2", c.l.omitted(d.Size)))
		return
	}
	s := x.partial[d.Stream] + d.Text
	if x.shared {
		i := strings.LastIndexByte(s, '\n') + 1
		if i == 0 && len(s) > 32<<10 { // an endless line
			i = len(s)
		}
		x.partial[d.Stream] = s[i:]
		c.hosted(x, s[:i])
		return
	}
	i := whole(s)
	x.partial[d.Stream] = s[i:]
	c.print(x, s[:i])
}

// whole returns the length of s without an escape sequence for colours that is cut off at its end.
func whole(s string) int {
	i := strings.LastIndexByte(s, '\x1b')
	if i < 0 || len(s)-i > 40 {
		return len(s)
	}
	rest := s[i+1:]
	if rest == "" || rest[0] == '[' && strings.Trim(rest[1:], "0123456789;") == "" {
		return i
	}
	return len(s)
}

func (c *caster) print(x *casting, s string) {
	if s == "" {
		return
	}
	if c.column && c.owner != x.Number {
		c.fresh()
	}
	c.emit("o", terminal(s))
	c.column, c.owner = !strings.HasSuffix(s, "\n"), x.Number
}

func (c *caster) hosted(x *casting, s string) {
	if s == "" {
		return
	}
	c.fresh()
	var b strings.Builder
	for line := range strings.Lines(s) {
		line = strings.TrimRight(line, "\r\n")
		line = line[strings.LastIndexByte(line, '\r')+1:]
		b.WriteString(c.paint("36", plain(x.Host)) + " " + terminal(line) + "\x1b[0m\r\n")
	}
	c.emit("o", b.String())
}

// terminal lets through what a terminal may do with the output of a remote command: colours, and a carriage return.
func terminal(s string) string {
	if strings.IndexFunc(s, func(r rune) bool { return r < ' ' && r != '\t' || r >= 0x7f }) < 0 {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		if _, size := colour(s[i:]); size > 0 {
			b.WriteString(s[i : i+size])
			i += size
			continue
		}
		switch s[i] {
		case '\n':
			if i == 0 || s[i-1] != '\r' {
				b.WriteByte('\r')
			}
			b.WriteByte('\n')
			i++
			continue
		case '\r':
			b.WriteByte('\r')
			i++
			continue
		}
		var r rune
		for _, r = range s[i:] {
			break
		}
		b.WriteString(or(visible(r), string(r)))
		i += len(string(r))
	}
	return b.String()
}

func (c *caster) commandEnded(d event.CommandEnded) {
	x := c.open[d.Number]
	if x == nil {
		return
	}
	for _, stream := range []string{"stdout", "stderr"} {
		if s := x.partial[stream]; s != "" && x.shared {
			c.hosted(x, s)
		} else {
			c.print(x, s)
		}
		x.partial[stream] = ""
	}
	if c.owner == x.Number {
		c.fresh()
	}
	c.emit("o", "\x1b[0m")
	cmd := &Command{Exit: d.Exit, Outcome: d.Outcome}
	if how := c.l.outcome(cmd); how != "" {
		colour := "31"
		if x.Probe && d.Outcome == event.Exited {
			colour = "2"
		}
		host := ""
		if x.shared {
			host = plain(x.Host) + " "
		}
		c.line(c.paint(colour, "["+host+how+", "+c.l.took(Seconds(c.now-x.began))+"]") + before(" ", plain(d.Error)))
	}
	delete(c.open, d.Number)
}

func (c *caster) gate(d event.GateChecked) {
	sign, colour := "✓ ", "32"
	switch {
	case d.Verdict == event.Pass:
	case d.Required == event.Advisory:
		sign, colour = "! ", "33"
	default:
		sign, colour = "✗ ", "1;31"
	}
	c.line(c.paint(colour, sign+c.l.text(d.Title)))
	if d.Verdict == event.Pass {
		return
	}
	if s := c.l.text(d.Says); s != "" {
		c.line("  " + s)
	}
	for _, s := range d.Evidence {
		c.line("  " + plain(s))
	}
}

func (c *caster) answered(d event.Answered) {
	q := c.asked[d.Question]
	delete(c.asked, d.Question)
	choice := plain(d.Choice)
	for _, x := range q.Choices {
		if x.ID == d.Choice {
			choice = or(c.l.text(x.Label), choice)
		}
	}
	s := c.paint("33", "? "+or(c.l.text(q.Title), plain(d.Question))) + " → " + choice + before(" ", plain(d.Text))
	if d.Reason != "" {
		s += c.paint("1", c.l.say(" reason: ", " 理由: ")+plain(d.Reason))
	}
	c.line(s)
}

func (c *caster) node(d event.NodeChanged) {
	s := d.Node.Status() + " " + plain(d.Node.Version)
	if d.Deleted {
		s = c.l.say("deleted", "削除")
	}
	if c.nodes[d.Node.Name] != s {
		c.nodes[d.Node.Name] = s
		colour := "2"
		if d.Node.Ready != "True" && !d.Deleted {
			colour = "31"
		}
		c.line(c.paint(colour, "● "+plain(d.Node.Name)+" "+s))
	}
}
