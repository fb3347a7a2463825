package workstation

import (
	"io"
	"os"
	"os/exec"
	"syscall"

	"github.com/creack/pty"
)

// endOfInput is ^D, which a terminal in its normal mode turns into the end of
// input.
const endOfInput = 4

// startTTY starts cmd in a pseudo-terminal.
func startTTY(cmd *exec.Cmd, o Options, stdin io.Reader, stdout, _ output) (*running, error) {
	attrs := *cmd.SysProcAttr
	attrs.Setctty = true
	var in io.WriteCloser
	switch {
	case stdin == nil:
		// Nobody will ever type, so stdin is not the terminal: a program that
		// would prompt then sees that at once instead of waiting for ever.
		null, err := os.Open(os.DevNull)
		if err != nil {
			return nil, err
		}
		defer null.Close()
		cmd.Stdin = null
		attrs.Ctty = 1
	case sized(stdin):
		// A text is not typed either: a terminal would echo it, change it, drop
		// what is too long for a line, and know its end for one reader only.
		var err error
		if in, err = cmd.StdinPipe(); err != nil {
			return nil, err
		}
		attrs.Ctty = 1
	}
	file, err := pty.StartWithAttrs(cmd, &pty.Winsize{Cols: columns, Rows: rows}, &attrs)
	if err != nil {
		return nil, err
	}
	terminal, err := pollable(file)
	if err != nil {
		syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		cmd.Wait()
		return nil, err
	}

	switch {
	case in != nil:
		go func() {
			io.Copy(in, stdin) // a command need not read its input: no error of ours
			in.Close()
		}()
	case stdin != nil:
		go func() {
			if _, err := io.Copy(terminal, stdin); err == nil {
				terminal.Write([]byte{endOfInput})
			}
		}()
	}
	d := newOutputCopy()
	d.copy(stdout, terminal)
	return &running{cmd: cmd, drain: d}, nil
}

// pollable returns the same terminal as a file whose reads can be given a
// deadline. The pty library leaves it in blocking mode, in which nothing ends a
// read but the other side.
func pollable(f *os.File) (*os.File, error) {
	defer f.Close()
	syscall.ForkLock.RLock() // no child of another goroutine may inherit it
	fd, err := syscall.Dup(int(f.Fd()))
	if err == nil {
		syscall.CloseOnExec(fd)
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return nil, err
	}
	if err := syscall.SetNonblock(fd, true); err != nil {
		syscall.Close(fd)
		return nil, err
	}
	return os.NewFile(uintptr(fd), f.Name()), nil
}
