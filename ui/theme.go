package ui

import (
	"fmt"
	"strings"

	"charm.land/lipgloss/v2"

	"spraydeck/event"
	"spraydeck/safetext"
)

// theme is every style there is. The first layer is a palette of six meanings; no other file names a colour. The colours
// are the terminal's own sixteen, so that they fit a light and a dark background alike.
type theme struct {
	Plain    lipgloss.Style
	Bold     lipgloss.Style
	Faint    lipgloss.Style // what is there if you look for it
	Rule     lipgloss.Style // lines between the panels
	Title    lipgloss.Style // the thing that this screen or panel is about
	Danger   lipgloss.Style
	Warning  lipgloss.Style
	Success  lipgloss.Style
	Info     lipgloss.Style
	Command  lipgloss.Style // exact command lines
	Key      lipgloss.Style // the name of a key
	Selected lipgloss.Style // the line the cursor is on
	Match    lipgloss.Style // found by a search
	Removed  lipgloss.Style // the left side of a difference
	Added    lipgloss.Style // the right side
}

// newTheme builds the styles. Without colour, bold, reverse and underline remain: they are no colours.
func newTheme(noColor bool) theme {
	plain := lipgloss.NewStyle()
	danger, warning, success, info, faint := plain, plain, plain, plain, plain
	if !noColor {
		danger = plain.Foreground(lipgloss.Red)
		warning = plain.Foreground(lipgloss.Yellow)
		success = plain.Foreground(lipgloss.Green)
		info = plain.Foreground(lipgloss.Cyan)
		faint = plain.Foreground(lipgloss.Color("245")) // a middle grey reads on black and on white
	}
	return theme{
		Plain:    plain,
		Bold:     plain.Bold(true),
		Faint:    faint,
		Rule:     faint,
		Title:    plain.Bold(true),
		Danger:   danger.Bold(true),
		Warning:  warning,
		Success:  success,
		Info:     info,
		Command:  info,
		Key:      plain.Bold(true),
		Selected: plain.Reverse(true),
		Match:    warning.Reverse(true),
		Removed:  danger,
		Added:    success,
	}
}

// look is what every part needs to draw itself: the styles and the language. It never changes while the console runs.
type look struct {
	theme
	lang string
}

func newLook(o Options) look {
	lang := o.Lang
	if lang != "ja" {
		lang = "en"
	}
	return look{theme: newTheme(o.NoColor), lang: lang}
}

// say returns a text of ours in the operator's language, formatted with args if there are any.
func (l look) say(t event.Text, args ...any) string {
	s := t.In(l.lang)
	if len(args) == 0 {
		return s
	}
	return fmt.Sprintf(s, args...)
}

// told makes a text that came with the run safe to draw.
func (l look) told(t event.Text) string { return safetext.Text(t.In(l.lang)) }

// sign is the mark, the word and the style of a step's status.
func (l look) sign(s event.Status) (mark string, word event.Text, style lipgloss.Style) {
	switch s {
	case event.Running:
		return "▶", sayRunning, l.Bold
	case event.Passed:
		return "✓", sayPassed, l.Success
	case event.Failed:
		return "✗", sayFailed, l.Danger
	case event.Skipped:
		return "-", saySkipped, l.Faint
	case event.Overridden:
		return "!", sayOverridden, l.Warning
	case event.Cancelled:
		return "■", sayCancelled, l.Warning
	case event.Lost:
		return "?", sayLost, l.Danger
	}
	return "·", sayWaiting, l.Faint
}

// marked is the line the cursor is on: reversed, and with a sign that stays where there is no colour.
func (l look) marked(line string) string {
	return l.Selected.Render("›" + strings.TrimPrefix(line, " "))
}

// danger is the word and the style for what a step can do.
func (l look) danger(d event.Danger) (word event.Text, style lipgloss.Style) {
	switch d {
	case event.Changes:
		return d.Text(), l.Warning
	case event.Disrupts, event.Destroys:
		return d.Text(), l.Danger
	}
	return d.Text(), l.Faint
}

// verdict is the mark, the word and the style of a gate.
func (l look) verdict(g event.GateChecked) (mark string, word event.Text, style lipgloss.Style) {
	switch {
	case g.Verdict == event.Pass:
		return "✓", sayHolds, l.Success
	case g.Required == event.Advisory:
		return "!", sayAdvice, l.Warning
	case g.Required == event.Acknowledge:
		return "!", sayMustRead, l.Warning
	case g.Verdict == event.Fail:
		return "✗", sayBlocks, l.Danger
	}
	return "?", sayNotSeen, l.Danger
}
