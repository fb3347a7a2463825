package engine

import (
	"context"
	"encoding/json"
	"time"

	"spraydeck/event"
	"spraydeck/runbook"
)

// Claim keeps other runs off what this one changes, from its first change to its end. Where it is kept is the outside's
// business.
type Claim interface {
	// Take gives the command that takes the claim at a step; from is the run it is taken from, "" for none. The command prints an
	// event.Holder as JSON, where there was one: who had it, or with exit code 1 who has it.
	Take(step, from string) event.Command
	Release() event.Command
	// Hold renews the claim until release is called. step says where the run is; lost is called once, where another run has it.
	Hold(step func() string, lost func(event.Holder)) (release func())
}

// heldError means that another run works here and this one has changed nothing.
type heldError struct{ holder event.Holder }

func (h heldError) Error() string { return h.Text().En }
func (h heldError) Text() event.Text {
	return event.Textf("another run works on this cluster: %s, run %s", "このクラスターでは別の実行が作業中です: %s、実行 %s", h.holder.Name, h.holder.Run)
}

// claim takes the claim before the first command that changes something, and again where another run took it over.
func (r *Run) claim(ctx context.Context) error {
	if r.env.Claim == nil || r.resume.restoring() {
		return nil
	}
	r.claiming.Lock()
	defer r.claiming.Unlock()
	if r.claimed.Load() || r.unclaimed {
		return nil
	}
	from := ""
	for {
		res, err := r.exec(ctx, "", r.env.Claim.Take(r.at(), from))
		if ctx.Err() != nil || r.broken != nil {
			return err
		}
		holder, told := holderOf(res)
		switch {
		case err == nil && res.Exit == 0:
			return r.hold(holder, told, from)
		case err == nil && res.Exit == 1 && told:
			take, err := r.askHolder(ctx, holder)
			if err != nil {
				return err
			}
			if from = ""; take {
				from = holder.Run
			}
		default:
			if err := r.askUnclaimed(ctx, whyNot(res, err)); err != nil || r.unclaimed {
				return err
			}
		}
	}
}

func holderOf(res runbook.Returned) (h event.Holder, ok bool) {
	text, err := res.Stdout()
	if err != nil || json.Unmarshal([]byte(text), &h) != nil {
		return h, false
	}
	return h, h.Run != ""
}

func whyNot(res runbook.Returned, err error) event.Text {
	if err == nil {
		return event.T(lastLines(res.Says()))
	}
	why := event.T(err.Error())
	if h := event.HintOf(err); h != "" {
		why = why.Plus(event.T(" (" + h + ")"))
	}
	return why
}

// lastLines is the end of what a command said, short enough for a dialog.
func lastLines(s string) string {
	return s[max(0, len(s)-1000):]
}

// hold keeps the claim from now on, and says from whom it was taken.
func (r *Run) hold(was event.Holder, told bool, from string) error {
	r.claimed.Store(true)
	r.release = r.env.Claim.Hold(r.at, func(now event.Holder) {
		r.claimed.Store(false)
		_ = r.emit("", event.Remark{Text: event.Text{En: "another run has taken over this cluster: ", Ja: "別の実行がこのクラスターを引き継ぎました: "}.Plus(now.Told(r.env.Now()))})
	})
	switch {
	case told && from != "":
		return r.emit("", event.Remark{Text: event.Textf("taken over from %s, run %s", "%s の実行 %s から引き継ぎました", was.Name, was.Run)})
	case told && was.Expired:
		return r.emit("", event.Remark{Text: event.Text{
			En: "an earlier run did not come to an end here, and may have left something half done: ",
			Ja: "以前の実行がここで終了しておらず、作業が途中のまま残っている可能性があります: "}.Plus(was.Told(r.env.Now()))})
	}
	return nil
}

// at is the step the run is at.
func (r *Run) at() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.current == nil {
		return ""
	}
	return r.current.id
}

// askHolder says who works here. Taking over wants that name typed.
func (r *Run) askHolder(ctx context.Context, h event.Holder) (take bool, err error) {
	a, err := r.askNow(ctx, "", event.Question{
		ID: "claim", Form: event.AskApprove, Opens: true, Exact: true, Safe: event.ChoiceLeave, Danger: event.Disrupts, Type: h.Name,
		Title: event.Text{En: "Another run works on this cluster", Ja: "このクラスターでは別の実行が作業中です"},
		Body: h.Told(r.env.Now()).Plus(event.Text{
			En: ".\nNothing has been changed by this run yet. Taking over stops the other run before its next change, not what it has started.",
			Ja: "。\nこの実行はまだ何も変更していません。引き継ぐと、相手の実行は次の変更の前で止まります。すでに開始したものは止まりません。"}),
		Choices: []event.Choice{
			{ID: event.ChoiceRetry, Label: event.Text{En: "look again", Ja: "再確認"}},
			{ID: event.ChoiceContinue, Label: event.Text{En: "take over", Ja: "引き継ぐ"}},
			{ID: event.ChoiceLeave, Label: event.Text{En: "leave the run here", Ja: "ここで中断"}},
		},
	})
	if err == nil && a.Choice == event.ChoiceLeave {
		err = heldError{h}
	}
	return a.Choice == event.ChoiceContinue, err
}

// askUnclaimed asks whether to work although other runs cannot be kept away.
func (r *Run) askUnclaimed(ctx context.Context, why event.Text) error {
	title := event.Text{En: "Other runs cannot be kept off this cluster", Ja: "他の実行をこのクラスターから遠ざけることができません"}
	a, err := r.askNow(ctx, "", event.Question{
		ID: "claim-unavailable", Form: event.AskGate, Opens: true, Exact: true, Safe: event.ChoiceRetry, Title: title,
		Body: why.Plus(event.Text{En: "\nMake sure that nobody else changes this cluster meanwhile.", Ja: "\n作業中、他の人がこのクラスターを変更しないことを確認してください。"}),
		Choices: []event.Choice{
			{ID: event.ChoiceRetry, Label: event.Text{En: "try again", Ja: "再試行"}},
			{ID: event.ChoiceOverride, Label: event.Text{En: "go on without it, with a reason", Ja: "理由を記して続行"}, NeedsReason: true},
			{ID: event.ChoiceLeave, Label: event.Text{En: "leave the run here", Ja: "ここで中断"}},
		},
	})
	switch {
	case err != nil:
		return err
	case a.Choice == event.ChoiceLeave:
		return blockedError{title}
	}
	r.unclaimed = a.Choice == event.ChoiceOverride
	return nil
}

// unclaim gives the claim back at the end of the run. Where that fails it ends by itself. done: all steps are; then a claim
// that an earlier console took for this run is given back too, and otherwise a command that still runs may need it.
func (r *Run) unclaim(ctx context.Context, done bool) {
	switch {
	case r.release != nil:
		if r.release(); !r.claimed.Load() {
			return
		}
	case r.env.Claim == nil || !done || !r.env.PriorRun.claimed(r.env.Claim):
		return
	}
	if r.broken != nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	_, _ = r.exec(ctx, "", r.env.Claim.Release())
}

// claimed says whether the claim was taken and not given back.
func (p *PriorRun) claimed(c Claim) bool {
	return p != nil && p.own != nil && (p.own.Line != c.Release().Line || p.own.end == nil)
}
