package engine

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"sync"

	"spraydeck/event"
)

// promptInfix stands in the id of such a question between the step and a number.
const promptInfix = "/prompt-"

// prompter answers what a command asks on its terminal by asking the operator. The command goes on printing meanwhile.
type prompter struct {
	ctx    context.Context
	cancel context.CancelFunc
	run    *Run
	step   string
	c      event.Command
	wg     sync.WaitGroup
	asking chan struct{} // holds one token: one dialog at a time
	count  int
	last   string // the prompt met last, for it is met again when its line is complete
	plain  []byte // the line at hand
}

func newPrompter(ctx context.Context, r *Run, step string, c event.Command) *prompter {
	if len(c.Prompts) == 0 {
		return nil
	}
	p := &prompter{run: r, step: step, c: c, asking: make(chan struct{}, 1), count: r.env.PriorRun.prompts(step)}
	p.ctx, p.cancel = context.WithCancel(ctx)
	return p
}

// see looks at a line, or at the beginning of one.
func (p *prompter) see(line string) {
	if p == nil {
		return
	}
	p.plain = trimEnd(appendPlain(p.plain[:0], line))
	if p.last != "" && bytes.HasPrefix(p.plain, []byte(p.last)) {
		return
	}
	p.last = ""
	for _, prompt := range p.c.Prompts {
		if !prompt.Line.Match(p.plain) {
			continue
		}
		select {
		case p.asking <- struct{}{}:
		default:
			return // it is the question that is being asked already
		}
		p.count++
		p.last = string(p.plain)
		id := fmt.Sprint(p.step, promptInfix, p.count)
		met := p.last
		p.wg.Go(func() { p.ask(id, prompt, met) })
		return
	}
}

// seeLines looks at lines, the last without its end.
func (p *prompter) seeLines(lines string) {
	for more := p != nil; more; {
		var line string
		line, lines, more = strings.Cut(lines, "\n")
		p.see(line)
	}
}

func (p *prompter) ask(id string, prompt event.Prompt, line string) {
	defer func() { <-p.asking }()
	a, err := p.run.askNow(p.ctx, p.step, event.Question{
		ID: id, Form: event.AskApprove, Opens: true, Safe: event.ChoiceLeave,
		Title:   event.Text{En: "The command asks", Ja: "コマンドからの質問"},
		Details: []string{line},
		Choices: []event.Choice{
			{ID: event.ChoiceContinue, Label: event.Text{En: "go on", Ja: "続行"}},
			{ID: event.ChoiceLeave, Label: event.Text{En: "stop it here", Ja: "ここで止める"}},
		},
	})
	keys := prompt.Decline
	if err == nil && a.Choice == event.ChoiceContinue {
		keys = prompt.Keys
	}
	p.run.keys.press([]byte(keys))
}

func (p *prompter) end() {
	if p != nil {
		p.cancel()
		p.wg.Wait()
	}
}
