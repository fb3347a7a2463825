package runbook

import (
	"fmt"
	"slices"
	"strings"

	"spraydeck/event"
	"spraydeck/symptom"
)

// Symptoms is the symptoms of some pitfalls, ready to be looked for.
type Symptoms struct {
	Set *symptom.Set
	of  map[string]symptomOf
}

type symptomOf struct {
	pitfall *Pitfall
	symptom *Symptom
}

// NewSymptoms prepares the symptoms of pitfalls. The pitfalls must have passed the linter: it panics where that would have
// found a mistake.
func NewSymptoms(pitfalls []*Pitfall) *Symptoms {
	s := &Symptoms{of: map[string]symptomOf{}}
	var patterns []symptom.Pattern
	for _, p := range pitfalls {
		for i := range p.Symptoms {
			own := &p.Symptoms[i]
			s.of[p.symptomID(own.ID.Value)] = symptomOf{p, own}
			patterns = append(patterns, own.pattern(p))
		}
	}
	for i := range patterns {
		// what it goes before may be a pitfall that nobody looks for here
		patterns[i].Beats = slices.DeleteFunc(patterns[i].Beats, func(id string) bool { return s.of[id].pitfall == nil })
	}
	set, err := symptom.New(patterns)
	if err != nil {
		panic(fmt.Sprintf("the linter has let this pass: %v", err))
	}
	s.Set = set
	return s
}

// Of gives the pitfall and the symptom that a hit names.
func (s *Symptoms) Of(id string) (*Pitfall, *Symptom) {
	return s.of[id].pitfall, s.of[id].symptom
}

// Hit says what was found in the words of its pitfall.
func (s *Symptoms) Hit(f symptom.Hit) event.Hit {
	p, own := s.Of(f.ID)
	return event.Hit{Pitfall: p.Name.Value, Symptom: own.ID.Value, Title: p.Title.Text(NewScope()), Severity: p.Severity.Value, Hint: f.Hint,
		Cause: p.Why.Text(NewScope()), Remedies: RemediesOf(p), Host: f.Groups[symptom.Host], Line: f.Text, Task: f.Task}
}

func (p *Pitfall) symptomID(id string) string { return p.Name.Value + "/" + id }

// pattern says a symptom as the matcher takes it.
func (s *Symptom) pattern(p *Pitfall) symptom.Pattern {
	relations := func(list []Relation) []symptom.Relation {
		var rs []symptom.Relation
		for _, r := range list {
			to := symptom.Relation{Within: r.Within.Value, By: WordsOf(r.By)}
			if r.Since.Value != "" {
				to.Since = p.symptomID(r.Since.Value)
			}
			if r.Then.Value != "" {
				to.Then = p.symptomID(r.Then.Value)
			}
			rs = append(rs, to)
		}
		return rs
	}
	beats := WordsOf(s.Beats)
	for i, id := range beats {
		if !strings.Contains(id, "/") {
			beats[i] = p.symptomID(id)
		}
	}
	return symptom.Pattern{
		ID: p.symptomID(s.ID.Value), Line: s.Line.RE, Task: s.Task.RE, Stream: s.Stream.Value, Hint: s.Hint.Value, Quiet: s.Quiet.Value, Beats: beats,
		Condition: symptom.Condition{
			Count: s.Count.Value, Distinct: s.Distinct.Value, By: WordsOf(s.By), Within: s.Within.Value, Lasts: s.Lasts.Value,
			Needs: relations(s.Needs), Unless: relations(s.Unless),
		},
	}
}

func RemediesOf(p *Pitfall) []event.Remedy {
	var rs []event.Remedy
	for _, c := range p.Remedies {
		rs = append(rs, event.Remedy{ID: p.Name.Value + "/" + c.ID.Value, Title: c.Title.Text(NewScope())})
	}
	return rs
}
