package kubespray

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// Hosts resolves a host pattern as Ansible writes it: a group, a host, "all",
// a glob (node*), and combinations: a:b or a,b is the union, a:&b only those
// also in b, a:!b those not in b. All unions apply first, then all &, then
// all !. The order is that of the groups as named. A name that matches nothing
// is an error with the nearest names; a pattern whose parts leave no host is
// an empty list and no error.
func (i *Inventory) Hosts(pattern string) ([]string, error) {
	if _, isHost := i.Vars[pattern]; isHost {
		return []string{pattern}, nil // an IPv6 address has colons of its own
	}
	var union, only, not []string
	parts := strings.FieldsFunc(pattern, func(r rune) bool { return r == ':' || r == ',' })
	for _, part := range parts {
		part = strings.TrimSpace(part)
		list := &union
		switch {
		case strings.HasPrefix(part, "&"):
			list, part = &only, part[1:]
		case strings.HasPrefix(part, "!"):
			list, part = &not, part[1:]
		}
		if part == "" {
			return nil, fmt.Errorf("resolve hosts %q: a name is missing", pattern)
		}
		*list = append(*list, part)
	}
	if len(parts) == 0 {
		return nil, fmt.Errorf("resolve hosts %q: the pattern is empty", pattern)
	}
	if len(union) == 0 {
		union = []string{"all"}
	}
	hosts, err := i.unite(union)
	if err != nil {
		return nil, err
	}
	for _, name := range only {
		in, err := i.named(name)
		if err != nil {
			return nil, err
		}
		hosts = slices.DeleteFunc(hosts, func(h string) bool { return !slices.Contains(in, h) })
	}
	for _, name := range not {
		out, err := i.named(name)
		if err != nil {
			return nil, err
		}
		hosts = slices.DeleteFunc(hosts, func(h string) bool { return slices.Contains(out, h) })
	}
	return hosts, nil
}

func (i *Inventory) unite(names []string) ([]string, error) {
	hosts := []string{}
	for _, name := range names {
		found, err := i.named(name)
		if err != nil {
			return nil, err
		}
		for _, h := range found {
			if !slices.Contains(hosts, h) {
				hosts = append(hosts, h)
			}
		}
	}
	return hosts, nil
}

// named is the hosts of one group, host or glob.
func (i *Inventory) named(name string) ([]string, error) {
	if name == "*" {
		name = "all"
	}
	if hosts, ok := i.Groups[name]; ok {
		return hosts, nil
	}
	if _, ok := i.Vars[name]; ok {
		return []string{name}, nil
	}
	if strings.ContainsAny(name, "*?") {
		return i.glob(name)
	}
	return nil, &UnknownHostError{Name: name, Near: i.nearest(name)}
}

func (i *Inventory) glob(pattern string) ([]string, error) {
	var names []string
	for _, g := range sortedKeys(i.Groups) {
		if ok, err := path.Match(pattern, g); err != nil {
			return nil, fmt.Errorf("resolve hosts %q: %w", pattern, err)
		} else if ok {
			names = append(names, g)
		}
	}
	for _, h := range i.Groups["all"] {
		if ok, _ := path.Match(pattern, h); ok {
			names = append(names, h)
		}
	}
	if len(names) == 0 {
		return nil, &UnknownHostError{Name: pattern}
	}
	return i.unite(names)
}

// UnknownHostError names a group or host that an inventory does not have.
type UnknownHostError struct {
	Name string
	Near []string // at most three names it may have meant, nearest first
}

func (e *UnknownHostError) Error() string {
	return "resolve hosts: no group or host matches " + e.Name
}

// Cause is the same for every group that is not there.
func (e *UnknownHostError) Cause() string {
	return "the inventory has no host in the groups that are asked"
}

// Hint is the nearest names, "" when none is near.
func (e *UnknownHostError) Hint() string {
	if len(e.Near) == 0 {
		return ""
	}
	return "did you mean " + strings.Join(e.Near, ", ") + "?"
}

func (i *Inventory) nearest(name string) []string {
	type candidate struct {
		name string
		far  int
	}
	var list []candidate
	seen := map[string]bool{}
	for _, n := range append(sortedKeys(i.Groups), sortedKeys(i.Vars)...) {
		if far := distance(name, n); !seen[n] && far <= max(2, len(name)/3) {
			seen[n] = true
			list = append(list, candidate{n, far})
		}
	}
	slices.SortStableFunc(list, func(a, b candidate) int { return a.far - b.far })
	var names []string
	for _, c := range list[:min(3, len(list))] {
		names = append(names, c.name)
	}
	return names
}

// distance is the number of single-byte edits between two names, - and _ being
// the same: Kubespray renamed its groups from one to the other.
func distance(a, b string) int {
	a, b = strings.ReplaceAll(a, "-", "_"), strings.ReplaceAll(b, "-", "_")
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost = 1 + min(diagonal, row[j], row[j+1])
			}
			diagonal, row[j+1] = row[j+1], cost
		}
	}
	return row[len(b)]
}
