package runbook

import (
	"fmt"
	"regexp"
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

// NewSymptoms prepares the symptoms of pitfalls, and patterns that are reported separately. The pitfalls must have passed the linter:
// it panics where that would have found a mistake.
func NewSymptoms(pitfalls []*Pitfall, aside ...symptom.Pattern) *Symptoms {
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
	set, err := symptom.New(append(patterns, aside...))
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
	return event.Hit{Pitfall: p.Name.Value, Symptom: own.ID.Value, Title: specific(f.Groups, own.Title, p.Title), Severity: p.Severity.Value, Hint: f.Hint,
		Do: specific(f.Groups, own.Do, p.Do), Cause: specific(f.Groups, own.Why, p.Why), Remedies: own.remedies(p),
		Host: f.Groups[symptom.Host], Line: f.Text, Task: f.Task}
}

// specific gives the text of a symptom with the values of the line put in, or the text of its pitfall where it has none or
// the line lacks a value.
func specific(groups map[string]string, own, general Prose) event.Text {
	if own.Set() {
		if text, ok := fill(own, groups); ok {
			return text
		}
	}
	return general.Text(NewScope())
}

// placeholder is where a value of the line stands in a text of a symptom: {pod}.
var placeholder = regexp.MustCompile(`\{([a-z][a-z_]*)\}`)

// Placeholders gives the groups that a text of a symptom names.
func Placeholders(p Prose) []string {
	var names []string
	for _, t := range []Template{p.En, p.Ja} {
		for _, m := range placeholder.FindAllStringSubmatch(t.Source, -1) {
			names = append(names, m[1])
		}
	}
	return names
}

// fill puts the values of a line into a text, and says whether all were there.
func fill(p Prose, groups map[string]string) (event.Text, bool) {
	for _, name := range Placeholders(p) {
		if groups[name] == "" {
			return event.Text{}, false
		}
	}
	text := p.Text(NewScope())
	put := func(s string) string {
		return placeholder.ReplaceAllStringFunc(s, func(m string) string { return groups[m[1:len(m)-1]] })
	}
	return event.Text{En: put(text.En), Ja: put(text.Ja)}, true
}

// remedies gives those of the pitfall that the symptom proves to be right: the ones it names, or all.
func (s *Symptom) remedies(p *Pitfall) []event.Remedy {
	all := RemediesOf(p)
	if s.Remedies == nil {
		return all
	}
	return slices.DeleteFunc(all, func(r event.Remedy) bool {
		_, id, _ := strings.Cut(r.ID, "/")
		return !slices.ContainsFunc(s.Remedies, func(n Str) bool { return n.Value == id })
	})
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
		ID: p.symptomID(s.ID.Value), Line: s.Line.RE, Task: s.Task.RE, Stream: s.Stream.Value, Hint: s.Hint.Value || len(s.Siblings) > 0, Quiet: s.Quiet.Value, Beats: beats,
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
