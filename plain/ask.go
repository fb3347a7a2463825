package plain

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"

	"spraydeck/event"
	"spraydeck/safetext"
)

// question prints a question. Where a prompt follows, the choices are in the prompt instead.
func (p *Printer) question(q event.Question) {
	p.asked[q.ID] = q
	p.flush()
	p.item(p.say("ask", "質問"), q.Title.In(p.o.Lang), "("+q.ID+")")
	if p.asking {
		return
	}
	for _, l := range p.questionBody(q) {
		p.line(plainIndent + l)
	}
	for _, c := range q.Choices {
		p.line(plainIndent + "- " + c.ID + ": " + p.choice(c))
	}
	if q.Type != "" {
		p.line(plainIndent + p.sayf("to continue, %s must be typed", "続行には %s の入力が必要です", safetext.Visible(q.Type)))
	}
}

// questionBody is the text of a question and then its details, which are exact commands and evidence.
func (p *Printer) questionBody(q event.Question) []string {
	var lines []string
	if body := q.Body.In(p.o.Lang); body != "" {
		for l := range strings.SplitSeq(strings.TrimRight(body, "\n"), "\n") {
			lines = append(lines, safetext.Line(l))
		}
	}
	for _, d := range q.Details {
		for l := range strings.SplitSeq(strings.TrimRight(d, "\n"), "\n") {
			lines = append(lines, "  "+safetext.Visible(l))
		}
	}
	return lines
}

func (p *Printer) choice(c event.Choice) string {
	s := safetext.Line(c.Label.In(p.o.Lang))
	if s == "" {
		s = c.ID
	}
	if c.NeedsReason {
		s += p.say(" (requires a reason)", " (理由が必要)")
	}
	return s
}

func (p *Printer) answer(d event.Answered) {
	q := p.asked[d.Question]
	what := d.Choice
	for _, c := range q.Choices {
		if c.ID == d.Choice && !c.Label.Empty() {
			what = fmt.Sprintf("%s (%s)", c.Label.In(p.o.Lang), c.ID)
		}
	}
	typed := ""
	switch {
	case q.Secret:
		typed = p.say("(secret)", "(秘密)")
	case d.Text != "":
		typed = strconv.Quote(d.Text)
	}
	p.item(p.say("answer", "回答"), what, typed, p.by(d.By))
	if d.Reason != "" {
		p.under(p.say("reason: ", "理由: ") + d.Reason)
	}
}

// Ask returns an Asker that prompts for a line at a time, for a terminal without the console. Answers are chosen by
// number. An empty line answers nothing, and neither do lines that were typed or pasted before the question stood, nor, where
// something may change, any that is pasted or was typed while the console was stopped. The end of the input is
// event.ErrUnanswered.
//
// It reads in from now on, in a goroutine that ends with the input. Where its reads take a deadline, the terminal can be
// lent.
func (p *Printer) Ask(in io.Reader) event.Asker {
	t := &typist{Printer: p, in: in, lines: make(chan string), away: make(chan bool), back: make(chan bool), turn: make(chan struct{}, 1), woke: make(chan os.Signal, 1)}
	signal.Notify(t.woke, syscall.SIGCONT)
	p.mu.Lock()
	p.asking, p.typist = true, t
	p.mu.Unlock()
	go t.read()
	return t.ask
}

// typist is the operator behind a line-wise terminal.
type typist struct {
	*Printer
	in    io.Reader
	lines chan string    // closed at the end of the input
	away  chan bool      // it reads no more
	back  chan bool      // it may read again
	turn  chan struct{}  // one question at a time
	woke  chan os.Signal // the console was stopped, and goes on
}

// patience is how many useless answers a question takes before it counts as unanswered: input that is no person's
// must not keep the run forever.
const patience = 10

func (t *typist) read() {
	defer close(t.lines)
	for r := bufio.NewReader(t.in); ; {
		line, err := r.ReadString('\n')
		if errors.Is(err, os.ErrDeadlineExceeded) {
			t.away <- true
			<-t.back
			continue
		}
		if line != "" && (err == nil || err == io.EOF) {
			t.lines <- strings.TrimRight(line, "\r\n")
		}
		if err != nil {
			return
		}
	}
}

func (t *typist) prompt(s string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	_, _ = io.WriteString(t.o.Prompts, s) // an error could be shown nowhere else
}

func (t *typist) ask(ctx context.Context, q event.Question) (event.Answer, error) {
	select {
	case t.turn <- struct{}{}:
		defer func() { <-t.turn }()
	case <-ctx.Done():
		return event.Answer{}, ctx.Err()
	}
	a := event.Answer{By: "operator"}
	if len(q.Choices) == 0 && q.Form != event.AskInput {
		q.Choices = []event.Choice{{ID: event.ChoiceContinue, Label: event.Text{En: "continue", Ja: "続行"}}}
	}
	var menu strings.Builder
	fmt.Fprintf(&menu, "\n  %s\n", safetext.Line(q.Title.In(t.o.Lang)))
	for _, l := range t.questionBody(q) {
		menu.WriteString(plainIndent + l + "\n")
	}
	value := q.Form == event.AskInput
	for i, c := range q.Choices {
		if !value || c.ID != event.ChoiceContinue {
			fmt.Fprintf(&menu, "  %*s  %s\n", 4, t.choiceName(value, i), t.choice(c))
		}
	}
	t.prompt(menu.String())
	chosen, err := t.choose(ctx, q, &a)
	if err != nil {
		return event.Answer{}, err
	}
	if q.Type != "" && (a.Choice == event.ChoiceContinue || a.Choice == "") {
		a.Text, err = t.line(ctx, q, t.sayf("type %s to go on:", "続行するには %s と入力:", safetext.Visible(q.Type)), func(s string) string {
			if s != q.Type {
				return t.say("that is something else; ctrl+c stays here", "一致しません。やめるには ctrl+c")
			}
			return ""
		})
	}
	if err == nil && chosen.NeedsReason {
		a.Reason, err = t.line(ctx, q, t.say("reason:", "理由:"), func(s string) string {
			if strings.TrimSpace(s) == "" {
				return t.say("a reason is needed, it goes into the transcript", "理由が必要です。記録に残ります")
			}
			return ""
		})
	}
	if err != nil {
		return event.Answer{}, err
	}
	return a, nil
}

// choiceName is what to type for a choice: its number, or where any line is a value, a word that begins with a colon.
func (t *typist) choiceName(value bool, i int) string {
	if value {
		return ":" + strconv.Itoa(i+1)
	}
	return strconv.Itoa(i + 1)
}

func (t *typist) choose(ctx context.Context, q event.Question, a *event.Answer) (chosen event.Choice, err error) {
	if q.Form == event.AskInput {
		return t.value(ctx, q, a)
	}
	prompt := t.sayf("choice, 1 to %d:", "番号 (1-%d):", len(q.Choices))
	_, err = t.line(ctx, q, prompt, func(s string) string {
		n, err := strconv.Atoi(strings.TrimSpace(s))
		if err != nil || n < 1 || n > len(q.Choices) {
			return t.say("nothing is chosen; type one of the numbers", "選択されていません。番号を入力してください")
		}
		chosen = q.Choices[n-1]
		return ""
	})
	a.Choice = chosen.ID
	return chosen, err
}

// value asks for a value. An empty line takes the default that the prompt shows.
func (t *typist) value(ctx context.Context, q event.Question, a *event.Answer) (chosen event.Choice, err error) {
	prompt := t.say("value:", "値:")
	if q.Default != "" && !q.Secret {
		prompt = t.sayf("value [%s]:", "値 [%s]:", safetext.Visible(q.Default))
	}
	if q.Secret && t.o.Echo != nil {
		t.o.Echo(false)
		defer t.o.Echo(true)
	} else if q.Secret {
		prompt = t.say("value (it shows as you type):", "値 (入力は画面に表示されます):")
	}
	a.Choice = event.ChoiceContinue
	a.Text, err = t.line(ctx, q, prompt, func(s string) string {
		if n, e := strconv.Atoi(strings.TrimPrefix(s, ":")); e == nil && strings.HasPrefix(s, ":") && n >= 1 &&
			n <= len(q.Choices) {
			chosen = q.Choices[n-1]
		} else if s == "" && q.Default == "" {
			return t.say("nothing was typed", "入力がありません")
		}
		return ""
	})
	switch {
	case err != nil:
	case chosen.ID != "":
		a.Choice, a.Text = chosen.ID, ""
	case a.Text == "":
		a.Text = q.Default
	}
	return chosen, err
}
