package lint

import (
	"fmt"
	"slices"

	"github.com/Masterminds/semver/v3"

	"spraydeck/runbook"
)

// checkRelease: the name is a tag, every version is one, and the versions fit each other.
func (c *checker) checkRelease(r *runbook.ReleaseFile) {
	if _, err := runbook.ParseTag(r.Name.Value); err != nil {
		c.add(r.Name.Pos, "release-name", err.Error(), "a release is named by its tag")
	}
	k := r.Kubernetes
	c.ordered("kubernetes", k.Min, k.Default, k.Max)
	if v := c.version(k.Default); v != nil {
		minor := fmt.Sprintf("%d.%d", v.Major(), v.Minor())
		if !slices.ContainsFunc(k.Minors, func(m runbook.Str) bool { return m.Value == minor }) {
			c.add(k.Default.Pos, "release-version", fmt.Sprintf("the default %s is of no minor that is listed", k.Default), "add "+minor+" to minors")
		}
	}
	for _, e := range r.Components {
		c.component(e.Name, e.Value, k)
	}
	c.ordered("ansible", r.Ansible.Min, r.Ansible.Below)
	c.ordered("python", r.Python.Min, r.Python.Max)
	if a := r.Avoid; a != nil {
		if _, err := runbook.ParseTag(a.Instead.Value); err != nil {
			c.add(a.Instead.Pos, "release-name", err.Error(), "a release is named by its tag")
		}
	}
}

func (c *checker) component(name string, part runbook.Component, k runbook.KubernetesRange) {
	c.ordered(name, part.From, part.Version)
	for _, w := range part.With {
		c.version(w.Version)
		if !slices.ContainsFunc(k.Minors, func(m runbook.Str) bool { return m.Value == w.Kubernetes.Value }) {
			c.add(w.Kubernetes.Pos, "release-version", fmt.Sprintf("%s for Kubernetes %s, which this release does not install", name, w.Kubernetes), "")
		}
	}
}

// ordered: versions do not go down. Those left out are passed over.
func (c *checker) ordered(what string, versions ...runbook.Str) {
	var before runbook.Str
	var last *semver.Version
	for _, s := range versions {
		if s.Value == "" {
			continue
		}
		v := c.version(s)
		if v != nil && last != nil && v.LessThan(last) {
			c.add(s.Pos, "release-version", fmt.Sprintf("%s: %s is older than %s", what, s, before), "")
		}
		if v != nil {
			before, last = s, v
		}
	}
}

func (c *checker) version(s runbook.Str) *semver.Version {
	v, err := semver.NewVersion(s.Value)
	if err != nil && s.Value != "" {
		c.add(s.Pos, "release-version", fmt.Sprintf("%q is no version", s), "versions stand without a leading v, as 1.32.8")
		return nil
	}
	return v
}
