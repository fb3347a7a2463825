package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"spraydeck/event"
	"spraydeck/runbook"
)

// maxResult is how much of a command's output an expression can see. The transcript has all of it.
const maxResult = 16 << 20

// resultLimit is maxResult for one command: what a probe learns is whole or useless; of a log the beginning will do.
func resultLimit(probe bool) int {
	if probe {
		return maxResult
	}
	return maxResult / 4
}

// exec runs one command: its start is written before it leaves, its output before anybody sees it, and how it ended.
// A command that could not run, or whose state is unknown, is an error.
func (r *Run) exec(ctx context.Context, step string, c event.Command) (runbook.Returned, error) {
	return r.execFor(ctx, nil, step, c)
}

// execFor is exec for a step that may have been approved before the run was resumed.
func (r *Run) execFor(ctx context.Context, in *instance, step string, c event.Command) (runbook.Returned, error) {
	c.Step = step
	if r.resume != nil {
		return r.resume.exec(ctx, in, step, c)
	}
	return r.start(ctx, step, c, nil)
}

// start runs a command, or takes up one that an earlier console started.
func (r *Run) start(ctx context.Context, step string, c event.Command, past *priorCommand) (runbook.Returned, error) {
	if err := r.startCommand(step, &c); err != nil {
		return runbook.Returned{}, err
	}
	n := c.Number
	if err := r.report(step, r.monitor.command(step, c)); err != nil {
		return runbook.Returned{}, err
	}
	if c.TTY && c.Stdin == nil && !c.Handover {
		in, release := r.keys.attach()
		defer release()
		c.Stdin = in
	}
	if c.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, c.Timeout)
		defer cancel()
	}
	s := &streams{run: r, step: step, number: n, command: c}
	prompts := newPrompter(ctx, r, step, c)
	s.prompts = prompts
	if c.Resumed != nil {
		if err := s.replay(past); err != nil {
			return runbook.Returned{}, err
		}
	}
	c.Original = s.original
	var ended time.Time
	c.EndedAt = func(at time.Time) { ended = at }
	exit, err := r.perform(ctx, c, s.write)
	s.flush()
	prompts.end()
	end := event.CommandEnded{Number: n, Exit: exit, Outcome: event.Abandoned, At: ended}
	if !errors.Is(err, errNotBegun) {
		end.Outcome = event.OutcomeOf(exit, err)
		if err != nil {
			end.Error, end.Hint = event.ErrorText(end.Outcome, err), event.HintOf(err)
		}
		r.noteEnd(step, c, end.Outcome)
	}
	if e := r.emit(step, end); e != nil {
		return runbook.Returned{}, e
	}
	if e := r.report(step, r.monitor.ended(step, c, end.Outcome)); e != nil {
		return runbook.Returned{}, e
	}
	return s.returned(exit, end), err
}

// perform hands a command to who runs it. One that was announced and never started is run where it only reads; where it
// changes something the error is errNotBegun, and if it has printed something, what was kept of it is gone.
func (r *Run) perform(ctx context.Context, c event.Command, write func(string, []byte)) (int, error) {
	run := r.env.Exec
	if c.Handover {
		switch {
		case c.Resumed != nil:
			run = ranByDeadConsole
		case r.env.Started.Rehearses != "": // answered by the recording, like any other
		case r.env.Shell == nil:
			run = noTerminal
		default:
			run = r.env.Shell
		}
	}
	exit, err := run(ctx, c, write)
	var never interface{ NeverStarted() bool }
	if c.Resumed == nil || !errors.As(err, &never) || !never.NeverStarted() {
		return exit, err
	}
	switch {
	case c.Resumed.Stdout > 0 || c.Resumed.Stderr > 0:
		return -1, event.Gone(c)
	case c.Changes:
		return -1, errNotBegun
	}
	c.Resumed = nil
	return run(ctx, c, write)
}

// startCommand assigns a number and emits CommandStarted. A command started by a dead console has both.
func (r *Run) startCommand(step string, c *event.Command) error {
	if c.Resumed != nil {
		return nil
	}
	r.mu.Lock()
	r.number++
	c.Number = r.number
	r.mu.Unlock()
	started := event.CommandStarted{Number: c.Number, Host: c.Host, Line: c.Line, Changes: c.Changes, Probe: c.Probe, Fed: c.Fed || c.Stdin != nil}
	if c.Call != nil {
		started.Only = c.Call.Only
	}
	return r.emit(step, started)
}

// noTerminal stands where a command needs the operator's terminal and there is none.
func noTerminal(_ context.Context, c event.Command, _ func(string, []byte)) (int, error) {
	return -1, event.NoTerminal(c.Line)
}

// ranByDeadConsole stands where a command had the terminal of a console that went away.
func ranByDeadConsole(_ context.Context, c event.Command, _ func(string, []byte)) (int, error) {
	return -1, event.Gone(c)
}

// pieceSize is how much output one event carries at most: large enough that its line in the transcript costs little more
// than its bytes, small enough to seek by.
const pieceSize = 32 << 10

// streams takes the output of one command.
type streams struct {
	run            *Run
	step           string
	number         int
	command        event.Command
	stdout, stderr captured
	rest           map[string][]byte // the beginning of a character whose end has not come yet
	lines          map[string]string // the beginning of a line, for the symptoms
	prompts        *prompter
	copy           copied // what came from a record
}

// replay brings back what a command had printed before it was taken up again: to its result, to the symptoms, and to its
// question, if it waits for an answer.
func (s *streams) replay(c *priorCommand) error {
	s.begin()
	err := s.run.env.PriorRun.reread(c, func(o event.Output) {
		b := &s.stdout
		if o.Stream == "stderr" {
			b = &s.stderr
		}
		s.copy.see(o)
		b.add(bytesOf(o), resultLimit(c.Probe))
		text := s.lines[o.Stream] + o.Text
		last := strings.LastIndexByte(text, '\n') + 1
		for line := range strings.Lines(text[:last]) {
			s.run.monitor.reread(s.command, o.Stream, strings.TrimSuffix(line, "\n"))
		}
		s.lines[o.Stream] = strings.Clone(text[last:])
		if len(text)-last > event.LongLine { // as when it came
			s.run.monitor.reread(s.command, o.Stream, text[last:])
			s.lines[o.Stream] = ""
		}
	})
	for _, line := range s.lines {
		s.prompts.see(line)
	}
	return err
}

// original takes what the command printed, of which write was given a masked copy.
func (s *streams) original(stream string, all []byte) {
	if s.copy.masked == nil {
		s.copy.masked = map[string]bool{}
	}
	if s.copy.masked[stream] = all == nil; all == nil {
		return
	}
	b := &s.stdout
	if stream == "stderr" {
		b = &s.stderr
	}
	*b = captured{}
	b.add(string(all), resultLimit(s.command.Probe))
}

// returned is what the command gave.
func (s *streams) returned(exit int, end event.CommandEnded) runbook.Returned {
	res := runbook.Gave(s.command.Host, exit, s.stdout.String(), s.stderr.String())
	res.Outcome, res.Error = string(end.Outcome), end.Error
	if s.copy.any() {
		res = res.Masked(s.command.Line)
	}
	return res
}

// bytesOf gives what was printed. A text is not copied.
func bytesOf(o event.Output) string {
	if o.Raw != nil {
		return string(o.Raw)
	}
	return o.Text
}

// captured is what a result has of a stream. The pieces are those of the events: they are put together once, at the end.
type captured struct {
	pieces []string
	size   int
}

// add takes as much as there is room for below a limit.
func (c *captured) add(text string, most int) {
	if text = text[:min(len(text), most-c.size)]; text != "" {
		c.pieces, c.size = append(c.pieces, text), c.size+len(text)
	}
}

func (c *captured) String() string { return strings.Join(c.pieces, "") }

func (s *streams) begin() {
	if s.rest == nil {
		s.rest, s.lines = map[string][]byte{}, map[string]string{}
	}
}

func (s *streams) write(stream string, p []byte) {
	s.begin()
	if rest := s.rest[stream]; len(rest) > 0 {
		p = append(rest, p...)
	}
	for len(p) > pieceSize {
		cut := completeRunes(p[:pieceSize])
		if cut == 0 {
			cut = pieceSize
		}
		s.deliver(stream, p[:cut])
		p = p[cut:]
	}
	cut := completeRunes(p)
	s.rest[stream] = append([]byte(nil), p[cut:]...)
	s.deliver(stream, p[:cut])
}

func (s *streams) flush() {
	for _, stream := range []string{"stdout", "stderr"} {
		s.deliver(stream, s.rest[stream])
		if last := s.lines[stream]; last != "" {
			s.report(stream, last)
		}
	}
}

func (s *streams) deliver(stream string, p []byte) {
	if len(p) == 0 {
		return
	}
	o := event.NewOutput(s.number, stream, p)
	// an error is kept by emit and stops the run; the command itself is being cancelled
	if s.run.emit(s.step, o) != nil {
		return
	}
	b := &s.stdout
	if stream == "stderr" {
		b = &s.stderr
	}
	b.add(bytesOf(o), resultLimit(s.command.Probe))
	if s.command.Probe {
		return
	}
	text := o.Text
	if carried := s.lines[stream]; len(carried) > event.LongLine {
		s.see(stream, carried) // or each piece of it would cost more than the one before
	} else if carried != "" {
		first, rest, ends := strings.Cut(text, "\n")
		if first = carried + first; !ends {
			text = first
		} else {
			s.see(stream, first)
			text = rest
		}
	}
	if i := strings.LastIndexByte(text, '\n'); i >= 0 {
		s.see(stream, text[:i])
		text = text[i+1:]
	}
	s.prompts.see(text)
	s.lines[stream] = strings.Clone(text)
}

// see gives whole lines, the last without its end, to the monitor and the prompter.
func (s *streams) see(stream, lines string) {
	s.report(stream, lines)
	s.prompts.seeLines(lines)
}

// report gives lines to the monitor. emit keeps an error and stops the run.
func (s *streams) report(stream, lines string) {
	_ = s.run.report(s.step, s.run.monitor.output(s.step, s.command, stream, lines))
}

// completeRunes gives the length of p without a character cut off at its end.
func completeRunes(p []byte) int {
	for back := 1; back <= min(utf8.UTFMax-1, len(p)); back++ {
		if b := p[len(p)-back]; utf8.RuneStart(b) {
			if utf8.FullRune(p[len(p)-back:]) {
				return len(p)
			}
			return len(p) - back
		}
	}
	return len(p)
}

// keyboard leads the operator's keys to the command that has the terminal.
type keyboard struct {
	mu sync.Mutex
	to *io.PipeWriter
}

func (k *keyboard) attach() (io.Reader, func()) {
	in, out := io.Pipe()
	k.mu.Lock()
	k.to = out
	k.mu.Unlock()
	return in, func() {
		k.mu.Lock()
		k.to = nil
		k.mu.Unlock()
		out.Close()
		in.Close()
	}
}

func (k *keyboard) press(keys []byte) {
	k.mu.Lock()
	to := k.to
	k.mu.Unlock()
	if to != nil {
		fmt.Fprintf(to, "%s", keys)
	}
}
