package engine

import (
	"context"
	"errors"
	"sync"

	"spraydeck/event"
)

// earlierYes is the approval of a step that stands in the record of the run that is resumed. It covers what has begun.
type earlierYes struct {
	mu sync.Mutex // commands may run side by side
	q  event.Question
	no error // what the operator said instead
	ok bool  // it was approved anew
}

// errSkipped means that the operator skipped a step after part of it had run.
var errSkipped = errors.New("skipped by the operator")

var saySkipped = event.Text{En: "skipped by the operator", Ja: "オペレーターが省略しました"}

// renew asks again before a command that changes something, where its step was approved before the run was resumed and
// nothing shows that the command has begun. A record that was cut, or that was put back to an earlier state, looks just
// like a console that died after the answer; what it approves may have run already.
func (r *Run) renew(ctx context.Context, in *instance, c event.Command) error {
	if in == nil || in.earlier == nil {
		return nil
	}
	e := in.earlier
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.ok || e.no != nil {
		return e.no
	}
	line := c.Host + ": " + c.Line
	a, err := r.putQuestion(ctx, in.events, in.complete(e.q), event.Textf("it was approved before, and nothing recorded shows that it has begun: %s",
		"以前に承認されましたが、実行が始まった記録がありません: %s", line))
	skip, err := decidedOn(a, err)
	if skip {
		err = errSkipped
	}
	e.ok, e.no = err == nil, err
	return err
}
