package plain

import (
	"context"
	"fmt"
	"strings"
	"time"

	"spraydeck/event"
)

// How long nothing must have been typed before a question stands; longer where the answer may change something. A line that
// may is held for holdLine before it counts.
const (
	pauseTyped   = 100 * time.Millisecond
	pauseChanges = 700 * time.Millisecond
	holdLine     = 120 * time.Millisecond
)

// A terminal puts these around what is pasted, between the first two of these.
const (
	bracketsOn, bracketsOff = "\x1b[?2004h", "\x1b[?2004l"
	pasteBegins, pasteEnds  = "\x1b[200~", "\x1b[201~"
)

// quiet waits until nothing more arrives that was typed before.
func (t *typist) quiet(ctx context.Context, q event.Question) error {
	pause := pauseTyped
	if q.MayChange() {
		pause = pauseChanges
	}
	for {
		t.flush()
		select {
		case <-ctx.Done():
			return ctx.Err()
		case _, ok := <-t.lines:
			if !ok {
				return event.ErrUnanswered
			}
		case <-t.woke:
		case <-t.wait(pause):
			t.flush() // the beginning of a line, too
			return nil
		}
	}
}

func (t *typist) flush() {
	if t.o.Flush != nil {
		t.o.Flush()
	}
}

func (t *typist) wait(d time.Duration) <-chan time.Time {
	if t.o.pause != nil {
		return t.o.pause(d)
	}
	return time.After(d)
}

// line prompts until ok accepts what was typed. ok gives the reason why not.
func (t *typist) line(ctx context.Context, q event.Question, prompt string, ok func(string) (complaint string)) (string, error) {
	for range patience {
		if err := t.quiet(ctx, q); err != nil {
			return "", err
		}
		s, complaint, err := t.next(ctx, q, "  "+prompt+" ")
		if err != nil {
			t.prompt("\n")
			return "", err
		}
		if complaint == "" {
			complaint = ok(s)
		}
		if complaint == "" {
			return s, nil
		}
		t.prompt("  " + complaint + "\n")
	}
	return "", fmt.Errorf("no usable answer in %d tries: %w", patience, event.ErrUnanswered)
}

// next returns the next line. Where it may let something change, it is held for a moment: a line that another follows at once
// is pasted, one that came while the console was stopped was not meant for the question, and after the last one there is
// nobody any more. complaint says why it does not count.
func (t *typist) next(ctx context.Context, q event.Question, prompt string) (line, complaint string, err error) {
	if careful := q.MayChange(); !careful {
		t.prompt(prompt)
	} else if t.o.Brackets {
		t.prompt(bracketsOn + prompt)
		defer t.prompt(bracketsOff)
	} else {
		t.prompt(prompt)
	}
	stopped := func() (string, string, error) {
		return "", "\n  " + t.say("the console was stopped meanwhile: what was typed does not count", "コンソールが停止していたため、入力は無効です"), nil
	}
	var open bool
	select {
	case <-ctx.Done():
		return "", "", ctx.Err()
	case <-t.woke:
		return stopped()
	case line, open = <-t.lines:
	}
	pasted := t.say("pasted text decides nothing here: type it", "貼り付けは無効です。入力してください")
	switch {
	case !open:
		return "", "", event.ErrUnanswered
	case !q.MayChange():
		return line, "", nil
	case strings.Contains(line, pasteBegins), strings.Contains(line, pasteEnds):
		return "", pasted, nil
	}
	select {
	case <-ctx.Done():
		return "", "", ctx.Err()
	case <-t.woke:
		return stopped()
	case _, open := <-t.lines:
		if !open {
			return "", "", event.ErrUnanswered
		}
		return "", pasted, nil
	case <-t.wait(holdLine):
		return line, "", nil
	}
}
