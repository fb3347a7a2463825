package main

import (
	"crypto/sha256"
	"fmt"
	"strings"
)

// release is what differs between two tags of the checkout. The values are facts of Kubespray.
type release struct {
	Tag, Date      string
	Kube, KubeMin  string
	KubePatches    []kubeMinor // newest minor first
	NoLeadingV     bool        // from v2.28.0 on, no version begins with v
	Underscores    bool        // roles kubespray_defaults and bootstrap_os instead of hyphens
	Containerd     string
	Calico         string
	CalicoMin      string
	Etcd           string
	IngressNginx   string
	AnsibleMin     string
	AnsibleMax     string
	AnsiblePackage string
	Cryptography   string

	Facts string // where this lab's Ansible caches facts
}

// kubeMinor has the patches from 0 to Last.
type kubeMinor struct {
	Minor string
	Last  int
}

var releases = []release{
	{
		Tag: "v2.26.0", Date: "2024-09-20T12:00:00Z", Kube: "v1.30.4", KubeMin: "v1.28.0",
		KubePatches: []kubeMinor{{"1.30", 4}, {"1.29", 7}, {"1.28", 12}},
		Containerd:  "1.7.21", Calico: "3.28.1", CalicoMin: "v3.19.4", Etcd: "3.5.12", IngressNginx: "1.11.2",
		AnsibleMin: "2.16.4", AnsibleMax: "2.17.0", AnsiblePackage: "9.8.0",
	},
	{
		Tag: "v2.27.0", Date: "2025-01-02T03:58:14Z", Kube: "v1.31.4", KubeMin: "v1.29.0",
		KubePatches: []kubeMinor{{"1.31", 4}, {"1.30", 8}, {"1.29", 12}},
		Containerd:  "1.7.24", Calico: "3.29.1", CalicoMin: "v3.19.4", Etcd: "3.5.16", IngressNginx: "1.12.0",
		AnsibleMin: "2.16.4", AnsibleMax: "2.17.0", AnsiblePackage: "9.13.0", Cryptography: "44.0.0",
	},
	{
		Tag: "v2.28.0", Date: "2025-05-20T10:53:15Z", Kube: "1.32.5", KubeMin: "1.30.0",
		KubePatches: []kubeMinor{{"1.32", 5}, {"1.31", 9}, {"1.30", 13}},
		NoLeadingV:  true, Underscores: true,
		Containerd: "2.0.5", Calico: "3.29.3", CalicoMin: "3.27.0", Etcd: "3.5.16", IngressNginx: "1.12.1",
		AnsibleMin: "2.16.4", AnsibleMax: "2.17.0", AnsiblePackage: "9.13.0", Cryptography: "45.0.2",
	},
}

// V is what stands before a version number at this tag.
func (r release) V() string {
	if r.NoLeadingV {
		return ""
	}
	return "v"
}

func (r release) DefaultsRole() string {
	if r.Underscores {
		return "kubespray_defaults"
	}
	return "kubespray-defaults"
}

func (r release) BootstrapRole() string {
	if r.Underscores {
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
	for _, m := range r.KubePatches {
		for p := m.Last; p >= 0; p-- {
			version := fmt.Sprintf("%s%s.%d", r.V(), m.Minor, p)
			sum := fmt.Sprintf("%x", sha256.Sum256([]byte("lab kubelet "+arch+" "+version)))
			if r.NoLeadingV {
				sum = "sha256:" + sum
			}
			list = append(list, checksum{version, sum})
		}
	}
	return list
}

// path says where a file of the template tree lies at this tag; "" means nowhere.
func (r release) path(p string) string {
	if rest, ok := strings.CutPrefix(p, "dot."); ok {
		p = "." + rest
	}
	if r.Underscores {
		return p
	}
	switch p {
	case "roles/kubespray_defaults/vars/main/checksums.yml":
		p = "roles/kubespray_defaults/defaults/main/checksums.yml"
	case "inventory/sample/group_vars/k8s_cluster/kube_control_plane.yml":
		return ""
	}
	p = strings.Replace(p, "roles/kubespray_defaults/", "roles/kubespray-defaults/", 1)
	return strings.Replace(p, "roles/bootstrap_os/", "roles/bootstrap-os/", 1)
}
