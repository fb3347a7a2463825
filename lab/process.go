package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// State is lab.json: what `down` may end. A pid alone is not enough, since the kernel gives it
// away again; with its start time and the boot it belongs to it names one process for ever.
type State struct {
	Format    int       `json:"format"`
	BootID    string    `json:"bootID"`
	Nodes     int       `json:"nodes"`
	From      string    `json:"from"` // the release the cluster was built with, or the version of Kubernetes of real nodes
	Real      bool      `json:"real,omitempty"`
	To        string    `json:"to,omitempty"` // what the packages of real nodes offer beside From
	With      settings  `json:"with"`
	Faults    []string  `json:"faults"`
	Ready     bool      `json:"ready"`
	Processes []Process `json:"processes"`
}

// Process is a daemon the lab started.
type Process struct {
	Name  string `json:"name"`
	PID   int    `json:"pid"`
	Start uint64 `json:"start"` // clock ticks after boot, field 22 of /proc/PID/stat
	Log   string `json:"log"`
}

func (l Lab) statePath() string { return l.path("lab.json") }

func (l Lab) load() (State, error) {
	var s State
	b, err := os.ReadFile(l.statePath())
	if err != nil {
		return s, err
	}
	if err := json.Unmarshal(b, &s); err != nil {
		return s, fmt.Errorf("%s: %w", l.statePath(), err)
	}
	return s, nil
}

func (l Lab) save(s State) error {
	b, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	tmp := l.statePath() + ".new"
	if err := os.WriteFile(tmp, append(b, '\n'), 0o600); err != nil {
		return err
	}
	return os.Rename(tmp, l.statePath())
}

// lock keeps two commands from changing one lab at a time. The kernel drops it with the process.
func (l Lab) lock() (release func(), err error) {
	f, err := os.OpenFile(l.path("lock"), os.O_CREATE|os.O_RDWR|syscall.O_CLOEXEC, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		return nil, fmt.Errorf("another lab command is at work in %s", l.Dir)
	}
	return func() { f.Close() }, nil
}

// daemons starts processes and remembers each in lab.json before starting the next.
type daemons struct {
	lab    Lab
	state  State
	failed chan error // what ended although nobody asked it to
}

// start runs this binary as the named part, in its own session, with its output in a log.
func (d *daemons) start(name, log string, attr syscall.SysProcAttr, args ...string) error {
	out, err := os.OpenFile(log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer out.Close()
	attr.Setsid = true
	cmd := exec.Command(d.lab.binary(), args...)
	cmd.Dir = "/"
	cmd.Env = daemonEnv()
	cmd.Stdout, cmd.Stderr = out, out
	cmd.SysProcAttr = &attr
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start %s: %w", name, err)
	}
	start, _, err := processStat(cmd.Process.Pid)
	if err != nil {
		return fmt.Errorf("start %s: %w", name, err)
	}
	d.state.Processes = append(d.state.Processes, Process{Name: name, PID: cmd.Process.Pid, Start: start, Log: log})
	go func() {
		err := cmd.Wait()
		select {
		case d.failed <- fmt.Errorf("%s ended: %v\n%s", name, err, logTail(log, 12)):
		default:
		}
	}()
	return d.lab.save(d.state)
}

// daemonEnv keeps the caller's environment (KUBECONFIG, proxies, locale) out of the lab.
func daemonEnv() []string {
	return []string{
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		"HOME=/root",
		"LANG=C.UTF-8",
	}
}

func logTail(path string, lines int) string {
	b, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	all := strings.Split(strings.TrimRight(string(b), "\n"), "\n")
	if len(all) > lines {
		all = all[len(all)-lines:]
	}
	return "  " + strings.Join(all, "\n  ")
}

// processStat reads when a process started and its state letter.
func processStat(pid int) (start uint64, state byte, err error) {
	b, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return 0, 0, err
	}
	return parseStat(b)
}

// parseStat takes the fields after the last parenthesis, since a command may contain anything.
func parseStat(b []byte) (start uint64, state byte, err error) {
	i := bytes.LastIndexByte(b, ')')
	if i < 0 {
		return 0, 0, errors.New("no command in stat")
	}
	fields := strings.Fields(string(b[i+1:]))
	if len(fields) < 20 {
		return 0, 0, errors.New("stat is too short")
	}
	start, err = strconv.ParseUint(fields[19], 10, 64)
	return start, fields[0][0], err
}

// bootIDPath holds the boot id of the machine, and on a node, over which bootIDInside is mounted there, that of the node.
const (
	bootIDPath   = "/proc/sys/kernel/random/boot_id"
	bootIDInside = "/run/spraydeck-lab/boot_id"
)

func bootID() string {
	b, err := os.ReadFile(bootIDPath)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b))
}

// alive reports whether exactly this process still runs. A zombie holds nothing any more.
func (s State) alive(p Process) bool {
	if s.BootID != bootID() {
		return false
	}
	start, state, err := processStat(p.PID)
	return err == nil && start == p.Start && state != 'Z' && state != 'X'
}

// end kills what is still alive and waits until it is gone. It does not ask nicely: a lab holds
// nothing worth flushing, and a node's first process takes its whole pid namespace with it.
func (s State) end() error {
	deadline := time.Now().Add(10 * time.Second)
	for i := len(s.Processes) - 1; i >= 0; i-- {
		p := s.Processes[i]
		if s.alive(p) {
			if err := syscall.Kill(p.PID, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
				return fmt.Errorf("end %s (pid %d): %w", p.Name, p.PID, err)
			}
		}
	}
	for _, p := range s.Processes {
		for s.alive(p) {
			if time.Now().After(deadline) {
				return fmt.Errorf("%s (pid %d) does not end", p.Name, p.PID)
			}
			time.Sleep(20 * time.Millisecond)
		}
	}
	return nil
}
