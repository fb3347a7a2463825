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

var symptomEmpty = Rule{
	Name: "symptom-empty",
	Doc:  "A symptom must not match the empty line, and so every output.",
	check: check{symptom: func(p pass, s symptomIn) {
		if s.Line.RE != nil && s.Line.RE.MatchString("") {
			p.report(s.Line.Pos, "the symptom matches the empty line, and so every output", "")
		}
	}},
}

var symptomSample = Rule{
	Name:  "symptom-sample",
	Doc:   "A symptom matches the lines it must match, and none that it must not.",
	check: check{files: checkSamples},
}

// checkSamples runs the samples of all symptoms as the matcher will see them: in one set, as in a run.
func checkSamples(p pass, files []runbook.File) {
	var patterns []symptom.Pattern
	ids := map[*runbook.Symptom]string{}
	for _, f := range files {
		if f.Pitfall == nil {
			continue
		}
		for i := range f.Pitfall.Symptoms {
			if s := &f.Pitfall.Symptoms[i]; s.Line.RE != nil && !s.Line.RE.MatchString("") {
				ids[s] = strconv.Itoa(len(patterns)) // their own names may stand twice
				patterns = append(patterns, symptom.Pattern{ID: ids[s], Line: s.Line.RE})
			}
		}
	}
	set, err := symptom.New(patterns)
	if err != nil {
		panic(fmt.Sprintf("every reason against a pattern was looked at: %v", err))
	}
	for s, id := range ids {
		for _, m := range s.Match {
			if !matches(set, m.Value, id) {
				p.report(m.Pos, fmt.Sprintf("symptom %s does not match its sample", s.ID.Value), "")
			}
		}
		for _, m := range s.Miss {
			if matches(set, m.Value, id) {
				p.report(m.Pos, fmt.Sprintf("symptom %s matches a line it must not match", s.ID.Value), "")
			}
		}
	}
}

// matches says whether a line of a sample shows a symptom.
func matches(set *symptom.Set, sample, id string) bool {
	stream := set.Stream()
	for line := range strings.Lines(sample) {
		for _, hit := range stream.Feed(symptom.Input{}, strings.TrimSuffix(line, "\n"), time.Time{}) {
			if hit.ID == id || slices.Contains(hit.Also, id) {
				return true
			}
		}
	}
	return false
}
