package ui

import (
	"context"
	"errors"
	"fmt"
	"time"

	tea "charm.land/bubbletea/v2"
)

// ReplayOptions say how a recording is shown. The zero value plays from the start at the recorded pace, with pauses cut
// short.
type ReplayOptions struct {
	Options
	Speed float64 // see ParseSpeed; 0 is 1
	Step  string  // id of the step to start at

	program []tea.ProgramOption // more options, for tests
}

// Replay shows the recording of a run, given by its file or directory, until the operator leaves or ctx ends. What is
// wrong with the file as a whole is an error before anything is drawn; a file that is cut off or altered is played as
// far as it can be read, and the screen says so.
func Replay(ctx context.Context, path string, o ReplayOptions) error {
	m, err := newReplayModel(path, o)
	if err != nil {
		return err
	}
	options := append([]tea.ProgramOption{tea.WithContext(ctx), tea.WithoutSignalHandler()}, o.program...)
	_, err = tea.NewProgram(m, options...).Run()
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, tea.ErrProgramPanic):
		return fmt.Errorf("the replay broke down: %w", err)
	case err != nil:
		return fmt.Errorf("run the replay: %w", err)
	}
	return nil
}

// frame is how often a playing recording moves.
const frame = time.Second / 20

// frameTick lets time pass. Those of an earlier round of playing are dropped.
type frameTick struct {
	round int
}

// replayModel is the root of the replay: it routes, and lets time pass while the recording plays.
type replayModel struct {
	opts   Options
	screen *replayScreen
	help   *helpOver
	round  int
	last   time.Time // of the frame before
	w, h   int
}

func newReplayModel(path string, o ReplayOptions) (*replayModel, error) {
	t, err := readTape(path)
	if err != nil {
		return nil, err
	}
	m := &replayModel{opts: o.Options, screen: newReplayScreen(o.Options, t, o.Speed)}
	if o.Step != "" {
		at, err := t.stepStart(o.Step)
		if err != nil {
			return nil, err
		}
		m.screen.seek(at, true)
	}
	return m, nil
}

// Init starts to play.
func (m *replayModel) Init() tea.Cmd { return m.play() }

// play begins a new round of frames.
func (m *replayModel) play() tea.Cmd {
	m.round++
	m.last = m.opts.now()
	return m.nextFrame()
}

func (m *replayModel) nextFrame() tea.Cmd {
	round := m.round
	return tea.Tick(frame, func(time.Time) tea.Msg { return frameTick{round} })
}

// Update routes.
func (m *replayModel) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.w, m.h = msg.Width, msg.Height
		m.screen.SetSize(m.w, m.h)
	case tea.PasteMsg:
		m.screen.Paste(msg.Content)
	case frameTick:
		if msg.round != m.round || !m.screen.player.playing {
			return m, nil
		}
		now := m.opts.now()
		m.screen.player.Advance(now.Sub(m.last))
		m.screen.show()
		m.last = now
		return m, m.nextFrame()
	case tea.KeyPressMsg:
		return m, m.key(msg)
	}
	return m, nil
}

func (m *replayModel) key(msg tea.KeyPressMsg) tea.Cmd {
	name := msg.String()
	if m.help != nil {
		if _, done := m.help.HandleKey(msg).(closed); done {
			m.help = nil
		}
		return nil
	}
	if m.screen.typed == nil {
		switch name {
		case "q", "ctrl+c":
			return tea.Quit
		case "?":
			m.help = &helpOver{newHelpScreen(m.screen.look, m.opts.Version, m.screen.Keys())}
			return nil
		}
	}
	was := m.screen.player.playing
	switch a := m.screen.HandleKey(msg).(type) {
	case actNotice:
		m.screen.Notice(m.screen.say(a.Text))
	case actCopy:
		m.screen.Notice(m.screen.say(sayCopied))
		return tea.SetClipboard(a.Text)
	}
	if !was && m.screen.player.playing {
		return m.play()
	}
	return nil
}

// View draws the screen.
func (m *replayModel) View() tea.View {
	content := m.screen.View()
	if m.help != nil {
		content = m.help.View(m.w, m.h)
	}
	v := tea.NewView(content)
	v.AltScreen = true
	v.WindowTitle = "spraydeck replay"
	if x, y, ok := m.screen.Cursor(); ok && m.help == nil {
		v.Cursor = tea.NewCursor(x, y)
	}
	return v
}
