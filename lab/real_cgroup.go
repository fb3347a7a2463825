package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// hierarchies are the mount points of the control groups, of version 1 and 2.
func hierarchies() ([]string, error) {
	b, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return nil, err
	}
	var dirs []string
	for line := range strings.Lines(string(b)) {
		before, after, ok := strings.Cut(line, " - ")
		fields := strings.Fields(before)
		if kind, _, _ := strings.Cut(after, " "); ok && len(fields) > 4 && (kind == "cgroup" || kind == "cgroup2") {
			dirs = append(dirs, fields[4])
		}
	}
	return dirs, nil
}

// makeCgroups makes the group of a node in every hierarchy: a kubelet wants its --cgroup-root to be there.
func makeCgroups(name string) error {
	dirs, err := hierarchies()
	if err != nil {
		return err
	}
	for _, dir := range dirs {
		lab := filepath.Join(dir, filepath.Dir(name))
		if err := os.MkdirAll(lab, 0o755); err != nil {
			return err
		}
		// Version 1: a group of CPUs and memory begins with none unless it copies its parent's.
		for _, file := range []string{"cpuset.cpus", "cpuset.mems"} {
			if b, err := os.ReadFile(filepath.Join(dir, file)); err == nil {
				if err := os.WriteFile(filepath.Join(lab, file), b, 0o644); err != nil {
					return err
				}
			}
		}
		if clone := filepath.Join(lab, "cgroup.clone_children"); exists(clone) {
			if err := os.WriteFile(clone, []byte("1"), 0o644); err != nil {
				return err
			}
		}
		if err := os.MkdirAll(filepath.Join(dir, name), 0o755); err != nil {
			return err
		}
	}
	return nil
}

// removeCgroups removes a group and all below it from every hierarchy. Processes that were just killed hold theirs for a moment.
func removeCgroups(name string) error {
	dirs, err := hierarchies()
	if err != nil {
		return err
	}
	deadline := time.Now().Add(10 * time.Second)
	for _, dir := range dirs {
		for {
			err := removeTree(filepath.Join(dir, name))
			if err == nil {
				break
			}
			if !errors.Is(err, unix.EBUSY) || time.Now().After(deadline) {
				return fmt.Errorf("remove the control group %s: %w", filepath.Join(dir, name), err)
			}
			time.Sleep(50 * time.Millisecond)
		}
	}
	return nil
}

// removeTree removes directories, the deepest first. The files of a control group go with it.
func removeTree(root string) error {
	var all []string
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err == nil && d.IsDir() {
			all = append(all, path)
		}
		return err
	})
	if err != nil {
		return err
	}
	for _, dir := range slices.Backward(all) {
		if err := unix.Rmdir(dir); err != nil && !errors.Is(err, unix.ENOENT) {
			return err
		}
	}
	return nil
}
