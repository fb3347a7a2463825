package sshx

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestExitCodes(t *testing.T) {
	c := startServer(t).client()
	for _, tt := range []struct {
		command        string
		exit           int
		stdout, stderr string
	}{
		{"true", 0, "", ""},
		{"exit 2", 2, "", ""},
		{"exit 255", 255, "", ""},
		{"echo out; echo err >&2; exit 3", 3, "out\n", "err\n"},
		{"kill -TERM $$", 128 + 15, "", ""},
		{"kill -KILL $$", 128 + 9, "", ""},
		{"no-such-command-here 2>/dev/null", 127, "", ""},
		{`printf '%s' 'a  b"$x\ ünï 日本' "$(printf '\001\377')"`, 0, "a  b\"$x\\ ünï 日本\x01\xff", ""},
		{"cat", 0, "", ""}, // no stdin is an empty one
		{"test -t 0 || test -t 1 || echo no terminal", 0, "no terminal\n", ""},
	} {
		var stdout, stderr bytes.Buffer
		exit, err := c.Run(context.Background(), "node", tt.command, nil, &stdout, &stderr)
		if exit != tt.exit || err != nil || stdout.String() != tt.stdout || stderr.String() != tt.stderr {
			t.Errorf("%s: exit %d, %v, stdout %q, stderr %q", tt.command, exit, err, &stdout, &stderr)
		}
	}
}

func TestTenMegabytes(t *testing.T) {
	c := startServer(t).client()
	want := bytes.Repeat([]byte("0123456789abcdef"), 10<<20/16)
	var stdout bytes.Buffer
	exit, err := c.Run(context.Background(), "node", "cat", bytes.NewReader(want), &stdout, nil)
	if exit != 0 || err != nil || sha256.Sum256(stdout.Bytes()) != sha256.Sum256(want) {
		t.Errorf("exit %d, %v, %d bytes", exit, err, stdout.Len())
	}
	// Both streams into one writer: nothing is torn and, with -race, no write overlaps.
	stdout.Reset()
	exit, err = c.Run(context.Background(), "node", "yes out | head -n 20000 & yes err | head -n 20000 >&2; wait", nil, &stdout, &stdout)
	if n := bytes.Count(stdout.Bytes(), []byte("\n")); exit != 0 || err != nil || n != 40000 {
		t.Errorf("exit %d, %v, %d lines", exit, err, n)
	}
}

func TestUnreadStdinIsNoError(t *testing.T) {
	c := startServer(t).client()
	r, w := io.Pipe() // never written, never closed
	defer w.Close()
	for name, stdin := range map[string]io.Reader{"much": strings.NewReader(strings.Repeat("x", 4<<20)), "blocked": r} {
		if exit, err := c.Run(context.Background(), "node", "exit 0", stdin, nil, nil); exit != 0 || err != nil {
			t.Errorf("%s: exit %d, %v", name, exit, err)
		}
	}
}

func TestOneConnectionForAll(t *testing.T) {
	s := startServer(t)
	c := s.client()
	var wg sync.WaitGroup
	for i := range 40 {
		wg.Go(func() {
			var out bytes.Buffer
			exit, err := c.Run(context.Background(), "node", fmt.Sprintf("echo %d; exit %d", i, i), nil, &out, nil)
			if exit != i || err != nil || out.String() != fmt.Sprintln(i) {
				t.Errorf("%d: exit %d, %v, %q", i, exit, err, &out)
			}
		})
	}
	wg.Wait()
	if n := s.logins(); n != 1 {
		t.Errorf("logged in %d times", n)
	}
}

// TestRefusedForAMoment: a server that allows fewer sessions than we open lets the others in when one has ended.
func TestRefusedForAMoment(t *testing.T) {
	c := startServer(t, "MaxSessions 4").client()
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			if exit, err := c.Run(context.Background(), "node", "true", nil, nil, nil); exit != 0 || err != nil {
				t.Errorf("exit %d, %v", exit, err)
			}
		})
	}
	wg.Wait()
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
	c := startServer(t).client()
	done := filepath.Join(t.TempDir(), "done")
	exit, err := c.Run(context.Background(), "node", "head -c 4000000 /dev/zero; touch "+done+"; exit 7", nil, &full{1000}, nil)
	if exit != 7 || err == nil || !strings.Contains(err.Error(), "no space left") {
		t.Errorf("exit %d, %v", exit, err)
	}
	if _, err := os.Stat(done); err != nil {
		t.Error(err)
	}
}

func TestLostInMidCommand(t *testing.T) {
	s := startServer(t)
	c := s.client()
	out := newAwait("begun")
	stdin, w := io.Pipe()
	go func() {
		out.wait(t)
		io.WriteString(w, "now\n")
	}()
	// The parent of the shell is the sshd process of this connection.
	exit, err := c.Run(context.Background(), "node", "echo begun; read x; kill -9 $PPID; exit 0", stdin, out, nil)
	var lost *LostError
	if exit != -1 || !errors.As(err, &lost) || !lost.StateUnknown() {
		t.Fatalf("exit %d, %v", exit, err)
	}
	if out.String() != "begun\n" {
		t.Errorf("output before the loss: %q", out)
	}
	if exit, err := c.Run(context.Background(), "node", "exit 4", nil, nil, nil); exit != 4 || err != nil {
		t.Errorf("afterwards: exit %d, %v", exit, err)
	}
	if n := s.logins(); n != 2 {
		t.Errorf("logged in %d times", n)
	}
}

func TestCloseInMidCommand(t *testing.T) {
	c := startServer(t).client()
	out := newAwait("begun")
	go func() {
		out.wait(t)
		c.Close()
	}()
	exit, err := c.Run(context.Background(), "node", "echo begun; sleep 20", nil, out, nil)
	var lost *LostError
	if exit != -1 || !errors.As(err, &lost) {
		t.Errorf("exit %d, %v", exit, err)
	}
	exit, err = c.Run(context.Background(), "node", "true", nil, nil, nil)
	var unreachable *UnreachableError
	if exit != -1 || !errors.As(err, &unreachable) {
		t.Errorf("after Close: exit %d, %v", exit, err)
	}
}

func TestCancel(t *testing.T) {
	c := startServer(t).client()
	for name, tt := range map[string]struct {
		command string
		ended   bool
	}{
		// sshd passes the signal on to the shell of the session, but not to one of
		// root ("session signalling requires privilege separation").
		"obeys":           {"trap 'exit 9' INT; echo begun; for i in $(seq 100); do sleep 0.1; done", os.Getuid() != 0},
		"ignores":         {"trap '' INT; echo begun; sleep 6", false},
		"reads its input": {"trap '' INT; echo begun; cat; exit 5", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancel(context.Background())
			out := newAwait("begun")
			stdin, w := io.Pipe()
			defer w.Close()
			var cancelled time.Time
			go func() {
				out.wait(t)
				cancelled = time.Now()
				cancel()
			}()
			exit, err := c.Run(ctx, "node", tt.command, stdin, out, nil)
			var stopped *CancelledError
			if exit != -1 || !errors.Is(err, context.Canceled) || !errors.As(err, &stopped) {
				t.Fatalf("exit %d, %v", exit, err)
			}
			if stopped.Ended != tt.ended {
				t.Errorf("ended is %v: %v", stopped.Ended, err)
			}
			if took := time.Since(cancelled); took > cancelGrace+time.Second {
				t.Errorf("took %v", took)
			}
		})
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if exit, err := c.Run(ctx, "node", "true", nil, nil, nil); exit != -1 || !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled before: exit %d, %v", exit, err)
	}
}

// await is a writer that tells when a text went by.
type await struct {
	syncBuffer
	text string
	once sync.Once
	seen chan struct{}
}

func newAwait(text string) *await { return &await{text: text, seen: make(chan struct{})} }

func (a *await) Write(p []byte) (int, error) {
	n, err := a.syncBuffer.Write(p)
	if strings.Contains(a.String(), a.text) {
		a.once.Do(func() { close(a.seen) })
	}
	return n, err
}

func (a *await) wait(t testing.TB) {
	select {
	case <-a.seen:
	case <-time.After(20 * time.Second):
		t.Errorf("%q never came", a.text)
	}
}
