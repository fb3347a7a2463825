package ui

import (
	"context"
	"fmt"

	tea "charm.land/bubbletea/v2"
)

// ReviewPlan shows the Plan screen until the operator starts the run (true) or leaves (false).
func ReviewPlan(ctx context.Context, p Plan, o Options) (start bool, err error) {
	m := &reviewModel{opts: o, plan: newPlanView(newLook(o), p)}
	_, err = program(ctx, m).Run()
	switch {
	case ctx.Err() != nil:
		return false, ctx.Err()
	case err != nil:
		return false, fmt.Errorf("show the plan: %w", err)
	}
	return m.start, nil
}

// reviewModel is the root of the Plan screen where it stands alone.
type reviewModel struct {
	opts   Options
	plan   *planView
	help   *helpOver
	notice string
	start  bool
	w, h   int
}

// Init has nothing to begin with.
func (m *reviewModel) Init() tea.Cmd { return nil }

// Update routes.
func (m *reviewModel) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.w, m.h = msg.Width, msg.Height
		m.plan.SetSize(m.w, max(0, m.h-1))
	case tea.PasteMsg:
		m.plan.Paste(msg.Content)
	case tea.KeyPressMsg:
		return m, m.key(msg)
	}
	return m, nil
}

func (m *reviewModel) key(msg tea.KeyPressMsg) tea.Cmd {
	m.notice = ""
	if m.help != nil {
		if _, done := m.help.HandleKey(msg).(closed); done {
			m.help = nil
		}
		return nil
	}
	if msg.String() == "ctrl+c" {
		return tea.Quit
	}
	switch a := m.plan.HandleKey(msg).(type) {
	case actStart:
		m.start = true
		return tea.Quit
	case actBack:
		return tea.Quit
	case actNotice:
		m.notice = m.plan.say(a.Text)
	case actCopy:
		m.notice = m.plan.say(sayCopied, copiedLine(a.Text))
		return tea.SetClipboard(a.Text)
	case nil:
		switch msg.String() {
		case "q":
			return tea.Quit
		case "?":
			m.help = &helpOver{newHelpScreen(m.plan.look, m.opts.Version, m.keys())}
		}
	}
	return nil
}

func (m *reviewModel) keys() []Key {
	keys := m.plan.Keys()
	if m.plan.filter.typing() {
		return keys
	}
	return append(keys, Key{Keys: []string{"?"}, Help: sayHelp}, Key{Keys: []string{"q", "ctrl+c"}, Help: sayKeyQuit})
}

// View draws the screen.
func (m *reviewModel) View() tea.View {
	last := m.plan.keyLine(m.keys(), m.w)
	if m.notice != "" {
		last = fit(" "+m.plan.Warning.Render("! "+m.notice), m.w)
	}
	content := m.plan.View() + "\n" + last
	if m.help != nil {
		content = m.help.View(m.w, m.h)
	}
	v := tea.NewView(content)
	v.AltScreen = true
	v.WindowTitle = "spraydeck plan"
	if x, y, ok := m.plan.Cursor(); ok && m.help == nil {
		v.Cursor = tea.NewCursor(x, y)
	}
	return v
}
