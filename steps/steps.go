// Package steps holds the kinds of step and of probe: one file, one page of help and one test for each kind.
//
// A kind describes itself as commands before it acts, and the engine runs exactly those. What the kinds need of the
// outside is declared here as small interfaces, which the packages for SSH, Kubernetes and the workstation satisfy
// without knowing this one. Nothing here knows about terminals.
package steps

import (
	"embed"

	"spraydeck/event"
	"spraydeck/runbook"
)

//go:embed *.md
var help embed.FS

// Kinds is the table of step kinds, in the order of the manual. carrying is what carry works with; without it a runbook
// can be read and not run.
func Kinds(carrying ...Carrying) []runbook.Kind {
	newCarry := func() runbook.Action {
		c := &carry{}
		if len(carrying) > 0 {
			c.with = carrying[0]
		}
		return c
	}
	return []runbook.Kind{
		{Name: "note", Doc: "something to read and acknowledge", Danger: event.ReadOnly, Bare: "text",
			New: func() runbook.Action { return &note{} }, Help: page("note")},
		{Name: "choose", Doc: "one of several ways to go on", Danger: event.ReadOnly,
			New: func() runbook.Action { return &choose{} }, Help: page("choose"), Result: stringType},
		{Name: "input", Doc: "a value from the operator", Danger: event.ReadOnly, Bare: "prompt",
			New: func() runbook.Action { return &input{} }, Help: page("input"), Result: stringType},
		{Name: "check", Doc: "facts and rules; it only reads and may be run again at any time", Danger: event.ReadOnly,
			New: func() runbook.Action { return &check{} }, Help: page("check")},
		{Name: "command", Doc: "a command line on the workstation", Danger: event.Changes, Bare: "run",
			New: func() runbook.Action { return &command{} }, Help: page("command"), Result: runbook.ResultType},
		{Name: "ssh", Doc: "a command line on nodes", Danger: event.Changes, Bare: "run", Nodes: true,
			New: func() runbook.Action { return &ssh{} }, Help: page("ssh"), Result: runbook.ResultType},
		{Name: "ansible", Doc: "a playbook, with its progress", Danger: event.Disrupts, Bare: "playbook",
			New: func() runbook.Action { return &ansible{} }, Help: page("ansible"), Result: runbook.ResultType},
		{Name: "diff", Doc: "two versions of a file side by side, and a chance to edit", Danger: event.ReadOnly,
			New: func() runbook.Action { return &diff{} }, Help: page("diff")},
		{Name: "carry", Doc: "your changes, carried into a new sample", Danger: event.Changes,
			New: newCarry, Help: page("carry")},
		{Name: "edit", Doc: "a file in the operator's editor", Danger: event.Changes, Bare: "path",
			New: func() runbook.Action { return &edit{} }, Help: page("edit")},
		{Name: "set", Doc: "settings of the inventory, changed where they are set", Danger: event.Changes, Bare: "values",
			New: func() runbook.Action { return &set{} }, Help: page("set")},
		{Name: "shell", Doc: "the terminal, handed over to a program", Danger: event.Changes, Bare: "run",
			New: func() runbook.Action { return &shell{} }, Help: page("shell")},
		{Name: "kube", Doc: "read or change objects of the cluster", Danger: event.Changes,
			New: func() runbook.Action { return &kube{} }, Help: page("kube"), Result: objectsType},
		{Name: "cordon", Doc: "keep new pods off a node", Danger: event.Changes, Bare: "node",
			New: func() runbook.Action { return &cordon{} }, Help: page("cordon")},
		{Name: "drain", Doc: "move the pods off a node", Danger: event.Disrupts, Bare: "node", Typed: true,
			New: func() runbook.Action { return &drain{} }, Help: page("drain")},
		{Name: "uncordon", Doc: "let pods onto a node again", Danger: event.Changes, Bare: "node",
			New: func() runbook.Action { return &uncordon{} }, Help: page("uncordon")},
		{Name: "reboot", Doc: "restart nodes and wait until they are back", Danger: event.Disrupts, Bare: "run", Nodes: true, Typed: true,
			New: func() runbook.Action { return &reboot{} }, Help: page("reboot")},
		{Name: "snapshot", Doc: "a snapshot of etcd, verified", Danger: event.Changes, Bare: "file", Nodes: true,
			New: func() runbook.Action { return &snapshot{} }, Help: page("snapshot"), Result: runbook.ResultType},
		{Name: "runbook", Doc: "the steps of another runbook, with its inputs", Danger: event.ReadOnly, Bare: "name",
			New: func() runbook.Action { return &include{} }, Help: page("runbook")},
	}
}

// Probes is the table of probe kinds.
func Probes() []runbook.ProbeKind {
	return []runbook.ProbeKind{
		{Name: "command", Bare: "run", Doc: "a command on the workstation; the fact is its result", New: func() runbook.Probe { return &commandProbe{} }},
		{Name: "ssh", Bare: "run", Doc: "a command on nodes; the fact maps each node to its result", New: func() runbook.Probe { return &sshProbe{} }},
		{Name: "objects", Bare: "resource", Doc: "objects of the cluster, as a list", New: func() runbook.Probe { return &objectsProbe{} }},
		{Name: "budgets", Doc: "disruption budgets with the pods they cover", New: func() runbook.Probe { return &budgetsProbe{} }},
		{Name: "values", Bare: "run", Doc: "a command on the workstation that prints YAML or JSON; the fact is its content", New: func() runbook.Probe { return &valuesProbe{} }},
		{Name: "contains", Bare: "tag", Doc: "whether the branch in use contains a tag; the fact is a result with exit code 0 where it does", New: func() runbook.Probe { return &containsProbe{} }},
		{Name: "file", Bare: "path", Doc: "a file of the checkout or of a tag; the fact is a result with its text", New: func() runbook.Probe { return &fileProbe{} }},
		{Name: "yaml", Bare: "path", Doc: "a YAML file of the checkout or of a tag; the fact is its content", New: func() runbook.Probe { return &yamlProbe{} }},
	}
}

func page(kind string) string {
	b, err := help.ReadFile(kind + ".md")
	if err != nil {
		panic("steps: a kind without a page of help: " + kind)
	}
	return string(b)
}
