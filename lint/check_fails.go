package lint

import (
	"spraydeck/runbook"
)

// checkFails: a gate with a rule of its own says its bad case, which is its title while it does not pass.
func (c *checker) checkFails(g *runbook.Gate) {
	if g.Pitfall.Value == "" && g.Rule.Set() && !g.Fails.Set() {
		c.add(g.Pos, "no-fails", "the gate does not say its bad case", `add fails, such as {en: "A node is not Ready", ja: "..."}: it is the title where the gate does not pass`)
	}
}
