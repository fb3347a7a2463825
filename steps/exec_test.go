package steps

import (
	"context"
	"fmt"
	"io"
	"slices"
	"testing"

	"spraydeck/event"
)

// ways notes which way each command took.
type ways struct{ took []string }

func (w *ways) Run(_ context.Context, host, command string, _ io.Reader, _, _ io.Writer) (int, error) {
	w.took = append(w.took, fmt.Sprint("run ", host, " ", command))
	return 0, nil
}

func (w *ways) Keep(_ context.Context, host, name, command string, _ io.Reader, _, _ io.Writer) (int, error) {
	w.took = append(w.took, fmt.Sprint("keep ", host, " ", name, " ", command))
	return 0, nil
}

func (w *ways) Attach(_ context.Context, host, name string, stdout, stderr int64, _, _ io.Writer) (int, error) {
	w.took = append(w.took, fmt.Sprint("attach ", host, " ", name, " ", stdout, " ", stderr))
	return 0, nil
}

// Only what changes something is kept, and only for a run that can be resumed.
func TestWhatIsKept(t *testing.T) {
	w := &ways{}
	named := Outside{Hosts: w, Name: func(n int) string { return fmt.Sprint("r.", n) }}
	for _, tt := range []struct {
		to   Outside
		c    event.Command
		took string
		lost bool
	}{
		{named, event.Command{Line: "restart", Changes: true, Number: 7}, "keep n r.7 restart", false},
		{named, event.Command{Line: "restart", Changes: true, Number: 7, Resumed: &event.Seen{Stdout: 3, Stderr: 4}}, "attach n r.7 3 4", false},
		{named, event.Command{Line: "look", Number: 8}, "run n look", false},
		{named, event.Command{Line: "look", Changes: true, Probe: true}, "run n look", false},
		{Outside{Hosts: w}, event.Command{Line: "restart", Changes: true}, "run n restart", false},
		{named, event.Command{Line: "look", Resumed: &event.Seen{}}, "", true},
	} {
		w.took = nil
		tt.c.Host = "n"
		exit, err := tt.to.Exec(context.Background(), tt.c, func(string, []byte) {})
		if lost := event.OutcomeOf(exit, err) == event.StateLost; lost != tt.lost || slices.Concat(w.took, []string{""})[0] != tt.took {
			t.Errorf("%+v: %q, %v", tt.c, w.took, err)
		}
	}
}
