package engine

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"spraydeck/event"
)

// Recording answers the commands of a run from the events of an earlier one, at the pace they were recorded. The node
// table moves as it moved. It is no simulation: what was never recorded has no answer.
type Recording struct {
	Started event.Started

	mu       sync.Mutex
	commands []*recorded
	byKey    map[key][]int // indexes into commands, in order
	last     map[key]int   // the answer given last
	used     []bool
	side     []event.Event // what was seen beside the commands: nodes and connections
	sideNext int
	answers  map[string][]event.Answer
	observe  func(event.Data) error
	speed    float64 // 1 = as recorded, 0 = at once
	skipIdle time.Duration
}

type key struct{ step, host, line string }

type recorded struct {
	event.CommandStarted
	step   string
	begun  time.Time
	seq    int64
	output []event.Event
	end    *event.CommandEnded
	ended  time.Time
}

// NewRecording sorts the events of a run by its commands.
func NewRecording(events []event.Event) *Recording {
	r := &Recording{byKey: map[key][]int{}, last: map[key]int{}, answers: map[string][]event.Answer{}, speed: 1, skipIdle: 2 * time.Second}
	byNumber := map[int]*recorded{}
	for _, e := range events {
		switch d := e.Data.(type) {
		case event.Started:
			r.Started = d
		case event.CommandStarted:
			c := &recorded{CommandStarted: d, step: e.Step, begun: e.Time, seq: e.Seq}
			k := key{e.Step, d.Host, d.Line}
			r.byKey[k] = append(r.byKey[k], len(r.commands))
			r.commands = append(r.commands, c)
			byNumber[d.Number] = c
		case event.Output:
			if c := byNumber[d.Number]; c != nil {
				c.output = append(c.output, e)
			}
		case event.CommandEnded:
			if c := byNumber[d.Number]; c != nil {
				c.end, c.ended = &d, e.Time
			}
		case event.NodeChanged, event.Connection:
			r.side = append(r.side, e)
		case event.Answered:
			r.answers[d.Question] = append(r.answers[d.Question], d.Answer)
		}
	}
	r.dropAbandoned()
	r.used = make([]bool, len(r.commands))
	return r
}

// dropAbandoned leaves out what was run again by the console that resumed the run.
func (r *Recording) dropAbandoned() {
	for k, list := range r.byKey {
		r.byKey[k] = slices.DeleteFunc(list, func(i int) bool {
			end := r.commands[i].end
			return end != nil && end.Outcome == event.Abandoned
		})
	}
}

// Inputs gives the inputs of the recorded run, except secret ones.
func (r *Recording) Inputs() map[string]string {
	m := map[string]string{}
	for _, v := range r.Started.Inputs {
		if !v.Secret {
			m[v.Name] = v.Text
		}
	}
	return m
}

// Play sets the pace (1 as recorded, 0 at once) and where changes of nodes go to.
func (r *Recording) Play(speed float64, observe func(event.Data) error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.speed, r.observe = speed, observe
}

// Ask answers with the recorded decisions: the first time a question is asked with the first answer given to it then.
func (r *Recording) Ask(_ context.Context, q event.Question) (event.Answer, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	list := r.answers[q.ID]
	if len(list) == 0 {
		return event.Answer{}, fmt.Errorf("%w: the recording holds no answer to %s", event.ErrUnanswered, q.ID)
	}
	r.answers[q.ID] = list[1:]
	a := list[0]
	a.By = "recording"
	return a, nil
}

// Sleep waits at the pace of the rehearsal.
func (r *Recording) Sleep(ctx context.Context, d time.Duration) error {
	r.mu.Lock()
	speed := r.speed
	r.mu.Unlock()
	if speed == 0 {
		return ctx.Err()
	}
	return sleep(ctx, time.Duration(float64(min(d, r.skipIdle))/speed))
}

// Exec is an Exec that answers from the recording.
func (r *Recording) Exec(ctx context.Context, c event.Command, out func(string, []byte)) (int, error) {
	rec := r.answer(c)
	if rec == nil {
		return -1, fmt.Errorf("%w: %s: %s", event.ErrNotRecorded, c.Host, c.Line)
	}
	now := rec.begun
	wait := func(until time.Time) error {
		d := until.Sub(now)
		now = until
		if d <= 0 {
			return ctx.Err()
		}
		return r.Sleep(ctx, d)
	}
	if err := r.sideUntil(rec.begun, nil); err != nil {
		return -1, err
	}
	for _, e := range rec.output {
		if err := r.sideUntil(e.Time, wait); err != nil {
			return -1, err
		}
		if err := wait(e.Time); err != nil {
			return -1, err
		}
		o := e.Data.(event.Output)
		out(o.Stream, o.Bytes())
	}
	if rec.end == nil {
		return -1, &recordedEnd{event.CommandEnded{Outcome: event.StateLost, Error: "the recording breaks off inside this command"}}
	}
	if err := r.sideUntil(rec.ended, wait); err != nil {
		return -1, err
	}
	if err := wait(rec.ended); err != nil {
		return -1, err
	}
	switch rec.end.Outcome {
	case event.Done, event.Exited:
		return rec.end.Exit, nil
	}
	return rec.end.Exit, &recordedEnd{*rec.end}
}

// sideUntil shows what happened to the nodes up to a moment of the recording.
func (r *Recording) sideUntil(t time.Time, wait func(time.Time) error) error {
	for {
		r.mu.Lock()
		if r.sideNext >= len(r.side) || r.side[r.sideNext].Time.After(t) {
			r.mu.Unlock()
			return nil
		}
		e, observe := r.side[r.sideNext], r.observe
		r.sideNext++
		r.mu.Unlock()
		if wait != nil {
			if err := wait(e.Time); err != nil {
				return err
			}
		}
		if observe != nil {
			if err := observe(today(e)); err != nil {
				return err
			}
		}
	}
}

// today is what happened to a node as if it happened now: it has been Ready as long as it was then.
func today(e event.Event) event.Data {
	n, ok := e.Data.(event.NodeChanged)
	if ok && !n.Node.Since.IsZero() {
		n.Node.Since = time.Now().Add(n.Node.Since.Sub(e.Time))
		return n
	}
	return e.Data
}

// answer picks the recorded command that fits. The same line may have been run several times, with another result each
// time because something was changed in between. The next result is only given once those changes have been made in
// this rehearsal too; until then the last one stands.
func (r *Recording) answer(c event.Command) *recorded {
	k := key{c.Step, c.Host, c.Line}
	r.mu.Lock()
	defer r.mu.Unlock()
	last, asked := r.last[k]
	for _, i := range r.byKey[k] {
		if r.used[i] || !r.commands[i].Answers(c) {
			continue
		}
		if asked && !r.changedBetween(last, i) {
			break
		}
		r.used[i] = true
		r.last[k] = i
		return r.commands[i]
	}
	if asked {
		return r.commands[last]
	}
	return nil
}

// changedBetween reports whether every change that a step made between two commands has been made again. What the run
// does for itself, such as taking the lease, belongs to no step and changes nothing that a step reads.
func (r *Recording) changedBetween(from, to int) bool {
	for i := from + 1; i < to; i++ {
		if c := r.commands[i]; c.Changes && c.step != "" && !r.used[i] {
			return false
		}
	}
	return true
}

// recordedEnd is an ending that was recorded, with what it was then.
type recordedEnd struct{ event.CommandEnded }

func (e *recordedEnd) Error() string      { return e.CommandEnded.Error }
func (e *recordedEnd) Hint() string       { return e.CommandEnded.Hint }
func (e *recordedEnd) StateUnknown() bool { return e.Outcome == event.StateLost }
func (e *recordedEnd) Unreachable() bool  { return e.Outcome == event.Unreachable }

// Is makes the end of a command that was stopped the error it was.
func (e *recordedEnd) Is(target error) bool {
	return (target == context.DeadlineExceeded && e.Outcome == event.TimedOut) || (target == context.Canceled && e.Outcome == event.Stopped)
}
