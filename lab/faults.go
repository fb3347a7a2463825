package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
)

// Fault names. Each is a cause, never a pretended effect: what follows from it follows through the
// real API server, the real sshd and the lab kubelets.
const (
	faultDeadVIP    = "dead-vip"
	faultPDB        = "pdb-blocks"
	faultCalicoIPIP = "calico-ipip"
	faultDropSSH    = "drop-ssh"
)

// dropNode is the node whose connection drop-ssh cuts.
const dropNode = "node3"

var faults = []string{faultDeadVIP, faultPDB, faultCalicoIPIP, faultDropSSH}

func faultNames() string { return strings.Join(faults, ", ") }

func checkFaults(names []string, nodes int) error {
	for _, n := range names {
		if !slices.Contains(faults, n) {
			return fmt.Errorf("no fault is called %q; there are %s", n, faultNames())
		}
	}
	if len(names) > 0 && nodes < 3 {
		return fmt.Errorf("the faults strike node2 and node3: boot at least 3 nodes")
	}
	return nil
}

// switchFault sets or clears a fault of a running lab. dead-vip is written into the nodes' files
// before they boot, so it can only be had from the start.
func switchFault(l Lab, name string, on bool, match string) error {
	s, err := l.load()
	if err != nil {
		return fmt.Errorf("no lab in %s: %w", l.Dir, err)
	}
	if s.Real {
		if name != faultExpired || !on || match != "" {
			return fmt.Errorf("the fault of real nodes is %s, and it can only be switched on: a runbook ends it", faultExpired)
		}
		release, err := l.lock()
		if err != nil {
			return err
		}
		defer release()
		return expire(context.Background(), l)
	}
	if err := checkFaults([]string{name}, s.Nodes); err != nil {
		return err
	}
	if match != "" && name != faultDropSSH {
		return fmt.Errorf("--match belongs to %s", faultDropSSH)
	}
	release, err := l.lock()
	if err != nil {
		return err
	}
	defer release()
	if err := applyFault(l, name, on, match); err != nil {
		return err
	}
	s.Faults = slices.DeleteFunc(s.Faults, func(f string) bool { return f == name })
	if on {
		s.Faults = append(s.Faults, name)
	}
	return l.save(s)
}

func applyFault(l Lab, name string, on bool, match string) error {
	switch name {
	case faultDropSSH:
		return dropSSH(l, on, match)
	case faultPDB:
		if on {
			return kubectlApply(l, "pdb-blocks.yaml")
		}
		return kubectlApply(l, "pdb.yaml")
	case faultCalicoIPIP:
		if on {
			return kubectlApply(l, "pool-ipip.yaml")
		}
		return kubectlApply(l, "pool.yaml")
	}
	return fmt.Errorf("%s can only be set when the lab boots: up --fault %s", name, name)
}

// dropSSH arms or disarms the shell of one node; see nodefiles/shell.
func dropSSH(l Lab, on bool, match string) error {
	path := l.rootfs(dropNode, "run/spraydeck-lab/drop-ssh")
	if !on {
		if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
			return err
		}
		return nil
	}
	// The shell must never see the file without its content.
	if err := writeFile(path+".new", []byte(match), 0o644); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}
