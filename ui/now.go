package ui

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"spraydeck/event"
	"spraydeck/safetext"
)

var (
	sayNowAsked    = event.Text{En: "waits for your answer, %s so far", Ja: "回答待ち (%s 経過)"}
	sayNowBetween  = event.Text{En: "working on the step for %s, no command is running", Ja: "手順を処理中 (%s)、実行中のコマンドなし"}
	sayNowStarting = event.Text{En: "starting", Ja: "開始しています"}
	sayNowEnded    = event.Text{En: "ended at %s, nothing runs", Ja: "%s に終了、実行中のものはありません"}
	sayNowStep     = event.Text{En: "step %d", Ja: "手順 %d"}
	sayNowBudget   = event.Text{En: "eviction of %s, refused by its disruption budget", Ja: "%s の退避 (PDB が拒否)"}
	sayNowEvicts   = event.Text{En: "eviction of %s", Ja: "%s の退避"}
	sayNowRetries  = event.Text{En: "%s, %s tries left", Ja: "%s (残り %s 回)"}
	sayNowImage    = event.Text{En: "pull of %s", Ja: "%s の取得"}
	sayNowReboot   = event.Text{En: "the reboot", Ja: "再起動"}
	sayNowPause    = event.Text{En: "a pause of the playbook", Ja: "プレイブックの一時停止"}
	sayNowAPI      = event.Text{En: "the API server, which does not answer", Ja: "応答しない API サーバー"}
)

// waits are the lines by which programs say what they wait for.
var waits = []struct {
	line *regexp.Regexp
	say  event.Text
}{
	{regexp.MustCompile(`error when evicting pods/"([^"]+)" -n "([^"]+)".*disruption budget`), sayNowBudget},
	{regexp.MustCompile(`^evicting pod (\S+)`), sayNowEvicts},
	{regexp.MustCompile(`^FAILED - RETRYING: (.*) \((\d+) retries left\)`), sayNowRetries},
	{regexp.MustCompile(`^(?:Pausing for|\[.*\]$|\[.*\]: *$)`), sayNowPause},
	{regexp.MustCompile(`^the API server does not answer`), sayNowAPI},
	{regexp.MustCompile(`(?i)^(?:pulling image|Pulling from|.*: Pulling) ?(\S*)`), sayNowImage},
	{regexp.MustCompile(`(?i)^TASK \[.*\b(?:reboot|restart the node)\b`), sayNowReboot},
}

// settled are the lines after which nothing before them is waited for.
var settledLine = regexp.MustCompile(`^(?:TASK \[|PLAY |pod/\S+ evicted|node/\S+ drained|ok: \[|changed: \[|skipping: \[)`)

// waitsFor says what the newest lines of a command are about to wait for, or nothing.
func (l look) waitsFor(out *event.Tail) string {
	lines := out.All()
	for _, line := range slices.Backward(lines[max(0, len(lines)-12):]) {
		line = strings.TrimSpace(safetext.Line(line))
		for _, w := range waits {
			m := w.line.FindStringSubmatch(line)
			if m == nil {
				continue
			}
			var args []any
			switch {
			case w.say == sayNowBudget:
				args = []any{m[2] + "/" + m[1]}
			default:
				for _, s := range m[1:] {
					args = append(args, s)
				}
			}
			return l.say(w.say, args...)
		}
		if settledLine.MatchString(line) {
			return ""
		}
	}
	return ""
}

// nowLine says what happens at this moment: what runs where, how far it is, what it waits for and since when.
func (l look) nowLine(state *event.State, pb *playbook, now time.Time) string {
	st := state.Step(state.Current)
	switch {
	case state.Ended != nil:
		return l.Faint.Render("· " + l.say(sayNowEnded, state.Last.Format("15:04:05")))
	case state.Pending != nil:
		since := ""
		if !state.Asked.IsZero() {
			since = event.Duration(max(0, now.Sub(state.Asked)))
		}
		return l.Warning.Render("? " + l.say(sayNowAsked, since))
	case st == nil || st.Status != event.Running:
		return l.Faint.Render("· " + l.say(sayNowStarting))
	case !state.Behind.IsZero():
		return l.Warning.Render("… " + l.say(sayBehind, state.Behind.Format("15:04:05")))
	}
	c := runningOf(st)
	if c == nil {
		return l.Bold.Render("▶ " + l.say(sayNowBetween, event.Duration(st.Worked(now))))
	}
	var parts []string
	wait := l.waitsFor(&c.Output)
	if n := len(st.Tasks); n > 0 && st.Progress.Tasks > 0 && !c.Probe {
		t := st.Tasks[n-1]
		number := l.say(sayTaskNumber, t.Number)
		if st.PlannedStep.Tasks > 0 {
			number = l.say(sayTaskOfAbout, t.Number, max(t.Number, st.PlannedStep.Tasks))
		}
		parts = append(parts, number, l.Bold.Render(safetext.Line(t.Task)), event.Duration(t.Took(now)))
		if hosts, of := pb.waiting(); wait == "" && len(hosts) > 0 {
			wait = safetext.Line(strings.Join(hosts[:min(3, len(hosts))], " "))
			if len(hosts) > 3 {
				wait += " …"
			}
			if of > 1 {
				wait = l.say(sayHostsOf, wait, len(hosts), of)
			}
		}
	} else {
		line := safetext.Line(strings.SplitN(c.Line, "\n", 2)[0])
		if c.Probe {
			line = l.say(sayChecking) + "  " + line
		}
		parts = append(parts, safetext.Line(c.Host), event.Duration(max(0, now.Sub(c.Begun))))
		if wait == "" {
			parts = append(parts, line)
		}
	}
	if wait != "" {
		parts = append(parts, l.Warning.Render(l.say(sayWaitsFor, wait)))
	}
	return "▶ " + strings.Join(parts, "  ")
}

// nowRow is nowLine as a row of the screen, with the step where another one is looked at, and how much was met.
func (r *runScreen) nowRow(w int) string {
	line := " " + r.nowLine(r.state, &r.book, r.now)
	if st, current := r.shownStep(); st != nil && !current {
		n, _ := r.state.Position()
		line = " " + r.Faint.Render(r.say(sayNowStep, n)) + line
	}
	right := ""
	if counts := r.metCounts(r.met()); counts != "" && !r.lay.Wide {
		right = fmt.Sprintf("%s  %s ", counts, r.Key.Render("m"))
	}
	return ends(line, right, w)
}
