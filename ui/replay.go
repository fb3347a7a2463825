package ui

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"spraydeck/transcript"
)

// ReplayOptions say how a recording is shown. The zero value plays from the start at the recorded pace, with pauses cut
// short.
type ReplayOptions struct {
	Options
	Speed  float64 // see ParseSpeed; 0 is 1
	Step   string  // id of the step to start at
	Follow bool    // the run is watched while it is being written, from its end

	program []tea.ProgramOption // more options, for tests
}

// Replay shows the recording of a run, given by its file or directory, until the operator leaves or ctx ends. It only
// reads. A file that is cut off or altered is played as far as it can be read, and the screen says so.
func Replay(ctx context.Context, path string, o ReplayOptions) error {
	m, err := newReplayModel(path, o)
	if err != nil {
		return err
	}
	defer m.rec.Close()
	_, err = program(ctx, m, o.program...).Run()
	m.rec.Save()
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
	opts   ReplayOptions
	rec    *transcript.Recording
	screen *replayScreen
	over   overlayPart
	round  int
	last   time.Time // of the frame before
	w, h   int
}

func newReplayModel(path string, o ReplayOptions) (*replayModel, error) {
	rec, err := transcript.Record(path)
	if err != nil {
		return nil, err
	}
	m := &replayModel{opts: o, rec: rec}
	if err := m.begin(path); err != nil {
		rec.Close()
		return nil, err
	}
	return m, nil
}

// begin reads as much as the first screen needs, and goes to where it starts.
func (m *replayModel) begin(path string) error {
	o := m.opts
	for {
		s := m.rec.Scan(firstScan)()
		if s.Err != nil {
			return s.Err
		}
		more := m.rec.Join(s)
		if !more || o.Step == "" || len(m.startsOf(o.Step)) > 0 {
			break
		}
	}
	if m.rec.Len() == 0 && !o.Follow {
		return fmt.Errorf("replay %s: nothing is recorded in it yet", path)
	}
	m.screen = newReplayScreen(o, m.rec)
	if o.Step == "" {
		return nil
	}
	starts := m.startsOf(o.Step)
	if len(starts) == 0 {
		return fmt.Errorf("replay from step %q: it was never started; started were: %s", o.Step, strings.Join(m.started(), ", "))
	}
	m.screen.follow(false)
	m.screen.seek(starts[0], true)
	return nil
}

// startsOf are the positions at which a step started, started are the steps that did.
func (m *replayModel) startsOf(step string) (at []int) {
	for _, k := range m.rec.Marks(transcript.MarkStep) {
		if k.Step == step {
			at = append(at, k.Pos)
		}
	}
	return at
}

func (m *replayModel) started() (ids []string) {
	seen := map[string]bool{}
	for _, k := range m.rec.Marks(transcript.MarkStep) {
		if !seen[k.Step] {
			ids = append(ids, k.Step)
		}
		seen[k.Step] = true
	}
	return ids
}

// Init starts to play, and to read on.
func (m *replayModel) Init() tea.Cmd { return tea.Batch(m.play(), m.scan(true)) }

// play begins a new round of frames.
func (m *replayModel) play() tea.Cmd {
	m.round++
	m.last = m.opts.now()
	return m.nextFrame()
}

func (m *replayModel) nextFrame() tea.Cmd {
	round, after := m.round, frame
	if !m.screen.player.playing {
		after = time.Second // the clock of a run that goes on
	}
	return tea.Tick(after, func(time.Time) tea.Msg { return frameTick{round} })
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
		if msg.round != m.round || !m.screen.player.playing && !m.screen.player.live {
			return m, nil
		}
		now := m.opts.now()
		m.screen.advance(now.Sub(m.last))
		m.last = now
		return m, m.nextFrame()
	case scanned:
		return m, m.took(msg)
	case verified:
		m.screen.SetVerdict(msg.Result, msg.err)
		return m, m.check()
	case indexChecked:
		m.recheck(msg)
	case searched:
		return m, m.searchOn(m.screen.Take(msg))
	case tea.KeyPressMsg:
		return m, m.key(msg)
	}
	return m, nil
}

func (m *replayModel) key(msg tea.KeyPressMsg) tea.Cmd {
	p := m.screen.player
	was := p.playing || p.live
	var cmd tea.Cmd
	if m.over != nil {
		switch a := m.over.HandleKey(msg).(type) {
		case closed:
			m.over = nil
		case picked:
			m.over = nil
			cmd = m.act(m.screen.pick(a.means))
		}
	} else {
		if m.screen.typed == nil {
			switch msg.String() {
			case "q", "ctrl+c":
				return tea.Quit
			case "?":
				return m.act(actHelp{})
			}
		}
		cmd = m.act(m.screen.HandleKey(msg))
	}
	if !was && (p.playing || p.live) {
		return tea.Batch(cmd, m.play())
	}
	return cmd
}

// act does what the screen says was meant.
func (m *replayModel) act(a action) tea.Cmd {
	switch a := a.(type) {
	case actNotice:
		m.screen.Notice(m.screen.say(a.Text))
	case actCopy:
		m.screen.Notice(m.screen.say(sayCopied, copiedLine(a.Text)))
		return tea.SetClipboard(a.Text)
	case actHelp:
		m.over = &helpOver{newHelpScreen(m.screen.look, m.opts.Version, m.screen.Keys())}
	case actPalette:
		m.over = newGoPalette(m.screen)
	case actSearch:
		return m.searchOn(a.Search)
	}
	return nil
}

// View draws the screen.
func (m *replayModel) View() tea.View {
	content := m.screen.View()
	switch over := m.over.(type) {
	case nil:
	case *helpOver:
		content = over.View(m.w, m.h)
	default:
		content = overlay(content, over.View(m.w, m.h), m.w, m.h)
	}
	v := tea.NewView(content)
	v.AltScreen = true
	v.WindowTitle = "spraydeck replay"
	if x, y, ok := m.screen.Cursor(); ok && m.over == nil {
		v.Cursor = tea.NewCursor(x, y)
	}
	return v
}
