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

// sudoNode is a node whose sudo needs the password each time, and a client that asks o.
func sudoNode(t *testing.T, o *operator, b Become, sudoers ...string) (*sshtest.Node, *Client) {
	if sudoers == nil {
		sudoers = []string{"Defaults timestamp_timeout=0", sshtest.User + " ALL=(ALL) ALL"}
	}
	n := sshtest.Start(t, sshtest.Options{Sudoers: sudoers})
	c := newClient(t, n.Config(t, fmt.Sprintf("Host n*\n HostName 127.0.0.1\n Port %d", n.Port)), func(string) Options { return Options{Become: b} })
	if o != nil {
		c.Ask(o.answer)
	}
	return n, c
}

// outcome is what a command gave.
func outcome(exit int, err error, out, errs string) string {
	return fmt.Sprintf("%d %v %q %q", exit, err, out, errs)
}

func runs(t *testing.T, c *Client, host, line, stdin, want string) {
	t.Helper()
	for i, kept := range []bool{false, true} {
		var out, errs bytes.Buffer
		var exit int
		var err error
		if kept {
			exit, err = c.Keep(context.Background(), host, fmt.Sprintf("t%d-%d", time.Now().UnixNano(), i), line, strings.NewReader(stdin), &out, &errs)
		} else {
			exit, err = c.Run(context.Background(), host, line, strings.NewReader(stdin), &out, &errs)
		}
		if got := outcome(exit, err, out.String(), errs.String()); got != want {
			t.Errorf("%s (kept: %v)\n%s\nwant\n%s", line, kept, got, want)
		}
	}
}

// TestSudoPassword: commands whose lines say sudo work where sudo asks, on a real sudo, with the line as it is.
func TestSudoPassword(t *testing.T) {
	right := sshtest.Password
	t.Run("asked once", func(t *testing.T) {
		o := &operator{answers: map[string][]string{"sudo": {"wrong", right}}}
		n, c := sudoNode(t, o, Become{})
		watched, stop := make(chan []byte, 1), make(chan error, 1)
		go func() { watched <- processesWith(right, stop) }()
		runs(t, c, "node", "sudo -n whoami", "", outcome(0, nil, "root\n", ""))
		runs(t, c, "node", "whoami", "", outcome(0, nil, sshtest.User+"\n", ""))
		runs(t, c, "node", "sudo -n cat | tr a-z A-Z; sudo -n sh -c 'exit 7'", "in\nput", outcome(7, nil, "IN\nPUT", ""))
		runs(t, c, "node", "sudo cat", "no dash n\n", outcome(0, nil, "no dash n\n", ""))
		runs(t, c, "node", `for i in 1 2 3; do sudo -n id -u & done; wait; x=$(sudo -n id -un); echo "$x" | sudo -n tee /dev/null`, "", outcome(0, nil, "0\n0\n0\nroot\n", ""))
		runs(t, c, "node", "sudo -n -u nobody whoami >&2", "", outcome(0, nil, "", "nobody\n"))
		var wg sync.WaitGroup
		for i := range 6 { // other hosts, the same login
			wg.Go(func() { runs(t, c, fmt.Sprintf("n%d", i), "sudo -n whoami", "", outcome(0, nil, "root\n", "")) })
		}
		wg.Wait()
		if got := strings.Join(o.asked, "; "); got != "sudo: [sudo] password for "+sshtest.User+":; sudo: [sudo] password for "+sshtest.User+": again" {
			t.Error(got)
		}
		stop <- nil
		if seen := <-watched; len(seen) > 0 {
			t.Errorf("the password is in the arguments or the environment of a process: %q", seen)
		}
		c.Close()
		for _, pattern := range []string{n.Dir + "/home/.cache/spraydeck-sudo*", n.Dir + "/home/spraydeck-sudo*"} {
			if left, _ := filepath.Glob(pattern); len(left) > 0 {
				t.Errorf("left on the node: %v", left)
			}
		}
	})
	t.Run("not required", func(t *testing.T) {
		o := &operator{}
		_, c := sudoNode(t, o, Become{}, sshtest.User+" ALL=(ALL) NOPASSWD: ALL")
		runs(t, c, "node", "sudo -n whoami", "", outcome(0, nil, "root\n", ""))
		if o.times() != 0 {
			t.Errorf("asked: %q", o.asked)
		}
	})
	t.Run("for some commands only", func(t *testing.T) {
		o := &operator{answers: map[string][]string{"sudo": {right}}}
		_, c := sudoNode(t, o, Become{}, sshtest.User+" ALL=(root) /usr/bin/id")
		runs(t, c, "node", "sudo -n id -u", "", outcome(0, nil, "0\n", ""))
	})
	t.Run("declined", func(t *testing.T) {
		o := &operator{}
		_, c := sudoNode(t, o, Become{})
		runs(t, c, "node", "sudo -n whoami", "", outcome(1, nil, "", "sudo: a password is required\n"))
		if o.times() != 1 {
			t.Errorf("asked: %q", o.asked)
		}
	})
	t.Run("wrong three times", func(t *testing.T) {
		o := &operator{answers: map[string][]string{"sudo": {"1", "2", "3", "4"}}}
		_, c := sudoNode(t, o, Become{})
		_, err := c.Run(context.Background(), "node", "sudo -n whoami", nil, nil, nil)
		if err == nil || !strings.Contains(err.Error(), "sudo refused the password three times") || o.times() != 3 {
			t.Errorf("%v %q", err, o.asked)
		}
	})
	t.Run("nobody", func(t *testing.T) {
		_, c := sudoNode(t, nil, Become{})
		_, err := c.Run(context.Background(), "node", "sudo -n whoami", nil, nil, nil)
		var un *UnansweredError
		if !errors.As(err, &un) || !strings.Contains(err.Error(), "sudo asks for the password") {
			t.Error(err)
		}
	})
}

// TestBecome: what the inventory says about sudo.
func TestBecome(t *testing.T) {
	right := sshtest.Password
	_, c := sudoNode(t, nil, Become{Password: right, User: "nobody", Flags: "-H -S -n", Method: "sudo"})
	runs(t, c, "node", "sudo -n whoami", "", outcome(0, nil, "nobody\n", ""))
	_, c = sudoNode(t, nil, Become{User: "nobody", Flags: "-H"}, sshtest.User+" ALL=(ALL) NOPASSWD: ALL")
	runs(t, c, "node", "sudo -n whoami", "", outcome(0, nil, "nobody\n", ""))
	_, c = sudoNode(t, nil, Become{Method: "su"})
	refused2 := func(line string) error {
		_, err := c.Run(context.Background(), "node", line, nil, nil, nil)
		return err
	}
	if err := refused2("sudo -n true"); err == nil || !strings.Contains(err.Error(), "ansible_become_method su, which is not implemented here") {
		t.Error(err)
	}
	if err := refused2("whoami; echo pseudo"); err != nil {
		t.Error(err)
	}
}

// A stop reaches what sudo started, with the password too.
func TestStopUnderSudo(t *testing.T) {
	_, c := sudoNode(t, &operator{answers: map[string][]string{"sudo": {sshtest.Password}}}, Become{})
	ctx, cancel := context.WithCancel(context.Background())
	out := newAwait("begun")
	done := make(chan error, 1)
	go func() {
		_, err := c.Keep(ctx, "node", "stopped", "sudo -n sh -c 'echo begun; exec sleep 1000'", nil, out, nil)
		done <- err
	}()
	out.wait(t)
	cancel()
	err := <-done
	var stopped *CancelledError
	if !errors.As(err, &stopped) || !stopped.Ended {
		t.Error(err)
	}
}

// processesWith returns the arguments and environments that have the secret in them, until told to stop.
func processesWith(secret string, stop <-chan error) (seen []byte) {
	for {
		list, _ := filepath.Glob("/proc/[0-9]*")
		for _, p := range list {
			for _, name := range []string{"cmdline", "environ"} {
				if b, err := os.ReadFile(filepath.Join(p, name)); err == nil && bytes.Contains(b, []byte(secret)) {
					seen = append(append(seen, b...), '\n')
				}
			}
		}
		select {
		case <-stop:
			return seen
		case <-time.After(20 * time.Millisecond):
		}
	}
}
