package ui

import (
	tea "charm.land/bubbletea/v2"

	"spraydeck/event"
	"spraydeck/transcript"
)

// ownKeys are the bindings of the recording; they go before those of the Run screen.
func (r *replayScreen) ownKeys() []Key {
	p := r.player
	play := Key{Keys: []string{"space"}, Help: sayKeyPlay}
	if p.playing || p.live {
		play.Help = sayKeyPause
	}
	jump := func(name string, what transcript.Marks, by int, help event.Text) Key {
		_, ok := r.line.jump(what, p.at.Pos, by)
		return Key{Keys: []string{name}, Help: help, Quiet: by < 0}.without(!ok, sayNoNext)
	}
	end := Key{Keys: []string{"G", "end"}, Help: sayKeyEnd0, Quiet: true}
	if r.opts.Follow && !r.ended {
		end.Help, end.Quiet = sayKeyLive, p.live
	}
	keys := []Key{
		play,
		jump("right", transcript.MarkStep, 1, sayKeyStepNext),
		jump("left", transcript.MarkStep, -1, sayKeyStepPrev),
		jump("]", transcript.MarkFailure, 1, sayKeyFailNext),
		jump("[", transcript.MarkFailure, -1, sayKeyFailPrev),
		jump("o", transcript.MarkOverride, 1, sayKeyOverNext),
		jump("O", transcript.MarkOverride, -1, sayKeyOverPrev),
		{Keys: []string{"+", "=", ">"}, Help: sayKeySpeed},
		{Keys: []string{"-", "<"}, Help: sayKeySlower, Quiet: true},
		{Keys: []string{"/"}, Help: sayKeySearch},
	}
	keys[5].Quiet = true
	if f := r.finder; f != nil {
		keys = append(keys,
			Key{Keys: []string{"n"}, Help: sayKeyMatch},
			Key{Keys: []string{"N"}, Help: sayKeyMatchUp, Quiet: true})
		if f.search != nil {
			keys = append(keys, Key{Keys: []string{"esc"}, Help: sayKeyNoSearch})
		}
	}
	return append(keys,
		Key{Keys: []string{":"}, Help: sayKeyGoTo},
		Key{Keys: []string{"t"}, Help: sayKeyTime, Quiet: true},
		Key{Keys: []string{"i"}, Help: sayKeyIdle, Quiet: true},
		Key{Keys: []string{"g", "home"}, Help: sayKeyStart0, Quiet: true},
		end)
}

// Keys are what HandleKey knows: ours, then those of the Run screen that apply, then leave.
func (r *replayScreen) Keys() []Key {
	if r.typed != nil {
		return []Key{{Keys: []string{"enter"}, Help: sayKeyTake}, {Keys: []string{"esc"}, Help: sayKeyBack}}
	}
	keys := r.ownKeys()
	taken := map[string]bool{"?": true, "q": true, "ctrl+c": true, "r": true}
	for _, k := range keys {
		for _, name := range k.Keys {
			taken[name] = true
		}
	}
	for _, k := range r.run.Keys() {
		var free []string
		for _, name := range k.Keys {
			if !taken[name] {
				free = append(free, name)
			}
		}
		if len(free) > 0 {
			k.Keys = free
			k.Quiet = true
			keys = append(keys, k)
		}
	}
	return append(keys, Key{Keys: []string{"?"}, Help: sayHelp}, Key{Keys: []string{"q", "ctrl+c"}, Help: sayKeyQuit})
}

func (r *replayScreen) press(name string) action {
	p := r.player
	jump := func(what transcript.Marks, by int) (int, bool) { return r.line.jump(what, p.at.Pos, by) }
	switch name {
	case "space":
		p.Toggle()
	case "right":
		r.seek(jump(transcript.MarkStep, 1))
	case "left":
		r.seek(jump(transcript.MarkStep, -1))
	case "]":
		r.pauseAt(jump(transcript.MarkFailure, 1))
	case "[":
		r.pauseAt(jump(transcript.MarkFailure, -1))
	case "o":
		r.pauseAt(jump(transcript.MarkOverride, 1))
	case "O":
		r.pauseAt(jump(transcript.MarkOverride, -1))
	case "+", "=", ">":
		p.Faster()
	case "-", "<":
		p.Slower()
	case "i":
		p.SkipIdle(!p.skipIdle)
	case "g", "home":
		r.seek(0, true)
	case "G", "end":
		r.seek(p.rec.Len(), true)
		p.live = !r.whole || r.opts.Follow && !r.ended
	case "n":
		r.match(1)
	case "N":
		r.match(-1)
	case "esc":
		r.stopSearch()
	case ":":
		return actPalette{}
	case "/", "t":
		f := newField("", false, true)
		r.typed, r.going = &f, name == "t"
	}
	return handled{}
}

// seek goes to a position, and the Run screen to the step it is in.
func (r *replayScreen) seek(to int, ok bool) {
	if ok {
		r.seekTo(r.player.rec.At(to))
	}
}

func (r *replayScreen) seekTo(to transcript.Place) {
	r.player.live = false
	r.player.SeekTo(to)
	if r.run.focus == panelLog && r.run.log.open != nil { // where a search led
		r.run.focus, r.run.zoom, r.run.log.open = panelStep, false, nil
	}
	r.run.looking = ""
	r.run.steps.Home()
	r.run.step.output.Reset()
	r.show()
}

// pauseAt seeks to something to look at.
func (r *replayScreen) pauseAt(to int, ok bool) {
	if ok {
		r.player.playing = false
	}
	r.seek(to, ok)
}

func (r *replayScreen) typing(msg tea.KeyPressMsg) action {
	switch msg.String() {
	case "esc", "ctrl+c":
		r.typed = nil
	case "enter":
		text := r.typed.Value()
		r.typed = nil
		if text == "" {
			break
		}
		if r.going {
			return r.goTo(text)
		}
		return r.search(text)
	default:
		r.typed.HandleKey(msg)
	}
	return handled{}
}

func (r *replayScreen) goTo(text string) action {
	to, err := parseJump(text, r.player.at.Elapsed, r.player.rec.End().Elapsed)
	if err != nil {
		return actNotice{sayNoTime}
	}
	r.seekTo(r.player.rec.AtElapsed(to))
	return handled{}
}
