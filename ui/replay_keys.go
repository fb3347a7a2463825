package ui

import (
	tea "charm.land/bubbletea/v2"

	"spraydeck/runbook"
)

// ownKeys are the bindings of the recording; they go before those of the Run screen.
func (r *replayScreen) ownKeys() []Key {
	play := Key{Keys: []string{"space"}, Help: sayKeyPlay}
	if r.player.playing {
		play.Help = sayKeyPause
	}
	has := func(find func([]int, int) (int, bool), places []int) bool {
		_, ok := find(places, r.player.pos)
		return ok
	}
	t := r.player.tape
	keys := []Key{
		play,
		Key{Keys: []string{"right"}, Help: sayKeyStepNext}.without(!has(next, t.steps), sayNoNext),
		Key{Keys: []string{"left"}, Help: sayKeyStepPrev, Quiet: true}.without(!has(previous, t.steps), sayNoNext),
		Key{Keys: []string{"]"}, Help: sayKeyFailNext}.without(!has(next, t.failures), sayNoNext),
		Key{Keys: []string{"["}, Help: sayKeyFailPrev, Quiet: true}.without(!has(previous, t.failures), sayNoNext),
		{Keys: []string{"+", "=", ">"}, Help: sayKeySpeed},
		{Keys: []string{"-", "<"}, Help: sayKeySlower, Quiet: true},
		{Keys: []string{"/"}, Help: sayKeySearch},
	}
	if r.query != "" {
		keys = append(keys,
			Key{Keys: []string{"n"}, Help: sayKeyMatch}.without(!has(next, r.found), sayNoNext),
			Key{Keys: []string{"N"}, Help: sayKeyMatchUp, Quiet: true}.without(!has(previous, r.found), sayNoNext))
	}
	return append(keys,
		Key{Keys: []string{"t"}, Help: sayKeyTime},
		Key{Keys: []string{"i"}, Help: sayKeyIdle, Quiet: true},
		Key{Keys: []string{"g", "home"}, Help: sayKeyStart0, Quiet: true},
		Key{Keys: []string{"G", "end"}, Help: sayKeyEnd0, Quiet: true})
}

// Keys are what HandleKey knows: ours, then what is left of the Run screen's, then the way out.
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
	switch name {
	case "space":
		p.Toggle()
	case "right":
		r.seek(next(p.tape.steps, p.pos))
	case "left":
		r.seek(previous(p.tape.steps, p.pos))
	case "]":
		r.pauseAt(next(p.tape.failures, p.pos))
	case "[":
		r.pauseAt(previous(p.tape.failures, p.pos))
	case "+", "=", ">":
		p.Faster()
	case "-", "<":
		p.Slower()
	case "i":
		p.SkipIdle(!p.skipIdle)
	case "g", "home":
		r.seek(0, true)
	case "G", "end":
		r.seek(len(p.at), true)
	case "n":
		r.pauseAt(next(r.found, p.pos))
		r.highlight()
	case "N":
		r.pauseAt(previous(r.found, p.pos))
		r.highlight()
	case "/", "t":
		f := newField("", false, true)
		r.typed, r.going = &f, name == "t"
	}
	return handled{}
}

// seek goes to a position, and the Run screen to the step it is in.
func (r *replayScreen) seek(to int, ok bool) {
	if !ok {
		return
	}
	r.player.Seek(to)
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
	to, err := parseJump(text, r.player.Elapsed(), r.player.tape.total)
	if err != nil {
		return actNotice{sayNoTime}
	}
	r.seek(r.player.tape.atElapsed(to), true)
	return handled{}
}

// search looks for text in all of the recording, and goes to where it was said next; at the end it starts over.
func (r *replayScreen) search(text string) action {
	r.query, r.found = text, r.player.tape.find(text)
	if len(r.found) == 0 {
		r.query = ""
		return actNotice{runbook.Textf(sayNotFound.En, sayNotFound.Ja, text)}
	}
	to, ok := next(r.found, r.player.pos)
	if !ok {
		to = r.found[0]
	}
	r.pauseAt(to, true)
	r.highlight()
	return handled{}
}

// highlight marks what was searched in the output, if it is in sight.
func (r *replayScreen) highlight() {
	if st, _ := r.run.shownStep(); st != nil && r.run.step.output.Rows() > 0 {
		r.run.step.output.Search(r.query)
	}
}
