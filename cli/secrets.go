package cli

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/charmbracelet/x/term"

	"spraydeck/event"
	"spraydeck/sshx"
)

// declineSecret is the choice of an operator who does not answer a prompt of ssh.
const declineSecret = "decline"

// errNobody is the answer to a prompt of ssh where nobody can answer.
var errNobody = fmt.Errorf("%w: %w", sshx.ErrNobody, event.ErrUnanswered)

// errDeclined is the answer of an operator who does not want to give one.
type errDeclined struct{}

func (errDeclined) Error() string { return "the operator declined" }

// askedBy has an asker answer the prompts of ssh. They are no decisions about the run: an answers file does not answer them,
// and they are not recorded. An answer is made known to mask, and kept in memory only. A nil asker is nobody.
func (o *world) askedBy(ask event.Asker, mask func(string)) {
	o.mu.Lock()
	o.maskSecret = mask
	o.mu.Unlock()
	o.ssh.Ask(func(ctx context.Context, p sshx.Prompt) (string, error) {
		if ask == nil {
			o.mu.Lock()
			defer o.mu.Unlock()
			o.unanswered = append(o.unanswered, &sshx.UnansweredError{Prompt: p, Err: errNobody})
			return "", errNobody
		}
		a, err := ask(ctx, promptQuestion(p))
		switch {
		case err != nil:
			return "", err
		case a.Choice == declineSecret:
			return "", errDeclined{}
		case mask != nil && !p.Echo && a.Text != "":
			mask(a.Text)
		}
		return a.Text, nil
	})
}

// promptQuestion is a prompt of ssh as a question of ours.
func promptQuestion(p sshx.Prompt) event.Question {
	q := event.Question{
		ID: "ssh/" + p.Host, Form: event.AskInput, Secret: !p.Echo, Opens: true, Exact: true, Hosts: []string{p.Host}, Safe: declineSecret,
		Title: event.Textf("%s asks: %s", "%s からの質問: %s", p.Host, p.Text),
		Choices: []event.Choice{
			{ID: event.ChoiceContinue, Label: event.Text{En: "answer", Ja: "回答する"}},
			{ID: declineSecret, Label: event.Text{En: "do not log in", Ja: "ログインしない"}},
		},
	}
	kept := event.Text{En: "It is kept in memory for this run only, and used again for this user and host.",
		Ja: "この実行中だけメモリーに保持し、同じユーザーとホストに再利用します。"}
	switch p.Kind {
	case sshx.PromptPassword:
		q.Title = event.Textf("Password of %s", "%s のパスワード", p.Place)
	case sshx.PromptPassphrase:
		q.ID = "ssh/" + p.Text
		q.Title = event.Textf("Passphrase of the key %s", "鍵 %s のパスフレーズ", p.Text)
		kept = event.Text{En: "It is kept in memory for this run only, and opens the key for every host.",
			Ja: "この実行中だけメモリーに保持し、すべてのホストでこの鍵に使います。"}
		q.Choices[1].Label = event.Text{En: "go on without this key", Ja: "この鍵を使わずに続ける"}
	case sshx.PromptSudo:
		q.ID = "sudo/" + p.Host
		q.Title = event.Textf("sudo password of %s", "%s の sudo パスワード", p.Place)
		kept = event.Text{En: "It is kept in memory for this run only, and tried on the other nodes where sudo asks this user for one.",
			Ja: "この実行中だけメモリーに保持し、sudo が同じユーザーにパスワードを求める他のノードでも試します。"}
		q.Choices[1].Label = event.Text{En: "go on without it", Ja: "入力せずに続ける"}
	default:
		kept = event.Text{}
	}
	var body event.Text
	add := func(t event.Text) {
		if !t.Empty() && !body.Empty() {
			body = body.Plus(event.T("\n"))
		}
		body = body.Plus(t)
	}
	if p.Again {
		add(event.Text{En: "The last answer was refused.", Ja: "前の入力は受け付けられませんでした。"})
	}
	if p.Kind == sshx.PromptSudo {
		add(event.Textf("A command on %s says sudo, and sudo asks for the password.", "%s のコマンドが sudo を使い、sudo がパスワードを求めています。", p.Host))
	} else {
		add(event.Textf("ssh to %s (%s) needs it.", "%s (%s) への ssh に必要です。", p.Host, p.Place))
	}
	add(event.T(p.Says))
	add(kept)
	q.Body = body
	return q
}

// askedOnTerminal has the operator's terminal answer the prompts of ssh, line by line, where neither console nor line printer
// is open.
func (o *world) askedOnTerminal(lang string) {
	if term.IsTerminal(os.Stdin.Fd()) && term.IsTerminal(os.Stderr.Fd()) {
		o.askedBy(func(ctx context.Context, q event.Question) (event.Answer, error) {
			return typedOnTerminal(ctx, q, lang)
		}, nil)
	}
}

func typedOnTerminal(ctx context.Context, q event.Question, lang string) (event.Answer, error) {
	tty, err := os.OpenFile("/dev/tty", os.O_RDWR|syscall.O_NONBLOCK, 0) // its reads can be ended
	if err != nil {
		return event.Answer{}, errNobody
	}
	defer tty.Close()
	defer context.AfterFunc(ctx, func() { _ = tty.SetReadDeadline(time.Unix(1, 0)) })()
	fmt.Fprintf(tty, "%s\n%s: ", onOneLine(q.Body.In(lang)), onOneLine(q.Title.In(lang)))
	if q.Secret {
		echo(false)
		defer func() { echo(true); fmt.Fprintln(tty) }()
	}
	line, err := bufio.NewReader(tty).ReadString('\n')
	switch line = strings.TrimRight(line, "\r\n"); {
	case ctx.Err() != nil:
		return event.Answer{}, ctx.Err()
	case err != nil:
		return event.Answer{}, errNobody
	case line == "":
		return event.Answer{Choice: declineSecret}, nil
	}
	return event.Answer{Choice: event.ChoiceContinue, Text: line}, nil
}

// onOneLine is text of somebody else's, without what a terminal would obey.
func onOneLine(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n':
			return ' '
		case r < ' ', r >= 0x7f && r < 0xa0, event.Hidden(r):
			return -1
		}
		return r
	}, s)
}
