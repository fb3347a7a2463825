package workstation

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// stop ends the process group, gently, then firmly, and returns the name of the
// signal that did it. It waits for the group and not just for the shell: after a
// ^C the shell is gone at once, while the playbook it started cleans up.
func stop(group int, ended <-chan error) string {
	for _, step := range []struct {
		name  string
		sig   syscall.Signal
		grace time.Duration
	}{
		{"SIGINT", syscall.SIGINT, interruptGrace},
		{"SIGTERM", syscall.SIGTERM, terminateGrace},
	} {
		syscall.Kill(-group, step.sig)
		if gone(group, ended, step.grace) {
			return step.name
		}
	}
	syscall.Kill(-group, syscall.SIGKILL)
	// Nothing survives this but a process stuck in the kernel, on a dead NFS
	// mount perhaps; waiting for that would hang the console as well.
	gone(group, ended, terminateGrace)
	return "SIGKILL"
}

// gone waits until the command is done and its group is empty.
func gone(group int, ended <-chan error, grace time.Duration) bool {
	deadline := time.After(grace)
	done := false
	for poll := 5 * time.Millisecond; ; poll = min(2*poll, 100*time.Millisecond) {
		if done && !alive(group) {
			return true
		}
		select {
		case <-ended:
			done, ended = true, nil
		case <-time.After(poll):
		case <-deadline:
			return false
		}
	}
}

// alive reports whether a process of the group is left that still does anything.
// Zombies do not: where nobody reaps orphans, as in many containers, they stay.
func alive(group int) bool {
	if err := syscall.Kill(-group, 0); errors.Is(err, syscall.ESRCH) {
		return false
	}
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, file := range stats {
		data, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		// "pid (any name, with any byte) state ppid pgrp ..."
		var state string
		var ppid, pgrp int
		fmt.Sscan(string(data[bytes.LastIndexByte(data, ')')+1:]), &state, &ppid, &pgrp)
		if pgrp == group && state != "Z" && state != "X" {
			return true
		}
	}
	return len(stats) == 0 // without /proc, kill is all we know
}
