package lint

import (
	"fmt"
	"slices"
	"strings"

	"spraydeck/event"
	"spraydeck/runbook"
)

var conditionEndsItself = Rule{
	Name:  "condition-ends-itself",
	Doc:   "A phase whose condition its own steps make false does not end with a check or a restart: a run that is begun again would pass over it.",
	check: check{runbook: checkConditions},
}

func checkConditions(p pass, b *runbook.Runbook) {
	for i := range b.Phases {
		ph := &b.Phases[i]
		endsItself(p, ph.When, ph.Steps, b.Facts, "the phase")
		for j := range ph.Steps {
			s := &ph.Steps[j]
			if inc := s.Included(); inc != nil && inc.Runbook() != nil && len(inc.Runbook().Phases) > 0 {
				var steps []runbook.Step
				for _, ph := range inc.Runbook().Phases {
					steps = append(steps, ph.Steps...)
				}
				endsItself(p, s.When, steps, runbook.MergeFacts(b.Facts, s.Facts), "step "+s.ID.Value)
			}
		}
	}
}

func endsItself(p pass, when runbook.Expr, steps []runbook.Step, facts runbook.Named[runbook.Fact], what string) {
	if !when.Set() || len(steps) == 0 {
		return
	}
	last := &steps[len(steps)-1]
	_, check := last.Action.(runbook.Prober)
	restart := last.Kind != nil && last.Kind.Name == "reboot"
	if !check && !restart {
		return
	}
	for _, f := range facts {
		if f.Value.Probe == nil || !runbook.HasWord(when.Source, f.Name) {
			continue
		}
		i := slices.IndexFunc(steps[:len(steps)-1], func(s runbook.Step) bool { return mayChange(&s, f.Value) })
		if i < 0 {
			continue
		}
		p.report(when.Pos, fmt.Sprintf("the condition of %s rests on %s, which step %s can change, and step %s comes last: a run that is begun again would pass over it",
			what, f.Name, steps[i].ID, last.ID), "put that step into a phase of its own, without this condition")
		return
	}
}

// mayChange says whether a step can change what a fact is learned from. Objects are changed by a step on objects of that kind;
// nodes and pods also by whatever works on nodes.
func mayChange(s *runbook.Step, f runbook.Fact) bool {
	if s.Kind == nil || dangerOf(s) == event.ReadOnly {
		return false
	}
	resource := ""
	if f.Kind != nil && f.Kind.Bare != "" {
		resource = argument(f.Probe, f.Kind.Bare)
	}
	onNodes := f.Kind != nil && f.Kind.Name == "ssh"
	objects := resource == "nodes" || resource == "pods"
	switch s.Kind.Name {
	case "cordon", "uncordon", "drain":
		return objects
	case "reboot", "ansible":
		return objects || onNodes
	case "ssh", "snapshot":
		return onNodes
	case "shell":
		return onNodes || !objects && resource == ""
	case "kube":
		for _, verb := range []string{"apply", "patch", "delete"} {
			if text := argument(s.Action, verb); text != "" && resource != "" && strings.HasPrefix(resource, strings.ToLower(kindIn(text))) {
				return true
			}
		}
		return false
	case "command":
		return f.Kind != nil && (f.Kind.Name == "command" || f.Kind.Name == "values")
	}
	return false
}

// kindIn gives the kind that a manifest names, or the text itself, which is then a resource.
func kindIn(text string) string {
	for line := range strings.Lines(text) {
		if kind, ok := strings.CutPrefix(strings.TrimSpace(line), "kind: "); ok {
			return kind
		}
	}
	return text
}

func dangerOf(s *runbook.Step) event.Danger {
	if d := event.Danger(s.Danger.Value); d != "" {
		return d
	}
	if s.Kind == nil {
		return ""
	}
	return s.Kind.Danger
}

// argument gives the text of an argument of a step or a probe, as it is written; "" where it has none of that name.
func argument(of any, name string) string {
	t, _ := runbook.Argument(of, name)
	return t.Source
}
