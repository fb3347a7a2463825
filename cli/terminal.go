package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/charmbracelet/x/term"
	"github.com/creack/pty"

	"spraydeck/event"
	"spraydeck/runbook"
)

// terminal runs the commands that take over the operator's terminal. lend gives it to work and takes it back afterwards.
func (w *walk) terminal(lend func(ctx context.Context, work func() error) error) event.Exec {
	return func(ctx context.Context, c event.Command, out func(string, []byte)) (exit int, err error) {
		line := c.Line
		if c.Host != event.Workstation {
			line = w.login(c.Host, line)
		}
		err = lend(ctx, func() error {
			exit, err = takeOver(ctx, line, w.checkout, out)
			return err
		})
		return exit, err
	}
}

// login is the OpenSSH command line that runs one on a node, in a terminal of its own, the way the other commands reach it.
func (o *world) login(host, line string) string {
	way := o.host(host)
	words := []string{"ssh", "-t"}
	add := func(flag, value string) {
		if value != "" {
			words = append(words, flag, runbook.Quote(value))
		}
	}
	config := way.ConfigFile
	if config == "" {
		config = o.sshConfig
	}
	add("-F", config)
	if way.Port != 0 {
		add("-p", fmt.Sprint(way.Port))
	}
	add("-l", way.User)
	add("-i", way.IdentityFile)
	to := host
	if way.Address != "" {
		to = way.Address
	}
	return strings.Join(append(words, "--", runbook.Quote(to), runbook.Quote(line)), " ")
}

// takeOver runs a command line with the operator's terminal: what is typed goes to it, what it shows goes to the screen and
// to the record.
func takeOver(ctx context.Context, line, dir string, out func(string, []byte)) (int, error) {
	cmd := exec.CommandContext(ctx, "/bin/sh", "-c", line)
	cmd.Dir = dir
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGHUP) } // as when a terminal is closed
	// a file of its own, for only its reads can be ended without eating a key that is typed later
	tty, err := os.OpenFile("/dev/tty", os.O_RDWR|syscall.O_NONBLOCK, 0)
	if err != nil {
		return -1, event.NoTerminal(line)
	}
	defer tty.Close()
	before, err := term.MakeRaw(os.Stdin.Fd())
	if err != nil {
		return -1, fmt.Errorf("take over the terminal: %w", err)
	}
	defer func() { _ = term.Restore(os.Stdin.Fd(), before) }()
	size, err := pty.GetsizeFull(os.Stdin)
	if err != nil {
		size = nil
	}
	inside, err := pty.StartWithSize(cmd, size)
	if err != nil {
		return -1, fmt.Errorf("start command: %w", err)
	}
	defer inside.Close()

	resized := make(chan os.Signal, 1)
	signal.Notify(resized, syscall.SIGWINCH)
	defer signal.Stop(resized)
	ended := make(chan struct{})
	typed, watched := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(watched)
		for {
			select {
			case <-resized:
				_ = pty.InheritSize(os.Stdin, inside)
			case <-ended:
				return
			}
		}
	}()
	go func() { defer close(typed); _, _ = io.Copy(inside, tty) }()
	shown := io.MultiWriter(tty, recorder(out)) // not stdout: a line printer's may be a file
	_, copied := io.Copy(shown, inside)
	if errors.Is(copied, syscall.EIO) {
		copied = nil // what Linux says when nobody has the terminal open any more
	}
	err = cmd.Wait()
	close(ended)
	_ = tty.SetReadDeadline(time.Unix(1, 0))
	<-typed
	<-watched
	var exited *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return -1, ctx.Err()
	case errors.As(err, &exited):
		return exited.ExitCode(), copied
	case err != nil:
		return -1, err
	}
	return 0, copied
}

// recorder is where a command's output goes on record.
type recorder func(stream string, p []byte)

func (r recorder) Write(p []byte) (int, error) {
	r("stdout", p)
	return len(p), nil
}
