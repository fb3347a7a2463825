package ui

import (
	"context"
	"flag"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"spraydeck/event"
)

var (
	sandbox     = flag.String("sandbox", "", "open this scene in the terminal, to look at and play with")
	sandboxPace = flag.Duration("pace", 0, "time between the events of the sandbox; 0 shows its end at once")
	sandboxLang = flag.String("lang", "en", "language of the sandbox")
)

// TestSandbox opens a scene by hand, in the state that the golden screens are in:
//
//	go test ./ui -run TestSandbox -sandbox gate -lang ja
//
// Without the flag there is nothing to test.
func TestSandbox(t *testing.T) {
	if *sandbox == "" {
		return
	}
	tty, err := os.OpenFile("/dev/tty", os.O_RDWR, 0)
	if err != nil {
		t.Fatalf("the sandbox needs a terminal: %v", err)
	}
	defer tty.Close()
	ctx, stop := signal.NotifyContext(t.Context(), os.Interrupt)
	defer stop()
	for _, sc := range scenes() {
		if sc.name != *sandbox {
			continue
		}
		begin := time.Now()
		c := New(Options{Lang: *sandboxLang, Window: 4 * time.Hour, Version: "sandbox", Recording: true,
			Clock: func() time.Time { return sc.now.Add(time.Since(begin)) }})
		c.program = []tea.ProgramOption{tea.WithInput(tty), tea.WithOutput(tty)}
		go func() {
			for _, e := range sc.events {
				c.Emit(e)
				time.Sleep(*sandboxPace)
			}
			for sc.ask != nil && ctx.Err() == nil {
				answer, err := c.Ask(ctx, *sc.ask)
				if err != nil {
					return
				}
				t.Logf("answered: %+v", answer)
				if answer.Choice == event.ChoiceEdit {
					t.Log("edited: ", c.Edit(ctx, exec.Command("vi", filepath.Join(t.TempDir(), "inventory.ini"))))
				}
			}
		}()
		go func() {
			for control := range c.Controls() {
				t.Logf("control: %+v", control)
			}
		}()
		if err := c.Run(ctx); err != nil && err != context.Canceled {
			t.Fatal(err)
		}
		return
	}
	t.Fatalf("no scene %q", *sandbox)
}
