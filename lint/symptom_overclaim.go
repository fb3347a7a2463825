package lint

import (
	_ "embed"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"spraydeck/runbook"
	"spraydeck/symptom"
)

// symptomOverclaim holds a verdict to lines of its own cause. The samples of all pitfalls are lines of known causes; genericLines
// are lines that failures of any cause print.
var symptomOverclaim = Rule{
	Name:  "symptom-overclaim",
	Doc:   "A verdict matches no line that has many causes, and no sample of another pitfall: that one is its sibling then.",
	check: check{files: checkOverclaims},
}

// genericLines are what programs print whatever the cause was, one a line.
//
//go:embed generic_lines.txt
var genericLines string

// claims is all symptoms in one set, as in a run but for tasks: a sample has no header.
type claims struct {
	set *symptom.Set
	of  map[string]claim
	ids map[*runbook.Symptom]string
}

type claim struct {
	pitfall *runbook.Pitfall
	symptom *runbook.Symptom
}

func newClaims(files []runbook.File) *claims {
	c := &claims{of: map[string]claim{}, ids: map[*runbook.Symptom]string{}}
	names := map[string]string{}
	var list []claim
	for _, f := range files {
		if f.Pitfall == nil {
			continue
		}
		for i := range f.Pitfall.Symptoms {
			s := &f.Pitfall.Symptoms[i]
			if s.Line.RE == nil || s.Line.RE.MatchString("") || s.Quiet.Value || s.Stream.Value == "commands" {
				continue
			}
			id := strconv.Itoa(len(list))
			list = append(list, claim{f.Pitfall, s})
			c.of[id], c.ids[s], names[f.Pitfall.Name.Value+"/"+s.ID.Value] = claim{f.Pitfall, s}, id, id
		}
	}
	var patterns []symptom.Pattern
	for i, k := range list {
		var beats []string
		for _, b := range k.symptom.Beats {
			name := b.Value
			if !strings.Contains(name, "/") {
				name = k.pitfall.Name.Value + "/" + name
			}
			if id := names[name]; id != "" {
				beats = append(beats, id)
			}
		}
		patterns = append(patterns, symptom.Pattern{ID: strconv.Itoa(i), Line: k.symptom.Line.RE, Hint: !k.verdict(), Beats: beats})
	}
	set, err := symptom.New(patterns)
	if err != nil {
		panic(fmt.Sprintf("every reason against a pattern was looked at: %v", err))
	}
	c.set = set
	return c
}

// verdict says whether a match of the line alone is a verdict.
func (c claim) verdict() bool {
	return !c.symptom.Hint.Value && len(c.symptom.Siblings) == 0 && c.symptom.Stream.Value != "nodes"
}

// told gives what counts of each line of a text, leaving out the symptoms of other pitfalls that are bound to a task or ask for more.
func (c *claims) told(text string, of *runbook.Pitfall) []claim {
	var list []claim
	stream := c.set.Stream()
	for line := range strings.Lines(text) {
		for _, hit := range stream.Feed(symptom.Input{}, strings.TrimSuffix(line, "\n"), time.Time{}) {
			for _, id := range append([]string{hit.ID}, hit.Also...) {
				k := c.of[id]
				s := k.symptom
				if k.pitfall == of || s.Task.RE == nil && s.Count.Value < 2 && s.Lasts.Value == 0 && len(s.Needs)+len(s.Unless) == 0 {
					list = append(list, k)
					break
				}
			}
		}
	}
	return list
}

func checkOverclaims(p pass, files []runbook.File) {
	c := newClaims(files)
	told := map[*runbook.Symptom]bool{} // one line shows it
	for line := range strings.Lines(genericLines) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "# ") {
			continue
		}
		for _, k := range c.told(line, nil) {
			if k.verdict() && !told[k.symptom] {
				told[k.symptom] = true
				p.report(k.symptom.ID.Pos, fmt.Sprintf("symptom %s is a verdict on a line that has many causes: %s", k.symptom.ID.Value, line), "ask for text that only its cause prints, or say hint: true")
			}
		}
	}
	for s := range c.ids {
		own := c.of[c.ids[s]]
		for _, sample := range s.Match {
			for _, k := range c.told(sample.Value, own.pitfall) {
				if k.pitfall != own.pitfall && k.verdict() && !slices.ContainsFunc(k.symptom.Beats, func(b runbook.Str) bool { return strings.HasPrefix(b.Value, own.pitfall.Name.Value+"/") }) {
					p.report(k.symptom.ID.Pos, fmt.Sprintf("symptom %s is a verdict on a sample of %s/%s", k.symptom.ID.Value, own.pitfall.Name.Value, s.ID.Value), "name it in siblings, say what goes before with beats, or narrow the line")
				}
			}
		}
	}
}
