package event

import (
	"strings"
	"time"
)

// SayFed is shown beside a command line that reads standard input: pasted into a shell, it would do something else.
var SayFed = Text{En: "reads a text that this step gives it on standard input", Ja: "この手順が標準入力に渡すテキストを読み込みます"}

// Answers reports whether an exit code other than 0 is an answer and no failure: a probe that found nothing.
func (o Outcome) Answers(probe bool) bool { return probe && o == Exited }

// Told says what was decided about a phase, or about an included runbook. phase is the title of the phase that the first of
// its steps belongs to.
func (d Decided) Told(phase Text) Text {
	id := d.Part[strings.LastIndexByte(d.Part, '/')+1:]
	what := Textf("runbook included by %s", "%s が読み込む手順書", id)
	if strings.HasPrefix(id, "phase ") {
		if phase.Empty() {
			phase = T(id)
		}
		what = Text{En: "phase \"" + phase.En + "\"", Ja: "フェーズ「" + phase.In("ja") + "」"}
	}
	if d.Needed {
		return what.Plus(Text{En: ": needed, decided once for all its steps", Ja: ": 必要 (全手順についてここで決定)"})
	}
	return what.Plus(Text{En: ": not needed here, its steps are skipped", Ja: ": ここでは不要。手順を省略します"})
}

// Took is how long a step was worked on: from its start to its end, without the time in which it had no console and none of
// its commands ran.
func (st *StepState) Took() time.Duration {
	if st.Finished.IsZero() || st.Begun.IsZero() {
		return 0
	}
	return max(0, st.Finished.Sub(st.Begun)-st.idle)
}

// Worked is how long a running step has been worked on.
func (st *StepState) Worked(now time.Time) time.Duration {
	if st.Begun.IsZero() {
		return 0
	}
	return max(0, now.Sub(st.Begun)-st.idle)
}

// Total is how long all steps of a run took.
func (s *State) Total() (sum time.Duration) {
	for _, st := range s.Steps {
		sum += st.Took()
	}
	return sum
}

// rest adds a time in which nothing was done for a step.
func (st *StepState) rest(from, to time.Time) {
	if d := to.Sub(from); d > 0 && !from.IsZero() {
		st.idle += d
	}
}

// left reports whether a console that goes away leaves a command of the step running.
func (st *StepState) left() bool {
	for _, c := range st.Commands {
		if c.Outcome == "" && !c.Probe {
			return true
		}
	}
	return false
}
