package kubespray

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"sync"
	"time"
)

// objects reads objects of a repository through one git child, which ends a while after the last question.
type objects struct {
	dir string

	mu   sync.Mutex
	git  *exec.Cmd // nil: none runs
	in   io.WriteCloser
	out  *bufio.Reader
	errs *strings.Builder
	end  *time.Timer
}

// idle is how long the child waits for another question.
const idle = 2 * time.Second

// read asks for objects by name and calls got for each, in order.
func (o *objects) read(ctx context.Context, names []string, got func(i int, one object) error) (err error) {
	for _, n := range names {
		if strings.ContainsAny(n, "\n\x00") {
			return fmt.Errorf("read %q: a revision or path can not hold a line break", n)
		}
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if err := o.start(); err != nil {
		return err
	}
	git := o.git
	stop := context.AfterFunc(ctx, func() { _ = git.Process.Kill() })
	defer func() {
		stop()
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		if err != nil {
			o.close()
			return
		}
		o.end = time.AfterFunc(idle, func() {
			o.mu.Lock()
			defer o.mu.Unlock()
			o.close()
		})
	}()
	in := o.in
	go func() { // git answers while it is asked
		w := bufio.NewWriter(in)
		for _, n := range names {
			_, _ = w.WriteString(n + "\n")
		}
		_ = w.Flush()
	}()
	for i, n := range names {
		one, err := nextObject(o.out, n)
		if err != nil {
			return fmt.Errorf("read %s: %w", n, errors.Join(err, o.said()))
		}
		if err := got(i, one); err != nil {
			return err
		}
	}
	return nil
}

// start starts the child unless it runs.
func (o *objects) start() (err error) {
	if o.end != nil {
		o.end.Stop()
		o.end = nil
	}
	if o.git != nil {
		return nil
	}
	// The names go in on standard input, where a leading dash is only a dash.
	// Symbolic links are followed because Kubespray has some between roles.
	cmd := gitCommand(context.Background(), nil, o.dir, "cat-file", "--batch", "--follow-symlinks")
	o.errs = &strings.Builder{}
	cmd.Stderr = o.errs
	if o.in, err = cmd.StdinPipe(); err != nil {
		return err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("run git cat-file: %w", err)
	}
	o.git, o.out = cmd, bufio.NewReaderSize(out, 64<<10)
	return nil
}

// said is what git had to say where it ended early.
func (o *objects) said() error {
	_ = o.git.Process.Kill()
	_ = o.git.Wait()
	line, _, _ := strings.Cut(strings.TrimSpace(o.errs.String()), "\n")
	if line == "" {
		return nil
	}
	return &gitError{command: "cat-file", stderr: line}
}

// close ends the child.
func (o *objects) close() {
	if o.git == nil {
		return
	}
	_ = o.in.Close()
	_ = o.git.Process.Kill() // it only reads
	_ = o.git.Wait()
	o.git = nil
}
