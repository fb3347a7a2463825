package whatif

import (
	"fmt"
	"slices"
	"strings"
)

// Blocks says whether a check of the new release would fail, or what was changed by hand on nodes would be overwritten.
func (r *Report) Blocks() bool {
	settings, _ := r.Overwritten()
	return settings > 0 || slices.ContainsFunc(r.Checks, func(c Verdict) bool { return c.Verdict == "fails" })
}

// NodesOf names nodes by what they have in common, as "all 12 nodes" or "3 of 12 workers", or else by their names.
func (r *Report) NodesOf(names []string) string {
	if len(names) == len(r.Hosts) {
		return fmt.Sprintf("all %d nodes", len(names))
	}
	workers := slices.DeleteFunc(slices.Clone(r.Groups["kube_node"]), func(h string) bool { return slices.Contains(r.Groups["kube_control_plane"], h) })
	for _, g := range []struct {
		what    string
		members []string
	}{{"control plane nodes", r.Groups["kube_control_plane"]}, {"workers", workers}, {"etcd nodes", r.Groups["etcd"]}, {"nodes of k8s_cluster", r.Groups["k8s_cluster"]}} {
		if len(g.members) > 1 && same(names, g.members) {
			return fmt.Sprintf("all %d %s", len(names), g.what)
		}
	}
	if len(names) <= 3 {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more of %d nodes", strings.Join(names[:2], ", "), len(names)-2, len(r.Hosts))
}

func same(a, b []string) bool {
	return len(a) == len(b) && !slices.ContainsFunc(a, func(n string) bool { return !slices.Contains(b, n) })
}
