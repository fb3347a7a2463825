package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"time"
)

// rebootTime is how long a node is away when it restarts: long enough to be missed, by the node controller too.
const rebootTime = 12 * time.Second

// initSocket is where the systemctl shim finds the first process of its node.
const initSocket = "/run/spraydeck-lab/init.sock"

// runtimeSocket exists while the node's containerd, which is only a name, is active.
const runtimeSocket = "/run/containerd/containerd.sock"

// unitState is what systemd would know about a unit.
type unitState struct {
	Active  string // active, inactive, activating, failed
	PID     int
	Since   time.Time
	Restart int
}

// machine is the first process of a node: it starts sshd and the kubelet, restarts the kubelet
// when it dies as its unit file would, reaps orphans, and does what systemctl asks.
type machine struct {
	name string

	mu      sync.Mutex
	exited  map[int]chan syscall.WaitStatus
	wanted  map[string]bool
	units   map[string]*unitState
	pending map[string]int // generation, so that a late restart does not undo a stop
	reboots chan struct{}
	boots   int
}

func initMain(name string) int {
	m := &machine{
		name:   name,
		exited: map[int]chan syscall.WaitStatus{},
		wanted: map[string]bool{},
		units:  map[string]*unitState{"kubelet": {Active: "inactive"}, "containerd": {Active: "inactive"}},

		pending: map[string]int{},
		reboots: make(chan struct{}, 1),
	}
	go m.reap()
	listener, err := net.Listen("unix", initSocket)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	if err := bootKernel(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	m.boot()
	go m.serve(listener)
	for {
		done, _, err := m.spawn("/var/log/sshd.log", "/usr/sbin/sshd", "-D", "-e", "-f", "/etc/ssh/sshd_config")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		select {
		case status := <-done:
			fmt.Fprintf(os.Stderr, "sshd ended: %v\n", status)
			b, _ := os.ReadFile("/var/log/sshd.log")
			os.Stderr.Write(b)
			return 1
		case <-m.reboots:
			if err := m.reboot(); err != nil {
				fmt.Fprintln(os.Stderr, "reboot:", err)
				return 1
			}
		}
	}
}

// reboot takes everything of the node away but its first process and its files, and starts it again as another boot.
func (m *machine) reboot() error {
	time.Sleep(200 * time.Millisecond) // the caller still gets its answer
	m.stop("kubelet")
	m.stop("containerd")
	// From the first process this is everybody else in its namespace: sshd, and all who are logged in.
	if err := syscall.Kill(-1, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
		return err
	}
	if isReal() {
		if err := unmountBelow("/run/", "/var/lib/kubelet/"); err != nil {
			return err
		}
	}
	time.Sleep(rebootTakes())
	os.Remove("/run/reboot-required")
	if err := bootKernel(); err != nil {
		return err
	}
	if err := writeBootID(); err != nil {
		return err
	}
	m.boot()
	return nil
}

// boot starts the units of the node. A real kubelet has nothing to do before kubeadm wrote its configuration.
func (m *machine) boot() {
	m.boots++
	os.WriteFile("/run/spraydeck-lab/boots", fmt.Appendln(nil, m.boots), 0o644)
	m.control("start", "containerd")
	if !isReal() || exists(kubeletConfig) {
		m.control("start", "kubelet")
	}
}

// writeBootID replaces the boot id of the node in place: the file is mounted where programs look for it.
func writeBootID() error {
	id, err := os.ReadFile("/proc/sys/kernel/random/uuid")
	if err != nil {
		return err
	}
	return os.WriteFile(bootIDInside, id, 0o444)
}

// reap collects every child, ours and adopted: only the first process of a namespace can.
func (m *machine) reap() {
	chld := make(chan os.Signal, 64)
	signal.Notify(chld, syscall.SIGCHLD)
	for {
		for {
			var ws syscall.WaitStatus
			// Held across the wait, so that a child which ends at once is already known.
			m.mu.Lock()
			pid, err := syscall.Wait4(-1, &ws, syscall.WNOHANG, nil)
			if err != nil || pid <= 0 {
				m.mu.Unlock()
				break
			}
			if c, ok := m.exited[pid]; ok {
				delete(m.exited, pid)
				c <- ws
			}
			m.mu.Unlock()
		}
		select {
		case <-chld:
		case <-time.After(time.Second):
		}
	}
}

func (m *machine) spawn(log string, argv ...string) (<-chan syscall.WaitStatus, int, error) {
	out, err := os.OpenFile(log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return nil, 0, err
	}
	defer out.Close()
	null, err := os.Open(os.DevNull)
	if err != nil {
		return nil, 0, err
	}
	defer null.Close()
	m.mu.Lock()
	defer m.mu.Unlock()
	p, err := os.StartProcess(argv[0], argv, &os.ProcAttr{
		Dir:   "/",
		Env:   daemonEnv(),
		Files: []*os.File{null, out, out},
		Sys:   &syscall.SysProcAttr{Setsid: true},
	})
	if err != nil {
		return nil, 0, err
	}
	c := make(chan syscall.WaitStatus, 1)
	m.exited[p.Pid] = c
	return c, p.Pid, nil
}

func (m *machine) serve(listener net.Listener) {
	for {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		go func() {
			defer conn.Close()
			line, err := bufio.NewReader(conn).ReadString('\n')
			if err != nil {
				return
			}
			verb, unit, _ := strings.Cut(strings.TrimSpace(line), " ")
			json.NewEncoder(conn).Encode(m.control(verb, unit))
		}()
	}
}

// control does one verb to one unit and answers its state afterwards.
func (m *machine) control(verb, unit string) unitState {
	switch {
	case verb == "reboot":
		select {
		case m.reboots <- struct{}{}:
		default: // it is at it already
		}
	case verb == "restart":
		m.stop(unit)
		m.begin(unit)
	case verb == "start" && !m.active(unit):
		m.begin(unit)
	case verb == "stop":
		m.stop(unit)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if u, ok := m.units[unit]; ok {
		return *u
	}
	if unit == "etcd" { // the member of the node, which is a part of the control plane's process
		return unitState{Active: "active"}
	}
	return unitState{Active: "unknown"}
}

func (m *machine) active(unit string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	u, ok := m.units[unit]
	return ok && u.Active == "active"
}

func (m *machine) begin(unit string) {
	m.mu.Lock()
	u, ok := m.units[unit]
	if !ok {
		m.mu.Unlock()
		return
	}
	m.wanted[unit] = true
	m.pending[unit]++
	generation := m.pending[unit]
	m.mu.Unlock()

	if unit == "containerd" && !isReal() {
		os.WriteFile(runtimeSocket, nil, 0o600)
		m.mu.Lock()
		*u = unitState{Active: "active", Since: time.Now()}
		m.mu.Unlock()
		return
	}
	argv := []string{labInside, "kubelet", m.name}
	if isReal() {
		argv = []string{unitScript(unit)}
	}
	done, pid, err := m.spawn("/var/log/"+unit+".log", argv...)
	m.mu.Lock()
	if err != nil {
		fmt.Fprintf(os.Stderr, "start %s: %v\n", unit, err)
		u.Active = "failed"
		m.mu.Unlock()
		return
	}
	u.Active, u.PID, u.Since = "active", pid, time.Now()
	m.mu.Unlock()
	go m.watch(unit, generation, done)
}

// watch restarts what ended by itself, as Restart=always does, though sooner than the ten seconds
// of the real unit.
func (m *machine) watch(unit string, generation int, done <-chan syscall.WaitStatus) {
	<-done
	m.mu.Lock()
	u := m.units[unit]
	if m.pending[unit] != generation {
		m.mu.Unlock()
		return
	}
	u.PID = 0
	if !m.wanted[unit] {
		u.Active = "inactive"
		m.mu.Unlock()
		return
	}
	u.Active = "activating"
	u.Restart++
	m.mu.Unlock()
	time.Sleep(3 * time.Second)
	m.mu.Lock()
	again := m.wanted[unit] && m.pending[unit] == generation
	m.mu.Unlock()
	if again {
		m.begin(unit)
	}
}

func (m *machine) stop(unit string) {
	m.mu.Lock()
	u, ok := m.units[unit]
	if !ok {
		m.mu.Unlock()
		return
	}
	m.wanted[unit] = false
	m.pending[unit]++
	pid := u.PID
	*u = unitState{Active: "inactive", Since: time.Now()}
	m.mu.Unlock()
	if unit == "containerd" && !isReal() {
		os.Remove(runtimeSocket)
		return
	}
	if pid == 0 {
		return
	}
	syscall.Kill(pid, syscall.SIGTERM)
	for i := 0; i < 100; i++ {
		if _, state, err := processStat(pid); err != nil || state == 'Z' {
			return
		}
		if i == 50 {
			syscall.Kill(pid, syscall.SIGKILL)
		}
		time.Sleep(20 * time.Millisecond)
	}
}
