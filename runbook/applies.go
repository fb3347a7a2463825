package runbook

import (
	"fmt"
	"maps"
	"regexp"
	"slices"

	"github.com/Masterminds/semver/v3"
)

// affectedBy reports whether the ranges of a pitfall contain this hop. They are releases of Kubespray: a runbook of another
// system has only the pitfalls it names, and so has every runbook those without a release.
func (b *Runbook) affectedBy(p *Pitfall) bool {
	return b.System.Value == "kubespray" && p.ofReleases() && b.HasInputsOf(p) && b.goesThrough(p)
}

// Excludes reports whether the ranges of a pitfall leave this hop out. A gate that names it is skipped then: a procedure
// can name the pitfalls of all its releases, each where it is best checked.
func (b *Runbook) Excludes(p *Pitfall) bool {
	return b.System.Value == "kubespray" && b.To.Value != "" && p.ofReleases() && !b.goesThrough(p)
}

// ForOtherKubernetes reports whether a pitfall affects other versions of Kubernetes than the one this run goes to. Without
// a readable version it is checked.
func (p *Pitfall) ForOtherKubernetes(s *Scope) bool {
	text, _ := s.Values["inputs.kube_version"].(string)
	v, err := semver.NewVersion(text)
	if err != nil {
		return false
	}
	final, _ := v.SetPrerelease("") // a range leaves previews out, which have the changes all the same
	return !p.Affects.Kubernetes.Has(final.String())
}

func (p *Pitfall) ofReleases() bool { return p.Affects.From.Source != "" || p.Affects.To.Source != "" }

// goesThrough reports whether the hop leads from a release in the ranges of a pitfall to one in them.
func (b *Runbook) goesThrough(p *Pitfall) bool {
	a := p.Affects
	if b.To.Value != "" && !a.To.Has(b.To.Value) {
		return false
	}
	return a.From.Source == "" || b.From.Source == "" || slices.ContainsFunc(b.left(), a.From.Has)
}

// left returns the releases of Kubespray that a runbook may lead from. No minor has had ten patches, and no hop goes over
// more than one minor.
func (b *Runbook) left() []string {
	to, err := semver.NewVersion(b.To.Value)
	if err != nil {
		to = MustVersion(lowestVersion.FindString(b.From.Source))
	}
	var releases []string
	for minor := max(to.Minor(), 1) - 1; minor <= to.Minor(); minor++ {
		for patch := range 10 {
			if v := fmt.Sprintf("%d.%d.%d", to.Major(), minor, patch); b.From.Has(v) {
				releases = append(releases, v)
			}
		}
	}
	return releases
}

// lowestVersion finds the first version in a range.
var lowestVersion = regexp.MustCompile(`\d+\.\d+\.\d+`)

// InForce returns the ids of the pitfalls to watch for: the runbook's own, then those of included runbooks, then all whose
// ranges contain this hop. An operator's own pitfall needs no mention in a runbook. One that does not affect this hop is
// skipped, even if it is named: a procedure serves more than one release.
func (b *Runbook) InForce() []string {
	var ids []string
	add := func(list []Str) {
		for _, id := range list {
			p := b.known[id.Value]
			if !slices.Contains(ids, id.Value) && (p == nil || !b.Excludes(p)) {
				ids = append(ids, id.Value)
			}
		}
	}
	add(b.Pitfalls)
	b.EachStep(func(in *Runbook, _ *Step) { add(in.Pitfalls) })
	for _, id := range slices.Sorted(maps.Keys(b.known)) {
		if !slices.Contains(ids, id) && b.affectedBy(b.known[id]) {
			ids = append(ids, id)
		}
	}
	return ids
}

// UnnamedPitfalls returns a gate for every pitfall in force that has a check and that no gate of the runbook names.
func (b *Runbook) UnnamedPitfalls() []Gate {
	var named []string
	b.EachStep(func(_ *Runbook, s *Step) {
		for _, g := range s.Gates() {
			named = append(named, g.Pitfall.Value)
		}
	})
	var gates []Gate
	for _, id := range b.InForce() {
		p := b.known[id]
		if p == nil || p.Before == nil || p.Before.GateOnly.Value || slices.Contains(named, id) {
			continue
		}
		gates = append(gates, Gate{Pitfall: p.Name})
	}
	return gates
}

// HasInputsOf reports whether the runbook has every input that a pitfall uses.
func (b *Runbook) HasInputsOf(p *Pitfall) bool {
	return !slices.ContainsFunc(p.Inputs, func(e Entry[Input]) bool { _, ok := b.Inputs.Get(e.Name); return !ok })
}

// AroundPitfall returns a runbook whose only check is a pitfall.
func AroundPitfall(p *Pitfall) *Runbook {
	b := &Runbook{Header: p.Header, Inputs: p.Inputs, Source: p.Source, known: map[string]*Pitfall{p.Name.Value: p}}
	b.Inventory, _ = NewTemplate("the inventory")
	return b
}

// Checkable returns the pitfalls of a runbook that have a check: those in force and those its gates name, each once.
func (b *Runbook) Checkable() []*Pitfall {
	var list []*Pitfall
	add := func(id string) {
		if p := b.known[id]; p != nil && p.Before != nil && !p.Before.GateOnly.Value && !b.Excludes(p) && !slices.Contains(list, p) {
			list = append(list, p)
		}
	}
	for _, id := range b.InForce() {
		add(id)
	}
	b.EachStep(func(_ *Runbook, s *Step) {
		for _, g := range s.Gates() {
			add(g.Pitfall.Value)
		}
	})
	return list
}

// Pitfall returns a pitfall by its id, nil for an unknown one.
func (b *Runbook) Pitfall(id string) *Pitfall { return b.known[id] }

// WithLanguage returns a copy of the runbook for another language value, such as that of a test.
func (b *Runbook) WithLanguage(lang *Language) *Runbook {
	c := *b
	c.lang = lang
	return &c
}

// Language returns the language the runbook was parsed with, nil for one made in code.
func (b *Runbook) Language() *Language { return b.lang }

// apiUser is an Action or a Probe that asks the Kubernetes API.
type apiUser interface{ UsesAPI() bool }

// UsesAPI reports whether the steps, gates or facts of a runbook need the Kubernetes API. A runbook that does not can run
// while the API is down. Remedies of pitfalls do not count: they are only offered.
func (b *Runbook) UsesAPI() bool {
	uses := false
	asks := func(x any) {
		if a, ok := x.(apiUser); ok && a.UsesAPI() {
			uses = true
		}
	}
	facts := func(list Named[Fact]) {
		for _, f := range list {
			asks(f.Value.Probe)
		}
	}
	facts(b.Facts)
	b.EachStep(func(in *Runbook, s *Step) {
		asks(s.Action)
		facts(in.Facts)
		facts(s.Facts)
		for i, g := range s.Gates() {
			facts(in.FillGate(g, i).Facts)
		}
	})
	return uses
}
