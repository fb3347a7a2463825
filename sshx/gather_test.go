package sshx

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"spraydeck/sshx/sshtest"
)

type gave struct {
	exit int
	err  error
	out  string
	errs string
}

// gatherAll runs lines at once.
func gatherAll(c *Client, ctx context.Context, host string, lines []string) []gave {
	all := make([]gave, len(lines))
	var wg sync.WaitGroup
	for i, line := range lines {
		wg.Go(func() {
			var out, errs bytes.Buffer
			exit, err := c.Gather(ctx, host, line, &out, &errs)
			all[i] = gave{exit, err, out.String(), errs.String()}
		})
	}
	wg.Wait()
	return all
}

// TestGather: commands that go together give byte for byte what each gives alone.
func TestGather(t *testing.T) {
	s := startServer(t)
	c := s.client()
	lines := []string{
		"printf 'no newline'", "printf 'a\\0b\\n\\n\\n'", "echo out; echo err >&2; exit 7", "cat", "kill -9 $$", "true",
		"echo '$HOME' \"$1\" 'it'\\''s'", "head -c 300000 /dev/zero | tr '\\0' x", "printf '\\377\\376'; exit 255", "nosuchcommand-here 2>/dev/null",
		"( sleep 20; echo late ) & echo first", "echo two\necho lines",
	}
	together := gatherAll(c, t.Context(), "node", lines)
	for i, line := range lines {
		var out, errs bytes.Buffer
		if i == 10 { // alone, it waits for whoever holds its output
			out.WriteString("first\n")
		} else if exit, err := c.Run(t.Context(), "node", line, nil, &out, &errs); err != nil || exit != together[i].exit {
			t.Errorf("%q: exit %d, alone %d, %v", line, together[i].exit, exit, err)
		}
		if g := together[i]; g.err != nil || g.out != out.String() || g.errs != strings.ReplaceAll(errs.String(), "bash: ", "/bin/bash: ") && g.errs != errs.String() {
			t.Errorf("%q: %.100q %.100q %v, alone %.100q %.100q", line, g.out, g.errs, g.err, out.String(), errs.String())
		}
	}
	if n := s.logins(); n != 1 {
		t.Errorf("%d logins", n)
	}
	var out bytes.Buffer // the script ends a moment after its last word
	if _, err := c.Run(t.Context(), "node", "i=0; while ls -d /dev/shm/spraydeck-read.* >/dev/null 2>&1 && [ $((i += 1)) -lt 20 ]; do sleep 1; done >/dev/null; [ $i -lt 20 ] || ls -d /dev/shm/spraydeck-read.*", nil, &out, nil); err != nil || out.String() != "" {
		t.Errorf("left behind: %s %v", &out, err)
	}
}

// TestGatherSessions: twenty commands take a session or two.
func TestGatherSessions(t *testing.T) {
	s := startServer(t)
	c := s.client()
	var lines []string
	for i := range 20 {
		lines = append(lines, fmt.Sprintf("echo %d $PPID", i))
	}
	for i, g := range gatherAll(c, t.Context(), "node", lines) {
		if !strings.HasPrefix(g.out, fmt.Sprintf("%d ", i)) {
			t.Errorf("%d: %+v", i, g)
		}
	}
	cn, err := c.connection(t.Context(), "node")
	if err != nil {
		t.Fatal(err)
	}
	if n := cn.ended.Load(); n > 4 {
		t.Errorf("%d sessions for 20 commands", n)
	}
}

// TestGatherHangs: a command that hangs holds up no other, and can be left.
func TestGatherHangs(t *testing.T) {
	s := startServer(t)
	c := s.client()
	ctx, cancel := context.WithCancel(t.Context())
	hung := make(chan error, 1)
	go func() {
		_, err := c.Gather(ctx, "node", "sleep 1000", nil, nil)
		hung <- err
	}()
	for _, g := range gatherAll(c, t.Context(), "node", []string{"echo a", "echo b"}) {
		if g.err != nil || g.out == "" {
			t.Errorf("%+v", g)
		}
	}
	cancel()
	var cancelled *CancelledError
	if err := <-hung; !errors.As(err, &cancelled) {
		t.Errorf("%v", err)
	}
}

// TestGatherLost: where the connection breaks, what has ended has ended, and of the rest nobody knows.
func TestGatherLost(t *testing.T) {
	s := startServer(t)
	c := s.client()
	var out strings.Builder
	ended := make(chan error, 3)
	for _, line := range []string{"sleep 1000", "sleep 1000"} {
		go func() {
			_, err := c.Gather(t.Context(), "node", line, nil, nil)
			ended <- err
		}()
	}
	if _, err := c.Gather(t.Context(), "node", "echo a", &out, nil); err != nil || out.String() != "a\n" {
		t.Fatalf("%q %v", &out, err)
	}
	cn, err := c.connection(t.Context(), "node")
	if err != nil {
		t.Fatal(err)
	}
	cn.close()
	for range 2 {
		var lost *LostError
		if err := <-ended; !errors.As(err, &lost) {
			t.Errorf("%v", err)
		}
	}
}

// TestGatherEnds: commands that hang end with their session on the node, with what they started: where nobody waits for them any
// more, and where the connection breaks.
func TestGatherEnds(t *testing.T) {
	s := startServer(t)
	for name, leave := range map[string]func(*Client, context.CancelFunc){
		"cancelled": func(_ *Client, cancel context.CancelFunc) { cancel() },
		"broken": func(c *Client, _ context.CancelFunc) {
			if cn, err := c.connection(t.Context(), "node"); err != nil {
				t.Error(err)
			} else {
				cn.close()
			}
		},
	} {
		c := s.client()
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		mark := fmt.Sprintf("98765%d", time.Now().UnixNano()%1e6)
		lines := []string{"sleep " + mark + ".1; echo late", "trap '' TERM; sleep " + mark + ".2 & wait; sleep " + mark + ".3"}
		var ended sync.WaitGroup
		for _, line := range lines {
			ended.Go(func() {
				if _, err := c.Gather(ctx, "node", line, nil, nil); err == nil {
					t.Errorf("%s: %s ended", name, line)
				}
			})
		}
		for running(t, "sleep\x00"+mark) < 2 {
			time.Sleep(20 * time.Millisecond)
		}
		leave(c, cancel)
		ended.Wait()
		for i := 0; running(t, "sleep\x00"+mark) > 0 || running(t, mark) > 0; i++ {
			if time.Sleep(100 * time.Millisecond); i > 100 {
				t.Fatalf("%s: still on the node", name)
			}
		}
	}
}

// running counts the processes in whose command line a text stands.
func running(t *testing.T, text string) (n int) {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if line, err := os.ReadFile(f); err == nil && bytes.Contains(line, []byte(text)) { // else it has just ended
			n++
		}
	}
	return n
}

// TestGatherUnreachable: a host that cannot be reached gives every command the reason, and with OnlyOnce it is tried once.
func TestGatherUnreachable(t *testing.T) {
	s := startServer(t)
	s.stop()
	c := s.client()
	c.OnlyOnce()
	for range 2 {
		for _, g := range gatherAll(c, t.Context(), "node", []string{"echo a", "echo b"}) {
			var un *UnreachableError
			if !errors.As(g.err, &un) {
				t.Errorf("%+v", g)
			}
		}
	}
}

// TestGatherSudo: commands that say sudo are lent the password, all of them.
func TestGatherSudo(t *testing.T) {
	o := &operator{answers: map[string][]string{"sudo": {sshtest.Password}}}
	_, c := sudoNode(t, o, Become{})
	for i, g := range gatherAll(c, t.Context(), "n1", []string{"sudo -n id -u", "id -un", "sudo -n sh -c 'id -u; exit 3'", "sudo -n id -u"}) {
		want := []gave{{0, nil, "0\n", ""}, {0, nil, sshtest.User + "\n", ""}, {3, nil, "0\n", ""}, {0, nil, "0\n", ""}}[i]
		if g != want {
			t.Errorf("%d: %+v", i, g)
		}
	}
	if n := len(o.asked); n != 1 {
		t.Errorf("asked %d times", n)
	}
}
