package workstation

import (
	"io"
	"os"
	"os/exec"
	"reflect"
)

// startPlain starts cmd on pipes.
func startPlain(cmd *exec.Cmd, _ Options, stdin io.Reader, stdout, stderr output) (*running, error) {
	var in io.WriteCloser
	if stdin != nil {
		// Our own copy of stdin, because Wait would wait for a reader that blocks.
		var err error
		if in, err = cmd.StdinPipe(); err != nil {
			return nil, err
		}
	}
	// Our own pipes, because those of os/exec are cut off after a fixed time,
	// also when it is our writer that is slow.
	d := newOutputCopy()
	var err error
	if cmd.Stdout, err = d.pipe(stdout); err == nil {
		if cmd.Stderr = cmd.Stdout; !same(stdout.w, stderr.w) {
			cmd.Stderr, err = d.pipe(stderr)
		}
	}
	if err == nil {
		err = cmd.Start()
	}
	d.closeWriters()
	if err != nil {
		d.wait()
		return nil, err
	}
	if stdin != nil {
		go func() {
			io.Copy(in, stdin) // a command need not read its input: no error of ours
			in.Close()
		}()
	}
	return &running{cmd: cmd, drain: d}, nil
}

// pipe makes the command's end of a pipe whose other end is copied to w.
func (d *outputCopy) pipe(w io.Writer) (*os.File, error) {
	r, cmdEnd, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	d.writers = append(d.writers, cmdEnd)
	d.copy(w, r)
	return cmdEnd, nil
}

// same reports whether both streams go to one place; then one pipe for both keeps
// their lines in order.
func same(a, b io.Writer) bool {
	return a != nil && b != nil && reflect.TypeOf(a).Comparable() && a == b
}
