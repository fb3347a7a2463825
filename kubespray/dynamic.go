package kubespray

import (
	"maps"
	"slices"
)

// dynamicGroups are those Kubespray's first play fills from others (its
// playbooks/boilerplate.yml, later roles/dynamic_groups), in its order.
var dynamicGroups = []struct {
	name string
	from []string
}{
	{"kube_control_plane", []string{"kube-master"}},
	{"kube_node", []string{"kube-node"}},
	{"calico_rr", []string{"calico-rr"}},
	{"no_floating", []string{"no-floating"}},
	{"k8s_cluster", []string{"k8s-cluster", "kube_node", "kube_control_plane", "calico_rr"}},
}

// missingFrom lists, in the order of all, the hosts the play would add.
func missingFrom(groups map[string][]string, all []string, name string, from []string) []string {
	wanted := map[string]bool{}
	for _, f := range from {
		for _, h := range groups[f] {
			wanted[h] = true
		}
	}
	for _, h := range groups[name] {
		delete(wanted, h)
	}
	var added []string
	for _, h := range all {
		if wanted[h] {
			added = append(added, h)
		}
	}
	return added
}

// addDynamic fills the groups in the tree, which it leaves reconciled, and
// names those it changed.
func (t *tree) addDynamic() []string {
	t.reconcile()
	all := t.hostsOf("all")
	var changed []string
	for _, d := range dynamicGroups {
		if added := missingFrom(t.members(), all, d.name, d.from); len(added) > 0 {
			for _, h := range added {
				t.addHost(d.name, h)
			}
			changed = append(changed, d.name)
		}
	}
	t.reconcile()
	return changed
}

// addDynamic completes what ansible-inventory resolved. The groups' hosts are
// plain; whether a variable of theirs reaches a host depends on what else sets
// it, which the JSON does not tell, so the files are read for that alone.
func (i *Inventory) addDynamic(path string) {
	i.AddGroups()
	if len(i.Dynamic) == 0 {
		return
	}
	if err := i.addDynamicVars(path); err != nil {
		i.Warnings = append(i.Warnings, "group_vars of groups that Kubespray makes at run time are not included: "+err.Error())
	}
}

func (i *Inventory) addDynamicVars(path string) error {
	s, err := readSource(path)
	if err != nil {
		return err
	}
	s.tree.addDynamic()
	for name, vars := range i.Vars {
		if s.tree.hosts[name] == nil {
			continue // from another source than the files
		}
		layers, err := s.layers(name)
		if err != nil {
			return err
		}
		winner := map[string]any{}
		for _, l := range layers {
			if slices.Contains(i.Dynamic, l.group) {
				maps.Copy(winner, l.vars)
				continue
			}
			for key := range l.vars {
				delete(winner, key) // set again by a stronger layer
			}
		}
		maps.Copy(vars, winner)
	}
	i.Warnings = append(i.Warnings, s.warnings...)
	return nil
}

// AddGroups adds the hosts of the groups that Kubespray makes at run time, and names those groups in Dynamic. Their
// group_vars are not added: loadInventory and parseFile do that, for they know the files.
func (i *Inventory) AddGroups() {
	for _, d := range dynamicGroups {
		if added := missingFrom(i.Groups, i.Groups["all"], d.name, d.from); len(added) > 0 {
			i.Groups[d.name] = append(slices.Clone(i.Groups[d.name]), added...)
			i.Dynamic = append(i.Dynamic, d.name)
		}
	}
}
