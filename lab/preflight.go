package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
)

// preflight collects everything that is missing before anything is started, each with its cure.
func preflight(c cluster) error {
	if os.Getuid() != 0 {
		return errors.New("the lab needs root: its nodes are mount, UTS and pid namespaces (run it with sudo, or in a privileged container)")
	}
	var missing []string
	for _, tool := range []struct{ path, install string }{
		{"/usr/sbin/sshd", "apt-get install openssh-server"},
		{"/usr/bin/ssh", "apt-get install openssh-client"},
		{"/usr/bin/python3", "apt-get install python3"},
	} {
		if _, err := os.Stat(tool.path); err != nil {
			missing = append(missing, fmt.Sprintf("%s is not there: %s", tool.path, tool.install))
		}
	}
	for _, tool := range []struct{ name, install string }{
		{"git", "apt-get install git"},
		{"ansible-playbook", "apt-get install ansible-core"},
	} {
		if _, err := exec.LookPath(tool.name); err != nil {
			missing = append(missing, fmt.Sprintf("%s is not on PATH: %s", tool.name, tool.install))
		}
	}
	if err := tryNamespaces(); err != nil {
		missing = append(missing, fmt.Sprintf(
			"namespaces are refused (%v): in a container give it --privileged, or CAP_SYS_ADMIN and an unconfined seccomp profile", err))
	}
	ports := []string{apiAddress}
	for _, n := range c.nodes {
		ports = append(ports, fmt.Sprintf("%s:%d", n.Address, sshPort))
		if n.Etcd {
			ports = append(ports, n.etcdClient(), n.etcdPeer())
		}
	}
	if c.vip() {
		ports = append(ports, vipAddress+":6443")
	}
	for _, p := range ports {
		if l, err := net.Listen("tcp", p); err != nil {
			missing = append(missing, fmt.Sprintf("%s is taken (%v): is another lab up? end it with down --dir", p, err))
		} else {
			l.Close()
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("nothing was started:\n  %s", strings.Join(missing, "\n  "))
	}
	return nil
}

// tryNamespaces asks the kernel rather than guessing from capabilities.
func tryNamespaces() error {
	attr := namespaces()
	cmd := exec.Command("/bin/true")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: attr.Cloneflags}
	return cmd.Run()
}
