package runbook

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"spraydeck/event"
)

// Case is a test that a pitfall or a runbook carries with it: what is given, and what must come of it.
type Case struct {
	Name      Str           `yaml:"name,required" doc:"what is shown by it"`
	Inventory GivenHosts    `yaml:"inventory" doc:"given: the hosts"`
	Inputs    Named[Str]    `yaml:"inputs" doc:"given: inputs; the others take their defaults"`
	Facts     Named[Any]    `yaml:"facts" doc:"given: facts by their names. The result of a command is {stdout, stderr, exit}, of an ssh probe one for each host"`
	Steps     Named[Any]    `yaml:"steps" doc:"given: results of earlier steps, as steps.<id>"`
	Output    []GivenOutput `yaml:"output" doc:"given: what the commands print that learn the other facts"`
	Log       Str           `yaml:"log" doc:"given: a piece of a log"`
	Step      Str           `yaml:"step" doc:"in a runbook: the step that is meant, as it stands in the plan, such as drain[node1]"`
	Gate      Str           `yaml:"gate" doc:"in a runbook: the gate of that step"`

	Verdict  Str   `yaml:"verdict" doc:"expected: pass, fail, unknown, or none where it does not apply" enum:"pass|fail|unknown|none"`
	Says     Str   `yaml:"says" doc:"expected: a part of the text for the operator, in any language"`
	Evidence Lines `yaml:"evidence" doc:"expected: exactly this evidence"`
	Symptoms Lines `yaml:"symptoms" doc:"expected: exactly these symptoms in the log, in any order; [] for none"`
	Lines    Lines `yaml:"lines" doc:"expected: exactly these commands of the step, each as host: line"`
	Pos      Pos
}

// Lines is a list of texts that may be empty, which says something else than nothing.
type Lines struct {
	Set   bool
	Texts []Str
}

func (l *Lines) decode(d *decoder, n *yaml.Node) {
	l.Set = true
	if n.Kind != yaml.SequenceNode {
		l.Texts = []Str{{d.scalar(n, "a list of text"), d.pos(n)}}
		return
	}
	for _, item := range n.Content {
		l.Texts = append(l.Texts, Str{d.scalar(item, "text"), d.pos(item)})
	}
}

// GivenHosts is the inventory of a test.
type GivenHosts struct {
	Groups Any `yaml:"groups" doc:"hosts by group, as inventory.groups gives them"`
	Vars   Any `yaml:"vars" doc:"variables by host, as inventory.vars gives them"`
	Pos    Pos
}

// List is the inventory as ansible-inventory --list prints it.
func (g GivenHosts) List() map[string]any {
	list := map[string]any{"_meta": map[string]any{"hostvars": map[string]any{}}}
	if vars, ok := g.Vars.Value.(map[string]any); ok {
		list["_meta"] = map[string]any{"hostvars": vars}
	}
	children := []string{}
	if groups, ok := g.Groups.Value.(map[string]any); ok {
		for name, hosts := range groups {
			list[name] = map[string]any{"hosts": hosts}
			children = append(children, name)
		}
	}
	slices.Sort(children)
	list["all"] = map[string]any{"children": children}
	return list
}

// GivenOutput is what a command prints in a test.
type GivenOutput struct {
	Host   Str `yaml:"host" doc:"where it runs: a host, workstation or api; default: any"`
	Line   Str `yaml:"line,required" doc:"a part of the command line"`
	Stdout Str `yaml:"stdout" doc:"what it prints"`
	Stderr Str `yaml:"stderr" doc:"what it prints as errors"`
	Exit   Int `yaml:"exit" doc:"its exit code"`
	Pos    Pos
}

// Any is a value of any form.
type Any struct {
	Value any
	Set   bool
	Pos   Pos
}

func (a *Any) decode(d *decoder, n *yaml.Node) {
	a.Set, a.Pos = true, d.pos(n)
	if err := n.Decode(&a.Value); err != nil {
		d.problem(n, "yaml", "the value cannot be read: "+strings.TrimPrefix(err.Error(), "yaml: "), "")
	}
}

// Complete fills in what follows from the rest of a result.
func (r Result) Complete(host string) Result {
	r.Host, r.Lines = host, splitLines(r.Stdout)
	if r.Outcome = string(event.Done); r.Exit != 0 {
		r.Outcome = string(event.Exited)
	}
	return r
}

func splitLines(s string) []string {
	s = strings.TrimSuffix(strings.ReplaceAll(s, "\r\n", "\n"), "\n")
	if s == "" {
		return []string{}
	}
	return strings.Split(s, "\n")
}
