package kubespray

import "encoding/json"

// ListWithoutAnsible is what ansible-inventory --list would print, by our own reader. Groups have all their hosts, those of their
// children too. The groups that Kubespray makes at run time are left to [Inventory.AddGroups]; their variables are there.
func ListWithoutAnsible(inventory string) (list []byte, warnings []string, err error) {
	s := newSource()
	s.scripts = true
	if err := s.read(inventory); err != nil {
		return nil, nil, err
	}
	s.tree.reconcile()
	out := map[string]any{}
	for name, hosts := range s.tree.members() {
		out[name] = map[string]any{"hosts": append([]string{}, hosts...)}
	}
	inv, err := s.inventory()
	if err != nil {
		return nil, nil, err
	}
	out["_meta"] = map[string]any{"hostvars": inv.Vars}
	list, err = json.Marshal(out)
	return list, inv.Warnings, err
}
