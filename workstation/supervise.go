package workstation

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"
)

// The files that a supervisor inherits, besides its standard input.
const (
	lockFD  = 3 // N.job, locked: as long as it is, the supervisor lives
	replyFD = 4 // a pipe on which it says that the command has started, or why not
)

// reply is what the supervisor says once.
type reply struct {
	Error string `json:"error,omitempty"`
	Hint  string `json:"hint,omitempty"`
}

// ErrNotSupervisor is what Supervise says to a person.
var ErrNotSupervisor = errors.New("supervise is not for people: spraydeck calls it, to run a command that outlives the console")

// Supervise is the life of a supervisor, from its standard input to the end of the command. It returns an error only
// before the command has started; afterwards there is nobody to hear it, and everything is in the spool.
func Supervise(masking func(Secrets) Mask) error {
	lock, answer, err := inherited()
	if err != nil {
		return err
	}
	defer lock.Close()
	defer answer.Close()
	terminated := ignoreHangup()
	var s spec
	// A console that was killed while it wrote leaves half a spec: then nothing has begun, and nothing does.
	if err := json.NewDecoder(os.Stdin).Decode(&s); err != nil {
		return fmt.Errorf("read what to supervise: %w", err)
	}
	if err := forgetStdin(); err != nil {
		return err
	}
	interruptGrace, terminateGrace, outputGrace = s.StopTimeouts.Interrupt, s.StopTimeouts.Terminate, s.StopTimeouts.Output
	err = supervise(s, masking(s.Secrets), lock, answer, terminated)
	if err != nil {
		e := startError(err)
		_ = json.NewEncoder(answer).Encode(reply{e.Err.Error(), e.hint})
	}
	return err
}

func inherited() (lock, answer *os.File, err error) {
	for fd, kind := range map[int]uint32{lockFD: syscall.S_IFREG, replyFD: syscall.S_IFIFO} {
		var st syscall.Stat_t
		if syscall.Fstat(fd, &st) != nil || st.Mode&syscall.S_IFMT != kind {
			return nil, nil, ErrNotSupervisor
		}
		syscall.CloseOnExec(fd) // the command must not hold the lock
	}
	return os.NewFile(lockFD, "job"), os.NewFile(replyFD, "reply"), nil
}

// ignoreHangup makes the process deaf to whatever a terminal or a shell sends to those who leave. Not by ignoring: that the
// command would inherit, and nothing but SIGKILL could stop it. SIGTERM comes when the machine goes down, and means it.
func ignoreHangup() <-chan os.Signal {
	signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGPIPE,
		syscall.SIGTSTP, syscall.SIGTTIN, syscall.SIGTTOU, syscall.SIGUSR1, syscall.SIGUSR2)
	terminated := make(chan os.Signal, 1)
	signal.Notify(terminated, syscall.SIGTERM)
	return terminated
}

// forgetStdin puts nothing where the secrets came from.
func forgetStdin() error {
	null, err := os.Open(os.DevNull)
	if err != nil {
		return err
	}
	defer null.Close()
	return syscall.Dup3(int(null.Fd()), 0, 0)
}

// supervise works in the spool directory, which is its working directory: so no path is too long for a socket.
func supervise(s spec, mask Mask, lock, answer *os.File, terminated <-chan os.Signal) error {
	_ = os.WriteFile("/proc/self/comm", []byte("spraydeck"), 0) // what ps shows: we were started by another name
	names := filesOf(".", s.Number)
	kept, err := newSpool(names, s.Options.TTY)
	if err != nil {
		return err
	}
	defer kept.close()
	server, err := listen(names.sock)
	if err != nil {
		return &StartError{Err: err, hint: "the state directory must be on a file system that takes sockets: set XDG_STATE_HOME"}
	}
	defer server.close()
	kept.added = server.tell

	var line bytes.Buffer
	w := mask.Writer(&line)
	io.WriteString(w, s.Line)
	w.Close()
	begun := job{
		Line: line.String(), Dir: s.Options.Dir, TTY: s.Options.TTY, Started: kept.begun, Boot: bootID(), Supervisor: os.Getpid(),
	}
	cmd, err := command(s.Line, s.Options)
	if err != nil {
		return err
	}
	if err := note(lock, begun, true); err != nil {
		return err
	}

	var all outputs
	originals := []*original{{name: "stdout"}, {name: "stderr"}}
	out, errs := originals[0].around(kept.out, mask.Writer), io.WriteCloser(nil)
	stderr := output{}
	if !s.Options.TTY {
		errs = originals[1].around(kept.err, mask.Writer)
		stderr = all.to(errs)
	}
	var stdin io.Reader
	switch {
	case s.Typed:
		stdin = server.keys
	case s.Input != nil:
		stdin = bytes.NewReader(s.Input)
	}
	start := startPlain
	if s.Options.TTY {
		start = startTTY
	}
	going, err := start(cmd, s.Options, stdin, all.to(out), stderr)
	if err != nil {
		e := startError(err)
		_ = kept.end(ending{Exit: -1, Outcome: outcomeNotStarted, Ended: time.Now(), Error: e.Err.Error(), Hint: e.hint})
		return e
	}
	_ = note(lock, job{PID: cmd.Process.Pid}, false)
	_ = json.NewEncoder(answer).Encode(reply{})
	answer.Close()
	server.open(mask.Add)

	e := wait(cmd.Process.Pid, going, server.stops, terminated, kept)
	all.detach()
	out.Close()
	if errs != nil {
		errs.Close()
	}
	if e.Outcome == "" {
		if e.Exit, err = exitCode(cmd, nil, nil); err != nil {
			e.Exit = -1
		}
		if e.Outcome = outcomeExit; e.Exit == 0 {
			e.Outcome = outcomeDone
		}
	}
	e.Ended = time.Now()
	e.Exact = []string{}
	for _, o := range originals {
		if o.exact() {
			e.Exact = append(e.Exact, o.name)
		}
	}
	_ = kept.end(e) // without it, the end of the lock says that the outcome is unknown
	server.give(originals)
	return nil
}

// wait waits for the command's end, or brings it about.
func wait(pid int, going *running, stops <-chan string, terminated <-chan os.Signal, kept *spool) ending {
	ended := make(chan error, 1)
	go func() { ended <- going.wait() }()
	save := time.NewTicker(time.Second)
	defer save.Stop()
	for {
		why := outcomeCancelled
		select {
		case <-ended:
			return ending{}
		case <-save.C:
			go kept.save() // a slow disk must not hold the command
			continue
		case why = <-stops:
		case <-terminated:
		}
		return ending{Exit: -1, Outcome: why, Signal: stop(pid, ended)}
	}
}

// note adds a line to N.job, whose lock we hold.
func note(lock *os.File, j job, sync bool) error {
	b, err := json.Marshal(j)
	if err == nil {
		_, err = lock.Write(append(b, '\n'))
	}
	if err == nil && sync {
		if err = lock.Sync(); err == nil {
			err = syncDir(".")
		}
	}
	return err
}

// bootID names this start of the machine; empty where there is no such name.
func bootID() string {
	b, _ := os.ReadFile("/proc/sys/kernel/random/boot_id")
	return string(bytes.TrimSpace(b))
}

// listen makes the socket, for its owner alone.
func listen(name string) (*controlServer, error) {
	if err := os.Remove(name); err != nil && !os.IsNotExist(err) {
		return nil, err
	}
	mask := syscall.Umask(0o177)
	l, err := net.Listen("unix", filepath.Clean(name))
	syscall.Umask(mask)
	if err != nil {
		return nil, err
	}
	return &controlServer{socket: l, keys: newKeys(), stops: make(chan string, 1), quit: make(chan struct{}), asked: make(chan struct{})}, nil
}
