package ui

import (
	"context"
	"fmt"
	"os"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/term"
)

// framesPerSecond is how often it is looked whether there is a new picture. At Bubble Tea's 60, output that is gathered
// for 30 ms is seen after 33 or after 50.
const framesPerSecond = 120

// program is the screen of a model. Signals are the command line's; what ends the run ends ctx.
func program(ctx context.Context, m tea.Model, more ...tea.ProgramOption) *screen {
	return &screen{tea.NewProgram(m, append([]tea.ProgramOption{tea.WithContext(ctx), tea.WithoutSignalHandler(), tea.WithFPS(framesPerSecond)}, more...)...)}
}

// screen is a program that leaves the title of the terminal as it was, where the terminal can keep it (XTWINOPS 22 and 23).
type screen struct{ *tea.Program }

// Run draws until the end.
func (s *screen) Run() (tea.Model, error) {
	if term.IsTerminal(os.Stdout.Fd()) {
		fmt.Print("\x1b[22;2t")
		defer fmt.Print("\x1b[23;2t")
	}
	return s.Program.Run()
}
