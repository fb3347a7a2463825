package ui

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"spraydeck/event"
	"spraydeck/event/eventtest"
	"spraydeck/transcript"
)

// recorded writes the small run into a transcript, with a long pause in it, and gives its file.
func recorded(t *testing.T) string {
	t.Helper()
	w, err := transcript.Create(t.TempDir(), transcript.Header{Tool: "test", Runbook: "kubespray/v2.28.0", Cluster: "prod-4",
		From: "v2.27.0", To: "v2.28.0", Started: time.Date(2026, 11, 14, 22, 3, 0, 0, time.UTC)})
	if err != nil {
		t.Fatal(err)
	}
	begin := w.Header().Started
	now := begin
	w.Clock = func() (time.Time, time.Duration) { return now, now.Sub(begin) }
	var pause time.Duration
	eventtest.Run(eventtest.NewFeed(func(e event.Event) {
		if _, ok := e.Data.(event.Answered); ok {
			pause += 10 * time.Minute // the operator thinks
		}
		now = e.Time.Add(pause)
		if _, err := w.Append(e); err != nil {
			t.Fatal(err)
		}
	}))
	path := w.Path()
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// stage drives a replay without a terminal and without waiting: frames come when asked for.
type stage struct {
	*replayModel
	now  time.Time
	quit bool
}

func newStage(t *testing.T, path string, w, h int, o ReplayOptions) *stage {
	t.Helper()
	s := &stage{now: time.Date(2026, 12, 1, 9, 0, 0, 0, time.UTC)}
	o.Clock = func() time.Time { return s.now }
	m, err := newReplayModel(path, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.rec.Close() })
	s.replayModel = m
	_ = m.View() // comes before any message
	m.Update(tea.WindowSizeMsg{Width: w, Height: h})
	m.play()
	s.do(m.scan(true))
	return s
}

// do runs what goes on beside the screen until it is through.
func (s *stage) do(cmd tea.Cmd) {
	if cmd == nil {
		return
	}
	switch msg := cmd().(type) {
	case tea.BatchMsg:
		for _, c := range msg {
			s.do(c)
		}
	case scanned, verified, indexChecked, searched:
		_, next := s.Update(msg)
		if _, scan := msg.(scanned); !scan || !s.opts.Follow { // that one would wait for ever
			s.do(next)
		}
	}
}

// wait lets time pass, frame by frame.
func (s *stage) wait(d time.Duration) {
	for ; d > 0; d -= frame {
		s.now = s.now.Add(min(frame, d))
		s.Update(frameTick{s.round})
	}
}

func (s *stage) press(keys ...string) {
	for _, k := range keys {
		_, cmd := s.Update(press(k))
		switch {
		case (k == "q" || k == "ctrl+c") && cmd != nil:
			_, s.quit = cmd().(tea.QuitMsg)
		case k == "enter" || k == "n" || k == "N":
			s.do(cmd)
		}
	}
}

func (s *stage) text() string { return ansi.Strip(s.View().Content) }

// The frame round the Run screen has goldens; the Run screen has its own.
func TestReplayGolden(t *testing.T) {
	path := recorded(t)
	for _, size := range [][2]int{{80, 24}, {120, 40}, {40, 12}} {
		w, h := size[0], size[1]
		s := newStage(t, path, w, h, ReplayOptions{Options: Options{Lang: map[int]string{40: "ja"}[w]}})
		framed := func() string {
			lines := strings.SplitAfter(drawn(t, s.View().Content, w, h), "\n")
			foot := s.screen.footHeight()
			return lines[0] + "...\n" + strings.Join(lines[h-foot:], "")
		}
		got := framed()
		for _, step := range []struct{ name, keys string }{
			{"second step, paused", "space right right"}, {"second failure", "] ]"}, {"faster", "+ +"}, {"found", "/ o t h e r enter"},
			{"typing a time", "t 5 0 %"}, {"end", "enter G"},
		} {
			s.press(strings.Fields(step.keys)...)
			got += "──── " + step.name + "\n" + framed()
		}
		sameAsGolden(t, fmt.Sprintf("replay-%dx%d", w, h), got)
	}
}

// A replay is the Run screen: what is between the banner and the timeline is the same.
func TestReplayIsTheRunScreen(t *testing.T) {
	s := newStage(t, recorded(t), 120, 40, ReplayOptions{})
	s.press("]", "]", "]")
	r := newRunScreen(s.opts.Options)
	r.bare = true
	r.SetSize(120, 37)
	r.SetState(s.screen.player.state, s.screen.player.Now())
	want := strings.Split(r.View(), "\n")
	got := strings.Split(s.View().Content, "\n")
	for i := 1; i < 37; i++ {
		if ansi.Strip(got[i]) != ansi.Strip(want[i]) {
			t.Errorf("line %d: %q, the Run screen has %q", i, ansi.Strip(got[i]), ansi.Strip(want[i]))
		}
	}
}

// Every key that is advertised does what it says, from a place where it can.
func TestReplayKeys(t *testing.T) {
	path := recorded(t)
	prepared := func() *stage {
		s := newStage(t, path, 120, 40, ReplayOptions{})
		s.press("/", "k", "u", "b", "e", "l", "e", "t", "enter", "n") // in the middle, with a search on
		return s
	}
	for _, k := range prepared().screen.ownKeys() {
		for _, name := range k.Keys {
			s := prepared()
			if name == "O" {
				s.press("G") // there is an override before
			} else if !k.Enabled() {
				t.Errorf("%s is disabled: %s", name, k.Disabled)
			}
			before := s.View().Content
			s.press(name)
			if s.View().Content == before || s.screen.notice != "" {
				t.Errorf("%s (%s) does nothing: %s", name, k.Help, s.screen.notice)
			}
		}
	}
	for _, name := range []string{"q", "ctrl+c"} {
		s := prepared()
		if s.press(name); !s.quit {
			t.Errorf("%s does not quit", name)
		}
	}
	s := prepared()
	s.press("?")
	if !strings.Contains(s.text(), "skip idle or not") {
		t.Errorf("the help lacks keys:\n%s", s.text())
	}
	s.press("q")
	if s.quit || s.over != nil {
		t.Error("q does not close the help first")
	}
	for _, name := range []string{"1", "4", "tab"} {
		s := prepared()
		before := s.View().Content
		if s.press(name); s.View().Content == before {
			t.Errorf("panel key %s does nothing", name)
		}
	}
}

func TestReplayPlays(t *testing.T) {
	s := newStage(t, recorded(t), 80, 24, ReplayOptions{})
	p := s.screen.player
	s.wait(3 * time.Second)
	if p.at.Pos != 3 {
		t.Errorf("after 3 s at 1x, %d events", p.at.Pos)
	}
	s.press("space")
	at := p.at.Pos
	s.wait(5 * time.Second)
	if p.at.Pos != at {
		t.Error("it plays on while paused")
	}
	s.press("space", "+", "+") // 4x
	s.wait(2 * time.Second)
	if p.at.Pos != at+8 {
		t.Errorf("2 s at 4x: %d events", p.at.Pos-at)
	}
	s.wait(time.Minute)
	if !p.AtEnd() || p.playing || !strings.Contains(s.text(), "■ end") {
		t.Errorf("not at the end: %d of %d", p.at.Pos, p.rec.Len())
	}
	s.press("space")
	if !p.playing || p.at.Pos != 0 {
		t.Error("play at the end does not start over")
	}
}

// A frame of an earlier round must not make it play twice as fast.
func TestReplayDropsOldFrames(t *testing.T) {
	s := newStage(t, recorded(t), 80, 24, ReplayOptions{})
	old := frameTick{s.round}
	s.press("space", "space")
	if _, cmd := s.Update(old); cmd != nil {
		t.Error("an old frame goes on")
	}
}

func TestReplaySkipsIdle(t *testing.T) {
	s := newStage(t, recorded(t), 120, 40, ReplayOptions{})
	p := s.screen.player
	skipped := p.length()
	s.press("i")
	if real := p.length(); real != p.rec.End().Elapsed || real < 30*time.Minute || skipped > 2*time.Minute {
		t.Errorf("%v with idle time, %v without, %v recorded", real, skipped, p.rec.End().Elapsed)
	}
	if !strings.Contains(s.text(), "real pauses") {
		t.Error("the screen does not say so")
	}
}

// Wherever it is sought from, a position has one state.
func TestReplaySeeks(t *testing.T) {
	p := newStage(t, recorded(t), 80, 24, ReplayOptions{}).screen.player
	look := func() string {
		return fmt.Sprint(p.state.Seq, p.state.Current, p.state.Nodes, len(p.state.Hits), p.clock)
	}
	var forward []string
	for i := range p.rec.Len() + 1 {
		p.Seek(i)
		forward = append(forward, look())
	}
	for i := p.rec.Len(); i >= 0; i -= 3 {
		if p.Seek(i); look() != forward[i] {
			t.Errorf("at %d: %s, before %s", i, look(), forward[i])
		}
	}
	p.Seek(-5)
	p.Seek(1 << 30)
	if !p.AtEnd() {
		t.Error("beyond the end is not the end")
	}
}

func TestReplayFindsWhatWentWrong(t *testing.T) {
	s := newStage(t, recorded(t), 100, 30, ReplayOptions{})
	var kinds []string
	for range 20 {
		before := s.screen.player.at.Pos
		if s.press("]"); s.screen.player.at.Pos == before {
			break
		}
		e, _ := s.rec.Event(s.screen.player.at.Pos)
		kinds = append(kinds, e.Data.Kind())
	}
	if got := strings.Join(kinds, " "); got != "gate command-ended hit connection step-ended" {
		t.Error(got)
	}
	if !strings.Contains(s.text(), "nothing more") {
		t.Error("the end of the failures is not said")
	}
}

func TestReplaySearch(t *testing.T) {
	s := newStage(t, recorded(t), 120, 40, ReplayOptions{})
	s.press("/", "h", "a", "l", "f", "enter") // the output came in two pieces
	if f := s.screen.finder; f == nil || len(f.found) != 1 || f.found[0].Pos != s.screen.player.at.Pos || !strings.Contains(s.text(), "half 90%") {
		t.Errorf("found %+v, at %+v", f, s.screen.player.at)
	}
	if s.screen.player.playing {
		t.Error("it plays away from what was found")
	}
	s.press("/", "z", "z", "enter")
	if !strings.Contains(s.text(), "zz") {
		t.Errorf("a vain search is silent:\n%s", s.text())
	}
}

func TestReplayJumps(t *testing.T) {
	s := newStage(t, recorded(t), 120, 40, ReplayOptions{})
	for _, k := range []string{"t", "1", "0", ":", "0", "0", "enter"} {
		s.press(k)
	}
	if e := s.screen.player.at.Elapsed; e > 10*time.Minute || e < time.Second {
		t.Errorf("at %v", e)
	}
	s.press("t", "x", "enter")
	if !strings.Contains(s.text(), "not a time") {
		t.Error(s.text())
	}
	tests := []struct {
		in   string
		want time.Duration
		ok   bool
	}{
		{"90", 90 * time.Second, true}, {"4:10", 250 * time.Second, true}, {"1:32:07", 5527 * time.Second, true},
		{"15m", 15 * time.Minute, true}, {"50%", time.Hour, true}, {"+30", 90 * time.Second, true},
		{"-0:30", 30 * time.Second, true}, {"-90", -30 * time.Second, true}, {"", 0, false}, {"a", 0, false},
		{"101%", 0, false}, {"1:-2", 0, false}, {"99999999999", 0, false},
	}
	for _, tt := range tests {
		got, err := parseJump(tt.in, time.Minute, 2*time.Hour)
		if (err == nil) != tt.ok || tt.ok && got != tt.want {
			t.Errorf("%q: %v, %v", tt.in, got, err)
		}
	}
}

func TestReplayFromStep(t *testing.T) {
	path := recorded(t)
	s := newStage(t, path, 80, 24, ReplayOptions{Step: "drain-node2", Speed: speedMax})
	if s.screen.player.state.Current != "drain-node2" {
		t.Errorf("at %s", s.screen.player.state.Current)
	}
	if s.wait(time.Second); !s.screen.player.AtEnd() {
		t.Error("max is slow")
	}
	err := Replay(context.Background(), path, ReplayOptions{Step: "drain"})
	if err == nil || err.Error() != `replay from step "drain": it was never started; started were: notes, api-server, drain-node2` {
		t.Error(err)
	}
}

func TestReplayOfBadFiles(t *testing.T) {
	path := recorded(t)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	file := func(b []byte) string {
		p := filepath.Join(t.TempDir(), "transcript.jsonl")
		if err := os.WriteFile(p, b, 0o600); err != nil {
			t.Fatal(err)
		}
		return p
	}
	lines := strings.SplitAfter(string(whole), "\n")

	s := newStage(t, file(whole[:len(whole)*2/3]), 120, 40, ReplayOptions{})
	s.press("G")
	if got := s.text(); !strings.Contains(got, "NOT VERIFIED: cut off in line") || !strings.Contains(got, "the run had not") {
		t.Errorf("a file cut in the middle:\n%s", got)
	}
	s = newStage(t, file([]byte(strings.Join(lines[:20], ""))), 120, 40, ReplayOptions{})
	s.press("G")
	if got := s.text(); !strings.Contains(got, "verified ✓") || !strings.Contains(got, "the run had not") {
		t.Errorf("a run that did not end:\n%s", got)
	}
	altered := slices.Clone(lines)
	altered[12] = strings.Replace(altered[12], "node", "edon", 1)
	altered[15] = "not json\n"
	s = newStage(t, file([]byte(strings.Join(altered, ""))), 80, 24, ReplayOptions{})
	if got := s.text(); !strings.Contains(got, "NOT VERIFIED: line 13") {
		t.Errorf("an altered file:\n%s", got)
	}
	if s.press("G"); s.screen.player.state.Ended == nil {
		t.Error("what can be read after the bad line is not played")
	}
	for name, b := range map[string][]byte{"empty": nil, "header only": []byte(lines[0]), "something else": []byte("hello\n")} {
		if err := Replay(context.Background(), file(b), ReplayOptions{}); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if err := Replay(context.Background(), filepath.Join(t.TempDir(), "none"), ReplayOptions{}); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

func TestReplayAtAnySize(t *testing.T) {
	s := newStage(t, recorded(t), 80, 24, ReplayOptions{})
	for w := 0; w < 130; w += 3 {
		for h := 0; h < 45; h += 2 {
			s.Update(tea.WindowSizeMsg{Width: w, Height: h})
			if got := strings.Count(s.View().Content, "\n") + 1; got != max(h, 1) {
				t.Fatalf("%d lines at %dx%d", got, w, h)
			}
			if s.press("right"); s.screen.player.AtEnd() {
				s.press("g")
			}
		}
	}
}

func TestParseSpeed(t *testing.T) {
	for in, want := range map[string]float64{"4": 4, "0.5": 0.5, "4x": 4, "max": speedMax, "0": 0, "-1": 0, "x": 0, "NaN": 0, "inf": 0} {
		got, err := ParseSpeed(in)
		if (err == nil) != (want != 0) || err == nil && got != want {
			t.Errorf("%q: %v, %v", in, got, err)
		}
	}
	p := &player{speed: 1}
	for range 20 {
		p.Faster()
	}
	if !math.IsInf(p.speed, 1) {
		t.Errorf("at most %v", p.speed)
	}
	for range 20 {
		p.Slower()
	}
	if p.speed != 0.25 {
		t.Errorf("at least %v", p.speed)
	}
}
