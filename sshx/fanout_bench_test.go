package sshx

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

const fanHosts = 100

// BenchmarkFanOut runs uname -n on a hundred "hosts", all of them one sshd on this machine, and gives the ratios to what people
// use for it: how many times their wall time and their processor time is ours. The peers run in the same sitting, each
// with new connections and with kept ones.
func BenchmarkFanOut(b *testing.B) {
	for _, kept := range []bool{false, true} {
		name := map[bool]string{false: "cold", true: "kept"}[kept]
		b.Run(name, func(b *testing.B) {
			k := startCrowd(b)
			config := k.config(k.known(), fmt.Sprintf("Host host*\n HostName 127.0.0.1\n Port %d\n LogLevel ERROR", k.port))
			names := make([]string, fanHosts)
			for i := range names {
				names[i] = fmt.Sprintf("host%d", i)
			}
			peers := fanPeers(b, config, names, kept)
			for _, p := range peers {
				if kept {
					p.run(b) // makes the connections
				}
			}
			c := newClient(b, config, nil)
			ours := peer{name: "spraydeck", run: func(b *testing.B) { fanOut(b, c, names) }}
			if kept {
				ours.run(b)
			} else {
				ours.run = func(b *testing.B) {
					c := New(config, nil)
					defer c.Close()
					fanOut(b, c, names)
				}
			}
			var wall, cpu time.Duration
			theirs := make([][2]time.Duration, len(peers))
			for b.Loop() {
				w, p := measure(func() { ours.run(b) })
				wall, cpu = wall+w, cpu+p
				for i, peer := range peers {
					w, p := measure(func() { peer.run(b) })
					theirs[i][0], theirs[i][1] = theirs[i][0]+w, theirs[i][1]+p
				}
			}
			b.ReportMetric(wall.Seconds()/float64(b.N), "s-wall")
			b.ReportMetric(cpu.Seconds()/float64(b.N), "s-cpu")
			for i, p := range peers {
				b.ReportMetric(theirs[i][0].Seconds()/wall.Seconds(), p.name+"-wall-x")
				b.ReportMetric(theirs[i][1].Seconds()/cpu.Seconds(), p.name+"-cpu-x")
			}
		})
	}
}

func fanOut(b *testing.B, c *Client, names []string) {
	want, _ := os.Hostname()
	var wg sync.WaitGroup
	for _, host := range names {
		wg.Go(func() {
			var out bytes.Buffer
			if exit, err := c.Run(context.Background(), host, "uname -n", nil, &out, nil); exit != 0 || err != nil || strings.TrimSpace(out.String()) != want {
				b.Errorf("%s: exit %d, %v, %q", host, exit, err, &out)
			}
		})
	}
	wg.Wait()
}

type peer struct {
	name string
	run  func(*testing.B)
}

// fanPeers are the other ways, as far as they are installed; which are not is said.
func fanPeers(b *testing.B, config string, names []string, kept bool) []peer {
	dir, err := os.MkdirTemp("", "fan") // a short path: it becomes that of a socket
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { os.RemoveAll(dir) })
	list := filepath.Join(dir, "hosts")
	write(b, list, strings.Join(names, "\n")+"\n")
	persist := "-o ControlMaster=no"
	if kept {
		persist = "-o ControlMaster=auto -o ControlPersist=60 -o ControlPath=" + dir + "/%C"
		b.Cleanup(func() {
			for _, host := range names {
				exec.Command("ssh", "-F", config, "-o", "ControlPath="+dir+"/%C", "-O", "exit", host).Run()
			}
		})
	}
	all := []struct{ name, tool, line string }{
		{"ssh", "ssh", "xargs -P50 -I{} ssh -F " + config + " " + persist + " {} uname -n <" + list},
		{"ssh-curve25519", "ssh", "xargs -P50 -I{} ssh -F " + config + " " + persist + " -o KexAlgorithms=curve25519-sha256 {} uname -n <" + list},
		{"clush", "clush", "clush -f50 -b -o '-F " + config + " " + persist + "' --hostfile " + list + " uname -n"},
		{"ansible-raw", "ansible", "ANSIBLE_HOST_KEY_CHECKING=True ansible all -i " + list + " -m raw -a 'uname -n' -f50 --ssh-common-args '-F " + config + " " + persist + "'"},
	}
	var peers []peer
	for _, p := range all {
		if _, err := exec.LookPath(p.tool); err != nil {
			b.Logf("%s is not installed: skipped", p.tool)
			continue
		}
		if kept && p.name == "ssh-curve25519" {
			continue // kept connections exchange no keys
		}
		peers = append(peers, peer{p.name, func(b *testing.B) {
			cmd := exec.Command("sh", "-c", p.line)
			cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8")
			// To no pipe: a master of ssh would keep it open.
			if err := cmd.Run(); err != nil {
				b.Fatalf("%s: %v", p.name, err)
			}
		}})
	}
	return peers
}

// measure returns wall and processor time, of this process and of the children that it waited for.
func measure(f func()) (wall, cpu time.Duration) {
	before := used()
	begun := time.Now()
	f()
	return time.Since(begun), used() - before
}

func used() (d time.Duration) {
	for _, who := range []int{syscall.RUSAGE_SELF, syscall.RUSAGE_CHILDREN} {
		var u syscall.Rusage
		syscall.Getrusage(who, &u)
		d += time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	return d
}
