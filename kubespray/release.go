package kubespray

import (
	"context"
	"path"
	"slices"
	"sort"
	"strings"
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
		active, err := parseValues(name, texts[name])
		if err != nil {
			return nil, err
		}
		for key, v := range commentedValues(name, texts[name]) {
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
