package lint

import (
	"fmt"
	"regexp"

	"github.com/Masterminds/semver/v3"

	"spraydeck/runbook"
)

var (
	idForm   = regexp.MustCompile(`^[a-z][a-z0-9-]*$`)
	callForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)
)

var missingKey = Rule{
	Name: "missing-key",
	Doc:  "Some keys are required.",
	check: check{
		runbook: func(p pass, b *runbook.Runbook) {
			if b.Extends.Value == "" && len(b.Phases) == 0 {
				p.report(b.Name.Pos, `"phases" is missing`, "the steps, in groups; or extends, the runbook to take them from")
			}
		},
		input: func(p pass, in runbook.Entry[runbook.Input]) {
			if !in.Value.Prompt.Set() {
				p.report(in.Pos, `"prompt" is missing`, "what is asked")
			}
		},
	},
}

var value = Rule{
	Name: "value",
	Doc:  "A value must be one of the words allowed, or of the form that its key takes.",
	check: check{
		runbook: func(p pass, b *runbook.Runbook) {
			if _, err := semver.NewVersion(b.Version.Value); err != nil && b.Version.Value != "" {
				p.report(b.Version.Pos, fmt.Sprintf("%q is no version", b.Version.Value), "write it as 1.0.0")
			}
		},
		input: func(p pass, in runbook.Entry[runbook.Input]) {
			if _, err := regexp.Compile(in.Value.Match.Value); err != nil {
				p.report(in.Value.Match.Pos, err.Error(), "the syntax is that of Go and RE2")
			}
		},
	},
}

var name = Rule{
	Name: "name",
	Doc:  "Names that expressions use are made of letters, digits and underscores.",
	check: check{runbook: func(p pass, b *runbook.Runbook) {
		if !callForm.MatchString(b.Name.Value) && b.Name.Value != "" {
			p.report(b.Name.Pos, fmt.Sprintf("%q is no name to call a runbook by", b.Name.Value), "letters, digits, dots, dashes and underscores, beginning with a letter or a digit")
		}
	}},
}

var stepID = Rule{
	Name: "step-id",
	Doc:  "Ids are made of lower case letters, digits and dashes.",
	check: check{runbook: func(p pass, b *runbook.Runbook) {
		for _, id := range stepIDs(b) {
			if !idForm.MatchString(id.Value) {
				p.report(id.Pos, fmt.Sprintf("%q is no id", id.Value), "lower case letters, digits and dashes, beginning with a letter")
			}
		}
	}},
}

// stepIDs gives the ids of the steps of a runbook's phases.
func stepIDs(b *runbook.Runbook) []runbook.Str {
	var ids []runbook.Str
	for _, ph := range b.Phases {
		for _, s := range ph.Steps {
			if s.ID.Value != "" {
				ids = append(ids, s.ID)
			}
		}
	}
	return ids
}

func texts(list []runbook.Str) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = s.Value
	}
	return out
}
