package kubespray

import "maps"

// originsOf says for each host where each of its variables is set, as the files tell it: the strongest file under group_vars
// and host_vars, else the inventory itself.
func originsOf(inventory string) (map[string]map[string]Value, error) {
	s, err := readSource(inventory)
	if err != nil {
		return nil, err
	}
	s.tree.addDynamic()
	all := map[string]map[string]Value{}
	for _, name := range s.tree.hostOrder {
		if _, err := s.layers(name); err != nil { // it reads the files
			return nil, err
		}
		at := map[string]Value{}
		groups := s.tree.groupsOf(name)
		for _, g := range groups {
			maps.Copy(at, g.at)
		}
		for _, g := range groups {
			maps.Copy(at, s.placed["group_vars/"+g.name])
		}
		maps.Copy(at, s.tree.hosts[name].at)
		maps.Copy(at, s.placed["host_vars/"+name])
		all[name] = at
	}
	return all, nil
}
