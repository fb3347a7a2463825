package lint

import (
	"fmt"
	"strings"

	"spraydeck/event"
	"spraydeck/runbook"
)

// confirmWord holds what must be typed to one habit. Where the step says nothing, it is the name of the cluster.
var confirmWord = Rule{
	Name:  "confirm-word",
	Doc:   "For work on a node its name is typed, for work on the cluster the cluster's.",
	check: check{step: checkConfirm},
}

func checkConfirm(p pass, at step) {
	s := at.Step
	if d := dangerOf(s); s.Kind == nil || d != event.Disrupts && d != event.Destroys {
		return
	}
	node, ofNode := nodeOf(s, at.looped)
	switch {
	case ofNode && s.Kind.Name == "ansible" && !s.Confirm.Set():
		p.report(placeOf(s), fmt.Sprintf("step %s works on one node, and not its name is to be typed", s.ID), "add confirm: "+quoted(node))
	case ofNode && s.Confirm.Set() && s.Confirm.Source != node:
		p.report(s.Confirm.Pos, fmt.Sprintf("step %s works on one node, and another word than its name is to be typed", s.ID), "write confirm: "+quoted(node))
	case !ofNode && s.Confirm.Set() && ofCluster(s):
		p.report(s.Confirm.Pos, fmt.Sprintf("step %s works on the cluster, and another word than its name is to be typed", s.ID), "leave confirm out: then it is the cluster's name")
	}
}

func quoted(node string) string { return `"` + node + `"` }

// nodeOf gives the one node that a step works on, as it is written.
func nodeOf(s *runbook.Step, inLoop bool) (string, bool) {
	looped := inLoop || s.On.Each != nil
	switch s.Kind.Name {
	case "cordon", "uncordon", "drain":
		if node := argument(s.Action, "node"); node != "" {
			return node, strings.Contains(node, "${")
		}
		return "${node}", looped
	case "ansible":
		limit := argument(s.Action, "limit")
		return limit, strings.Contains(limit, "${")
	case "ssh", "reboot", "snapshot", "shell":
		if !s.On.Hosts.Set() {
			return "${node}", looped
		}
		on := s.On.Hosts.Source
		return on, strings.HasPrefix(on, "${inputs.") || on == "${node}"
	}
	return "", false
}

// ofCluster says whether a step that names no node works on the cluster, and not on files of the workstation alone.
func ofCluster(s *runbook.Step) bool {
	switch s.Kind.Name {
	case "kube", "ansible":
		return true
	case "command", "shell":
		return strings.Contains(argument(s.Action, "run"), "kubectl")
	}
	return false
}
