package lint

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"spraydeck/runbook"
	"spraydeck/symptom"
)

// CheckSymptoms looks at nothing but the symptoms of pitfalls: all that NewSymptoms rests on, without the time and memory
// that expressions take.
func CheckSymptoms(files []runbook.File) runbook.Problems {
	c := &checker{Catalog: runbook.Link(files)}
	c.checkDuplicates()
	for _, f := range files {
		if f.Pitfall != nil {
			c.checkSymptoms(f.Pitfall)
		}
	}
	c.checkSamples(files)
	c.problems.Sort()
	return c.problems
}

// checkSymptoms looks at the names that the conditions of symptoms use.
func (c *checker) checkSymptoms(p *runbook.Pitfall) {
	ids := map[string]*runbook.Symptom{}
	for i := range p.Symptoms {
		s := &p.Symptoms[i]
		if first := ids[s.ID.Value]; first != nil {
			c.add(s.ID.Pos, "duplicate", fmt.Sprintf("there is a symptom %s already, in line %d", s.ID.Value, first.ID.Pos.Line), "")
			continue
		}
		ids[s.ID.Value] = s
	}
	for i := range p.Symptoms {
		s := &p.Symptoms[i]
		if s.Line.RE != nil {
			c.symptomNames(p, s, ids)
		}
	}
}

// checkSamples runs the samples of all symptoms as the matcher will see them: in one set, as in a run.
func (c *checker) checkSamples(files []runbook.File) {
	var patterns []symptom.Pattern
	ids := map[*runbook.Symptom]string{}
	for _, f := range files {
		if f.Pitfall == nil {
			continue
		}
		for i := range f.Pitfall.Symptoms {
			s := &f.Pitfall.Symptoms[i]
			switch {
			case s.Line.RE == nil: // told already
			case s.Line.RE.MatchString(""):
				c.add(s.Line.Pos, "symptom-empty", "the symptom matches the empty line, and so every output", "")
			default:
				ids[s] = strconv.Itoa(len(patterns)) // their own names may stand twice
				patterns = append(patterns, symptom.Pattern{ID: ids[s], Line: s.Line.RE})
			}
		}
	}
	set, err := symptom.New(patterns)
	if err != nil {
		panic(fmt.Sprintf("every reason against a pattern was looked at: %v", err))
	}
	shows := func(sample runbook.Str, id string) bool {
		stream := set.Stream()
		for line := range strings.Lines(sample.Value) {
			for _, hit := range stream.Feed(symptom.Input{}, strings.TrimSuffix(line, "\n"), time.Time{}) {
				if hit.ID == id || slices.Contains(hit.Also, id) {
					return true
				}
			}
		}
		return false
	}
	for s, id := range ids {
		for _, m := range s.Match {
			if !shows(m, id) {
				c.add(m.Pos, "symptom-sample", fmt.Sprintf("symptom %s does not match its sample", s.ID.Value), "")
			}
		}
		for _, m := range s.Miss {
			if shows(m, id) {
				c.add(m.Pos, "symptom-sample", fmt.Sprintf("symptom %s matches a line it must not match", s.ID.Value), "")
			}
		}
	}
}

// symptomNames looks at the groups and symptoms that a symptom names.
func (c *checker) symptomNames(p *runbook.Pitfall, s *runbook.Symptom, ids map[string]*runbook.Symptom) {
	group := func(of *runbook.Symptom, name runbook.Str) {
		if name.Value == "" || name.Value == symptom.Host || of.Line.RE == nil || slices.Contains(of.Line.RE.SubexpNames(), name.Value) {
			return
		}
		known := slices.DeleteFunc(slices.Clone(of.Line.RE.SubexpNames()), func(n string) bool { return n == "" })
		c.add(name.Pos, "symptom-group", fmt.Sprintf("the expression of %s has no group %q", of.ID.Value, name.Value), runbook.DidYouMean(name.Value, append(known, symptom.Host)))
	}
	if s.Stream.Value == "nodes" && !s.Hint.Value {
		c.add(s.ID.Pos, "symptom-state", fmt.Sprintf("symptom %s takes the state of a node as proof of one cause", s.ID.Value), "a state has many causes: say hint: true")
	}
	group(s, s.Distinct)
	for _, name := range s.By {
		group(s, name)
	}
	for _, text := range []runbook.Prose{s.Title, s.Do, s.Why} {
		for _, name := range runbook.Placeholders(text) {
			group(s, runbook.Str{Value: name, Pos: text.Pos})
		}
	}
	for _, id := range s.Remedies {
		if !slices.ContainsFunc(p.Remedies, func(r runbook.Cure) bool { return r.ID.Value == id.Value }) {
			c.add(id.Pos, "symptom-unknown", fmt.Sprintf("the pitfall has no remedy %q", id.Value), "")
		}
	}
	for _, other := range s.Siblings {
		if c.Pitfalls[other.Pitfall.Value] == nil {
			c.add(other.Pitfall.Pos, "symptom-unknown", fmt.Sprintf("there is no pitfall %q", other.Pitfall.Value), "")
		}
	}
	if s.Distinct.Value != "" && s.Count.Value < 2 {
		c.add(s.Distinct.Pos, "symptom-condition", "distinct needs a count of at least 2", "")
	}
	if s.Within.Value > 0 && s.Count.Value < 2 {
		c.add(s.Within.Pos, "symptom-condition", "within needs a count of at least 2", "in needs and unless it stands beside since or then")
	}
	for _, r := range slices.Concat(s.Needs, s.Unless) {
		if (r.Since.Value == "") == (r.Then.Value == "") {
			c.add(r.Pos, "symptom-condition", "a relation names one symptom, after since or after then", "")
			continue
		}
		name := r.Since
		if name.Value == "" {
			name = r.Then
		}
		other := ids[name.Value]
		if other == nil {
			c.add(name.Pos, "symptom-unknown", fmt.Sprintf("the pitfall has no symptom %q", name.Value), runbook.DidYouMean(name.Value, keys(ids)))
			continue
		}
		for _, g := range r.By {
			group(s, g)
			group(other, g)
		}
	}
	for _, b := range s.Beats {
		pitfall, id, other := strings.Cut(b.Value, "/")
		known := !other && ids[b.Value] != nil
		if q := c.Pitfalls[pitfall]; other && q != nil {
			known = slices.ContainsFunc(q.Symptoms, func(s runbook.Symptom) bool { return s.ID.Value == id })
		}
		if !known {
			c.add(b.Pos, "symptom-unknown", fmt.Sprintf("there is no symptom %q", b.Value), "a symptom of another pitfall is written pitfall/symptom")
		}
	}
}

func keys(m map[string]*runbook.Symptom) []string {
	var names []string
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
