package lint

import (
	"fmt"
	"regexp"

	"spraydeck/runbook"
)

// checkInputs: a choice has choices, a pattern compiles, a default uses what stands above it and is allowed.
func (c *checker) checkInputs(inputs runbook.Named[runbook.Input]) {
	vars := runbook.Vars{"release.from": runbook.GivenTypes["release.from"], "release.to": runbook.GivenTypes["release.to"]}
	for _, e := range inputs {
		in := e.Value
		if !in.Prompt.Set() {
			c.add(e.Pos, "missing-key", `"prompt" is missing`, "what is asked")
		}
		if (in.Type.Value == "choice") != (len(in.Choices) > 0) {
			c.add(e.Pos, "input-choices", fmt.Sprintf("input %s: type choice and choices go together", e.Name), "")
		}
		if _, err := regexp.Compile(in.Match.Value); err != nil {
			c.add(in.Match.Pos, "value", err.Error(), "the syntax is that of Go and RE2")
		}
		c.template(in.Default, vars, false)
		if len(in.Default.Parts) == 1 && in.Default.Set() {
			if _, err := in.Convert(e.Name, in.Default.Source); err != nil {
				c.add(in.Default.Pos, "input-default", err.Error(), "the default must be an answer that would be taken")
			}
		}
		vars["inputs."+e.Name] = in.CelType()
	}
}
