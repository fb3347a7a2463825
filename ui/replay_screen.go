package ui

import (
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"spraydeck/runbook"
)

var (
	sayReplay      = runbook.Text{En: "REPLAY", Ja: "再生"}
	sayVerified    = runbook.Text{En: "verified ✓", Ja: "検証済み ✓"}
	sayNotVerified = runbook.Text{En: "✗ NOT VERIFIED: line %d", Ja: "✗ 検証失敗: %d 行目"}
	sayCutOff      = runbook.Text{En: "✗ NOT VERIFIED: cut off in line %d", Ja: "✗ 検証失敗: %d 行目で途切れています"}
	sayPaused      = runbook.Text{En: "‖ paused", Ja: "‖ 一時停止"}
	sayAtEnd       = runbook.Text{En: "■ end", Ja: "■ 終わり"}
	sayCutEnd      = runbook.Text{En: "■ the recording ends here, the run had not", Ja: "■ 記録はここまでです (実行は未完了)"}
	sayIdleSkipped = runbook.Text{En: "idle skipped", Ja: "待ち時間省略"}
	sayEveryPause  = runbook.Text{En: "real pauses", Ja: "実時間"}
	sayPosition    = runbook.Text{En: "%s of %s", Ja: "%s / %s"}
	sayMatchOf     = runbook.Text{En: "match %d of %d", Ja: "一致 %d / %d"}
	sayGoTo        = runbook.Text{En: "go to (1:32:07, 15m, 50%, +30, -1:00):", Ja: "移動先 (1:32:07, 15m, 50%, +30, -1:00):"}
	sayNoTime      = runbook.Text{En: "that is no time", Ja: "時刻として読めません"}
	sayNoNext      = runbook.Text{En: "nothing further in this direction", Ja: "この方向にはもうありません"}
	sayNotInReplay = runbook.Text{En: "a replay only shows; nothing is run", Ja: "再生中は操作できません (表示のみ)"}

	sayKeyPlay     = runbook.Text{En: "play", Ja: "再生"}
	sayKeyPause    = runbook.Text{En: "pause", Ja: "一時停止"}
	sayKeySpeed    = runbook.Text{En: "speed", Ja: "速度"}
	sayKeySlower   = runbook.Text{En: "slower", Ja: "遅く"}
	sayKeyStepNext = runbook.Text{En: "next step", Ja: "次の手順"}
	sayKeyStepPrev = runbook.Text{En: "previous step", Ja: "前の手順"}
	sayKeyFailNext = runbook.Text{En: "next failure", Ja: "次の失敗"}
	sayKeyFailPrev = runbook.Text{En: "previous failure", Ja: "前の失敗"}
	sayKeyIdle     = runbook.Text{En: "skip idle or not", Ja: "待ち時間の省略"}
	sayKeyTime     = runbook.Text{En: "time", Ja: "時刻へ"}
	sayKeyStart0   = runbook.Text{En: "start", Ja: "先頭"}
	sayKeyEnd0     = runbook.Text{En: "end", Ja: "末尾"}
)

// replayScreen is the Run screen over a recording, with a timeline.
type replayScreen struct {
	look
	run    *runScreen
	player *player
	marks  map[int]timeMark
	w, h   int
	typed  *field // a search, or a time to go to
	going  bool   // typed is a time
	query  string
	found  []int
	notice string
}

func newReplayScreen(o Options, t *tape, speed float64) *replayScreen {
	r := &replayScreen{look: newLook(o), run: newRunScreen(o), player: newPlayer(t, speed), marks: t.timeMarks()}
	r.run.bare = true
	r.show()
	return r
}

// SetSize takes the room there is.
func (r *replayScreen) SetSize(w, h int) {
	r.w, r.h = w, h
	r.run.SetSize(w, max(0, h-r.footHeight()))
}

// footHeight is how many lines stand below the Run screen: the timeline, where we are, the keys. On very little room
// only the last.
func (r *replayScreen) footHeight() int {
	switch {
	case r.h >= 24:
		return 3
	case r.h >= minHeight+2:
		return 2
	}
	return 1
}

// show gives the Run screen the state as it was.
func (r *replayScreen) show() { r.run.SetState(r.player.state, r.player.Now()) }

// View draws the screen. The first line of the Run screen speaks of a run that goes on; ours stands in its place.
func (r *replayScreen) View() string {
	screen := r.run.View()
	if r.run.lay.TooSmall {
		return strings.Join(fill(strings.Split(screen, "\n"), r.w, r.h), "\n")
	}
	_, body, _ := strings.Cut(screen, "\n")
	lines := append([]string{r.banner()}, strings.Split(body, "\n")...)
	switch r.footHeight() {
	case 3:
		lines = append(lines, r.timeline(r.player, r.marks, r.w), r.where())
	case 2:
		lines = append(lines, r.timeline(r.player, r.marks, r.w))
	}
	return strings.Join(fill(append(lines, r.lastLine()), r.w, r.h), "\n")
}

// banner says what is played, and whether it can be trusted.
func (r *replayScreen) banner() string {
	s, t := r.player.state.Started, r.player.tape
	from, to, cluster := s.From, s.To, s.Cluster
	if r.player.pos == 0 {
		from, to, cluster = t.header.From, t.header.To, t.header.Cluster
	}
	pieces := []piece{{text: r.Selected.Render(" " + r.say(sayReplay) + " "), keep: 20}}
	add := func(keep int, right bool, text string) {
		if text != "" {
			pieces = append(pieces, piece{text: text, keep: keep, right: right})
		}
	}
	add(8, false, r.Bold.Render(clean(cluster)))
	add(5, false, clean(arrow(from, to)))
	add(4, false, t.events[0].Time.Format("2006-01-02 15:04"))
	switch {
	case t.torn:
		add(15, false, r.Danger.Render(r.say(sayCutOff, t.badLine)))
	case t.badLine > 0:
		add(15, false, r.Danger.Render(r.say(sayNotVerified, t.badLine)))
	default:
		add(9, false, r.Success.Render(r.say(sayVerified)))
	}
	if n, of := r.player.state.Position(); of > 0 {
		add(6, false, r.say(sayStepOf, n, of))
	}
	add(10, true, r.playing())
	idle := sayEveryPause
	if r.player.skipIdle {
		idle = sayIdleSkipped
	}
	add(1, true, r.Faint.Render(r.say(idle)))
	return layPieces(pieces, r.w)
}

func (r *replayScreen) playing() string {
	switch {
	case r.player.playing:
		return "▶ " + speedText(r.player.speed)
	case !r.player.AtEnd():
		return r.say(sayPaused) + " " + speedText(r.player.speed)
	case !r.player.tape.ended:
		return r.Warning.Render(r.say(sayCutEnd))
	}
	return r.say(sayAtEnd)
}

// where is the line below the timeline.
func (r *replayScreen) where() string {
	parts := []string{r.Bold.Render(r.say(sayPosition, short(r.player.Elapsed()), short(r.player.tape.total)))}
	state := r.player.state
	if n, of := state.Position(); n > 0 {
		st := state.Step(state.Current)
		parts = append(parts, r.say(sayStepOf, n, of)+", "+r.told(st.Title))
		if st.Progress.Tasks > 0 {
			parts = append(parts, clean(st.Progress.Task))
		}
	}
	if i := slices.Index(r.found, r.player.pos); i >= 0 {
		parts = append(parts, r.say(sayMatchOf, i+1, len(r.found)))
	}
	return fit(" "+strings.Join(parts, "   "), r.w)
}

func (r *replayScreen) lastLine() string {
	switch {
	case r.typed != nil:
		prompt := r.prompt()
		line, _ := r.typed.View(r.w - width(prompt))
		return fit(prompt+line, r.w)
	case r.notice != "":
		return fit(" "+r.Warning.Render("! "+r.notice), r.w)
	case r.footHeight() == 1:
		return ends(" "+short(r.player.Elapsed())+" / "+short(r.player.tape.total), "? "+r.say(sayHelp)+" ", r.w)
	}
	return r.keyLine(r.Keys(), r.w)
}

func (r *replayScreen) prompt() string {
	if prompt := " " + r.say(sayGoTo) + " "; r.going && width(prompt)+10 < r.w {
		return prompt
	} else if r.going {
		return " " + r.say(sayKeyTime) + ": "
	}
	return " /"
}

// Cursor is where text is typed.
func (r *replayScreen) Cursor() (x, y int, ok bool) {
	if r.typed == nil {
		return 0, 0, false
	}
	prompt := r.prompt()
	_, at := r.typed.View(r.w - width(prompt))
	return width(prompt) + at, r.h - 1, true
}

// Paste goes to where text is typed.
func (r *replayScreen) Paste(s string) {
	if r.typed != nil {
		r.typed.Paste(s)
	}
}

// Notice says something in the last line, until the next key.
func (r *replayScreen) Notice(s string) { r.notice = s }

// HandleKey moves through the recording. Keys that mean nothing to it go to the Run screen.
func (r *replayScreen) HandleKey(msg tea.KeyPressMsg) action {
	r.notice = ""
	if r.typed != nil {
		return r.typing(msg)
	}
	k, ok := find(r.ownKeys(), msg)
	if !ok {
		switch a := r.run.HandleKey(msg).(type) {
		case actStop, actTypeIn, actPick, actRemedy:
			return actNotice{sayNotInReplay}
		default:
			return a
		}
	}
	if !k.Enabled() {
		return actNotice{k.Disabled}
	}
	a := r.press(msg.String())
	r.show()
	return a
}
