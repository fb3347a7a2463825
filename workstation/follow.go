package workstation

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"time"

	"spraydeck/regular"
)

// Offsets is how much of each stream somebody already has, in bytes.
type Offsets struct{ Stdout, Stderr int64 }

// lookEvery is how often output is polled: without the socket there are no notifications.
const lookEvery = 20 * time.Millisecond

// LostError says that the outcome of a command is unknown: it may even still run.
type LostError struct {
	job     job
	dir     string
	number  int
	silent  bool // the supervisor is there, but does not answer
	nothing bool // the directory is gone
}

// StateUnknown is true: it may have done all, some or none of its work.
func (e *LostError) StateUnknown() bool { return true }

func (e *LostError) Error() string {
	switch {
	case e.silent:
		return fmt.Sprintf("stop command: its supervisor, process %d, does not answer", e.job.Supervisor)
	case e.nothing:
		return fmt.Sprintf("how the command ended is unknown: %s is gone, where that was kept", e.dir)
	case e.job.Boot != bootID():
		return "how the command ended is unknown: this machine was restarted meanwhile"
	}
	return fmt.Sprintf("how the command ended is unknown: its supervisor, process %d, is gone", e.job.Supervisor)
}

// Hint says how to fix it, in one line.
func (e *LostError) Hint() string {
	if !e.silent && e.job.left() {
		return fmt.Sprintf("it still runs, in process group %d: wait for it, or end it with kill -- -%d; then see what it has done", e.job.PID, e.job.PID)
	}
	if e.nothing {
		return "see what it has done before it is run again"
	}
	return "see what it has done before it is run again; what it printed is in " + filesOf(e.dir, e.number).out
}

// OutputLostError says that the command came to an end of its own, but that not all of its output could be kept.
type OutputLostError struct{ What string }

func (e *OutputLostError) Error() string {
	return "the output of the command is not complete: " + e.What
}

// Ended is true: the exit code is the command's own.
func (e *OutputLostError) Ended() bool { return true }

// Hint says how to fix it, in one line.
func (e *OutputLostError) Hint() string {
	return "the exit code is its own; make room on the disk of the state directory before going on"
}

// Follow delivers what the command printed after from, then what it prints, and returns when it has ended, as [Run]
// does. keys is what somebody types; one that has a length was handed over by [Start] and is not read again.
//
// When ctx ends, the command is stopped. To leave it alone, die, or let go of stdout: nothing that happens to this
// process reaches the command. An error with StateUnknown is a [*LostError].
func (j *Job) Follow(ctx context.Context, from Offsets, keys io.Reader, stdout, stderr io.Writer) (exit int, err error) {
	t := &tail{job: j, out: pipeline{name: j.names.out, at: from.Stdout, to: stdout}, err: pipeline{name: j.names.err, at: from.Stderr, to: stderr}}
	t.out.skip, t.err.skip = from.Stdout, from.Stderr
	defer t.close()
	if keys != nil && j.info.TTY && !sized(keys) {
		go j.typed(keys)
	}
	returned := j.expect()
	changes, gone := j.changes()
	look := time.NewTicker(time.Second)
	defer look.Stop()
	if gone == nil {
		look.Reset(lookEvery)
	}
	ended, silent := ctx.Done(), (<-chan time.Time)(nil)
	var stopped chan struct{} // without the supervisor's help
	direct := false
	for {
		state := Running
		select {
		case <-changes:
		case <-gone:
			gone = nil
			state = j.state()
			look.Reset(lookEvery)
		case <-look.C:
			state = j.state()
		case <-stopped:
			stopped = nil
			state = j.state()
		case <-silent:
			t.deliver()
			return -1, j.lost(true)
		case <-ended:
			ended = nil
			silent = time.After(interruptGrace + 2*terminateGrace + outputGrace + 5*time.Second)
			if !j.ask(request{Stop: reason(ctx)}) {
				direct, stopped = true, make(chan struct{})
				go func() { j.stopDirectly(); close(stopped) }()
			}
		}
		t.deliver()
		if stopped != nil {
			continue // the shell may have ended, but not yet its group
		}
		switch state {
		case Ended:
			t.rest()
			j.take(returned)
			if direct {
				return -1, fmt.Errorf("ended from here, because its supervisor does not answer: %w", ctx.Err())
			}
			return j.result(t.failed)
		case Lost:
			t.rest()
			return -1, j.lost(false)
		}
	}
}

func (j *Job) lost(silent bool) *LostError {
	_, err := os.Stat(j.dir)
	return &LostError{job: j.now(), dir: j.dir, number: j.number, silent: silent, nothing: err != nil}
}

// now is info with what the supervisor has added since.
func (j *Job) now() job {
	if info, err := readJob(j.names.job); err == nil {
		return info
	}
	return j.info
}

func reason(ctx context.Context) string {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return outcomeTimeout
	}
	return outcomeCancelled
}

// stopDirectly is for a supervisor that cannot be asked.
func (j *Job) stopDirectly() {
	if info := j.now(); info.left() {
		done := make(chan error)
		close(done)
		stop(info.PID, done)
	}
}

// result is how the command ended, as Run would have said it.
func (j *Job) result(failed error) (int, error) {
	e := j.ending()
	if e == nil {
		return -1, j.lost(false)
	}
	switch e.Outcome {
	case outcomeNotStarted:
		return -1, &StartError{Err: errors.New(e.Error), hint: e.Hint}
	case outcomeTimeout:
		return -1, fmt.Errorf("ended by %s: %w", e.Signal, context.DeadlineExceeded)
	case outcomeCancelled:
		return -1, fmt.Errorf("ended by %s: %w", e.Signal, context.Canceled)
	}
	switch {
	case failed != nil:
		return e.Exit, fmt.Errorf("write the output of the command: %w", failed)
	case e.Lost != "":
		return e.Exit, &OutputLostError{e.Lost}
	}
	return e.Exit, nil
}

// typed sends keys on as they come.
func (j *Job) typed(keys io.Reader) {
	buf := make([]byte, 4<<10)
	for {
		n, err := keys.Read(buf)
		if n > 0 && !j.ask(request{Keys: buf[:n]}) {
			return
		}
		if err != nil {
			if err == io.EOF {
				j.ask(request{End: true})
			}
			return
		}
	}
}

// changes signals when there is more to read, and when the supervisor is gone.
func (j *Job) changes() (changes, gone chan struct{}) {
	changes = make(chan struct{}, 1)
	changes <- struct{}{}
	j.mu.Lock()
	conn := j.conn
	j.mu.Unlock()
	if conn == nil {
		return changes, nil
	}
	gone = make(chan struct{})
	go func() {
		defer close(gone)
		buf := make([]byte, 64)
		for {
			if _, err := conn.Read(buf); err != nil {
				return
			}
			select {
			case changes <- struct{}{}:
			default:
			}
		}
	}()
	return changes, gone
}

// tail reads a growing spool. N.times says in which order the streams were written.
type tail struct {
	job      *Job
	times    *os.File
	read     int64  // of times
	line     []byte // its last, unfinished line
	out, err pipeline
	failed   error // the first failed write; the rest is dropped
	buf      []byte
}

// pipeline is one stream on its way from its file to a writer.
type pipeline struct {
	name string
	file *os.File
	at   int64 // delivered
	skip int64 // bytes of the next entry of times that were delivered earlier
	to   io.Writer
}

func (t *tail) close() {
	t.times.Close()
	t.out.file.Close()
	t.err.file.Close()
}

// deliver passes on all output listed in times.
func (t *tail) deliver() {
	if t.times == nil {
		var err error
		if t.times, err = regular.Open(t.job.names.times); err != nil {
			return
		}
	}
	if t.buf == nil {
		t.buf = make([]byte, 256<<10)
	}
	var from *pipeline
	var n int64
	chunk := make([]byte, 16<<10)
	for {
		got, err := t.times.ReadAt(chunk, t.read)
		t.read += int64(got)
		t.line = append(t.line, chunk[:got]...)
		for {
			i := bytes.IndexByte(t.line, '\n')
			if i < 0 {
				break
			}
			next, size := t.piece(t.line[:i])
			t.line = t.line[i+1:]
			if next != from && from != nil {
				t.pass(from, n)
				n = 0
			}
			from, n = next, n+size
		}
		if err != nil || got == 0 {
			break
		}
	}
	if from != nil {
		t.pass(from, n)
	}
}

// piece reads a line of times: "12.345678 stdout 4096". What was delivered earlier counts as nothing.
func (t *tail) piece(line []byte) (*pipeline, int64) {
	words := bytes.Fields(line)
	if len(words) != 3 {
		return &t.out, 0
	}
	p := &t.out
	if string(words[1]) == "stderr" {
		p = &t.err
	}
	n, _ := strconv.ParseInt(string(words[2]), 10, 64)
	seen := min(n, p.skip)
	p.skip -= seen
	return p, n - seen
}

// rest passes on output that times does not list: it was full before the streams were.
func (t *tail) rest() {
	for _, p := range []*pipeline{&t.out, &t.err} {
		t.pass(p, 1<<62)
	}
}

// pass delivers the next n bytes of a stream, or as many as there are.
func (t *tail) pass(p *pipeline, n int64) {
	if p.file == nil {
		var err error
		if p.file, err = regular.Open(p.name); err != nil {
			return // a terminal has no second stream
		}
	}
	if t.buf == nil {
		t.buf = make([]byte, 256<<10)
	}
	for n > 0 {
		got, err := p.file.ReadAt(t.buf[:min(n, int64(len(t.buf)))], p.at)
		if got > 0 && t.failed == nil && p.to != nil {
			_, t.failed = p.to.Write(t.buf[:got])
		}
		p.at += int64(got)
		n -= int64(got)
		if err != nil || got == 0 {
			return
		}
	}
}
