// Package workstation runs commands on the operator's machine: kubectl, git,
// ansible-playbook, whatever a runbook calls.
//
// A command is a line for /bin/sh. It runs in a session of its own, so that
// neither ^C nor the end of the console hits it behind our back, and, where it
// cares how it looks, in a pseudo-terminal. It ends in exactly one of these ways:
//
//   - it exited, with whatever code: that code and no error; 128+n after signal n
//   - it did not start: [StartError]
//   - the context ended: an error that wraps ctx.Err(), after everything in the
//     command's process group is gone
//
// [Run] does all of it in this process. [Start] leaves it to a supervisor, a small
// process of this program: then the command outlives the console, its output and
// its end are kept in files, and [Attach] takes it up from any later process.
//
// It is not for remote commands, does not look into the output and does not own
// the operator's terminal. Quoting is the caller's business.
package workstation

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// Variables only so that tests need not wait.
var (
	interruptGrace = 10 * time.Second // after SIGINT, before SIGTERM: Ansible ends its tasks in this time
	terminateGrace = 3 * time.Second  // after SIGTERM, before SIGKILL

	// outputGrace is how long we wait for more output once the command itself has
	// exited: a background process that inherited the pipe may never close it.
	outputGrace = 2 * time.Second
)

// The size of a terminal, whatever that of the operator's is: so wide that programs
// do not wrap or shorten their lines. The screen does its own wrapping, the next
// console may have another size, and the transcript records the line as it was meant.
const columns, rows = 500, 50

// Options says where and how a command runs. Zero means: here, with our own
// environment, without a terminal.
type Options struct {
	Dir string
	Env []string // KEY=value, added to ours; the last of a key wins
	TTY bool     // in a pseudo-terminal of 500 columns, both streams on stdout, raw bytes
}

// StartError says that the command did not run at all.
type StartError struct {
	Err   error
	hint  string
	never bool
}

func (e *StartError) Error() string { return "start command: " + e.Err.Error() }
func (e *StartError) Unwrap() error { return e.Err }

// NeverStarted says, of a command that was to be taken up, that nothing of it has happened: it can be run now.
func (e *StartError) NeverStarted() bool { return e.never }

// Hint says how to fix it, in one line; empty when there is none to name.
func (e *StartError) Hint() string { return e.hint }

// Run runs line and returns its exit code. With an error the code is -1, unless
// the error says that output could not be written: then the command went on to
// its end and the code is its own.
//
// A nil stdin is an empty one, also in a terminal, and one that has a length
// (Len() int) is a text that the command reads from a pipe, also in a terminal;
// any other is typed there. stdin is read while the command runs. Run does not wait for a read that blocks, so one more chunk
// may be taken from stdin after Run has returned, and is lost: hand in a pipe,
// not the console. A nil stdout or stderr is discarded. The writers are never
// called at the same time, nor after Run has returned.
//
// When ctx ends, the process group gets SIGINT, then SIGTERM, then SIGKILL.
func Run(ctx context.Context, line string, o Options, stdin io.Reader, stdout, stderr io.Writer) (exit int, err error) {
	if err := ctx.Err(); err != nil {
		return -1, fmt.Errorf("start command: %w", err)
	}
	cmd, err := command(line, o)
	if err != nil {
		return -1, err
	}
	var out outputs
	defer out.detach()
	start := startPlain
	if o.TTY {
		start = startTTY
	}
	going, err := start(cmd, o, stdin, out.to(stdout), out.to(stderr))
	if err != nil {
		return -1, startError(err)
	}

	ended := make(chan error, 1)
	go func() { ended <- going.wait() }()
	select {
	case err = <-ended:
		return exitCode(cmd, err, out.failure())
	case <-ctx.Done():
		sig := stop(cmd.Process.Pid, ended)
		return -1, fmt.Errorf("ended by %s: %w", sig, ctx.Err())
	}
}

// running is a command that has started.
type running struct {
	cmd   *exec.Cmd
	drain *outputCopy
}

// wait waits for its end and for its output.
func (r *running) wait() error {
	err := r.cmd.Wait()
	r.drain.wait()
	return err
}

func command(line string, o Options) (*exec.Cmd, error) {
	if strings.ContainsRune(line, 0) {
		return nil, &StartError{Err: errors.New("the command holds a NUL byte"), hint: "remove it: no program can be given one"}
	}
	if o.Dir != "" {
		info, err := os.Stat(o.Dir)
		if err == nil && !info.IsDir() {
			err = &os.PathError{Op: "enter", Path: o.Dir, Err: syscall.ENOTDIR}
		}
		if err != nil {
			return nil, &StartError{Err: err, hint: "the command is to run in " + o.Dir + ", which must be a directory that can be entered"}
		}
	}
	cmd := exec.Command("/bin/sh", "-c", line)
	cmd.Dir = o.Dir
	cmd.Env = append(cmd.Environ(), o.Env...) // Environ after Dir: it sets PWD
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	return cmd, nil
}

func startError(err error) *StartError {
	var e *StartError
	if errors.As(err, &e) {
		return e
	}
	e = &StartError{Err: err}
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT), errors.Is(err, syscall.EROFS):
		e.hint = "what a command prints is kept in the state directory, and there is no room: make some, or set XDG_STATE_HOME"
	case errors.Is(err, syscall.E2BIG):
		e.hint = "the command and its environment are too long for one call: pass the text in a file"
	case errors.Is(err, syscall.EACCES):
		e.hint = "see the permissions of the directory and of /bin/sh"
	case errors.Is(err, syscall.EAGAIN), errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENOMEM):
		e.hint = "the machine is out of processes, files or memory: see ulimit -a"
	}
	return e
}

func exitCode(cmd *exec.Cmd, err, outputErr error) (int, error) {
	state := cmd.ProcessState
	if state == nil {
		return -1, fmt.Errorf("wait for command: %w", err)
	}
	code := state.ExitCode()
	if status, ok := state.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		code = 128 + int(status.Signal())
	}
	if outputErr != nil {
		return code, fmt.Errorf("write the output of the command: %w", outputErr)
	}
	return code, nil
}
