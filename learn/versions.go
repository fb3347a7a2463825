package learn

import (
	"errors"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// components are what a release file names, with the variables that hold the version: the first that has one counts.
var components = []struct {
	name string
	vars []string
	from string // the variable with the oldest version that can be upgraded
}{
	{"etcd", []string{"etcd_version"}, ""},
	{"containerd", []string{"containerd_version"}, ""},
	{"runc", []string{"runc_version"}, ""},
	{"calico", []string{"calico_version"}, "calico_min_version_required"},
	{"cilium", []string{"cilium_version"}, ""},
	{"coredns", []string{"coredns_version"}, ""},
	{"metallb", []string{"metallb_version"}, ""},
	{"ingress_nginx", []string{"ingress_nginx_version", "ingress_nginx_controller_image_tag"}, ""},
	{"cert_manager", []string{"cert_manager_version"}, ""},
	{"kube_vip", []string{"kube_vip_image_tag", "kube_vip_version"}, ""},
}

// versions fills in the versions of Kubernetes, of components, of Ansible and of Python.
func (t *tree) versions(f *Facts) error {
	r := reading{vars: t.vars}
	r.kube = r.of("kube_version")
	if r.kube == "" {
		return errors.New("its kube_version cannot be told: no default of a role gives one in a form that is known here")
	}
	f.LeadingV = strings.HasPrefix(r.kube, "v")
	var known []string
	for _, k := range sortVersions(r.keys("kubelet_checksums", "amd64")) {
		known = append(known, withoutV(k))
	}
	f.Checksums = t.vars.file("kubelet_checksums")
	f.Kubernetes = Kubernetes{Default: withoutV(r.kube), Min: withoutV(r.of("kube_version_min_required"))}
	if len(known) > 0 {
		f.Kubernetes.Max = known[len(known)-1]
	}
	etcd := r.etcdByMinor()
	for _, k := range known {
		m := minorOf(k)
		if slices.Contains(f.Kubernetes.Minors, m) || older(k, f.Kubernetes.Min) {
			continue
		}
		if _, ok := etcd[m]; ok || len(etcd) == 0 {
			f.Kubernetes.Minors = append(f.Kubernetes.Minors, m)
		}
	}
	for _, c := range components {
		one := Component{Name: c.name}
		for _, v := range c.vars {
			if one.Version == "" {
				one.Version = withoutV(r.of(v))
			}
		}
		if one.Version == "" {
			continue
		}
		if c.from != "" {
			one.From = withoutV(r.of(c.from))
		}
		if c.name == "etcd" {
			one.With = withEach(f.Kubernetes.Minors, etcd)
		}
		f.Components = append(f.Components, one)
	}
	t.ansible(f)
	t.python(f)
	t.systems(f)
	return nil
}

// etcdByMinor is the version of etcd that goes with each minor of Kubernetes, where a release has a table of them.
func (r reading) etcdByMinor() map[string]string {
	by := map[string]string{}
	n := r.vars.last("etcd_supported_versions")
	for i := 0; n != nil && i+1 < len(n.Content); i += 2 {
		by[strings.TrimPrefix(n.Content[i].Value, "v")] = withoutV(r.text(n.Content[i+1].Value))
	}
	return by
}

// withEach lists a table only where it holds several versions.
func withEach(minors []string, by map[string]string) []With {
	var list []With
	different := map[string]bool{}
	for _, m := range minors {
		if v := by[m]; v != "" {
			list = append(list, With{m, v})
			different[v] = true
		}
	}
	if len(different) < 2 {
		return nil
	}
	return list
}

var pinned = regexp.MustCompile(`(?m)^(ansible(?:-base|-core)?)==([\d.]+)`)

// ansible fills in what requirements.txt pins and what the playbooks accept.
func (t *tree) ansible(f *Facts) {
	for _, name := range t.names {
		if name != "requirements.txt" && !requirements.MatchString(name) {
			continue
		}
		text := string(t.texts[name])
		if strings.HasPrefix(text, "requirements-") { // a link that was read as its target's name
			continue
		}
		if name != "requirements.txt" && t.texts["requirements.txt"] != nil && pinned.MatchString(string(t.texts["requirements.txt"])) {
			continue
		}
		for _, m := range pinned.FindAllStringSubmatch(text, -1) {
			if m[1] == "ansible" {
				f.Ansible.Package = m[2]
			} else {
				f.Ansible.Core = m[2]
			}
		}
	}
	vars := map[string]string{}
	for _, name := range []string{"playbooks/ansible_version.yml", "ansible_version.yml"} {
		for key, v := range playVars(t.texts[name]) {
			vars[key] = v
		}
	}
	f.Ansible.Min, f.Ansible.Below = vars["minimal_ansible_version"], vars["maximal_ansible_version"]
	f.Ansible.Min210 = vars["minimal_ansible_version_2_10"]
}

// playVars are the plain variables of the plays of a playbook.
func playVars(text []byte) map[string]string {
	vars := map[string]string{}
	for _, play := range items(text) {
		if v := play["vars"]; v != nil && v.Kind == yaml.MappingNode {
			for i := 0; i+1 < len(v.Content); i += 2 {
				vars[v.Content[i].Value] = v.Content[i+1].Value
			}
		}
	}
	return vars
}

var pythonRow = regexp.MustCompile(`(?m)^\|\s*((?:>=|<|=)?[^|]*\d+\.[^|]*?)\s*\|\s*(\d\.\d+)(?:\s*-\s*(\d\.\d+))?\s*\|`)
var aVersion = regexp.MustCompile(`\d+(?:\.\d+)+`)

// python is the row of the table of Ansible and Python that goes with the Ansible of the release.
func (t *tree) python(f *Facts) {
	for _, name := range t.names {
		if !ansibleDoc.MatchString(name) {
			continue
		}
		for _, m := range pythonRow.FindAllStringSubmatch(string(t.texts[name]), -1) {
			top := m[3]
			if top == "" {
				top = m[2]
			}
			if f.Python.Min == "" || minorOf(aVersion.FindString(m[1])) == minorOf(f.Ansible.pinnedCore()) {
				f.Python = Window{m[2], top}
			}
		}
	}
}

// pinnedCore is the ansible-core that is pinned, or else the oldest that is accepted.
func (a Ansible) pinnedCore() string {
	if a.Core != "" {
		return a.Core
	}
	return a.Min
}

var (
	system    = regexp.MustCompile(`(?m)^\s*[-*] \*\*(Debian|Ubuntu|CentOS(?: Stream)? ?/ ?RHEL|Oracle Linux|Alma Linux|Rocky Linux)\*\* *(.*)$`)
	codenames = map[string]string{"wheezy": "7", "jessie": "8", "stretch": "9", "buster": "10", "bullseye": "11", "bookworm": "12", "trixie": "13", "forky": "14"}
	notes     = regexp.MustCompile(`\]\([^)]*\)|\([^)]*\)`)
	aRelease  = regexp.MustCompile(`\b\d+(?:\.\d+)?\b|[A-Za-z]+`)
)

// systems are the operating systems that the README lists.
func (t *tree) systems(f *Facts) {
	names := map[string]string{"Debian": "debian", "Ubuntu": "ubuntu", "Oracle Linux": "oracle", "Alma Linux": "alma", "Rocky Linux": "rocky"}
	for _, m := range system.FindAllStringSubmatch(string(t.texts["README.md"]), -1) {
		one := List{Name: names[m[1]]}
		if one.Name == "" {
			one.Name = "rhel"
		}
		for _, w := range aRelease.FindAllString(notes.ReplaceAllString(m[2], " "), -1) {
			if n := codenames[strings.ToLower(w)]; n != "" {
				w = n
			}
			if w[0] <= '9' && !slices.Contains(one.Values, w) {
				one.Values = append(one.Values, w)
			}
		}
		slices.SortFunc(one.Values, func(a, b string) int {
			if older(a, b) {
				return -1
			}
			return 1
		})
		f.OS = append(f.OS, one)
	}
}
