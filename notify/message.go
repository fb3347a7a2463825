package notify

import (
	"fmt"
	"strings"
	"time"

	"spraydeck/event"
)

// Message is what somebody is called with. It has titles and verdicts and no output of commands, but for Output.
type Message struct {
	Occasion Occasion
	Seq      int64 // of the event, in the run
	Time     time.Time
	Run      string // the directory of the run's record
	Runbook  string
	Cluster  string
	Operator string
	Step     string // id, "" for the run itself
	Title    event.Text
	Text     event.Text
	Output   string // the line that showed a pitfall, masked; sent only where a rule asks for it
}

// Line is the message in one line.
func (m Message) Line(lang string) string {
	where := m.Cluster
	if where == "" {
		where = m.Runbook
	}
	s := where + ": " + m.Title.In(lang)
	if t := m.Text.In(lang); t != "" {
		s += ": " + t
	}
	return oneLine(s)
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// about folds what messages say of a run: who runs it where, and what its steps are called.
type about struct {
	Message
	titles map[string]event.Text
}

func (a *about) take(e event.Event) {
	switch d := e.Data.(type) {
	case event.Started:
		a.Runbook, a.Cluster, a.Operator = d.Runbook, d.Cluster, d.Operator
	case event.Resumed:
		a.Operator = d.Operator
	case event.Planned:
		a.titles = map[string]event.Text{}
		for _, s := range d.Steps {
			a.titles[s.ID] = s.Title
		}
	}
}

// of returns the message that an event gives rise to at once.
func (a *about) of(e event.Event) (Message, bool) {
	m := a.Message
	m.Seq, m.Time, m.Step = e.Seq, e.Time, e.Step
	step := a.titles[e.Step]
	if step.Empty() {
		step = event.T(e.Step)
	}
	switch d := e.Data.(type) {
	case event.Hit:
		m.Occasion, m.Output = pitfall, d.Line
		m.Title = event.T("pitfall " + d.Pitfall)
		if d.Hint {
			m.Title = event.Text{En: "possible pitfall " + d.Pitfall, Ja: "既知の問題の可能性: " + d.Pitfall}
		}
		m.Text = step.Plus(event.T(": ")).Plus(d.Title)
		if d.Host != "" {
			m.Text = m.Text.Plus(event.T(" (" + d.Host + ")"))
		}
	case event.StepEnded:
		if d.Status != event.Failed && d.Status != event.Lost {
			return m, false
		}
		m.Occasion, m.Title, m.Text = failed, event.Text{En: "step failed", Ja: "ステップが失敗しました"}, step
		if d.Status == event.Lost {
			m.Title = event.Text{En: "step: state unknown", Ja: "ステップの状態が不明です"}
		}
	case event.Ended:
		m.Occasion, m.Title, m.Text = ended, endTitle(d), d.Why
	default:
		return m, false
	}
	return m, true
}

func endTitle(d event.Ended) event.Text {
	switch d.Exit {
	case 0:
		return event.Text{En: "the run has ended: done", Ja: "実行が完了しました"}
	case 130:
		return event.Text{En: "the run was cancelled", Ja: "実行が中止されました"}
	}
	return event.Textf("the run stopped (exit code %d)", "実行が停止しました (終了コード %d)", d.Exit)
}

// waits is the message of a question that nobody has answered yet.
func (a *about) waits(e event.Event, q event.Question) Message {
	m := a.Message
	m.Occasion, m.Seq, m.Time, m.Step = waits, e.Seq, e.Time, e.Step
	m.Title = event.Text{En: "waits for an answer", Ja: "回答待ちです"}
	switch q.Form {
	case event.AskGate:
		m.Title = event.Text{En: "a gate does not pass and waits", Ja: "ゲートが通らず回答待ちです"}
	case event.AskFailed:
		m.Title = event.Text{En: "a step failed and waits", Ja: "ステップが失敗し、回答待ちです"}
	}
	m.Text = q.Title
	return m
}

func (a *about) idle(step string, since time.Time, now time.Time) Message {
	m := a.Message
	m.Occasion, m.Time, m.Step = idle, now, step
	m.Title = event.Textf("nothing has moved for %s", "%s 進展がありません", now.Sub(since).Round(time.Second))
	m.Text = a.titles[step]
	return m
}

func (a *about) window(left time.Duration, now time.Time) Message {
	m := a.Message
	m.Occasion, m.Time = window, now
	m.Title = event.Textf("%s left of the maintenance window", "メンテナンス時間の残り %s", left.Round(time.Minute))
	return m
}

// Trial is the message that tries the rules out.
func Trial(now time.Time) Message {
	return Message{Occasion: waits, Seq: 1, Time: now, Run: "trial", Runbook: "trial", Cluster: "trial",
		Title: event.Text{En: "a trial of notify", Ja: "notify の試験送信"},
		Text:  event.Text{En: "no run waits for you", Ja: "待っている実行はありません"}}
}

// id is the same for the same event of the same run, so that a receiver can drop what comes twice.
func (m Message) id() string { return fmt.Sprintf("%s/%d/%s", m.Run, m.Seq, m.Occasion) }
