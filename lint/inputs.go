package lint

import (
	"fmt"

	"spraydeck/runbook"
)

var inputChoices = Rule{
	Name: "input-choices",
	Doc:  "An input of type choice has choices, no other has.",
	check: check{input: func(p pass, in runbook.Entry[runbook.Input]) {
		if (in.Value.Type.Value == "choice") != (len(in.Value.Choices) > 0) {
			p.report(in.Pos, fmt.Sprintf("input %s: type choice and choices go together", in.Name), "")
		}
	}},
}

var inputDefault = Rule{
	Name: "input-default",
	Doc:  "A default must be a value that the input takes.",
	check: check{input: func(p pass, in runbook.Entry[runbook.Input]) {
		def := in.Value.Default
		if len(def.Parts) != 1 || !def.Set() {
			return
		}
		if _, err := in.Value.Convert(in.Name, def.Source); err != nil {
			p.report(def.Pos, err.Error(), "the default must be an answer that would be taken")
		}
	}},
}
