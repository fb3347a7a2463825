package release

import (
	"maps"
	"slices"
	"strings"

	"spraydeck/event"
	"spraydeck/runbook"
)

// systems are the operating systems that releases name, and how node objects begin their names: "Ubuntu 20.04.6 LTS",
// "Debian GNU/Linux 11 (bullseye)", "CentOS Stream 9".
var systems = map[string]struct {
	title  string
	begins []string
}{
	"debian": {"Debian", []string{"Debian"}},
	"ubuntu": {"Ubuntu", []string{"Ubuntu"}},
	"rhel":   {"RHEL/CentOS", []string{"Red Hat Enterprise Linux", "CentOS"}},
	"oracle": {"Oracle Linux", []string{"Oracle Linux"}},
	"alma":   {"AlmaLinux", []string{"AlmaLinux", "Alma Linux"}},
	"rocky":  {"Rocky Linux", []string{"Rocky Linux"}},
}

// osConditions: systems that the release left supports and the one gone to does not, and the nodes known to run one. On
// the first hop also nodes whose system neither supports.
func osConditions(from, to *Release, first bool, o ChainOptions) []Condition {
	var list []Condition
	for _, d := range dropped(from, to) {
		var titles, nodes []string
		for _, system := range d.systems {
			titles = append(titles, systems[system].title)
			nodes = append(nodes, nodesOn(o.Nodes, system, d.version)...)
		}
		if len(nodes) == 0 && allKnown(o.Nodes) {
			continue // no node runs it
		}
		slices.Sort(nodes)
		names := strings.Join(titles, ", ")
		says := event.Textf("leave %s %s before %s, which no longer supports it", "%[3]s の前に %[1]s %[2]s から移る（%[3]s は対象外）", names, d.version, to.Name)
		if d.others != "" {
			says = says.Plus(event.Textf("; %s supports %s as well", "。%s は %s にも対応", from.Name, d.others))
		}
		list = append(list, Condition{About: "os", Says: says, Nodes: nodes, Unmet: len(nodes) > 0, Source: "README of Kubespray " + to.Name.Value})
	}
	if nodes := strangers(from, to, o.Nodes); first && len(nodes) > 0 {
		list = append(list, Condition{About: "os", Unmet: true, Nodes: nodes, Source: "README of Kubespray " + to.Name.Value,
			Says: event.Textf("systems of nodes that %s does not support", "%s の対象外の OS のノードがある", to.Name)})
	}
	return list
}

// A drop is a version that some systems lose together, and the newer versions they can move to before that.
type drop struct {
	systems []string
	version string
	others  string
}

func dropped(from, to *Release) []drop {
	var drops []drop
	for _, e := range from.OS {
		had, has := runbook.WordsOf(e.Value), to.systemVersions(e.Name)
		for _, version := range had {
			if slices.Contains(has, version) {
				continue
			}
			both := slices.DeleteFunc(slices.Clone(had), func(v string) bool {
				return !slices.Contains(has, v) || !runbook.MustVersion(v).GreaterThan(runbook.MustVersion(version))
			})
			d := drop{[]string{e.Name}, version, strings.Join(both, ", ")}
			if i := slices.IndexFunc(drops, func(x drop) bool { return x.version == d.version && x.others == d.others }); i >= 0 {
				drops[i].systems = append(drops[i].systems, e.Name)
				continue
			}
			drops = append(drops, d)
		}
	}
	return drops
}

func (r *Release) systemVersions(system string) []string {
	list, _ := r.OS.Get(system)
	return runbook.WordsOf(list)
}

// strangers are the nodes with a system that is known by name and in neither release. Systems that no release names are
// passed over: nothing is known of them.
func strangers(from, to *Release, nodes map[string]string) []string {
	var list []string
	for _, node := range slices.Sorted(maps.Keys(nodes)) {
		for system := range systems {
			known := slices.Concat(from.systemVersions(system), to.systemVersions(system))
			if isSystem(nodes[node], system) && !slices.ContainsFunc(known, func(v string) bool { return isVersion(nodes[node], v) }) {
				list = append(list, node)
			}
		}
	}
	return list
}

// allKnown: there are nodes, and the system of each is one that releases name.
func allKnown(nodes map[string]string) bool {
	for _, image := range nodes {
		known := false
		for system := range systems {
			known = known || isSystem(image, system)
		}
		if !known {
			return false
		}
	}
	return len(nodes) > 0
}

func nodesOn(nodes map[string]string, system, version string) []string {
	var on []string
	for node, image := range nodes {
		if isSystem(image, system) && isVersion(image, version) {
			on = append(on, node)
		}
	}
	return on
}

func isSystem(image, system string) bool {
	return slices.ContainsFunc(systems[system].begins, func(s string) bool { return strings.HasPrefix(image, s) })
}

func isVersion(image, version string) bool {
	return slices.ContainsFunc(strings.Fields(image), func(w string) bool { return w == version || strings.HasPrefix(w, version+".") })
}
