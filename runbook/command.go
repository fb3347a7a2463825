package runbook

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"unicode/utf8"
)

// maxResult is how much of a command's output an expression can see. The transcript has all of it.
const maxResult = 16 << 20

// exec runs one command: its start is written before it leaves, its output before anybody sees it, and how it ended.
// A command that could not run, or whose state is unknown, is an error.
func (r *Run) exec(ctx context.Context, step string, c Command) (Result, error) {
	c.Step = step
	r.mu.Lock()
	r.number++
	n := r.number
	r.mu.Unlock()
	c.Number = n
	if err := r.emit(step, CommandStarted{Number: n, Host: c.Host, Line: c.Line, Changes: c.Changes, Probe: c.Probe}); err != nil {
		return Result{}, err
	}
	r.seeCommand(step, c)
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
	run := r.env.Exec
	if c.Handover {
		switch {
		case r.env.Started.Rehearses != "": // answered by the recording, like any other
		case r.env.Shell == nil:
			run = noTerminal
		default:
			run = r.env.Shell
		}
	}
	exit, err := run(ctx, c, s.write)
	s.flush()
	prompts.end()
	outcome := OutcomeOf(exit, err)
	end := CommandEnded{Number: n, Exit: exit, Outcome: outcome}
	if err != nil {
		end.Error, end.Hint = err.Error(), HintOf(err)
	}
	if e := r.emit(step, end); e != nil {
		return Result{}, e
	}
	res := Result{Host: c.Host, Exit: int64(exit), Stdout: s.stdout.String(), Stderr: s.stderr.String(), Outcome: string(outcome), Error: end.Error}
	res.Lines = splitLines(res.Stdout)
	return res, err
}

// noTerminal stands where a command needs the operator's terminal and there is none.
func noTerminal(_ context.Context, c Command, _ func(string, []byte)) (int, error) {
	return -1, &UsageError{"the command needs a terminal of its own, and there is none here", "run it by hand: " + c.Line}
}

func splitLines(s string) []string {
	s = strings.TrimSuffix(strings.ReplaceAll(s, "\r\n", "\n"), "\n")
	if s == "" {
		return []string{}
	}
	return strings.Split(s, "\n")
}

// pieceSize is how much output one event carries at most: large enough that its line in the transcript costs little more
// than its bytes, small enough to seek by.
const pieceSize = 32 << 10

// streams takes the output of one command.
type streams struct {
	run            *Run
	step           string
	number         int
	command        Command
	stdout, stderr strings.Builder
	rest           map[string][]byte // the beginning of a character whose end has not come yet
	lines          map[string]string // the beginning of a line, for the symptoms
	prompts        *prompter
}

func (s *streams) write(stream string, p []byte) {
	if s.rest == nil {
		s.rest, s.lines = map[string][]byte{}, map[string]string{}
	}
	p = append(s.rest[stream], p...)
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
			s.run.see(s.step, s.command, last)
		}
	}
}

func (s *streams) deliver(stream string, p []byte) {
	if len(p) == 0 {
		return
	}
	o := NewOutput(s.number, stream, p)
	// an error is kept by emit and stops the run; the command itself is being cancelled
	if s.run.emit(s.step, o) != nil {
		return
	}
	b := &s.stdout
	if stream == "stderr" {
		b = &s.stderr
	}
	if room := maxResult - b.Len(); room > 0 {
		b.WriteString(o.Text[:min(len(o.Text), room)])
	}
	if s.command.Probe {
		return
	}
	text := s.lines[stream] + o.Text
	for {
		i := strings.IndexByte(text, '\n')
		if i < 0 {
			break
		}
		s.run.see(s.step, s.command, text[:i])
		s.prompts.see(text[:i])
		text = text[i+1:]
	}
	s.prompts.see(text)
	s.lines[stream] = text
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
