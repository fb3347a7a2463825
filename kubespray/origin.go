package kubespray

import (
	"maps"
	"slices"
)

// origins are where the variables of a host are set, as the files tell it: the strongest file under group_vars and host_vars, else
// the inventory itself. Any variable may stand in the files that are encrypted.
type origins struct {
	at        map[string]Value
	encrypted []string
}

// originsOf reads where the variables of each host are set. What only Ansible reads, such as a script, is asked of its list: that
// has the groups, and so the files beside it are known.
func originsOf(inventory string, list []byte) (all map[string]origins, warnings []string, err error) {
	s := newSource()
	s.scripts = list == nil
	if err := s.read(inventory); err != nil {
		t, treeErr := listTree(list)
		if treeErr != nil {
			return nil, nil, err
		}
		s = newSource()
		s.tree = t
		s.basesOf(inventory)
		warnings = []string{"lines in the inventory itself are unknown: " + err.Error()}
	}
	s.tree.addDynamic()
	all = map[string]origins{}
	for _, name := range s.tree.hostOrder {
		layers, err := s.layers(name)
		if err != nil {
			return nil, nil, err
		}
		o := origins{at: map[string]Value{}}
		for _, l := range layers {
			maps.Copy(o.at, l.at)
			o.encrypted = slices.Concat(o.encrypted, l.encrypted)
		}
		all[name] = o
	}
	return all, warnings, nil
}
