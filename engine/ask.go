package engine

import (
	"context"
	"errors"
	"maps"
	"slices"

	"spraydeck/event"
	"spraydeck/runbook"
)

var sayMayHaveRun = event.Text{
	En: "It may already have run, in whole or in part: look at what it did before it is run again",
	Ja: "すでに (一部でも) 実行された可能性があります。再実行の前に、何が行われたかを確認してください"}

// askUnknown makes another question of an approval where the commands may already have run: another id, another text, and
// nothing in an answers file but this id answers it.
func (r *Run) askUnknown(in *instance, q *event.Question, cmds []event.Command) {
	lines := r.env.PriorRun.mayHaveRun(in.events, cmds)
	for _, c := range cmds {
		line := c.Host + ": " + c.Line
		if r.mayHaveRun(in.events, c) && !slices.Contains(lines, line) {
			lines = append(lines, line)
		}
	}
	if len(lines) == 0 && !in.unknown && !r.env.PriorRun.endedUnknown(in.id) {
		return
	}
	q.ID, q.Unknown, q.Exact, q.Opens, q.Safe = in.id+"/approve-unknown", true, true, true, event.ChoiceLeave
	q.Title = event.Text{En: "May already have run: ", Ja: "すでに実行された可能性があります: "}.Plus(q.Title)
	body := sayMayHaveRun.Plus(event.Text{En: ".", Ja: "。"})
	for _, line := range lines {
		if !slices.Contains(q.Details, line) {
			body = body.Plus(event.Textf("\nHow this ended is unknown: %s", "\n結果が不明です: %s", line))
		}
	}
	if !q.Body.Empty() {
		body = body.Plus(event.T("\n\n")).Plus(q.Body)
	}
	q.Body = body
	q.Choices = slices.Clone(q.Choices)
	q.Choices[0].Label = event.Text{En: "run it, although it may already have run", Ja: "実行済みの可能性があっても実行"}
}

// noteEnd remembers a command whose outcome is unknown until it ends with a known one.
func (r *Run) noteEnd(step string, c event.Command, outcome event.Outcome) {
	if !c.Changes {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	key := step + "\n" + c.Host + "\n" + c.Line
	if outcome != event.StateLost {
		delete(r.lost, key)
		return
	}
	if r.lost == nil {
		r.lost = map[string]bool{}
	}
	r.lost[key] = true
}

func (r *Run) mayHaveRun(step string, c event.Command) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.lost[step+"\n"+c.Host+"\n"+c.Line]
}

func stateLost(err error) bool {
	var failed *stepError
	return errors.As(err, &failed) && failed.outcome == event.StateLost
}

// askOf puts a question of a step. underway: what it asks for has been started already and is only taken up.
func (r *Run) askOf(ctx context.Context, in *instance, q event.Question, underway bool) (event.Answer, error) {
	return r.askUnless(ctx, in.events, in.complete(q), underway)
}

// complete adds to a question of a step what it shows of the step.
func (in *instance) complete(q event.Question) event.Question {
	q.Hosts = in.hosts
	if d := in.danger(); d == event.Disrupts || d == event.Destroys {
		q.Exact = true
	}
	return q
}

// ask puts a question that belongs to the run itself.
func (r *Run) ask(ctx context.Context, step string, q event.Question) (event.Answer, error) {
	return r.askUnless(ctx, step, q, false)
}

// askUnless puts a question, unless the very same one was answered before the run was resumed.
func (r *Run) askUnless(ctx context.Context, step string, q event.Question, underway bool) (event.Answer, error) {
	if r.resume != nil {
		return r.resume.ask(ctx, step, q, underway)
	}
	return r.putQuestion(ctx, step, q, event.Text{})
}

// askNow puts a question and records it and its answer.
func (r *Run) askNow(ctx context.Context, step string, q event.Question) (event.Answer, error) {
	return r.putQuestion(ctx, step, q, event.Text{})
}

// putQuestion puts a question and records it and its answer, with the digest of what was shown. An answer that the question
// does not offer is refused. anew is why an earlier answer does not count.
func (r *Run) putQuestion(ctx context.Context, step string, q event.Question, anew event.Text) (event.Answer, error) {
	shown := q.Digest(r.env.Masked)
	if !anew.Empty() {
		anew = event.Text{En: "Asked again: ", Ja: "もう一度確認します: "}.Plus(anew)
		if !q.Body.Empty() {
			anew = anew.Plus(event.T("\n\n"))
		}
		q.Body = anew.Plus(q.Body)
	}
	if err := r.emit(step, event.Asked{Question: q}); err != nil {
		return event.Answer{}, err
	}
	for {
		a, err := r.env.Ask(ctx, q)
		if err != nil {
			return a, err
		}
		if err := q.Accept(a); err != nil {
			if a.By != "operator" {
				return a, &runbook.UsageError{Message: err.Error(), Way: "correct the answer to " + q.ID}
			}
			continue
		}
		a.Shown, a.Book = shown, r.book.Digest()
		written := a
		if q.Secret {
			r.env.Mask(a.Text)
			written.Text = ""
		}
		return a, r.emit(step, event.Answered{Question: q.ID, Answer: written})
	}
}

// acceptForeign asks before a record that is somebody else's is gone on with. Its finished steps count as finished; the
// decisions in them are shown here, and no other decision counts.
func (r *Run) acceptForeign(ctx context.Context) error {
	p := r.env.PriorRun
	if p == nil || p.foreign.Empty() {
		return nil
	}
	q := event.Question{
		ID: "resume-foreign", Form: event.AskApprove, Opens: true, Exact: true, Safe: event.ChoiceLeave,
		Title: event.Text{En: "Go on with a record that is not of this console?", Ja: "このコンソールのものではない記録を続行しますか？"},
		Body: p.foreign.Plus(event.Text{
			En: ".\nSteps that it tells to be finished count as finished, with the decisions below. Everything else is asked again.",
			Ja: "。\n記録で完了している手順は、以下の決定とともに完了とみなします。それ以外はすべて確認し直します。"}),
		Choices: []event.Choice{
			{ID: event.ChoiceContinue, Label: event.Text{En: "go on", Ja: "続行"}},
			{ID: event.ChoiceLeave, Label: event.Text{En: "leave the run here", Ja: "ここで中断"}},
		},
	}
	for _, id := range slices.Sorted(maps.Keys(p.steps)) {
		if !p.restored(id) {
			continue
		}
		for _, name := range slices.Sorted(maps.Keys(p.steps[id].answers)) {
			for _, a := range p.steps[id].answers[name] {
				line := name + ": " + a.Choice
				for _, more := range []string{a.Text, a.Reason} {
					if more != "" {
						line += " (" + more + ")"
					}
				}
				q.Details = append(q.Details, line)
			}
		}
	}
	a, err := r.askNow(ctx, "", q)
	if err == nil && a.Choice != event.ChoiceContinue {
		err = errLeft
	}
	return err
}

// Distrust says that the record is another operator's, of another machine, or a copy: its decisions are asked anew.
func (p *PriorRun) Distrust(why event.Text) { p.foreign = why }
