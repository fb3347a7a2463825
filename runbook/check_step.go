package runbook

import "fmt"

// checkUndo: whoever destroys something says how to go back.
func (c *checker) checkUndo(s *Step) {
	if Danger(s.Danger.Value) == Destroys && !s.Undo.Set() {
		c.add(s.ID.Pos, "no-undo", fmt.Sprintf("step %s destroys and says no way back", s.ID.Value), "add undo, even if it says that there is none")
	}
}

// checkHosts: a step on nodes says which.
func (c *checker) checkHosts(s *Step, inLoop bool) {
	if s.Kind != nil && s.Kind.Nodes && !inLoop && !s.On.Hosts.Set() && s.On.Each == nil {
		c.add(s.ID.Pos, "no-hosts", fmt.Sprintf("step %s runs on nodes but names none", s.ID.Value), "add on: a group of the inventory")
	}
}
