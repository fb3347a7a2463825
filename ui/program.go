package ui

import (
	"context"

	tea "charm.land/bubbletea/v2"
)

// framesPerSecond is how often it is looked whether there is a new picture. At Bubble Tea's 60, output that is gathered
// for 30 ms is seen after 33 or after 50.
const framesPerSecond = 120

// program is the screen of a model. Signals are the command line's; what ends the run ends ctx.
func program(ctx context.Context, m tea.Model, more ...tea.ProgramOption) *tea.Program {
	return tea.NewProgram(m, append([]tea.ProgramOption{tea.WithContext(ctx), tea.WithoutSignalHandler(), tea.WithFPS(framesPerSecond)}, more...)...)
}
