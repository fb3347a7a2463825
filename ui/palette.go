package ui

import (
	"strings"

	tea "charm.land/bubbletea/v2"

	"spraydeck/event"
)

// palette is a list to pick from, narrowed by typing: the actions by name, or the remedies of a pitfall.
type palette struct {
	look
	title  string
	items  []paletteItem
	field  field
	cursor int
	scroll scroll
	filter bool // typing narrows the list
}

// paletteItem is a line of the list, and what it means.
type paletteItem struct {
	key, text string
	means     any
}

func newPalette(l look, title string, items []paletteItem, filter bool) *palette {
	return &palette{look: l, title: title, items: items, field: newField("", false, true), filter: filter}
}

// actionPalette lists every key that works now by what it does. Picking one presses it.
func actionPalette(l look, keys []Key) *palette {
	var items []paletteItem
	for _, k := range keys {
		if k.Enabled() && motionOf(pressOf(k.Keys[0])) == noMotion && k.Keys[0] != ":" {
			items = append(items, paletteItem{keyNames.Replace(k.Keys[0]), l.told(k.Help), pressOf(k.Keys[0])})
		}
	}
	return newPalette(l, l.say(sayActions), items, true)
}

// remedyPalette asks which remedy to start. It is a question too: a remedy acts on the cluster.
func remedyPalette(l look, remedies []event.Remedy) *palette {
	var items []paletteItem
	for _, r := range remedies {
		items = append(items, paletteItem{"", l.told(r.Title), actRemedy{r.ID}})
	}
	return newPalette(l, l.say(sayStartRemedy), items, false)
}

// found are the items that what was typed leaves, those that begin with it first.
func (p *palette) found() []paletteItem {
	query := strings.ToLower(p.field.Value())
	var first, rest []paletteItem
	for _, it := range p.items {
		switch text := strings.ToLower(it.text); {
		case strings.HasPrefix(text, query), it.key == p.field.Value():
			first = append(first, it)
		case strings.Contains(text, query):
			rest = append(rest, it)
		}
	}
	return append(first, rest...)
}

// picked is what a palette was opened for; closed means that it was left.
type (
	picked struct{ means any }
	closed struct{}
)

// HandleKey narrows, moves and picks.
func (p *palette) HandleKey(msg tea.KeyPressMsg) action {
	found := p.found()
	switch msg.String() {
	case "esc":
		return closed{}
	case "enter":
		if p.cursor < len(found) {
			return picked{found[p.cursor].means}
		}
	case "up":
		p.cursor = max(0, p.cursor-1)
	case "down":
		p.cursor = min(p.cursor+1, max(0, len(found)-1))
	default:
		if !p.filter {
			switch msg.String() {
			case "k":
				p.cursor = max(0, p.cursor-1)
			case "j":
				p.cursor = min(p.cursor+1, max(0, len(found)-1))
			}
		} else if p.field.HandleKey(msg) {
			p.cursor = 0
		}
	}
	return handled{}
}

// Keys are what HandleKey knows.
func (p *palette) Keys() []Key {
	return []Key{{Keys: []string{"enter"}, Help: sayKeyPick}, {Keys: []string{"up"}, Help: sayKeyUp},
		{Keys: []string{"down"}, Help: sayKeyDown}, {Keys: []string{"esc"}, Help: sayKeyBack}}
}

// View draws the dialog for a screen of w by h.
func (p *palette) View(w, h int) string {
	inner := min(w-4, 64) - 4
	var lines []string
	if p.filter {
		line, _ := p.field.View(inner - 2)
		lines = append(lines, p.Bold.Render(":")+" "+line)
	}
	found := p.found()
	p.scroll.Fit(max(1, h-6), len(found))
	p.scroll.Show(p.cursor)
	for i, it := range found {
		if i < p.scroll.Top || i >= p.scroll.Top+p.scroll.Height {
			continue
		}
		line := it.text
		if it.key != "" {
			line = ends(it.text, it.key, inner-2)
		}
		if i == p.cursor {
			line = "› " + p.Selected.Render(fit(line, inner-2))
		} else {
			line = "  " + cut(line, inner-2)
		}
		lines = append(lines, line)
	}
	if len(found) == 0 {
		lines = append(lines, p.Faint.Render("  "+p.say(sayNothingHere)))
	}
	return p.boxed(p.title, lines, inner+4)
}

// pressOf is the press of a key by its name.
func pressOf(name string) tea.KeyPressMsg {
	special := map[string]rune{"enter": tea.KeyEnter, "esc": tea.KeyEscape, "tab": tea.KeyTab, "up": tea.KeyUp,
		"down": tea.KeyDown, "left": tea.KeyLeft, "right": tea.KeyRight, "pgup": tea.KeyPgUp, "pgdown": tea.KeyPgDown,
		"home": tea.KeyHome, "end": tea.KeyEnd, "backspace": tea.KeyBackspace}
	var mod tea.KeyMod
	for prefix, m := range map[string]tea.KeyMod{"ctrl+": tea.ModCtrl, "shift+": tea.ModShift, "alt+": tea.ModAlt} {
		if rest, ok := strings.CutPrefix(name, prefix); ok {
			name, mod = rest, m
		}
	}
	if name == "space" {
		return tea.KeyPressMsg{Code: tea.KeySpace, Text: " ", Mod: mod}
	}
	if code, ok := special[name]; ok {
		return tea.KeyPressMsg{Code: code, Mod: mod}
	}
	code := []rune(name)[0]
	if mod != 0 {
		return tea.KeyPressMsg{Code: code, Mod: mod}
	}
	return tea.KeyPressMsg{Code: code, Text: name}
}
