package workstation

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"spraydeck/regular"
)

// Job is a command under a supervisor. What is kept of it is in a directory, so any process of the same user can take
// it up, at any time, also after its end.
type Job struct {
	dir    string
	number int
	names  files
	info   job

	mu   sync.Mutex
	conn net.Conn // to the supervisor; nil without one

	giving net.Conn // over which it gives what was printed
	given  given    // what it gave
}

// Start starts line under a supervisor of its own, which keeps its output in dir, and returns when it runs. The command
// then goes on whatever happens to this process. dir must be there, and number new in it.
//
// In a terminal stdin is what somebody types, and is read by [Job.Follow]; nil is an empty one. Without a terminal, or if
// stdin has a length (Len() int), all of it is read here, so that no command waits for the rest of its input when
// this process is gone.
//
// An error is a [*StartError], or a [*LostError] if it is unknown whether it started.
func Start(dir string, number int, line string, o Options, stdin io.Reader, secrets Secrets) (*Job, error) {
	s := spec{
		Number: number, Line: line, Options: o, Secrets: secrets, StopTimeouts: stopTimeouts{interruptGrace, terminateGrace, outputGrace},
	}
	var err error
	if s.Options.Dir, err = filepath.Abs(o.Dir); err != nil {
		return nil, startError(err)
	}
	switch {
	case stdin == nil:
	case o.TTY && !sized(stdin):
		s.Typed = true
	default:
		if s.Input, err = io.ReadAll(stdin); err != nil {
			return nil, &StartError{Err: fmt.Errorf("read its input: %w", err)}
		}
		if s.Input == nil {
			s.Input = []byte{}
		}
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return nil, startError(err)
	}
	lock, err := claim(filesOf(dir, number))
	if err != nil {
		return nil, startError(err)
	}
	defer lock.Close() // the supervisor has its own
	if err := launch(dir, s, lock); err != nil {
		return nil, err
	}
	return Attach(dir, number)
}

func sized(r io.Reader) bool {
	_, ok := r.(interface{ Len() int })
	return ok
}

// claim makes N.job and locks it, before the supervisor starts, so that others see a command under way.
func claim(names files) (*os.File, error) {
	f, err := os.OpenFile(names.job, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if info, e := f.Stat(); errors.Is(err, syscall.EWOULDBLOCK) || e == nil && info.Size() > 0 {
		err = errors.New("this command was started before")
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// launch starts the supervisor and waits for its word. It is this very program, even if the file has been replaced
// since: both ends are of one version.
func launch(dir string, s spec, lock *os.File) error {
	told, err := json.Marshal(s)
	if err != nil {
		return startError(err)
	}
	answer, theirs, err := os.Pipe()
	if err != nil {
		return startError(err)
	}
	defer answer.Close()
	cmd := exec.Command("/proc/self/exe", "supervise")
	cmd.Args[0] = "spraydeck"
	cmd.Dir = dir
	cmd.Stdin = bytes.NewReader(told)
	cmd.ExtraFiles = []*os.File{lock, theirs}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	err = cmd.Start()
	theirs.Close()
	if err != nil {
		return startError(fmt.Errorf("start its supervisor: %w", err))
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }() // or it stays a zombie for as long as we live
	var r reply
	if err := json.NewDecoder(answer).Decode(&r); err != nil {
		err := <-ended
		if info, e := os.Stat(filesOf(dir, s.Number).job); e == nil && info.Size() == 0 {
			return &StartError{Err: fmt.Errorf("its supervisor ended at once: %v", err)}
		}
		return &LostError{job: job{Supervisor: cmd.Process.Pid, Boot: bootID()}, dir: dir, number: s.Number}
	}
	if r.Error != "" {
		<-ended // it holds the lock until then
		return &StartError{Err: errors.New(r.Error), hint: r.Hint}
	}
	return nil
}

// Attach takes up a command that was started in dir, by whomever, whether it still runs or not. If it never started
// the error is a [*StartError] whose NeverStarted says so; if dir is not there, which is made before any command, it is a
// [*LostError].
func Attach(dir string, number int) (*Job, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, startError(err)
	}
	j := &Job{dir: dir, number: number, names: filesOf(dir, number)}
	// The supervisor may be at its first steps, if the console that started it died a moment ago.
	for {
		if j.info, err = readJob(j.names.job); err == nil && j.info.Supervisor != 0 {
			break
		}
		if err != nil && !os.IsNotExist(err) {
			return nil, startError(err)
		}
		if err != nil || !locked(j.names.job) {
			if _, err := os.Stat(dir); err != nil {
				return nil, &LostError{dir: dir, number: number, nothing: true}
			}
			return nil, &StartError{
				Err:  errors.New("it never started: the console ended first"),
				hint: "nothing of it has happened; it can be run now", never: true,
			}
		}
		time.Sleep(5 * time.Millisecond)
	}
	j.conn = dial(dir, filepath.Base(j.names.sock))
	return j, nil
}

// dial connects to the supervisor, or gives nil. The way through the open directory is never too long for an address.
func dial(dir, name string) net.Conn {
	d, err := os.Open(dir)
	if err != nil {
		return nil
	}
	defer d.Close()
	conn, err := net.Dial("unix", fmt.Sprintf("/proc/self/fd/%d/%s", d.Fd(), name))
	if err != nil {
		return nil
	}
	return conn
}

func readJob(name string) (j job, err error) {
	f, err := regular.Open(name)
	if err != nil {
		return j, err
	}
	defer f.Close()
	for lines := json.NewDecoder(f); err == nil; {
		err = lines.Decode(&j) // each adds to the one before; the last may be half written
	}
	return j, nil
}

// locked reports whether somebody holds the lock of a job.
func locked(name string) bool {
	f, err := regular.Open(name)
	if err != nil {
		return false
	}
	defer f.Close()
	return syscall.Flock(int(f.Fd()), syscall.LOCK_SH|syscall.LOCK_NB) != nil
}

// ending reads how the command ended; nil while it has not, as far as is known.
func (j *Job) ending() *ending {
	b, err := regular.Read(j.names.exit)
	if err != nil {
		return nil
	}
	var e ending
	if json.Unmarshal(b, &e) != nil {
		return nil // the disk lost it: the outcome is unknown
	}
	return &e
}

// EndedAt is when the command ended, zero while it runs or where that is unknown.
func (j *Job) EndedAt() time.Time {
	info, err := os.Stat(j.names.exit)
	if err != nil || j.ending() == nil {
		return time.Time{}
	}
	return info.ModTime()
}

// State is what has become of a job.
type State string

// A job is in one of these.
const (
	Running State = "running"
	Ended   State = "ended"
	Lost    State = "lost"        // the outcome is unknown: its supervisor is gone
	Never   State = "not-started" // nothing of it has happened
)

func (j *Job) state() State {
	for range 2 { // it may end between the two looks
		if j.ending() != nil {
			return Ended
		}
		if locked(j.names.job) {
			return Running
		}
	}
	return Lost
}

// Close detaches from the job, which goes on.
func (j *Job) Close() {
	j.mu.Lock()
	defer j.mu.Unlock()
	quit(j.conn)
	quit(j.giving)
	j.conn, j.giving = nil, nil
}

// ask sends a request. It reports whether the supervisor took it.
func (j *Job) ask(r request) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.conn != nil && json.NewEncoder(j.conn).Encode(r) == nil
}

// Mask passes secrets that became known after the start to the supervisor. When it returns, they are masked in whatever the
// command prints from now on; a supervisor that does not answer is waited for no longer than a second.
func (j *Job) Mask(secrets ...string) {
	if len(secrets) == 0 {
		return
	}
	conn := dial(j.dir, filepath.Base(j.names.sock)) // a call of its own: that it is over says that they were heard
	if conn == nil {
		return
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(time.Second))
	if json.NewEncoder(conn).Encode(request{Mask: secrets}) == nil && conn.(*net.UnixConn).CloseWrite() == nil {
		_, _ = io.Copy(io.Discard, conn)
	}
}

// Info is what is known of a job.
type Info struct {
	Number  int
	Line    string // masked
	Dir     string // where it ran
	TTY     bool
	Started time.Time
	PID     int // of its shell, and its process group; 0 if it never started
	State   State
	Exit    int       // State Ended: -1 if it was stopped or could not be started
	Outcome string    // State Ended: done, exit, cancelled, timeout, not-started
	Ended   time.Time // State Ended
	Left    bool      // State Lost: processes of it are still there
}

// Jobs lists the commands whose supervisors were started in dir, in the order of their numbers. Without dir there are none.
func Jobs(dir string) ([]Info, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		if os.IsNotExist(err) {
			err = nil
		}
		return nil, err
	}
	var numbers []int
	for _, e := range entries {
		name, ok := strings.CutSuffix(e.Name(), ".job")
		if n, err := strconv.Atoi(name); ok && err == nil {
			numbers = append(numbers, n)
		}
	}
	slices.Sort(numbers)
	var all []Info
	for _, n := range numbers {
		j := &Job{dir: dir, number: n, names: filesOf(dir, n)}
		if j.info, err = readJob(j.names.job); err != nil {
			return all, err
		}
		i := Info{
			Number: n, Line: j.info.Line, Dir: j.info.Dir, TTY: j.info.TTY, Started: j.info.Started, PID: j.info.PID, State: j.state(),
		}
		switch i.State {
		case Ended:
			e := j.ending()
			i.Exit, i.Outcome, i.Ended = e.Exit, e.Outcome, e.Ended
		case Lost:
			if j.info.Supervisor == 0 {
				i.State = Never
			}
			i.Left = j.info.left()
		}
		all = append(all, i)
	}
	return all, nil
}

// left reports whether processes of a job whose supervisor is gone are still there.
func (j *job) left() bool { return j.PID > 1 && j.Boot == bootID() && alive(j.PID) }
