package plain

import (
	"spraydeck/event"
)

// status is the word a verdict line begins with. English matches the transcript.
func (p *Printer) status(s event.Status) string {
	switch s {
	case event.Waiting:
		return p.say("not reached", "未着手")
	case event.Running:
		return p.say("not finished", "未完了")
	}
	return s.Text().In(p.o.Lang)
}

func (p *Printer) danger(d event.Danger) string { return d.Text().In(p.o.Lang) }

// outcome says how a command ended that did not end well.
func (p *Printer) outcome(d event.CommandEnded) string {
	s := d.Outcome.Text().In(p.o.Lang)
	if d.Outcome == event.Exited {
		s = p.sayf("exit code %d", "終了コード %d", d.Exit)
	}
	if d.Error != "" {
		s += ": " + d.Error
	}
	return s
}

// by says who answered.
func (p *Printer) by(who string) string {
	switch who {
	case "operator":
		return p.say("by the operator", "オペレーター")
	case "answers":
		return p.say("from the answers file", "回答ファイル")
	case "recording":
		return p.say("from the recording", "記録")
	}
	return who
}
