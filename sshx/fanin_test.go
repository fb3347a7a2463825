package sshx

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"sync"
	"testing"
)

// startCrowd returns a client whose hosts host1, host2 ... are all one sshd, each with a connection of its own.
func startCrowd(t testing.TB) *keeper {
	t.Helper()
	home := t.TempDir()
	s := startServer(t, "SetEnv HOME="+home)
	config := s.config(s.known(), fmt.Sprintf("Host host*\n HostName 127.0.0.1\n Port %d", s.port))
	return &keeper{Client: newClient(t, config, nil), server: s, home: home}
}

// counted keeps what came of one host: whether its bytes are those that it printed, in order.
type counted struct {
	want []byte
	n    int
	bad  bool
}

func (c *counted) Write(p []byte) (int, error) {
	for len(p) > 0 {
		at := c.n % len(c.want)
		n := min(len(p), len(c.want)-at)
		c.bad = c.bad || !bytes.Equal(p[:n], c.want[at:at+n])
		c.n += n
		p = p[n:]
	}
	return c.n, nil
}

// Two hundred hosts print at once, on both streams, and nothing is lost; kept or not.
func TestTwoHundredHostsAtOnce(t *testing.T) {
	const hosts, lines = 200, 2000
	want, err := exec.Command("seq", fmt.Sprint(lines)).Output()
	if err != nil {
		t.Fatal(err)
	}
	k := startCrowd(t)
	var wg sync.WaitGroup
	for i := range hosts {
		wg.Go(func() {
			host := fmt.Sprintf("host%d", i)
			stdout, stderr := &counted{want: want}, &counted{want: want}
			command := fmt.Sprintf("seq %d; seq %d >&2; seq %d; exit %d", lines, lines, lines, i%100)
			var exit int
			var err error
			if i%2 == 0 {
				exit, err = k.Keep(context.Background(), host, "crowd."+fmt.Sprint(i), command, nil, stdout, stderr)
			} else {
				exit, err = k.Run(context.Background(), host, command, nil, stdout, stderr)
			}
			if exit != i%100 || err != nil {
				t.Errorf("%s: exit %d, %v", host, exit, err)
			}
			if stdout.bad || stderr.bad || stdout.n != 2*len(want) || stderr.n != len(want) {
				t.Errorf("%s: %d and %d bytes instead of %d and %d", host, stdout.n, stderr.n, 2*len(want), len(want))
			}
		})
	}
	wg.Wait()
	if n := k.logins(); n != hosts {
		t.Errorf("logged in %d times", n)
	}
}
