package main

import (
	"crypto/sha256"
	_ "embed"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/version"
	"sigs.k8s.io/yaml"
)

//go:embed releases.yaml
var releasesYAML []byte

// release is what differs between two tags of the checkout. The values are facts of Kubespray; no version has a leading v.
type release struct {
	Tag, Date string
	Kube      struct {
		Default string
		Sample  string // what the sample pins, where that lags behind the default
		Min     string
		Patches map[string]int // of each minor the checksums go from 0 to this
	}
	Components   map[string]any
	Etcd         map[string]string // by minor of Kubernetes
	CalicoFrom   string            `json:"calico_from"`
	Ansible      struct{ Min, Below string }
	Requirements []string
	Defaults     map[string]any

	Facts string `json:"-"` // where this lab's Ansible caches facts
}

// releases are the tags of the checkout in the order of their versions. The file is part of the binary, so a fault in it is
// one of the program.
var releases = readReleases(releasesYAML)

func readReleases(text []byte) []release {
	var entries []json.RawMessage
	if err := yaml.Unmarshal(text, &entries); err != nil {
		panic(err)
	}
	var all []release
	var r release
	for _, e := range entries {
		// Every entry is written over the one before it; what it names again must not change that one.
		r.Components, r.Defaults = maps.Clone(r.Components), maps.Clone(r.Defaults)
		r.Kube, r.Etcd, r.Requirements = release{}.Kube, nil, slices.Clone(r.Requirements)
		if err := json.Unmarshal(e, &r); err != nil {
			panic(err)
		}
		gone := func(_ string, v any) bool { return v == nil }
		maps.DeleteFunc(r.Components, gone)
		maps.DeleteFunc(r.Defaults, gone)
		all = append(all, r)
	}
	return all
}

// releaseAt finds a tag.
func releaseAt(tag string) (release, error) {
	var tags []string
	for _, r := range releases {
		if r.Tag == tag {
			return r, nil
		}
		tags = append(tags, r.Tag)
	}
	return release{}, fmt.Errorf("the checkout has no tag %s; it has %s", tag, strings.Join(tags, " "))
}

// Since reports whether this tag is that one or a newer one.
func (r release) Since(tag string) bool {
	return version.MustParseSemantic(r.Tag).AtLeast(version.MustParseSemantic(tag))
}

// component returns the version of a part of the release, without a leading v; "" where the release has no such part.
func (r release) component(name string) string {
	v, _ := r.Components[name].(string)
	return v
}

// V is the prefix of version numbers at this tag.
func (r release) V() string {
	if r.Since("v2.28.0") {
		return ""
	}
	return "v"
}

// Pinned is the version of Kubernetes that the sample names, or nothing.
func (r release) Pinned() string {
	switch {
	case r.Since("v2.28.0"):
		return ""
	case r.Kube.Sample != "":
		return "v" + r.Kube.Sample
	}
	return "v" + r.Kube.Default
}

// Calico returns the role defaults that belong to the network plugin, Rest the others.
func (r release) Calico() map[string]any { return r.defaults(true) }

// Rest returns the role defaults that do not belong to the network plugin.
func (r release) Rest() map[string]any { return r.defaults(false) }

func (r release) defaults(calico bool) map[string]any {
	m := map[string]any{}
	for k, v := range r.Defaults {
		// Until v2.20.0 the block size was that of a node's range, by no default of its own.
		own := k != "calico_pool_blocksize" || r.Since("v2.20.0")
		if strings.HasPrefix(k, "calico_") == calico && own {
			m[k] = v
		}
	}
	return m
}

func (r release) DefaultsRole() string {
	if r.Since("v2.28.0") {
		return "kubespray_defaults"
	}
	return "kubespray-defaults"
}

func (r release) BootstrapRole() string {
	if r.Since("v2.28.0") {
		return "bootstrap_os"
	}
	return "bootstrap-os"
}

// Archs is in the order of the real file, where the first key is not the common one.
func (r release) Archs() []string { return []string{"arm64", "amd64", "ppc64le"} }

type checksum struct{ Version, Sum string }

// Checksums lists every version of a release, newest first. The sums are invented, since nothing
// is downloaded that they could be compared with.
func (r release) Checksums(arch string) []checksum {
	var list []checksum
	minors := slices.SortedFunc(maps.Keys(r.Kube.Patches), func(a, b string) int {
		order, _ := version.MustParseGeneric(b).Compare(a) // both are of the file
		return order
	})
	for _, m := range minors {
		for p := r.Kube.Patches[m]; p >= 0; p-- {
			version := fmt.Sprintf("%s%s.%d", r.V(), m, p)
			sum := fmt.Sprintf("%x", sha256.Sum256([]byte("lab kubelet "+arch+" "+version)))
			if r.V() == "" {
				sum = "sha256:" + sum
			}
			list = append(list, checksum{version, sum})
		}
	}
	return list
}

// moved says since when files lie where the template tree has them, and where before. They apply one after the other; an
// empty place is none.
var moved = []struct{ since, from, before string }{
	{"v2.29.1", "upgrade_cluster.yml", ""},
	{"v2.27.1", "inventory/sample/group_vars/k8s_cluster/kube_control_plane.yml", ""},
	{"v2.28.0", "roles/kubespray_defaults/vars/main/checksums.yml", "roles/kubespray_defaults/defaults/main/checksums.yml"},
	{"v2.28.0", "roles/kubespray_defaults/vars/main/main.yml", "roles/kubespray_defaults/vars/main.yml"},
	{"v2.24.0", "roles/kubespray_defaults/defaults/main/checksums.yml", "roles/download/defaults/main/checksums.yml"},
	{"v2.24.0", "roles/kubespray_defaults/defaults/main/download.yml", "roles/download/defaults/main/main.yml"},
	{"v2.24.0", "roles/kubespray_defaults/defaults/main/main.yml", "roles/kubespray_defaults/defaults/main.yaml"},
	{"v2.23.2", "roles/network_plugin/calico_defaults/", "roles/network_plugin/calico/"},
	{"v2.23.0", "roles/download/defaults/main/checksums.yml", "roles/download/defaults/main.yml"},
	{"v2.23.0", "roles/download/defaults/main/main.yml", "roles/download/defaults/main.yml"},
	{"v2.23.0", "roles/kubernetes/preinstall/tasks/0040-", "roles/kubernetes/preinstall/tasks/0020-"},
	{"v2.22.0", "upgrade-cluster.yml", ""},
	{"v2.22.0", "cluster.yml", ""},
	{"v2.22.0", "playbooks/upgrade_cluster.yml", "upgrade-cluster.yml"},
	{"v2.22.0", "playbooks/", ""},
	{"v2.19.0", "inventory/sample/group_vars/all/etcd.yml", ""},
	{"v2.28.0", "roles/kubespray_defaults/", "roles/kubespray-defaults/"},
	{"v2.28.0", "roles/bootstrap_os/", "roles/bootstrap-os/"},
}

// ended says which files of the tree a tag no longer has.
var ended = map[string]string{
	"inventory/sample/group_vars/etcd.yml":   "v2.29.0",
	"contrib/inventory_builder/inventory.py": "v2.27.0",
}

// path says where a file of the template tree lies at this tag; "" means nowhere.
func (r release) path(p string) string {
	if rest, ok := strings.CutPrefix(p, "dot."); ok {
		p = "." + rest
	}
	if last, ok := ended[p]; ok && r.Since(last) {
		return ""
	}
	for _, m := range moved {
		rest, ok := strings.CutPrefix(p, m.from)
		switch {
		case !ok || r.Since(m.since):
		case rest == "" && m.before == "":
			return ""
		case rest == "" || strings.HasSuffix(m.from, "/") || strings.HasSuffix(m.from, "-"):
			p = m.before + rest
		}
	}
	return p
}
