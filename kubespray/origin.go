package kubespray

import "maps"

// originsOf says for each host where each of its variables is set, as the files tell it: the strongest file under group_vars
// and host_vars. A variable of the inventory file itself has no line.
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
			for k, v := range g.vars {
				at[k] = Value{Value: v, File: inventory}
			}
		}
		for _, g := range groups {
			maps.Copy(at, s.placed["group_vars/"+g.name])
		}
		for k, v := range s.tree.hosts[name].vars {
			at[k] = Value{Value: v, File: inventory}
		}
		maps.Copy(at, s.placed["host_vars/"+name])
		all[name] = at
	}
	return all, nil
}
