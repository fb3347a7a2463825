package workstation

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// The test binary is console and supervisor as well, as the real one is: `supervise` is the real thing, `console SPEC`
// starts or takes up a command and prints what it gets.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 {
		switch os.Args[1] {
		case "supervise":
			if err := Supervise(testMask); err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(1)
			}
			os.Exit(0)
		case "console":
			os.Exit(console())
		}
	}
	os.Exit(m.Run())
}

// testMask is not ours to do well: it masks what comes in one piece.
func testMask(s Secrets) Mask { return &masker{values: s.Values} }

type masker struct {
	mu     sync.Mutex
	values []string
}

func (m *masker) Writer(w io.Writer) io.WriteCloser { return maskWriter{w, m} }

func (m *masker) Add(secrets ...string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.values = append(m.values, secrets...)
}

type maskWriter struct {
	w io.Writer
	m *masker
}

func (m maskWriter) Write(p []byte) (int, error) {
	m.m.mu.Lock()
	defer m.m.mu.Unlock()
	q := p
	for _, v := range m.m.values {
		if v == "" {
			continue
		}
		q = bytes.ReplaceAll(q, []byte(v), []byte("[masked]"))
	}
	_, err := m.w.Write(q)
	return len(p), err
}

func (m maskWriter) Close() error { return nil }

// consoleSpec is what a console of a test is to do.
type consoleSpec struct {
	Dir    string
	Line   string // "" takes up what is there
	TTY    bool
	From   Offsets
	Secret string
}

func console() int {
	var s consoleSpec
	if err := json.NewDecoder(os.Stdin).Decode(&s); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 99
	}
	interruptGrace, terminateGrace, outputGrace = 500*time.Millisecond, 500*time.Millisecond, 300*time.Millisecond
	var j *Job
	var err error
	if s.Line != "" {
		if err := os.Mkdir(s.Dir, 0o700); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 96
		}
		j, err = Start(s.Dir, 1, s.Line, Options{TTY: s.TTY, Env: []string{"SECRET=" + s.Secret}}, nil, Secrets{Values: []string{s.Secret}})
	} else {
		j, err = Attach(s.Dir, 1)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 98
	}
	exit, err := j.Follow(context.Background(), s.From, nil, os.Stdout, os.Stderr)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 97
	}
	return exit
}

// startConsole starts a console in a process of its own. What it prints goes to a file, since a file takes what a
// killed process has written.
func startConsole(t *testing.T, s consoleSpec) (cmd *exec.Cmd, printed string) {
	t.Helper()
	told, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	out, err := os.CreateTemp(t.TempDir(), "printed")
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	cmd = exec.Command("/proc/self/exe", "console")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(told), out, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	return cmd, out.Name()
}

func size(name string) int64 {
	info, err := os.Stat(name)
	if err != nil {
		return 0
	}
	return info.Size()
}

// until waits for something that is to come soon.
func until(t *testing.T, what string, done func() bool) {
	t.Helper()
	for begun := time.Now(); !done(); time.Sleep(2 * time.Millisecond) {
		if time.Since(begun) > 20*time.Second {
			t.Fatal("never: " + what)
		}
	}
}

func start(t *testing.T, line string, o Options, stdin io.Reader) (*Job, string) {
	t.Helper()
	shorten(t)
	dir := t.TempDir()
	j, err := Start(dir, 1, line, o, stdin, Secrets{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { end(j) })
	return j, dir
}

// end leaves nothing behind, whatever became of the test.
func end(j *Job) {
	j.Close()
	if info := j.now(); info.left() {
		syscall.Kill(-info.PID, syscall.SIGKILL)
	}
	for range 1000 {
		if !locked(j.names.job) {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	syscall.Kill(j.info.Supervisor, syscall.SIGKILL)
}

func follow(t *testing.T, j *Job, from Offsets) (exit int, stdout, stderr string, err error) {
	t.Helper()
	var out, errs bytes.Buffer
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	exit, err = j.Follow(ctx, from, nil, &out, &errs)
	return exit, out.String(), errs.String(), err
}

func TestSupervisedExits(t *testing.T) {
	both(t, func(t *testing.T, o Options) {
		for line, want := range map[string]int{"true": 0, "exit 2": 2, "exit 255": 255, "kill -TERM $$": 143, "kill -KILL $$": 137, "no-such-command-x": 127} {
			j, _ := start(t, line, o, nil)
			if exit, _, _, err := follow(t, j, Offsets{}); exit != want || err != nil {
				t.Errorf("%s: exit %d, %v; want %d", line, exit, err, want)
			}
			if got := j.state(); got != Ended {
				t.Errorf("%s: %s", line, got)
			}
		}
	})
}

func TestSupervisedStreams(t *testing.T) {
	const line = `printf 'a\0\377\033[2J'; printf err >&2; sleep 0.05; printf b; sleep 0.05; printf more >&2`
	j, dir := start(t, line, Options{}, nil)
	var order strings.Builder
	exit, err := j.Follow(t.Context(), Offsets{}, nil, tagged{"o", &order}, tagged{"e", &order})
	if exit != 0 || err != nil || !strings.HasSuffix(order.String(), `o"b"e"more"`) || !strings.Contains(order.String(), `o"a\x00\xff\x1b[2J"`) {
		t.Errorf("exit %d, %v, %s", exit, err, &order)
	}
	// again, and from the middle, as often as anybody likes
	for _, from := range []Offsets{{}, {2, 0}, {6, 4}, {8, 7}} {
		j, err := Attach(dir, 1)
		if err != nil {
			t.Fatal(err)
		}
		_, out, errs, err := follow(t, j, from)
		if err != nil || out != "a\x00\xff\x1b[2Jb"[from.Stdout:] || errs != "errmore"[from.Stderr:] {
			t.Errorf("from %v: %q, %q, %v", from, out, errs, err)
		}
	}
}

type tagged struct {
	tag string
	w   io.Writer
}

func (t tagged) Write(p []byte) (int, error) {
	fmt.Fprintf(t.w, "%s%q", t.tag, p)
	return len(p), nil
}

func TestSupervisedInput(t *testing.T) {
	both(t, func(t *testing.T, o Options) {
		j, _ := start(t, `read a; read b; echo "<$b$a>"`, o, strings.NewReader("one\ntwo\n"))
		if exit, out, _, err := follow(t, j, Offsets{}); exit != 0 || err != nil || !strings.Contains(out, "<twoone>") {
			t.Errorf("lines: exit %d, %v, %q", exit, err, out)
		}
		j, _ = start(t, "cat; cat", o, nil)
		if exit, _, _, err := follow(t, j, Offsets{}); exit != 0 || err != nil {
			t.Errorf("no stdin: exit %d, %v", exit, err)
		}
	})
	// a plain command gets all of its input
	r, w := io.Pipe()
	go func() { io.WriteString(w, strings.Repeat("x", 1<<20)); w.Close() }()
	j, _ := start(t, "wc -c", Options{}, r)
	if _, out, _, err := follow(t, j, Offsets{}); strings.TrimSpace(out) != "1048576" || err != nil {
		t.Errorf("%q, %v", out, err)
	}
}

// TestConsoleDies: whatever is done to the console in the middle of the output, the command runs once, to its end, and
// all that it printed is there.
func TestConsoleDies(t *testing.T) {
	const steps = 400
	for name, hurt := range map[string]func(t *testing.T, c *exec.Cmd){
		"SIGKILL": func(t *testing.T, c *exec.Cmd) { c.Process.Kill() },
		"SIGHUP to its whole group": func(t *testing.T, c *exec.Cmd) {
			syscall.Kill(-c.Process.Pid, syscall.SIGHUP)
		},
		"SIGSTOP": func(t *testing.T, c *exec.Cmd) {
			c.Process.Signal(syscall.SIGSTOP)
			time.Sleep(time.Second)
			c.Process.Signal(syscall.SIGCONT)
		},
	} {
		both(t, func(t *testing.T, o Options) {
			dir, runs := filepath.Join(t.TempDir(), "spool"), filepath.Join(t.TempDir(), "runs")
			line := fmt.Sprintf(`echo run >>%s; i=0; while [ $i -lt %d ]; do i=$((i+1)); printf '%%d\033[1m\377\0 %%0900d\n' $i $i; sleep 0.002; done; exit 7`, runs, steps)
			c, printed := startConsole(t, consoleSpec{Dir: dir, Line: line, TTY: o.TTY})
			until(t, "output", func() bool { return size(printed) > 50_000 })
			hurt(t, c)
			c.Wait()
			seen, err := os.ReadFile(printed)
			if err != nil {
				t.Fatal(err)
			}
			if name != "SIGSTOP" && len(seen) > steps*900 {
				t.Errorf("%s: it was to be hurt in the middle", name)
			}
			j, err := Attach(dir, 1)
			if err != nil {
				t.Fatal(err)
			}
			defer end(j)
			exit, out, _, err := follow(t, j, Offsets{Stdout: int64(len(seen))})
			var want strings.Builder
			eol := "\n"
			if o.TTY {
				eol = "\r\n"
			}
			for i := 1; i <= steps; i++ {
				fmt.Fprintf(&want, "%d\x1b[1m\xff\x00 %0900d%s", i, i, eol)
			}
			if all := string(seen) + out; exit != 7 || err != nil || all != want.String() {
				t.Errorf("%s: exit %d, %v, %d bytes, want %d", name, exit, err, len(all), want.Len())
			}
			if b, _ := os.ReadFile(runs); string(b) != "run\n" {
				t.Errorf("%s: it ran %q", name, b)
			}
		})
	}
}

// TestConsoleDiesAtStart: killed at any moment of a start, the command runs once or not at all, and it is known which.
func TestConsoleDiesAtStart(t *testing.T) {
	var never, ran int
	for i := range 40 {
		dir, runs := filepath.Join(t.TempDir(), "spool"), filepath.Join(t.TempDir(), "runs")
		c, _ := startConsole(t, consoleSpec{Dir: dir, Line: "echo run >>" + runs})
		until(t, "spool", func() bool { _, err := os.Stat(dir); return err == nil })
		time.Sleep(time.Duration(i) * time.Millisecond)
		c.Process.Kill()
		c.Wait()
		j, err := Attach(dir, 1)
		var notStarted *StartError
		if errors.As(err, &notStarted) {
			never++
			time.Sleep(50 * time.Millisecond) // and it does not start behind our back
			if _, err := os.Stat(runs); err == nil {
				t.Fatal("it was said that it never started")
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		exit, _, _, err := follow(t, j, Offsets{})
		if b, _ := os.ReadFile(runs); exit != 0 || err != nil || string(b) != "run\n" {
			t.Fatalf("exit %d, %v, ran %q", exit, err, b)
		}
		ran++
	}
	t.Logf("%d never started, %d ran", never, ran)
}

func TestTwoAttached(t *testing.T) {
	j, dir := start(t, "for i in 1 2 3 4 5 6 7 8 9; do echo $i; sleep 0.02; done", Options{TTY: true}, nil)
	other, err := Attach(dir, 1)
	if err != nil {
		t.Fatal(err)
	}
	type result struct {
		exit int
		out  string
		err  error
	}
	results := make(chan result, 2)
	for _, j := range []*Job{j, other} {
		go func() {
			exit, out, _, err := follow(t, j, Offsets{})
			results <- result{exit, out, err}
		}()
	}
	want := "1\r\n2\r\n3\r\n4\r\n5\r\n6\r\n7\r\n8\r\n9\r\n"
	for range 2 {
		if r := <-results; r.exit != 0 || r.err != nil || r.out != want {
			t.Errorf("%+v", r)
		}
	}
}

func TestSupervisorKilled(t *testing.T) {
	both(t, func(t *testing.T, o Options) {
		j, dir := start(t, "trap '' HUP; echo begun; sleep 30", o, nil)
		out := newAwait("begun")
		supervisor := j.info.Supervisor
		go func() {
			out.wait(t)
			syscall.Kill(supervisor, syscall.SIGKILL)
		}()
		check := func(j *Job, from Offsets, out io.Writer) {
			exit, err := j.Follow(t.Context(), from, nil, out, nil)
			var lost interface{ StateUnknown() bool }
			if exit != -1 || !errors.As(err, &lost) || !lost.StateUnknown() {
				t.Fatalf("exit %d, %v", exit, err)
			}
			if hint := err.(*LostError).Hint(); !strings.Contains(hint, fmt.Sprintf("process group %d", j.info.PID)) {
				t.Errorf("hint %q", hint)
			}
		}
		check(j, Offsets{}, out)
		again, err := Attach(dir, 1)
		if err != nil {
			t.Fatal(err)
		}
		check(again, Offsets{Stdout: 1}, io.Discard)
		if jobs, err := Jobs(dir); err != nil || len(jobs) != 1 || jobs[0].State != Lost || !jobs[0].Left {
			t.Errorf("%+v, %v", jobs, err)
		}
	})
}

// TestSupervisorSuspended: a stop that the supervisor does not act on ends all the same, and nobody claims to know how.
func TestSupervisorSuspended(t *testing.T) {
	for _, how := range []string{"asked", "no socket"} {
		j, _ := start(t, "echo begun; sleep 30", Options{}, nil)
		if how == "no socket" {
			j.Close()
		}
		supervisor := j.info.Supervisor
		t.Cleanup(func() { syscall.Kill(supervisor, syscall.SIGCONT) })
		ctx, cancel := context.WithCancel(t.Context())
		out := newAwait("begun")
		go func() {
			out.wait(t)
			syscall.Kill(supervisor, syscall.SIGSTOP)
			cancel()
		}()
		exit, err := j.Follow(ctx, Offsets{}, nil, out, nil)
		var lost *LostError
		if exit != -1 || !errors.As(err, &lost) || !strings.Contains(err.Error(), "does not answer") || lost.Hint() == "" {
			t.Errorf("%s: exit %d, %v", how, exit, err)
		}
	}
}

// TestMachineRestarted: what a machine leaves that went down in the middle.
func TestMachineRestarted(t *testing.T) {
	dir := t.TempDir()
	b, _ := json.Marshal(job{Line: "x", Boot: "another", Supervisor: 1, PID: os.Getpid(), Started: time.Now()})
	os.WriteFile(filepath.Join(dir, "1.job"), append(b, `{"pid":`...), 0o600)
	os.WriteFile(filepath.Join(dir, "1.out"), []byte("half"), 0o600)
	j, err := Attach(dir, 1)
	if err != nil {
		t.Fatal(err)
	}
	_, out, _, err := follow(t, j, Offsets{})
	if err == nil || !strings.Contains(err.Error(), "restarted") || out != "half" || strings.Contains(err.(*LostError).Hint(), "still runs") {
		t.Errorf("%q, %v", out, err)
	}
}

// TestKeysAfterAttach: who takes a command up can type, while the console before it still can.
func TestKeysAfterAttach(t *testing.T) {
	r, w := io.Pipe()
	defer w.Close()
	j, dir := start(t, `stty -echo; printf 'name? '; read a; echo "hello $a"; printf 'more? '; read b; echo "bye $b"; exit 4`, Options{TTY: true}, r)
	asked, out := newAwait("name? "), newAwait("more? ")
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		j.Follow(t.Context(), Offsets{}, r, io.MultiWriter(asked, out), nil)
	}()
	asked.wait(t)
	w.Write([]byte("first\n"))
	out.wait(t)
	again, err := Attach(dir, 1)
	if err != nil {
		t.Fatal(err)
	}
	r, w = io.Pipe()
	defer w.Close()
	go w.Write([]byte("second\n"))
	var rest bytes.Buffer
	const seen = int64(len("name? hello first\r\nmore? "))
	exit, err := again.Follow(t.Context(), Offsets{Stdout: seen}, r, &rest, nil)
	<-watched
	if exit != 4 || err != nil || rest.String() != "bye second\r\n" || !strings.HasSuffix(out.String(), "more? "+rest.String()) {
		t.Errorf("exit %d, %v, %q, %q", exit, err, out, &rest)
	}
}

// TestSocketGone: a console whose socket is gone, and one that comes after, read the files alone, to the end.
func TestSocketGone(t *testing.T) {
	both(t, func(t *testing.T, o Options) {
		j, dir := start(t, "for i in 1 2 3 4 5 6 7 8 9; do echo $i; sleep 0.1; done; exit 7", o, nil)
		out := newAwait("3")
		go func() {
			out.wait(t)
			os.Remove(j.names.sock)
			j.Close()
		}()
		exit, err := j.Follow(t.Context(), Offsets{}, nil, out, nil)
		want := strings.ReplaceAll("1 2 3 4 5 6 7 8 9 ", " ", "\n")
		if got := strings.ReplaceAll(out.String(), "\r", ""); exit != 7 || err != nil || got != want {
			t.Errorf("exit %d, %v, %q", exit, err, got)
		}
		again, err := Attach(dir, 1)
		if err != nil {
			t.Fatal(err)
		}
		if exit, got, _, err := follow(t, again, Offsets{}); exit != 7 || err != nil || got != out.String() {
			t.Errorf("again: exit %d, %v, %q", exit, err, got)
		}
	})
}

func TestSupervisedCancel(t *testing.T) {
	for _, tt := range []struct{ name, line, sig string }{
		{"obeys", "echo begun; exec sleep 30", "SIGINT"},
		{"child cleans up", "(trap 'sleep 0.2; echo cleaned; exit 1' INT; echo begun; while :; do sleep 0.05; done); true", "SIGINT"},
		{"ignores INT", "trap '' INT; echo begun; while :; do sleep 0.05; done", "SIGTERM"},
		{"a child ignores both", "(trap '' HUP INT TERM; echo begun; while :; do sleep 0.05; done) & wait", "SIGKILL"},
	} {
		both(t, func(t *testing.T, o Options) {
			for _, how := range []string{"asked", "no socket"} {
				j, dir := start(t, tt.line, o, nil)
				j.Close() // the console that started it is no more
				if how == "no socket" {
					os.Remove(j.names.sock)
				}
				again, err := Attach(dir, 1)
				if err != nil {
					t.Fatal(err)
				}
				ctx, cancel := context.WithCancel(t.Context())
				out := newAwait("begun")
				go func() {
					out.wait(t)
					cancel()
				}()
				exit, err := again.Follow(ctx, Offsets{}, nil, out, out)
				if exit != -1 || !errors.Is(err, context.Canceled) || how == "asked" && !strings.Contains(err.Error(), tt.sig) {
					t.Errorf("%s, %s: exit %d, %v", tt.name, how, exit, err)
				}
				if strings.Contains(tt.line, "cleaned") && !strings.Contains(out.String(), "cleaned") {
					t.Errorf("%s, %s: not given the time, or not heard, %q", tt.name, how, out)
				}
				if alive(j.info.PID) {
					t.Errorf("%s, %s: left behind", tt.name, how)
				}
			}
		})
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	j, _ := start(t, "sleep 30", Options{}, nil)
	if exit, err := j.Follow(ctx, Offsets{}, nil, nil, nil); exit != -1 || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("exit %d, %v", exit, err)
	}
}

// TestSupervisorTerminated: a machine that goes down says so first.
func TestSupervisorTerminated(t *testing.T) {
	j, dir := start(t, "echo begun; sleep 30", Options{}, nil)
	syscall.Kill(j.info.Supervisor, syscall.SIGTERM)
	if _, _, _, err := follow(t, j, Offsets{}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if jobs, err := Jobs(dir); err != nil || len(jobs) != 1 || jobs[0].State != Ended || jobs[0].Outcome != outcomeCancelled {
		t.Errorf("%+v, %v", jobs, err)
	}
}

func TestLongPath(t *testing.T) {
	dir := t.TempDir()
	for len(dir) < 900 {
		dir = filepath.Join(dir, strings.Repeat("x", 200))
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	j, err := Start(dir, 1, "read a; echo $a", Options{TTY: true}, onlyReader{strings.NewReader("typed\n")}, Secrets{})
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if exit, err := j.Follow(t.Context(), Offsets{}, onlyReader{strings.NewReader("typed\n")}, &out, nil); exit != 0 || err != nil || !strings.Contains(out.String(), "typed\r\ntyped\r\n") {
		t.Errorf("exit %d, %v, %q", exit, err, &out)
	}
}

type onlyReader struct{ io.Reader }

func TestNotStarted(t *testing.T) {
	dir := t.TempDir()
	var e *StartError
	if _, err := Attach(dir, 5); !errors.As(err, &e) || !e.NeverStarted() || e.Hint() == "" {
		t.Error(err)
	}
	var lost *LostError
	if _, err := Attach(filepath.Join(dir, "none"), 5); !errors.As(err, &lost) || lost.Hint() == "" {
		t.Error(err) // the record was removed: that is not the same
	}
	if _, err := Start(dir, 1, "true", Options{Dir: filepath.Join(dir, "none")}, nil, Secrets{}); !errors.As(err, &e) || e.Hint() == "" || !strings.Contains(err.Error(), "no such file") {
		t.Error(err)
	}
	// what could not be started is no reason not to try again
	if _, err := Start(dir, 1, "true", Options{}, nil, Secrets{}); err != nil {
		t.Error(err)
	}
	if _, err := Start(dir, 1, "true", Options{}, nil, Secrets{}); !errors.As(err, &e) || !strings.Contains(err.Error(), "started before") {
		t.Error(err)
	}
	file := filepath.Join(dir, "file")
	os.WriteFile(file, nil, 0o600)
	if _, err := Start(filepath.Join(file, "spool"), 1, "true", Options{}, nil, Secrets{}); !errors.As(err, &e) {
		t.Error(err)
	}
	if _, err := Start(dir, 2, "true "+strings.Repeat("x", 4<<20), Options{}, nil, Secrets{}); !errors.As(err, &e) || !strings.Contains(e.Hint(), "too long") {
		t.Error(err)
	}
	if jobs, err := Jobs(filepath.Join(dir, "none")); jobs != nil || err != nil {
		t.Error(jobs, err)
	}
}

func TestJobs(t *testing.T) {
	dir := t.TempDir()
	for n, line := range map[int]string{2: "exit 3", 10: "sleep 30"} {
		j, err := Start(dir, n, line, Options{}, nil, Secrets{})
		if err != nil {
			t.Fatal(err)
		}
		defer end(j)
		if n == 2 {
			follow(t, j, Offsets{})
		}
	}
	os.WriteFile(filepath.Join(dir, "11.job"), nil, 0o600)
	jobs, err := Jobs(dir)
	if err != nil || len(jobs) != 3 || jobs[0].Number != 2 || jobs[0].Exit != 3 || jobs[0].State != Ended || jobs[0].Ended.IsZero() ||
		jobs[1].Line != "sleep 30" || jobs[1].State != Running || jobs[1].PID == 0 || jobs[2].State != Never {
		t.Errorf("%+v, %v", jobs, err)
	}
}

// TestSecrets: no secret is in an argument of any process, nor in any file.
func TestSecrets(t *testing.T) {
	const secret = "correct-horse-battery"
	dir := filepath.Join(t.TempDir(), "spool")
	c, printed := startConsole(t, consoleSpec{Dir: dir, Line: `echo "key $SECRET"; read x </dev/null; sleep 0.5; # ` + secret[:7], Secret: secret})
	until(t, "output", func() bool { return size(printed) > 0 })
	lines, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, f := range lines {
		if b, _ := os.ReadFile(f); bytes.Contains(b, []byte(secret)) {
			t.Errorf("%s: %q", f, b)
		}
	}
	c.Wait()
	if b, _ := os.ReadFile(printed); string(b) != "key [masked]\n" {
		t.Errorf("%q", b)
	}
	kept, _ := filepath.Glob(dir + "/*")
	for _, f := range kept {
		if b, _ := os.ReadFile(f); bytes.Contains(b, []byte(secret)) {
			t.Errorf("%s: %q", f, b)
		}
		if info, err := os.Stat(f); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", f, info.Mode(), err)
		}
	}
	if len(kept) < 5 {
		t.Errorf("kept %v", kept)
	}
}

// TestSecretInMidRun: a secret that is known only once the command runs is masked in its spool from then on. It reaches the
// supervisor through the socket and is in no file.
func TestSecretInMidRun(t *testing.T) {
	const secret = "tell-nobody-of-this"
	both(t, func(t *testing.T, o Options) {
		here := t.TempDir()
		key, shown := filepath.Join(here, "key"), filepath.Join(here, "go")
		j, dir := start(t, "echo begun; until test -e "+shown+"; do sleep 0.01; done; cat "+key+" 2>/dev/null", o, nil)
		until(t, "output", func() bool { return size(filepath.Join(dir, "1.out")) > 0 })
		j.Mask(secret)
		for _, f := range []struct{ name, text string }{{key, secret}, {shown, ""}} {
			if err := os.WriteFile(f.name, []byte(f.text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if exit, out, _, err := follow(t, j, Offsets{}); exit != 0 || err != nil || !strings.HasSuffix(out, "[masked]") {
			t.Errorf("exit %d, %v, %q", exit, err, out)
		}
		kept, _ := filepath.Glob(dir + "/*")
		for _, f := range kept {
			if b, _ := os.ReadFile(f); bytes.Contains(b, []byte(secret)) {
				t.Errorf("%s: %q", f, b)
			}
		}
	})
}

func TestSupervisedTenMegabytes(t *testing.T) {
	both(t, func(t *testing.T, o Options) {
		j, dir := start(t, "head -c 10000000 /dev/zero", o, nil)
		exit, out, _, err := follow(t, j, Offsets{})
		if exit != 0 || err != nil || out != strings.Repeat("\x00", 10000000) {
			t.Errorf("exit %d, %v, %d bytes", exit, err, len(out))
		}
		if n := size(filepath.Join(dir, "1.out")) + size(filepath.Join(dir, "1.times")); n > 10200000 {
			t.Errorf("%d bytes on disk", n)
		}
	})
}

// TestLatency: what is printed is there at once.
func TestLatency(t *testing.T) {
	j, _ := start(t, "while read a; do date +%s%N; done", Options{TTY: true}, onlyReader{nil})
	r, w := io.Pipe()
	var all []time.Duration
	out := lines(func(line string) {
		if n, err := strconv.ParseInt(line, 10, 64); err == nil {
			all = append(all, time.Since(time.Unix(0, n)))
		}
	})
	go func() {
		for range 30 {
			time.Sleep(7 * time.Millisecond)
			w.Write([]byte("x\n"))
		}
		w.Close()
	}()
	if exit, err := j.Follow(t.Context(), Offsets{}, r, out, nil); exit != 0 || err != nil {
		t.Errorf("exit %d, %v", exit, err)
	}
	slices.Sort(all)
	t.Logf("%d lines: half of them came within %v, the latest after %v", len(all), all[len(all)/2], all[len(all)-1])
}

type lines func(string)

func (l lines) Write(p []byte) (int, error) {
	for line := range strings.Lines(string(p)) {
		l(strings.TrimSpace(line))
	}
	return len(p), nil
}

// TestDiskFull: the command does not die of it, and it is said what is missing.
func TestDiskFull(t *testing.T) {
	if os.Getuid() != 0 {
		if os.Getenv("CI") == "true" {
			t.Fatal("requires root, to mount a small disk")
		}
		t.Skip("requires root, to mount a small disk")
	}
	if os.Getenv("IN_UNSHARE") == "" {
		cmd := exec.Command("unshare", "-m", "/proc/self/exe", "-test.run=^TestDiskFull$", "-test.v")
		exe, err := os.Executable()
		if err != nil {
			t.Fatal(err)
		}
		cmd.Args[2] = exe
		cmd.Env = append(os.Environ(), "IN_UNSHARE=1")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
		return
	}
	both(t, func(t *testing.T, o Options) {
		disk := t.TempDir()
		if err := syscall.Mount("tmpfs", disk, "tmpfs", 0, "size=256k"); err != nil {
			t.Fatal(err)
		}
		defer syscall.Unmount(disk, syscall.MNT_DETACH)
		done := filepath.Join(t.TempDir(), "done")
		j, err := Start(disk, 1, "head -c 1000000 /dev/zero; echo end >&2; touch "+done+"; exit 7", o, nil, Secrets{})
		if err != nil {
			t.Fatal(err)
		}
		defer end(j)
		exit, out, _, err := follow(t, j, Offsets{})
		var lost *OutputLostError
		if exit != 7 || !errors.As(err, &lost) || !strings.Contains(err.Error(), fmt.Sprintf("stdout could not be kept from byte %d: no space left on device", len(out))) || len(out) < 100_000 || strings.Trim(out, "\x00") != "" {
			t.Errorf("exit %d, %v, %d bytes", exit, err, len(out))
		}
		if _, err := os.Stat(done); err != nil {
			t.Error(err)
		}
		// and what cannot be kept is not begun
		var e *StartError
		if _, err := Start(disk, 2, "true", o, nil, Secrets{}); !errors.As(err, &e) || !strings.Contains(e.Hint(), "room") {
			t.Error(err)
		}
	})
}
