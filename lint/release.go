package lint

import (
	"fmt"
	"slices"

	"github.com/Masterminds/semver/v3"

	"spraydeck/runbook"
)

var releaseName = Rule{
	Name: "release-name",
	Doc:  "A release is named by its tag.",
	check: check{release: func(p pass, r *runbook.ReleaseFile) {
		names := []runbook.Str{r.Name}
		if r.Avoid != nil {
			names = append(names, r.Avoid.Instead)
		}
		for _, name := range names {
			if _, err := runbook.ParseTag(name.Value); err != nil {
				p.report(name.Pos, err.Error(), "a release is named by its tag")
			}
		}
	}},
}

var releaseVersion = Rule{
	Name:  "release-version",
	Doc:   "The versions of a release are versions, and fit each other.",
	check: check{release: checkVersions},
}

func checkVersions(p pass, r *runbook.ReleaseFile) {
	k := r.Kubernetes
	ordered(p, "kubernetes", k.Min, k.Default, k.Max)
	if v := version(p, k.Default); v != nil {
		minor := fmt.Sprintf("%d.%d", v.Major(), v.Minor())
		if !slices.ContainsFunc(k.Minors, func(m runbook.Str) bool { return m.Value == minor }) {
			p.report(k.Default.Pos, fmt.Sprintf("the default %s is of no minor that is listed", k.Default), "add "+minor+" to minors")
		}
	}
	for _, e := range r.Components {
		checkComponent(p, e.Name, e.Value, k)
	}
	ordered(p, "ansible", r.Ansible.Min, r.Ansible.Below)
	ordered(p, "python", r.Python.Min, r.Python.Max)
}

func checkComponent(p pass, name string, part runbook.Component, k runbook.KubernetesRange) {
	ordered(p, name, part.From, part.Version)
	for _, w := range part.With {
		version(p, w.Version)
		if !slices.ContainsFunc(k.Minors, func(m runbook.Str) bool { return m.Value == w.Kubernetes.Value }) {
			p.report(w.Kubernetes.Pos, fmt.Sprintf("%s for Kubernetes %s, which this release does not install", name, w.Kubernetes), "")
		}
	}
}

// ordered: versions do not go down. Missing ones are skipped.
func ordered(p pass, what string, versions ...runbook.Str) {
	var before runbook.Str
	var last *semver.Version
	for _, s := range versions {
		if s.Value == "" {
			continue
		}
		v := version(p, s)
		if v != nil && last != nil && v.LessThan(last) {
			p.report(s.Pos, fmt.Sprintf("%s: %s is older than %s", what, s, before), "")
		}
		if v != nil {
			before, last = s, v
		}
	}
}

func version(p pass, s runbook.Str) *semver.Version {
	v, err := semver.NewVersion(s.Value)
	if err != nil && s.Value != "" {
		p.report(s.Pos, fmt.Sprintf("%q is no version", s), "versions stand without a leading v, as 1.32.8")
		return nil
	}
	return v
}
