package ui

import (
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"spraydeck/event"
	"spraydeck/safetext"
	"spraydeck/transcript"
)

var (
	sayReplay      = event.Text{En: "REPLAY", Ja: "再生"}
	sayVerified    = event.Text{En: "verified ✓", Ja: "検証済み ✓"}
	sayVerifying   = event.Text{En: "verifying …", Ja: "検証中 …"}
	sayNotVerified = event.Text{En: "✗ NOT VERIFIED: line %d", Ja: "✗ 検証失敗: %d 行目"}
	sayBadSpool    = event.Text{En: "✗ NOT VERIFIED: the output of line %d", Ja: "✗ 検証失敗: %d 行目の出力"}
	sayUnverified  = event.Text{En: "✗ NOT VERIFIED", Ja: "✗ 検証失敗"}
	sayCutOff      = event.Text{En: "✗ NOT VERIFIED: cut off in line %d", Ja: "✗ 検証失敗: %d 行目で途切れています"}
	sayPaused      = event.Text{En: "‖ paused", Ja: "‖ 一時停止"}
	sayAtEnd       = event.Text{En: "■ end", Ja: "■ 終わり"}
	sayCutEnd      = event.Text{En: "■ the recording ends here, the run had not", Ja: "■ 記録はここまでです (実行は未完了)"}
	sayFollowing   = event.Text{En: "● live", Ja: "● ライブ"}
	sayBehindLive  = event.Text{En: "%s behind", Ja: "%s 遅れ"}
	sayWriterGone  = event.Text{En: "‼ interrupted: no console writes this run", Ja: "‼ 中断: この実行を記録しているコンソールはありません"}
	sayGoesOn      = event.Text{En: "this run goes on: replay --follow shows it live", Ja: "この実行は継続中です。replay --follow でライブ表示します"}
	sayIndexing    = event.Text{En: "reading %d%%", Ja: "読み込み中 %d%%"}
	saySearching   = event.Text{En: "searching %d%%, %d found", Ja: "検索中 %d%%、%d 件"}
	sayIdleSkipped = event.Text{En: "idle skipped", Ja: "待ち時間省略"}
	sayEveryPause  = event.Text{En: "real pauses", Ja: "実時間"}
	sayPosition    = event.Text{En: "%s of %s", Ja: "%s / %s"}
	sayMatchOf     = event.Text{En: "match %d of %d", Ja: "一致 %d / %d"}
	sayGoTo        = event.Text{En: "go to (1:32:07, 15m, 50%, +30, -1:00):", Ja: "移動先 (1:32:07, 15m, 50%, +30, -1:00):"}
	sayNoTime      = event.Text{En: "not a time", Ja: "時刻として読めません"}
	sayNoNext      = event.Text{En: "nothing more in this direction", Ja: "この方向にはもうありません"}
	sayGoToTitle   = event.Text{En: "Go to", Ja: "移動"}
	sayGoTime      = event.Text{En: "a time", Ja: "時刻"}
	sayGoStep      = event.Text{En: "step", Ja: "手順"}
	sayGoFailure   = event.Text{En: "failure", Ja: "失敗"}
	sayGoOverride  = event.Text{En: "override", Ja: "強行"}
	sayGoHit       = event.Text{En: "known problem", Ja: "既知の問題"}
	sayGoResumed   = event.Text{En: "resumed", Ja: "再開"}
	sayNotInReplay = event.Text{En: "a replay only shows; nothing is run", Ja: "再生中は操作できません (表示のみ)"}

	sayKeyPlay     = event.Text{En: "play", Ja: "再生"}
	sayKeyPause    = event.Text{En: "pause", Ja: "一時停止"}
	sayKeySpeed    = event.Text{En: "speed", Ja: "速度"}
	sayKeySlower   = event.Text{En: "slower", Ja: "遅く"}
	sayKeyStepNext = event.Text{En: "next step", Ja: "次の手順"}
	sayKeyStepPrev = event.Text{En: "previous step", Ja: "前の手順"}
	sayKeyFailNext = event.Text{En: "next failure", Ja: "次の失敗"}
	sayKeyFailPrev = event.Text{En: "previous failure", Ja: "前の失敗"}
	sayKeyOverNext = event.Text{En: "next override", Ja: "次の強行"}
	sayKeyOverPrev = event.Text{En: "previous override", Ja: "前の強行"}
	sayKeyGoTo     = event.Text{En: "go to", Ja: "移動"}
	sayKeyLive     = event.Text{En: "live", Ja: "ライブへ"}
	sayKeyNoSearch = event.Text{En: "end search", Ja: "検索終了"}
	sayKeyIdle     = event.Text{En: "skip idle or not", Ja: "待ち時間の省略"}
	sayKeyTime     = event.Text{En: "time", Ja: "時刻へ"}
	sayKeyStart0   = event.Text{En: "start", Ja: "先頭"}
	sayKeyEnd0     = event.Text{En: "end", Ja: "末尾"}
)

// replayScreen is the Run screen over a recording, with a timeline.
type replayScreen struct {
	look
	opts   ReplayOptions
	run    *runScreen
	player *player
	line   timeline
	w, h   int
	typed  *field  // a search, or a time to go to
	going  bool    // typed is a time
	finder *finder // nil: nothing is searched
	notice string

	whole     bool // all of the file has been read
	size      int64
	alive     bool // a console writes it
	ended     bool
	verifying bool
	verdict   *transcript.Result // nil: not known yet
	problem   error              // why it could not be verified
	took      event.Earlier      // how long the steps of the recording took, nil until all of it was read
}

func newReplayScreen(o ReplayOptions, rec *transcript.Recording) *replayScreen {
	r := &replayScreen{look: newLook(o.Options), opts: o, run: newRunScreen(o.Options), player: newPlayer(rec, o.Speed), alive: true}
	r.run.bare = true
	r.line.take(rec)
	r.follow(o.Follow)
	r.show()
	return r
}

// follow goes to the end and stays there, or leaves it.
func (r *replayScreen) follow(on bool) {
	p := r.player
	p.live = on
	if on {
		p.playing = false
		p.SeekTo(p.rec.End())
	}
}

// Grow takes note that more of the file was read: all of it, or not, and whether a console writes it. It reports whether
// the run has just come to its end.
func (r *replayScreen) Grow(s scanned, more, whole bool) (ended bool) {
	p := r.player
	was := r.ended
	r.whole, r.size, r.alive, r.ended = whole, s.Size, s.alive, p.rec.Ended()
	if p.rec.Len() < p.at.Pos {
		r.Renew() // the file was cut
	}
	if more {
		r.line.take(p.rec)
	}
	if p.live {
		p.SeekTo(p.rec.End())
		p.live = !whole || r.opts.Follow && !r.ended
	} else if whole && !r.opts.Follow && s.alive && !r.ended {
		r.Notice(r.say(sayGoesOn))
	}
	r.show()
	return r.opts.Follow && r.ended && !was && whole
}

// Renew goes on with an index that is another.
func (r *replayScreen) Renew() {
	p := r.player
	r.line = timeline{}
	r.line.take(p.rec)
	p.restart(p.rec.At(min(p.at.Pos, p.rec.Len())))
	r.finder = nil
	r.show()
}

// SetVerdict reports whether all is as it was written.
func (r *replayScreen) SetVerdict(v transcript.Result, err error) { r.verdict, r.problem = &v, err }

// advance lets time pass.
func (r *replayScreen) advance(d time.Duration) {
	p := r.player
	playing := p.playing
	p.Advance(d)
	if playing && !p.playing && (!r.whole || r.opts.Follow && !r.ended) {
		p.live = true // it plays on as soon as there is more
	}
	r.show()
}

// SetSize takes the room there is.
func (r *replayScreen) SetSize(w, h int) {
	r.w, r.h = w, h
	r.run.SetSize(w, max(0, h-r.footHeight()))
}

// footHeight is how many lines are below the Run screen: the timeline, where we are, the keys. On very little room
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

// show returns the Run screen the state as it was, with the output that is looked at.
func (r *replayScreen) show() {
	p := r.player
	r.run.state = p.state
	r.measure()
	var commands []*event.CommandState
	if st, _ := r.run.shownStep(); st != nil {
		commands = shownCommands(st)
	}
	if open := r.run.log.open; open != nil && len(open.commands) > 0 {
		open.commands = slices.DeleteFunc(commandsOf(p.state), func(c *event.CommandState) bool { return c.Number != open.commands[0].Number })
		commands = append(commands, open.commands...)
	}
	if err := p.Print(commands); err != nil {
		r.Notice(err.Error())
	}
	now := p.Now()
	if p.live && r.alive && r.whole {
		if wall := r.opts.now(); wall.After(now) {
			now = wall
		}
	}
	r.run.SetState(p.state, now)
}

// measure says how long the step that is played took: all of it is in the recording. Of one that is still being written
// nothing is known.
func (r *replayScreen) measure() {
	p := r.player
	if r.took == nil && r.whole && r.ended {
		r.took = event.Earlier{p.rec.State(p.rec.End())}
	}
	if st := p.state.Step(p.state.Current); st != nil {
		st.Estimate, st.Measured = r.took.Took(st.ID), true
	}
}

// commandsOf are all commands of a run.
func commandsOf(s *event.State) (all []*event.CommandState) {
	if st := s.Step(""); st != nil {
		all = append(all, st.Commands...)
	}
	for _, st := range s.Steps {
		all = append(all, st.Commands...)
	}
	return all
}

// View draws the screen. The first line of the Run screen speaks of a live run; ours replaces it.
func (r *replayScreen) View() string {
	screen := r.run.View()
	if r.run.lay.TooSmall {
		return strings.Join(fill(strings.Split(screen, "\n"), r.w, r.h), "\n")
	}
	_, body, _ := strings.Cut(screen, "\n")
	lines := append([]string{r.banner()}, strings.Split(body, "\n")...)
	switch r.footHeight() {
	case 3:
		lines = append(lines, r.line.draw(r.look, r.player, r.w), r.where())
	case 2:
		lines = append(lines, r.line.draw(r.look, r.player, r.w))
	}
	return strings.Join(fill(append(lines, r.lastLine()), r.w, r.h), "\n")
}

// banner says what is played, and whether it can be trusted.
func (r *replayScreen) banner() string {
	s, h := r.player.state.Started, r.player.rec.Header()
	from, to, cluster := s.From, s.To, s.Cluster
	if r.player.at.Pos == 0 {
		from, to, cluster = h.From, h.To, h.Cluster
	}
	pieces := []piece{{text: r.Selected.Render(" " + r.say(sayReplay) + " "), keep: 20}}
	add := func(keep int, right bool, text string) {
		if text != "" {
			pieces = append(pieces, piece{text: text, keep: keep, right: right})
		}
	}
	add(8, false, r.Bold.Render(safetext.Line(cluster)))
	add(5, false, safetext.Line(arrow(from, to)))
	add(4, false, h.Started.Format("2006-01-02 15:04"))
	keep, trust := r.trust()
	add(keep, false, trust)
	if n, of := r.player.state.Position(); of > 0 {
		add(6, false, r.say(sayStepOf, n, of))
	}
	add(10, true, r.playing())
	idle := sayEveryPause
	if r.player.skipIdle {
		idle = sayIdleSkipped
	}
	if !r.player.live {
		add(1, true, r.Faint.Render(r.say(idle)))
	}
	return layPieces(pieces, r.w)
}

// trust reports whether the recording is as it was written, and how much that matters now.
func (r *replayScreen) trust() (keep int, text string) {
	v := r.verdict
	switch bad := r.player.rec.Bad(); {
	case r.problem != nil:
		return 15, r.Danger.Render(r.say(sayUnverified))
	case v != nil && v.Bad != nil:
		return 15, r.Danger.Render(r.say(sayNotVerified, v.Bad.Line))
	case v != nil && v.Spool != nil:
		return 15, r.Danger.Render(r.say(sayBadSpool, v.Spool.Line))
	case bad > 0:
		return 15, r.Danger.Render(r.say(sayNotVerified, bad))
	case v == nil:
		return 2, r.Faint.Render(r.say(sayVerifying))
	case v.Torn > 0 && !(r.opts.Follow && (r.alive || r.ended)):
		return 15, r.Danger.Render(r.say(sayCutOff, v.Events+2))
	}
	return 9, r.Success.Render(r.say(sayVerified))
}

func (r *replayScreen) playing() string {
	p := r.player
	gone := r.opts.Follow && r.whole && !r.alive && !r.ended
	switch {
	case p.playing:
		return "▶ " + speedText(p.speed)
	case gone && p.AtEnd():
		return r.Warning.Render(r.say(sayWriterGone))
	case p.live && r.opts.Follow:
		return r.Success.Render(r.say(sayFollowing))
	case !r.whole && p.AtEnd(), !p.AtEnd():
		text := r.say(sayPaused) + " " + speedText(p.speed)
		if r.opts.Follow && !r.ended {
			text += "  " + r.Warning.Render(r.say(sayBehindLive, event.Duration(p.rec.End().Elapsed-p.at.Elapsed)))
		}
		return text
	case !r.ended:
		return r.Warning.Render(r.say(sayCutEnd))
	}
	return r.say(sayAtEnd)
}

// where is the line below the timeline.
func (r *replayScreen) where() string {
	p := r.player
	parts := []string{r.Bold.Render(r.say(sayPosition, event.Duration(p.at.Elapsed), event.Duration(p.rec.End().Elapsed)))}
	if !r.whole && r.size > 0 {
		parts = append(parts, r.say(sayIndexing, 100*p.rec.End().Offset/r.size))
	}
	if f := r.finder; f != nil && f.search != nil {
		parts = append(parts, r.Warning.Render(r.say(saySearching, int(100*f.read), len(f.found))))
	}
	if p.state.Paused {
		parts = append(parts, r.Warning.Render("‖ "+r.say(sayRecPaused)))
	}
	if n := r.finder.matched(p.at.Pos); n > 0 {
		parts = append(parts, r.say(sayMatchOf, n, len(r.finder.found)))
	}
	state := p.state
	if n, of := state.Position(); n > 0 {
		st := state.Step(state.Current)
		parts = append(parts, r.say(sayStepOf, n, of)+", "+r.told(st.Title))
		if st.Progress.Tasks > 0 {
			parts = append(parts, safetext.Line(st.Progress.Task))
		}
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
		return ends(" "+event.Duration(r.player.at.Elapsed)+" / "+event.Duration(r.player.rec.End().Elapsed), "? "+r.say(sayHelp)+" ", r.w)
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
			r.show() // another step, or the output of a command
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
