package lint_test

import (
	"os"
	"strings"
	"testing"

	"spraydeck/lint"
	"spraydeck/release"
	"spraydeck/runbook"
)

// TestBuiltInReleases: the release files of the product pass lint.
func TestBuiltInReleases(t *testing.T) {
	rs, err := release.ReadReleases(os.DirFS("../runbooks"), "releases")
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rs {
		if problems := lint.Check([]runbook.File{{Release: r.ReleaseFile}}); len(problems) > 0 {
			t.Error(problems)
		}
	}
}

func TestReleaseProblems(t *testing.T) {
	text := `apiVersion: spraydeck/v1
kind: Release
name: 2.40
title: A release
date: 2027-01-01
kubernetes: {default: 1.44.1, min: 1.45.0, max: 1.44.1, minors: [1.43]}
components:
  etcd: {version: v3.7.x, with: [{kubernetes: 1.40, version: 3.7.0}]}
  calico: {version: 3.40.0, from: 3.41.0}
  containerd: {from: 2.0.0}
ansible: {package: 20.0.0, min: 2.30.0, below: 2.29.0}
os: {debian: 14}
avoid: {why: because, instead: the next one, source: here}
`
	f, problems := runbook.Parse("release.yaml", []byte(text), &runbook.Language{})
	problems = append(problems, lint.Check([]runbook.File{f})...)
	got := problems.Error()
	for _, want := range []string{
		`release.yaml:3:7: "2.40" is no tag`,
		`release.yaml:6:23: the default 1.44.1 is of no minor that is listed`,
		`release.yaml:6:23: kubernetes: 1.44.1 is older than 1.45.0`,
		`release.yaml:8:19: "v3.7.x" is no version`,
		`release.yaml:8:47: etcd for Kubernetes 1.40, which this release does not install`,
		`release.yaml:9:21: calico: 3.40.0 is older than 3.41.0`,
		`release.yaml:10:15: "version" is missing`,
		`release.yaml:11:48: ansible: 2.29.0 is older than 2.30.0`,
		`release.yaml:13:32: "the next one" is no tag`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("not said: %s\n%s", want, got)
		}
	}
	if n := strings.Count(got, "\n") + 1; n != 9 {
		t.Errorf("%d problems:\n%s", n, got)
	}
}
