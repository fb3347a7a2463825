package ui

import (
	"path/filepath"
	"time"

	tea "charm.land/bubbletea/v2"

	"spraydeck/transcript"
)

// What takes long is read beside the screen, a stretch at a time: the index of what has none yet, what a run that is
// followed goes on to write, the proof that all is as it was written, and searches. So the first frame waits for none
// of it, and keys are answered meanwhile.
const (
	firstScan  = 1 << 20  // before the first frame
	scanSize   = 32 << 20 // at a time
	searchSize = 8 << 20
	pollEvery  = 30 * time.Millisecond // how often a run that is followed is looked at
	pollFor    = 500 * time.Millisecond
)

type (
	// scanned is a stretch of the file, and whether a console was writing it then.
	scanned struct {
		transcript.Scan
		alive bool
	}
	verified struct {
		transcript.Result
		err error
	}
	indexChecked struct {
		transcript.Scan
		ok bool
	}
	searched struct {
		search *transcript.Search
		found  []transcript.Found
		done   bool
		err    error
	}
)

// scan reads on. When all is read it waits a while for more, unless that is needed at once.
func (m *replayModel) scan(now bool) tea.Cmd {
	next, dir := m.rec.Scan(scanSize), filepath.Dir(m.rec.Path())
	return func() tea.Msg {
		s := next()
		for end := time.Now().Add(pollFor); !now && !s.More() && s.Err == nil && time.Now().Before(end); {
			time.Sleep(pollEvery)
			s = next()
		}
		return scanned{s, transcript.Live(dir)}
	}
}

// took takes in what was read, and sees to what comes next.
func (m *replayModel) took(s scanned) tea.Cmd {
	if s.Err != nil {
		m.screen.Notice(s.Err.Error())
		return nil
	}
	more := m.rec.Join(s.Scan)
	whole := m.rec.End().Offset >= s.Size || !more
	ended := m.screen.Grow(s, more, whole)
	var cmds []tea.Cmd
	if m.screen.verdict == nil && whole && !m.screen.verifying || ended {
		m.rec.Save()
		m.screen.verifying = true
		cmds = append(cmds, m.verify())
	}
	if !whole || m.opts.Follow {
		cmds = append(cmds, m.scan(!whole))
	}
	return tea.Batch(cmds...)
}

func (m *replayModel) verify() tea.Cmd {
	path := m.rec.Path()
	return lowPriority(func() tea.Msg {
		r, err := transcript.Verify(path)
		return verified{r, err}
	})
}

// check makes sure that an index which was found beside the file says what the file does.
func (m *replayModel) check() tea.Cmd {
	m.screen.verifying = false
	look := m.rec.Check()
	return lowPriority(func() tea.Msg {
		s, ok := look()
		return indexChecked{s, ok}
	})
}

func (m *replayModel) recheck(c indexChecked) {
	if !c.ok {
		m.rec.Replace(c.Scan)
		m.screen.Renew()
	}
}

func (m *replayModel) searchOn(s *transcript.Search) tea.Cmd {
	if s == nil {
		return nil
	}
	return func() tea.Msg {
		found, done, err := s.Next(searchSize)
		return searched{s, found, done, err}
	}
}
