package learn

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"spraydeck/ansible"
)

// settingsOfFile are the settings whose defaults a release file holds: those that checks and the plan ask for without a checkout.
var settingsOfFile = []string{
	"container_manager", "etcd_deployment_type", "kube_network_plugin", "kube_proxy_mode", "calico_network_backend", "calico_ipip_mode", "calico_vxlan_mode",
	"calico_vxlan_mode_ipv6", "calico_pool_blocksize", "cilium_ipam_mode", "cilium_identity_allocation_mode", "cilium_kube_proxy_replacement",
	"kube_encryption_algorithm", "kubelet_authorization_mode_webhook", "resolvconf_mode", "kube_image_repo", "kube_apiserver_bind_address",
	"apiserver_loadbalancer_domain_name", "containerd_discard_unpacked_layers", "kubelet_fail_cgroup_v1", "crio_default_runtime", "auto_renew_certificates",
}

// File writes a release as a file of kind Release. byHand is a release file, or a part of one: what people write (why a
// component must be of some version, renamed and refused keys, avoid, faults and notes) is taken from it and the rest is not.
// known are refusals that the catalogue has already; the file holds the others.
func File(f *Facts, byHand []byte, known []ansible.Check) ([]byte, error) {
	hand, err := parseByHand(byHand)
	if err != nil {
		return nil, err
	}
	w := &writer{}
	w.line(0, "%sapiVersion: spraydeck/v1", hand.head)
	w.line(0, "kind: Release")
	w.line(0, "name: %s", f.Tag)
	w.line(0, "title: Kubespray %s with Kubernetes %s", f.Tag, f.Kubernetes.Default)
	w.line(0, "date: %s", f.Date)
	if f.LeadingV {
		w.line(0, "leadingV: true")
	}
	k := f.Kubernetes
	w.line(0, "kubernetes: {default: %s, min: %s, max: %s, minors: %s}", k.Default, k.Min, k.Max, flow(k.Minors))
	w.line(0, "components:")
	for _, c := range f.Components {
		w.component(c, hand.components[c.Name])
	}
	w.line(0, "ansible: {%s}", pairs("package", f.Ansible.Package, "core", f.Ansible.Core, "min", f.Ansible.Min, "below", f.Ansible.Below, "min210", f.Ansible.Min210))
	if f.Python.Min != "" {
		w.line(0, "python: {min: %s, max: %s}", f.Python.Min, f.Python.Max)
	}
	w.lists("os", f.OS)
	i := f.Inventory
	w.line(0, "inventory: {style: %s, controlPlaneGroup: %s, clusterVars: %s, etcdVars: %s}", i.Style, i.ControlPlane, i.ClusterVars, flow(i.EtcdVars))
	p := f.Playbooks
	w.line(0, "playbooks: {facts: %s, upgrade: %s, cluster: %s, scale: %s, removeNode: %s}", p.Facts, p.Upgrade, p.Cluster, p.Scale, p.RemoveNode)
	w.line(0, "checksums: %s", f.Checksums)
	w.line(0, "defaults:")
	for _, name := range settingsOfFile {
		if v, ok := f.inForce[name]; ok {
			w.line(1, "%s: %s", name, scalar(v))
		}
	}
	w.lists("allowed", f.Allowed)
	w.variables(f, hand)
	w.checks(f.Checks, known)
	w.text.WriteString(hand.rest)
	return w.text.Bytes(), nil
}

type writer struct{ text bytes.Buffer }

func (w *writer) line(depth int, format string, args ...any) {
	fmt.Fprintf(&w.text, strings.Repeat("  ", depth)+format+"\n", args...)
}

func (w *writer) lists(name string, lists []List) {
	if len(lists) == 0 {
		return
	}
	w.line(0, "%s:", name)
	for _, l := range lists {
		w.line(1, "%s: %s", l.Name, flow(l.Values))
	}
}

func (w *writer) component(c Component, hand mapping) {
	from := c.From
	if from == "" {
		from = hand.text("from")
	}
	var with []string
	for _, v := range c.With {
		with = append(with, fmt.Sprintf("{kubernetes: %s, version: %s}", v.Kubernetes, v.Version))
	}
	switch {
	case hand["why"] != nil:
		w.line(1, "%s:", c.Name)
		w.line(2, "version: %s", c.Version)
		w.line(2, "from: %s", from)
		w.line(2, "why:")
		for _, lang := range []string{"en", "ja"} {
			if s := mappingOf(hand["why"]).text(lang); s != "" {
				w.line(3, "%s: %s", lang, scalar(s))
			}
		}
		w.line(2, "source: %s", scalar(hand.text("source")))
		if with != nil {
			w.line(2, "with:")
		}
		for _, v := range with {
			w.line(3, "- %s", v)
		}
	case from == "" && with == nil:
		w.line(1, "%s: %s", c.Name, c.Version)
	default:
		s := "version: " + c.Version
		if from != "" {
			s += ", from: " + from
		}
		if with != nil {
			s += ", with: [" + strings.Join(with, ", ") + "]"
		}
		w.line(1, "%s: {%s}", c.Name, s)
	}
}

func (w *writer) variables(f *Facts, hand *byHand) {
	if len(f.Gone)+len(f.Back)+len(hand.refused)+len(hand.renamed) == 0 {
		return
	}
	w.line(0, "variables:")
	w.wrapped("gone", f.Gone)
	w.wrapped("back", f.Back)
	w.wrapped("refused", hand.refused)
	if len(hand.renamed) > 0 {
		w.line(1, "renamed:")
	}
	for _, kv := range hand.renamed {
		w.line(2, "%s: %s", kv[0], kv[1])
	}
}

// wrapped writes a list on lines of at most 120 characters.
func (w *writer) wrapped(name string, list []string) {
	if len(list) == 0 {
		return
	}
	line := "  " + name + ": ["
	indent := strings.Repeat(" ", len(line))
	for i, s := range list {
		if i < len(list)-1 {
			s += ","
		} else {
			s += "]"
		}
		if len(line)+len(s)+1 > 120 {
			w.line(0, "%s", strings.TrimRight(line, " "))
			line = indent
		}
		line += s + " "
	}
	w.line(0, "%s", strings.TrimRight(line, " "))
}

// checks writes the refusals that are not known yet.
func (w *writer) checks(list, known []ansible.Check) {
	key := func(c ansible.Check) [4]string { return [4]string{c.Task, c.Message, c.That, c.When} }
	have := map[[4]string]bool{}
	for _, c := range known {
		have[key(c)] = true
	}
	head := false
	for _, c := range list {
		if have[key(c)] {
			continue
		}
		have[key(c)] = true
		if !head {
			w.line(0, "checks:")
			head = true
		}
		w.line(1, "- path: %s", scalar(c.Path))
		for _, kv := range [][2]string{{"task", c.Task}, {"message", c.Message}, {"that", c.That}, {"when", c.When}} {
			if kv[1] != "" {
				w.line(2, "%s: %s", kv[0], scalar(kv[1]))
			}
		}
	}
}

func flow(list []string) string {
	var quoted []string
	for _, s := range list {
		quoted = append(quoted, scalar(s))
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}

// pairs joins names and values; those without a value are left out.
func pairs(list ...string) string {
	var parts []string
	for i := 0; i < len(list); i += 2 {
		if list[i+1] != "" {
			parts = append(parts, list[i]+": "+list[i+1])
		}
	}
	return strings.Join(parts, ", ")
}

var bare = regexp.MustCompile(`^[A-Za-z0-9_./][A-Za-z0-9_./-]*$`)

// scalar writes a text for YAML on one line, quoted where it must be.
func scalar(s string) string {
	if bare.MatchString(s) {
		return s
	}
	if strings.ContainsAny(s, "\n\t") {
		b := &strings.Builder{}
		b.WriteByte('"')
		for _, r := range s {
			switch r {
			case '"', '\\':
				b.WriteByte('\\')
				b.WriteRune(r)
			case '\n':
				b.WriteString(`\n`)
			case '\t':
				b.WriteString(`\t`)
			default:
				b.WriteRune(r)
			}
		}
		b.WriteByte('"')
		return b.String()
	}
	var n yaml.Node
	if err := yaml.Unmarshal([]byte("a: "+s), &n); err == nil && len(n.Content) == 1 {
		if v := n.Content[0].Content[1]; v.Kind == yaml.ScalarNode && v.Value == s && v.ShortTag() == "!!str" && v.LineComment == "" {
			return s
		}
	}
	return "'" + strings.ReplaceAll(s, "'", "''") + "'"
}

// byHand is what people write in a release file.
type byHand struct {
	head       string // the comment above it
	components map[string]mapping
	refused    []string
	renamed    [][2]string
	rest       string // avoid, faults and notes, as they stand
}

var section = regexp.MustCompile(`(?m)^(\w+):`)

func parseByHand(text []byte) (*byHand, error) {
	hand := &byHand{components: map[string]mapping{}}
	for line := range bytes.Lines(text) {
		if !bytes.HasPrefix(line, []byte("#")) {
			break
		}
		hand.head += string(line)
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(text, &doc); err != nil {
		return nil, fmt.Errorf("what was written by hand: %w", err)
	}
	if len(doc.Content) == 0 || doc.Content[0].Kind != yaml.MappingNode {
		return hand, nil
	}
	top := mappingOf(doc.Content[0])
	if c := top["components"]; c != nil {
		for name, n := range mappingOf(c) {
			hand.components[name] = mappingOf(n)
		}
	}
	if v := top["variables"]; v != nil {
		m := mappingOf(v)
		hand.refused = values(m["refused"])
		if n := m["renamed"]; n != nil {
			for i := 0; i+1 < len(n.Content); i += 2 {
				hand.renamed = append(hand.renamed, [2]string{n.Content[i].Value, n.Content[i+1].Value})
			}
		}
	}
	marks := section.FindAllSubmatchIndex(text, -1)
	for i, m := range marks {
		end := len(text)
		if i+1 < len(marks) {
			end = marks[i+1][0]
		}
		if slices.Contains([]string{"avoid", "faults", "notes"}, string(text[m[2]:m[3]])) {
			hand.rest += string(text[m[0]:end])
		}
	}
	if hand.rest != "" && !strings.HasSuffix(hand.rest, "\n") {
		hand.rest += "\n"
	}
	return hand, nil
}
