package kubespray

import (
	"context"
	"errors"
	"fmt"
	"path"
	"regexp"
	"slices"
	"sort"
	"strings"

	"github.com/Masterminds/semver/v3"
	"go.yaml.in/yaml/v3"
)

const sampleVars = "inventory/sample/group_vars"

// Sample is what the sample inventory says at a revision: the keys in force,
// and those shown in comments (marked so), which are mostly the defaults of
// the roles. File is the path from the top of the checkout. A key in several
// files is the one Ansible would use for a cluster node.
func (c *Checkout) Sample(ctx context.Context, rev string) (map[string]Value, error) {
	names, err := c.Files(ctx, rev, sampleVars)
	if err != nil {
		return nil, err
	}
	names = slices.DeleteFunc(names, func(n string) bool { return !varsExt(path.Ext(n)) })
	sort.SliceStable(names, func(i, j int) bool { return sampleRank(names[i]) < sampleRank(names[j]) })
	texts, err := c.readAll(ctx, rev, names)
	if err != nil {
		return nil, err
	}
	sample := map[string]Value{}
	for _, name := range names {
		active, err := Values(name, texts[name])
		if err != nil {
			return nil, err
		}
		for key, v := range CommentedValues(name, texts[name]) {
			if old, taken := sample[key]; !taken || old.Commented {
				sample[key] = v
			}
		}
		for key, v := range active {
			sample[key] = v
		}
	}
	return sample, nil
}

// sampleRank orders files as Ansible applies them to a node: all, etcd, k8s_cluster.
func sampleRank(name string) int {
	group, _, _ := strings.Cut(strings.TrimPrefix(name, sampleVars+"/"), "/")
	switch strings.TrimSuffix(group, path.Ext(group)) {
	case "all":
		return 0
	case "etcd":
		return 1
	}
	return 2
}

func varsExt(ext string) bool {
	return ext == ".yml" || ext == ".yaml" || ext == ".json"
}

// The roles whose defaults every playbook loads, lowest first: a name in two
// of them counts as in the last. Kubespray moved them over the years; those
// that a revision does not have are passed over.
var defaultRoles = []string{
	"roles/network_plugin/calico/defaults",
	"roles/network_plugin/calico_defaults/defaults",
	"roles/etcd_defaults/defaults",
	"roles/download/defaults",
	"roles/kubespray-defaults/defaults",
	"roles/kubespray_defaults/defaults",
}

// Defaults are the role defaults in force when the inventory is silent, at a
// revision: those of kubespray_defaults, download, etcd and calico. A default
// that is a template is the string it was written as.
func (c *Checkout) Defaults(ctx context.Context, rev string) (map[string]any, error) {
	var names []string
	for _, dir := range defaultRoles {
		found, err := c.Files(ctx, rev, dir)
		var missing *NotFoundError
		if errors.As(err, &missing) {
			continue
		}
		if err != nil {
			return nil, err
		}
		for _, name := range found {
			if rel := strings.TrimPrefix(name, dir+"/"); strings.HasPrefix(rel, "main") && varsExt(path.Ext(rel)) {
				names = append(names, name)
			}
		}
	}
	if len(names) == 0 {
		return nil, &NotFoundError{Rev: rev, What: "roles/kubespray_defaults/defaults"}
	}
	texts, err := c.readAll(ctx, rev, names)
	if err != nil {
		return nil, err
	}
	defaults := map[string]any{}
	for _, name := range names {
		values, err := Values(name, texts[name])
		if err != nil {
			return nil, err
		}
		for key, v := range values {
			defaults[key] = v.Value
		}
	}
	return defaults, nil
}

// Ansible is the range of ansible-core a revision accepts: min itself, up to
// but without max. ok is false when the revision states none.
func (c *Checkout) Ansible(ctx context.Context, rev string) (min, max string, ok bool, err error) {
	places := []string{"playbooks/ansible_version.yml", "ansible_version.yml"} // the second up to v2.21
	texts, err := c.readAll(ctx, rev, places)
	if err != nil {
		return "", "", false, err
	}
	for _, name := range places {
		text, here := texts[name]
		if !here {
			continue
		}
		root, err := parseYAML(name, text)
		if err != nil {
			return "", "", false, err
		}
		if min, max = scalarAt(root, "minimal_ansible_version"), scalarAt(root, "maximal_ansible_version"); min != "" && max != "" {
			return min, max, true, nil
		}
	}
	return "", "", false, nil
}

// scalarAt finds the first key of that name in document order and returns its
// text as written: 2.10 is a version here, not the number 2.1.
func scalarAt(n *yaml.Node, key string) string {
	if n == nil || n.Kind == yaml.AliasNode {
		return ""
	}
	for i, child := range n.Content {
		if n.Kind == yaml.MappingNode && i%2 == 0 && child.Value == key && n.Content[i+1].Kind == yaml.ScalarNode {
			return n.Content[i+1].Value
		}
		if found := scalarAt(child, key); found != "" {
			return found
		}
	}
	return ""
}

// The files that list the Kubernetes releases a revision can install.
var checksumFiles = []string{
	"roles/kubespray_defaults/vars/main/checksums.yml",     // from v2.28
	"roles/kubespray-defaults/defaults/main/checksums.yml", // v2.24 to v2.27
	"roles/download/defaults/main/checksums.yml",           // v2.22 and v2.23
	"roles/download/defaults/main.yml",
}

// KubeVersions are the Kubernetes versions a revision has checksums for on one
// architecture (amd64, arm64 ...), newest first, spelled as the revision wants
// kube_version spelled: with a leading v up to v2.27, without from v2.28. From
// v2.28 the first is the default; before, [Checkout.Defaults] has it, and it
// may be older than the first.
func (c *Checkout) KubeVersions(ctx context.Context, rev, arch string) ([]string, error) {
	texts, err := c.readAll(ctx, rev, checksumFiles)
	if err != nil {
		return nil, err
	}
	for _, name := range checksumFiles {
		text, here := texts[name]
		if !here {
			continue
		}
		// Only the one table is parsed: the whole file is a megabyte.
		values, err := Values(name, topLevelBlock(text, "kubelet_checksums"))
		if err != nil {
			return nil, err
		}
		table, _ := values["kubelet_checksums"].Value.(map[string]any)
		versions, _ := table[arch].(map[string]any)
		if len(versions) == 0 {
			continue
		}
		return newestFirst(versions), nil
	}
	return nil, &NotFoundError{Rev: rev, What: fmt.Sprintf("kubelet_checksums for %s", arch)}
}

func newestFirst(versions map[string]any) []string {
	var parsed []*semver.Version
	for name := range versions {
		if v, err := semver.NewVersion(name); err == nil {
			parsed = append(parsed, v)
		}
	}
	sort.Sort(sort.Reverse(semver.Collection(parsed)))
	names := make([]string, len(parsed))
	for i, v := range parsed {
		names[i] = v.Original()
	}
	return names
}

var topLevelKey = regexp.MustCompile(`(?m)^[A-Za-z_][A-Za-z0-9_]*:`)

// topLevelBlock cuts the lines of one top-level key out of a file.
func topLevelBlock(text []byte, key string) []byte {
	starts := topLevelKey.FindAllIndex(text, -1)
	for i, at := range starts {
		if string(text[at[0]:at[1]-1]) != key {
			continue
		}
		end := len(text)
		if i+1 < len(starts) {
			end = starts[i+1][0]
		}
		return text[at[0]:end]
	}
	return nil
}
