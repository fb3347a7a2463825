package lint

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"spraydeck/runbook"
	"spraydeck/symptom"
)

// symptomIn is a symptom of a pitfall.
type symptomIn struct {
	*runbook.Symptom
	pitfall *runbook.Pitfall
	ids     map[string]*runbook.Symptom // the first of each id
}

func (c *checker) symptoms(p *runbook.Pitfall) {
	ids := map[string]*runbook.Symptom{}
	for i := range p.Symptoms {
		if s := &p.Symptoms[i]; ids[s.ID.Value] == nil {
			ids[s.ID.Value] = s
		}
	}
	for i := range p.Symptoms {
		visit(c, func(k *check) func(pass, symptomIn) { return k.symptom }, symptomIn{&p.Symptoms[i], p, ids})
	}
}

var symptomDuplicate = Rule{
	Name: "duplicate",
	Doc:  "A value stands once in a list.",
	check: check{symptom: func(p pass, s symptomIn) {
		if first := s.ids[s.ID.Value]; first != s.Symptom {
			p.report(s.ID.Pos, fmt.Sprintf("there is a symptom %s already, in line %d", s.ID.Value, first.ID.Pos.Line), "")
		}
	}},
}

var symptomState = Rule{
	Name: "symptom-state",
	Doc:  "The state of a node proves no cause: a symptom in it is a hint.",
	check: check{symptom: func(p pass, s symptomIn) {
		if s.Line.RE != nil && s.Stream.Value == "nodes" && !s.Hint.Value {
			p.report(s.ID.Pos, fmt.Sprintf("symptom %s takes the state of a node as proof of one cause", s.ID.Value), "a state has many causes: say hint: true")
		}
	}},
}

var symptomCondition = Rule{
	Name: "symptom-condition",
	Doc:  "The conditions of a symptom must fit each other.",
	check: check{symptom: func(p pass, s symptomIn) {
		if s.Line.RE == nil {
			return
		}
		if s.Distinct.Value != "" && s.Count.Value < 2 {
			p.report(s.Distinct.Pos, "distinct needs a count of at least 2", "")
		}
		if s.Within.Value > 0 && s.Count.Value < 2 {
			p.report(s.Within.Pos, "within needs a count of at least 2", "in needs and unless it stands beside since or then")
		}
		for _, r := range slices.Concat(s.Needs, s.Unless) {
			if _, ok := related(r); !ok {
				p.report(r.Pos, "a relation names one symptom, after since or after then", "")
			}
		}
	}},
}

// related gives the symptom that a relation names.
func related(r runbook.Relation) (name runbook.Str, ok bool) {
	if name = r.Since; name.Value == "" {
		name = r.Then
	}
	return name, (r.Since.Value == "") != (r.Then.Value == "")
}

var symptomGroup = Rule{
	Name:  "symptom-group",
	Doc:   "A condition names groups that the pattern has.",
	check: check{symptom: checkGroups},
}

func checkGroups(p pass, s symptomIn) {
	if s.Line.RE == nil {
		return
	}
	checkGroup(p, s.Symptom, s.Distinct)
	for _, name := range s.By {
		checkGroup(p, s.Symptom, name)
	}
	for _, text := range []runbook.Prose{s.Title, s.Do, s.Why} {
		for _, name := range runbook.Placeholders(text) {
			checkGroup(p, s.Symptom, runbook.Str{Value: name, Pos: text.Pos})
		}
	}
	for _, r := range slices.Concat(s.Needs, s.Unless) {
		name, ok := related(r)
		other := s.ids[name.Value]
		if !ok || other == nil {
			continue
		}
		for _, g := range r.By {
			checkGroup(p, s.Symptom, g)
			checkGroup(p, other, g)
		}
	}
}

func checkGroup(p pass, of *runbook.Symptom, name runbook.Str) {
	if name.Value == "" || name.Value == symptom.Host || of.Line.RE == nil || slices.Contains(of.Line.RE.SubexpNames(), name.Value) {
		return
	}
	known := slices.DeleteFunc(slices.Clone(of.Line.RE.SubexpNames()), func(n string) bool { return n == "" })
	p.report(name.Pos, fmt.Sprintf("the expression of %s has no group %q", of.ID.Value, name.Value), runbook.DidYouMean(name.Value, append(known, symptom.Host)))
}

var symptomUnknown = Rule{
	Name:  "symptom-unknown",
	Doc:   "A symptom that is named must exist.",
	check: check{symptom: checkNamed},
}

// checkNamed looks at the remedies, pitfalls and symptoms that a symptom names.
func checkNamed(p pass, s symptomIn) {
	if s.Line.RE == nil {
		return
	}
	for _, id := range s.Remedies {
		if !slices.ContainsFunc(s.pitfall.Remedies, func(r runbook.Cure) bool { return r.ID.Value == id.Value }) {
			p.report(id.Pos, fmt.Sprintf("the pitfall has no remedy %q", id.Value), "")
		}
	}
	for _, other := range s.Siblings {
		if p.Pitfalls[other.Pitfall.Value] == nil {
			p.report(other.Pitfall.Pos, fmt.Sprintf("there is no pitfall %q", other.Pitfall.Value), "")
		}
	}
	for _, r := range slices.Concat(s.Needs, s.Unless) {
		if name, ok := related(r); ok && s.ids[name.Value] == nil {
			p.report(name.Pos, fmt.Sprintf("the pitfall has no symptom %q", name.Value), runbook.DidYouMean(name.Value, slices.Sorted(maps.Keys(s.ids))))
		}
	}
	for _, b := range s.Beats {
		pitfall, id, other := strings.Cut(b.Value, "/")
		known := !other && s.ids[b.Value] != nil
		if q := p.Pitfalls[pitfall]; other && q != nil {
			known = slices.ContainsFunc(q.Symptoms, func(s runbook.Symptom) bool { return s.ID.Value == id })
		}
		if !known {
			p.report(b.Pos, fmt.Sprintf("there is no symptom %q", b.Value), "a symptom of another pitfall is written pitfall/symptom")
		}
	}
}
