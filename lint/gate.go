package lint

import "spraydeck/runbook"

var gateEmpty = Rule{
	Name: "gate-empty",
	Doc:  "A gate has a rule, or takes it from a pitfall.",
	check: check{gate: func(p pass, g *runbook.Gate) {
		if g.Pitfall.Value == "" && !g.Rule.Set() {
			p.report(g.Pos, "the gate has neither a rule nor a pitfall", "give it a rule, or name the pitfall it takes its rule from")
		}
	}},
}

// noFails: the bad case is the title of a gate while it does not pass.
var noFails = Rule{
	Name: "no-fails",
	Doc:  "A gate says its bad case, so that a finding is never titled by what should be.",
	check: check{gate: func(p pass, g *runbook.Gate) {
		if g.Pitfall.Value == "" && g.Rule.Set() && !g.Fails.Set() {
			p.report(g.Pos, "the gate does not say its bad case", `add fails, such as {en: "A node is not Ready", ja: "..."}: it is the title where the gate does not pass`)
		}
	}},
}
