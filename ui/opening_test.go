package ui

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
)

// The first screen needs no event: what is slow to load is loaded once it is drawn.
func TestFirstScreenBeforeAnyEvent(t *testing.T) {
	c := New(Options{Rehearses: "demo"})
	in, _ := io.Pipe()
	ctx, cancel := context.WithCancel(t.Context())
	screen, written := io.Pipe()
	c.program = []tea.ProgramOption{tea.WithInput(in), tea.WithOutput(written), tea.WithWindowSize(80, 24), tea.WithoutSignals()}
	ended := make(chan error, 1)
	go func() { ended <- c.Run(ctx) }()
	seen := make(chan string, 1)
	go func() {
		var all strings.Builder
		for buf := make([]byte, 4096); ; {
			n, err := screen.Read(buf)
			if all.Write(buf[:n]); strings.Contains(all.String(), "REHEARSAL") && strings.Contains(all.String(), "loading the runbook") {
				select {
				case seen <- all.String():
				default:
				}
			}
			if err != nil {
				return
			}
		}
	}()
	c.WaitDrawn(t.Context())
	select {
	case <-seen:
	case <-time.After(time.Minute):
		t.Fatal("no screen before the first event")
	}
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
