package kubespray

import (
	"fmt"
	"slices"
	"sort"
)

// tree is an inventory as written: groups with their own hosts and children.
// It keeps the order of the file and follows Ansible's rules for depth, which
// decide whose variables win.
type tree struct {
	groups     map[string]*group
	groupOrder []string
	hosts      map[string]*host
	hostOrder  []string
}

type group struct {
	name     string
	hosts    []string
	has      map[string]bool // hosts, for the inventory of thousands
	children []string
	parents  []string
	vars     map[string]any
	at       map[string]Value // where each variable stands in the inventory
	depth    int              // longest way down from all
	priority int64
}

type host struct {
	name string
	vars map[string]any
	at   map[string]Value // where each variable stands in the inventory
}

func newTree() *tree {
	t := &tree{groups: map[string]*group{}, hosts: map[string]*host{}}
	t.group("all")
	t.group("ungrouped")
	t.mustChild("all", "ungrouped")
	return t
}

func (t *tree) group(name string) *group {
	g := t.groups[name]
	if g == nil {
		g = &group{name: name, has: map[string]bool{}, vars: map[string]any{}, at: map[string]Value{}, priority: 1}
		t.groups[name] = g
		t.groupOrder = append(t.groupOrder, name)
	}
	return g
}

func (t *tree) host(name string) *host {
	h := t.hosts[name]
	if h == nil {
		h = &host{name: name, vars: map[string]any{}, at: map[string]Value{}}
		t.hosts[name] = h
		t.hostOrder = append(t.hostOrder, name)
	}
	return h
}

func (t *tree) addHost(groupName, name string) *host {
	h, g := t.host(name), t.group(groupName)
	if !g.has[name] {
		g.has[name] = true
		g.hosts = append(g.hosts, name)
	}
	return h
}

// addChild refuses a loop.
func (t *tree) addChild(parent, child string) error {
	p, c := t.group(parent), t.group(child)
	if slices.Contains(p.children, child) {
		return nil
	}
	if parent == child || t.above(parent)[child] {
		return fmt.Errorf("add group %s to %s: the groups would hold each other", child, parent)
	}
	p.children = append(p.children, child)
	c.parents = append(c.parents, parent)
	return nil
}

func (t *tree) mustChild(parent, child string) {
	if err := t.addChild(parent, child); err != nil {
		panic(err) // only called where no loop can be
	}
}

// above is every ancestor of a group.
func (t *tree) above(name string) map[string]bool {
	seen, todo := map[string]bool{}, []string{name}
	for len(todo) > 0 {
		g := t.groups[todo[0]]
		todo = todo[1:]
		for _, p := range g.parents {
			if !seen[p] {
				seen[p] = true
				todo = append(todo, p)
			}
		}
	}
	return seen
}

// reconcile ties up what a file may leave open: every group hangs below all,
// a host without a group is ungrouped, and depths are known.
func (t *tree) reconcile() {
	for _, name := range t.groupOrder {
		if name != "all" && !t.above(name)["all"] && len(t.groups[name].parents) == 0 {
			t.mustChild("all", name)
		}
	}
	grouped := map[string]bool{}
	for name, g := range t.groups {
		if name != "all" && name != "ungrouped" {
			for _, h := range g.hosts {
				grouped[h] = true
			}
		}
	}
	ungrouped := t.group("ungrouped")
	kept := ungrouped.hosts[:0]
	for _, h := range ungrouped.hosts {
		if grouped[h] {
			delete(ungrouped.has, h)
			continue
		}
		kept = append(kept, h)
	}
	ungrouped.hosts = kept
	for _, h := range t.hostOrder {
		if !grouped[h] {
			t.addHost("ungrouped", h)
		}
	}
	t.measure()
}

// measure sets every group's depth, parents before children.
func (t *tree) measure() {
	waiting := map[string]int{}
	for name, g := range t.groups {
		g.depth = 0
		waiting[name] = len(g.parents)
	}
	var ready []string
	for _, name := range t.groupOrder {
		if waiting[name] == 0 {
			ready = append(ready, name)
		}
	}
	for len(ready) > 0 {
		g := t.groups[ready[0]]
		ready = ready[1:]
		for _, c := range g.children {
			child := t.groups[c]
			child.depth = max(child.depth, g.depth+1)
			if waiting[c]--; waiting[c] == 0 {
				ready = append(ready, c)
			}
		}
	}
}

// hostsOf walks a group level by level, its own hosts first: Ansible's order.
func (t *tree) hostsOf(name string) []string {
	var hosts []string
	seenHost, seenGroup := map[string]bool{}, map[string]bool{name: true}
	for level := []string{name}; len(level) > 0; {
		var next []string
		for _, n := range level {
			for _, h := range t.groups[n].hosts {
				if !seenHost[h] {
					seenHost[h] = true
					hosts = append(hosts, h)
				}
			}
			for _, c := range t.groups[n].children {
				if !seenGroup[c] {
					seenGroup[c] = true
					next = append(next, c)
				}
			}
		}
		level = next
	}
	return hosts
}

func (t *tree) members() map[string][]string {
	groups := make(map[string][]string, len(t.groups))
	for name := range t.groups {
		groups[name] = t.hostsOf(name)
	}
	return groups
}

// groupsOf is a host's groups in the order their variables apply, the last
// winning: all, parents, children; among equals by priority, then by name.
func (t *tree) groupsOf(name string) []*group {
	member := map[string]bool{"all": true}
	for _, g := range t.groups {
		if g.has[name] {
			member[g.name] = true
			for up := range t.above(g.name) {
				member[up] = true
			}
		}
	}
	list := make([]*group, 0, len(member))
	for n := range member {
		list = append(list, t.groups[n])
	}
	sort.Slice(list, func(i, j int) bool {
		a, b := list[i], list[j]
		if a.depth != b.depth {
			return a.depth < b.depth
		}
		if a.priority != b.priority {
			return a.priority < b.priority
		}
		return a.name < b.name
	})
	return list
}
