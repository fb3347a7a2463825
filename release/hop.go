package release

import (
	"fmt"
	"strings"

	"spraydeck/event"
	"spraydeck/runbook"
)

// hop says what there is to know of the hop to stop i of a route.
func (rs Releases) hop(route []*Release, i int, o ChainOptions) Hop {
	from, to := route[i-1], route[i]
	h := Hop{From: from.Name.Value, To: to.Name.Value,
		Avoided: []Avoided{}, Conditions: []Condition{}, Backwards: []Backwards{}, Notes: []Told{}, Faults: told(to.Faults)}
	h.Backwards = append(h.Backwards, backwards(from, to)...)
	for _, r := range rs {
		if r.version.GreaterThan(from.version) && !r.version.GreaterThan(to.version) {
			// what came with a release passed by comes with this hop
			h.Notes = append(h.Notes, told(r.Notes)...)
		}
		if r.version.GreaterThan(from.version) && r != to && (r.version.LessThan(to.version) || sameMinor(r, to)) {
			if a, ok := avoided(r, from, to); ok {
				h.Avoided = append(h.Avoided, a)
			}
		}
	}
	h.Conditions = append(h.Conditions, conditions(route, i, o)...)
	return h
}

func told(notices []runbook.Notice) []Told {
	list := []Told{}
	for _, n := range notices {
		list = append(list, Told{n.Says.Text(runbook.NewScope()), n.Source.Value})
	}
	return list
}

// avoided says why a release is passed by, if there is more to say than that a newer one is there.
func avoided(r, from, to *Release) (Avoided, bool) {
	a := Avoided{Release: r.Name.Value}
	if r.Avoid != nil {
		a.Why, a.Instead, a.Source = r.Avoid.Why.Text(runbook.NewScope()), r.Avoid.Instead.Value, r.Avoid.Source.Value
	}
	if sameMinor(r, to) && !sameMinor(r, from) {
		if back := backwards(from, r); len(back) > 0 {
			older := make([]string, len(back))
			for i, b := range back {
				older[i] = fmt.Sprintf("%s %s → %s", b.Component, b.From, b.To)
			}
			a.Why = joinText(a.Why, event.Textf("it would make components older: %s", "コンポーネントが古くなる: %s", strings.Join(older, ", ")))
		}
		for _, why := range refuses(r, from) {
			a.Why = joinText(a.Why, why)
		}
	}
	if a.Instead == "" {
		a.Instead = to.Name.Value
	}
	return a, !a.Why.Empty()
}

func joinText(a, b event.Text) event.Text {
	if a.Empty() {
		return b
	}
	return a.Plus(event.Text{En: "; ", Ja: "。"}).Plus(b)
}

// conditions returns what must hold before the hop to stop i.
func conditions(route []*Release, i int, o ChainOptions) []Condition {
	from, to := route[i-1], route[i]
	var list []Condition
	if to.Avoid != nil {
		says := event.Textf("%s is no place to stop, take %s: ", "%s には留まらず %s へ: ", to.Name, to.Avoid.Instead)
		list = append(list, Condition{About: "release", Unmet: true, Says: says.Plus(to.Avoid.Why.Text(runbook.NewScope())), Source: to.Avoid.Source.Value})
	}
	if i == 1 {
		list = append(list, kubernetesCondition(from, to, o)...)
	}
	list = append(list, componentConditions(from, to)...)
	list = append(list, steppingStones(route, i)...)
	list = append(list, osConditions(from, to, i == 1, o)...)
	return append(list, ansibleCondition(from, to)...)
}

// kubernetesCondition holds what the nodes run against what the next release takes.
func kubernetesCondition(from, to *Release, o ChainOptions) []Condition {
	if o.Kubernetes == "" {
		return nil
	}
	runs := runbook.MustVersion(o.Kubernetes)
	if !runs.LessThan(runbook.MustVersion(to.Kubernetes.Min.Value)) && to.Kubernetes.Version().Minor() <= runs.Minor()+1 {
		return nil
	}
	return []Condition{{About: "kubernetes", Unmet: true, Says: event.Textf(
		"the nodes run Kubernetes %s: bring them to %s with %s first, Kubernetes goes up one minor at a time",
		"ノードは Kubernetes %s。先に %s（%s）へ上げる。Kubernetes は一度に一マイナーしか上げられない",
		strings.TrimPrefix(o.Kubernetes, "v"), from.Kubernetes.Default, from.Name)}}
}

// componentConditions names what a release upgrades from, where its file says that it matters.
func componentConditions(from, to *Release) []Condition {
	var list []Condition
	for _, e := range to.Components {
		if !e.Value.Why.Set() {
			continue
		}
		says := event.Textf("%s %s or later must run everywhere before %s: ", "%[3]s の前に %[1]s はすべて %[2]s 以降: ", e.Name, e.Value.From, to.Name)
		list = append(list, Condition{About: e.Name, Source: e.Value.Source.Value, Says: says.Plus(e.Value.Why.Text(runbook.NewScope()))})
	}
	return list
}

// steppingStones: what this hop brings and a later one needs. Such a hop cannot be skipped.
func steppingStones(route []*Release, i int) []Condition {
	from, to := route[i-1], route[i]
	var list []Condition
	done := map[string]bool{}
	for _, later := range route[i+1:] {
		for _, e := range later.Components {
			least := e.Value.From.Value
			old, now := from.component(e.Name).Version.Value, to.component(e.Name).Version.Value
			if least == "" || old == "" || done[e.Name+least] || !runbook.MustVersion(old).LessThan(runbook.MustVersion(least)) || runbook.MustVersion(now).LessThan(runbook.MustVersion(least)) {
				continue
			}
			done[e.Name+least] = true
			list = append(list, Condition{About: e.Name, Source: e.Value.Source.Value, Says: event.Textf(
				"%s must be %s or later before %s: this hop brings %s, do not leave it out",
				"%[3]s の前に %[1]s は %[2]s 以降が必要。このホップで %[4]s になるので飛ばさない", e.Name, least, later.Name, now)})
		}
	}
	return list
}

// ansibleCondition: where the windows of two releases have nothing in common, one virtual environment cannot do both.
func ansibleCondition(from, to *Release) []Condition {
	a, b := from.Ansible, to.Ansible
	if runbook.MustVersion(a.Min.Value).LessThan(runbook.MustVersion(b.Below.Value)) && runbook.MustVersion(b.Min.Value).LessThan(runbook.MustVersion(a.Below.Value)) {
		return nil
	}
	says := event.Textf("a virtual environment of its own: ansible %s (ansible-core from %s, below %s)", "専用の仮想環境が要る: ansible %s（ansible-core %s 以上 %s 未満）", b.Package, b.Min, b.Below)
	if p := to.Python; p.Min.Value != "" {
		says = says.Plus(event.Textf(", Python %s to %s", "、Python %s から %s", p.Min, p.Max))
	}
	return []Condition{{About: "ansible", Says: says}}
}
