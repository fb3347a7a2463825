package workstation

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// both runs a test without and with a terminal.
func both(t *testing.T, test func(t *testing.T, o Options)) {
	t.Helper()
	for _, tty := range []bool{false, true} {
		t.Run(fmt.Sprintf("tty=%v", tty), func(t *testing.T) { test(t, Options{TTY: tty}) })
	}
}

// shorten makes the waits of stop short enough for a test.
func shorten(t *testing.T) {
	a, b, c := interruptGrace, terminateGrace, outputGrace
	t.Cleanup(func() { interruptGrace, terminateGrace, outputGrace = a, b, c })
	interruptGrace, terminateGrace, outputGrace = 500*time.Millisecond, 500*time.Millisecond, 300*time.Millisecond
}

func TestExitCodes(t *testing.T) {
	both(t, func(t *testing.T, o Options) {
		for line, want := range map[string]int{
			"true":              0,
			"exit 2":            2,
			"exit 255":          255,
			"kill -TERM $$":     128 + 15,
			"kill -KILL $$":     128 + 9,
			"no-such-command-x": 127,
			"if":                2, // what sh says about a syntax error
		} {
			exit, err := Run(t.Context(), line, o, nil, nil, nil)
			if exit != want || err != nil {
				t.Errorf("%s: exit %d, %v; want %d", line, exit, err, want)
			}
		}
	})
}

func TestStreams(t *testing.T) {
	var stdout, stderr bytes.Buffer
	const line = `printf 'a\tü 日本\001\n'; printf 'err\n' >&2`
	exit, err := Run(t.Context(), line, Options{}, nil, &stdout, &stderr)
	if exit != 0 || err != nil || stdout.String() != "a\tü 日本\x01\n" || stderr.String() != "err\n" {
		t.Errorf("plain: exit %d, %v, %q, %q", exit, err, &stdout, &stderr)
	}
	stdout.Reset()
	stderr.Reset()
	exit, err = Run(t.Context(), line, Options{TTY: true}, nil, &stdout, &stderr)
	if exit != 0 || err != nil || stdout.String() != "a\tü 日本\x01\r\nerr\r\n" || stderr.Len() != 0 {
		t.Errorf("terminal: exit %d, %v, %q, %q", exit, err, &stdout, &stderr)
	}
	// One writer for both keeps the order.
	stdout.Reset()
	Run(t.Context(), "for i in 1 2 3 4 5 6 7 8; do echo $i; echo $i >&2; done", Options{}, nil, &stdout, &stdout)
	if got := strings.Fields(stdout.String()); strings.Join(got, "") != "1122334455667788" {
		t.Errorf("order %v", got)
	}
}

func TestTenMegabytes(t *testing.T) {
	both(t, func(t *testing.T, o Options) {
		var stdout bytes.Buffer
		exit, err := Run(t.Context(), "head -c 10000000 /dev/zero | tr '\\0' x", o, nil, &stdout, nil)
		if exit != 0 || err != nil || stdout.Len() != 10000000 {
			t.Errorf("exit %d, %v, %d bytes", exit, err, stdout.Len())
		}
	})
}

func TestDirAndEnv(t *testing.T) {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("OUTER", "outer")
	t.Setenv("BOTH", "outer")
	var stdout bytes.Buffer
	exit, err := Run(t.Context(), `pwd; echo "$PWD $OUTER $BOTH $INNER"`,
		Options{Dir: dir, Env: []string{"INNER=a b", "BOTH=inner"}}, nil, &stdout, nil)
	if want := dir + "\n" + dir + " outer inner a b\n"; exit != 0 || err != nil || stdout.String() != want {
		t.Errorf("exit %d, %v, %q", exit, err, &stdout)
	}
}

func TestTerminal(t *testing.T) {
	var stdout bytes.Buffer
	exit, err := Run(t.Context(), "stty size </dev/tty; test -t 1 && test -t 2 && echo terminal", Options{TTY: true}, nil, &stdout, nil)
	if exit != 0 || err != nil || stdout.String() != "50 500\r\nterminal\r\n" {
		t.Errorf("exit %d, %v, %q", exit, err, &stdout)
	}
	// Without one there is none to be found: nothing can write over the console.
	if exit, _ := Run(t.Context(), "exec 2>/dev/null; : </dev/tty && exit 0; exit 9", Options{}, nil, nil, nil); exit == 0 {
		t.Error("a plain command found a terminal")
	}
}

func TestStdin(t *testing.T) {
	both(t, func(t *testing.T, o Options) {
		var stdout bytes.Buffer
		exit, err := Run(t.Context(), "read a; read b; echo \"<$b$a>\"", o, strings.NewReader("one\ntwo\n"), &stdout, nil)
		if exit != 0 || err != nil || !strings.Contains(stdout.String(), "<twoone>") {
			t.Errorf("lines: exit %d, %v, %q", exit, err, &stdout)
		}
		if exit, err := Run(t.Context(), "cat >/dev/null", o, strings.NewReader("x\n"), nil, nil); exit != 0 || err != nil {
			t.Errorf("end of input: exit %d, %v", exit, err)
		}
		if exit, err := Run(t.Context(), "cat; cat", o, nil, nil, nil); exit != 0 || err != nil {
			t.Errorf("no stdin: exit %d, %v", exit, err)
		}
		// Every byte, and an end that every reader sees.
		text := strings.Repeat("x", 10000) + "\x03\x04\r\x1a no newline"
		stdout.Reset()
		exit, err = Run(t.Context(), "cat | base64 -w0; cat; test -t 1 && echo terminal", o, strings.NewReader(text), &stdout, nil)
		if want := base64.StdEncoding.EncodeToString([]byte(text)); err != nil || !strings.HasPrefix(stdout.String(), want) || (exit == 0) != o.TTY {
			t.Errorf("a text: exit %d, %v, %.80q", exit, err, &stdout)
		}
	})
}

// A prompt is answered after it was shown, as by a person.
func TestAnswersAPrompt(t *testing.T) {
	r, w := io.Pipe()
	defer w.Close()
	out := newAwait("proceed? ")
	go func() {
		out.wait(t)
		io.WriteString(w, "yes\n")
	}()
	exit, err := Run(t.Context(), `printf 'proceed? '; read x; test -t 0 && test "$x" = yes`, Options{TTY: true}, r, out, nil)
	if exit != 0 || err != nil {
		t.Errorf("exit %d, %v, %q", exit, err, out)
	}
}

func TestBlockedStdinDoesNotHold(t *testing.T) {
	both(t, func(t *testing.T, o Options) {
		r, w := io.Pipe()
		defer w.Close()
		done := make(chan struct{})
		go func() {
			defer close(done)
			if exit, err := Run(t.Context(), "exit 3", o, r, nil, nil); exit != 3 || err != nil {
				t.Errorf("exit %d, %v", exit, err)
			}
		}()
		select {
		case <-done:
		case <-time.After(10 * time.Second):
			t.Fatal("held by stdin")
		}
	})
}

func TestUnreadStdinIsNoError(t *testing.T) {
	exit, err := Run(t.Context(), "exit 0", Options{}, strings.NewReader(strings.Repeat("x", 4<<20)), nil, nil)
	if exit != 0 || err != nil {
		t.Errorf("exit %d, %v", exit, err)
	}
}

func TestBackgroundProcessDoesNotHold(t *testing.T) {
	shorten(t)
	for name, line := range map[string]string{
		"silent": "trap '' HUP; sleep 30 & echo $!; echo last words",
		"chatty": "trap '' HUP; yes & echo $!; echo last words",
		"steady": "trap '' HUP; (while sleep 0.02; do echo tick; done) & echo $!; echo last words",
	} {
		both(t, func(t *testing.T, o Options) {
			var stdout bytes.Buffer
			begun := time.Now()
			exit, err := Run(t.Context(), line, o, nil, &stdout, nil)
			if took := time.Since(begun); exit != 0 || err != nil || took > 10*time.Second {
				t.Errorf("%s: exit %d, %v, after %v", name, exit, err, took)
			}
			if !strings.Contains(stdout.String(), "last words") {
				t.Errorf("%s: its own output is lost", name)
			}
			for _, word := range strings.Fields(stdout.String()) {
				if pid, err := strconv.Atoi(word); err == nil {
					syscall.Kill(pid, syscall.SIGKILL)
				}
			}
		})
	}
}

// slow takes its time with the first write, as a disk may.
type slow struct {
	bytes.Buffer
	once sync.Once
	d    time.Duration
}

func (s *slow) Write(p []byte) (int, error) {
	s.once.Do(func() { time.Sleep(s.d) })
	return s.Buffer.Write(p)
}

func TestSlowWriterLosesNothing(t *testing.T) {
	shorten(t)
	for _, line := range []string{
		"echo first; head -c 60000 /dev/zero",
		"sleep 1; echo first; head -c 60000 /dev/zero", // longer silent than we wait after the exit
	} {
		stdout := &slow{d: 3 * outputGrace}
		exit, err := Run(t.Context(), line, Options{}, nil, stdout, nil)
		if exit != 0 || err != nil || stdout.Len() != 60006 {
			t.Errorf("%s: exit %d, %v, %d bytes", line, exit, err, stdout.Len())
		}
	}
}

// full is a disk that takes so many bytes.
type full struct{ left int }

func (f *full) Write(p []byte) (int, error) {
	if f.left -= len(p); f.left < 0 {
		return 0, errors.New("no space left")
	}
	return len(p), nil
}

func TestFailedWriteLetsTheCommandFinish(t *testing.T) {
	both(t, func(t *testing.T, o Options) {
		done := filepath.Join(t.TempDir(), "done")
		exit, err := Run(t.Context(), "head -c 1000000 /dev/zero; touch "+done+"; exit 7", o, nil, &full{1000}, nil)
		if exit != 7 || err == nil || !strings.Contains(err.Error(), "no space left") {
			t.Errorf("exit %d, %v", exit, err)
		}
		if _, err := os.Stat(done); err != nil {
			t.Error(err)
		}
	})
}

func TestStartErrors(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	both(t, func(t *testing.T, o Options) {
		for name, tt := range map[string]struct {
			line, dir, says string
		}{
			"no directory":  {"true", filepath.Join(dir, "none"), "no such file or directory"},
			"not directory": {"true", file, "not a directory"},
			"NUL":           {"echo a\x00b", "", "NUL"},
			"too long":      {"true " + strings.Repeat("x", 4<<20), "", "too long"},
		} {
			o.Dir = tt.dir
			exit, err := Run(t.Context(), tt.line, o, nil, nil, nil)
			var start *StartError
			if exit != -1 || !errors.As(err, &start) || !strings.Contains(err.Error(), tt.says) || start.Hint() == "" {
				t.Errorf("%s: exit %d, %v", name, exit, err)
			}
		}
	})
}

func TestCancel(t *testing.T) {
	shorten(t)
	for _, tt := range []struct {
		name, line, sig string
	}{
		{"obeys", "echo begun; exec sleep 30", "SIGINT"},
		{"cleans up", "trap 'sleep 0.2; echo cleaned; exit 1' INT; echo begun; while :; do sleep 0.05; done", "SIGINT"},
		{"child cleans up", "(trap 'sleep 0.2; echo cleaned; exit 1' INT; echo begun; while :; do sleep 0.05; done); true", "SIGINT"},
		{"ignores INT", "trap '' INT; echo begun; while :; do sleep 0.05; done", "SIGTERM"},
		{"ignores both", "trap '' INT TERM; echo begun; while :; do sleep 0.05; done", "SIGKILL"},
		{"a child ignores both", "(trap '' HUP INT TERM; echo begun; while :; do sleep 0.05; done) & wait", "SIGKILL"},
	} {
		both(t, func(t *testing.T, o Options) {
			ctx, cancel := context.WithCancel(t.Context())
			out := newAwait("begun")
			go func() {
				out.wait(t)
				cancel()
			}()
			exit, err := Run(ctx, "echo group $$; "+tt.line, o, nil, out, out)
			if exit != -1 || !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), tt.sig) {
				t.Errorf("%s: exit %d, %v", tt.name, exit, err)
			}
			if strings.Contains(tt.line, "cleaned") && !strings.Contains(out.String(), "cleaned") {
				t.Errorf("%s: not given the time, %q", tt.name, out)
			}
			var group int
			if fmt.Sscanf(out.String(), "group %d", &group); group < 2 || alive(group) {
				t.Errorf("%s: group %d is left behind", tt.name, group)
			}
		})
	}
}

func TestDeadline(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if exit, err := Run(ctx, "sleep 30", Options{}, nil, nil, nil); exit != -1 || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("exit %d, %v", exit, err)
	}
	if exit, err := Run(ctx, "true", Options{}, nil, nil, nil); exit != -1 || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("too late: exit %d, %v", exit, err)
	}
}

// await is a writer that tells when a text went by.
type await struct {
	mu   sync.Mutex
	buf  bytes.Buffer
	text string
	once sync.Once
	seen chan struct{}
}

func newAwait(text string) *await { return &await{text: text, seen: make(chan struct{})} }

func (a *await) Write(p []byte) (int, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.buf.Write(p)
	if strings.Contains(a.buf.String(), a.text) {
		a.once.Do(func() { close(a.seen) })
	}
	return len(p), nil
}

func (a *await) String() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.buf.String()
}

func (a *await) wait(t *testing.T) {
	select {
	case <-a.seen:
	case <-time.After(20 * time.Second):
		t.Errorf("%q never came", a.text)
	}
}
