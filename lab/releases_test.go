package main

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	"sigs.k8s.io/yaml"
)

// TestReleasesAgree: what the checkout is made of is what spraydeck itself knows of each release.
func TestReleasesAgree(t *testing.T) {
	files, _ := filepath.Glob("../runbooks/releases/*.yaml")
	var tags []string
	for _, file := range files {
		tag := filepath.Base(file[:len(file)-len(".yaml")])
		mine, err := releaseAt(tag)
		if err != nil {
			continue // older than any hop that the lab walks
		}
		tags = append(tags, tag)
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var known struct {
			Date       string
			Kubernetes struct{ Default, Min string }
			Components map[string]any
			Ansible    struct{ Min, Below string }
			Inventory  struct{ Style string }
			Checksums  string
			Playbooks  struct{ Facts, Upgrade string }
			Defaults   map[string]any
		}
		if err := yaml.Unmarshal(text, &known); err != nil {
			t.Fatal(err)
		}
		same := func(what string, got, want any) {
			t.Helper()
			if !reflect.DeepEqual(got, want) {
				t.Errorf("%s: %s is %v here, %v there", tag, what, got, want)
			}
		}
		same("the date", mine.Date[:10], known.Date)
		same("Kubernetes", mine.Kube.Default, known.Kubernetes.Default)
		same("the oldest Kubernetes", mine.Kube.Min, known.Kubernetes.Min)
		same("Ansible", fmt.Sprint(mine.Ansible), fmt.Sprint(known.Ansible))
		same("the defaults", mine.Defaults, known.Defaults)
		for name, want := range known.Components {
			if m, ok := want.(map[string]any); ok {
				want = m["version"]
			}
			same(name, mine.Components[name], want)
		}
		name, _ := mine.inventory(Lab{}, nil)
		same("the inventory", name, known.Inventory.Style)
		rendered, err := mine.files()
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range []string{known.Checksums, known.Playbooks.Facts, known.Playbooks.Upgrade} {
			if rendered[path] == nil {
				t.Errorf("%s has no %s", tag, path)
			}
		}
	}
	if len(tags) != len(releases) || !slices.Contains(tags, defaultRelease) {
		t.Errorf("%d of %d releases are known there", len(tags), len(releases))
	}
}
