package runbook

import (
	"fmt"
	"reflect"
	"regexp"
	"strings"
	"sync"

	"cel.dev/cel-go/cel"
	"go.yaml.in/yaml/v3"

	"spraydeck/event"
)

// Language is what can be said in a runbook besides its frame: the kinds of step and of probe. It is a value, passed
// in, so that the engine knows no kind by name.
type Language struct {
	Kinds  []Kind
	Probes []ProbeKind
	// Given are the facts that are in scope without declaration.
	Given Named[Fact]
	// Settings names the settings that releases of Kubespray know; nil: nobody says.
	Settings func() []string
	// Inventory reads what `ansible-inventory --list` printed; the engine asks it which hosts a step runs on.
	Inventory func(list []byte) (Inventory, error)
	// OwnReader returns the command by which our own reader reads the inventory, where the command in line failed and that one
	// would not: Ansible is not installed, or has no password for an encrypted file. nil: there is none.
	OwnReader func(line string, exit int64, says string) (again string, ok bool)
	// Releases returns what expressions see of the releases a runbook leads from and to, nil for an unknown one. nil: no
	// releases are known.
	Releases func(*Runbook) (from, to map[string]any, err error)

	exprs  exprCache
	fields sync.Map // []field by reflect.Type: the tags that were read
}

// Inventory holds the hosts, their groups and their variables.
type Inventory struct {
	Groups  map[string][]string
	Vars    map[string]map[string]any
	Dynamic []string                               // groups that no file names: Kubespray makes them at run time
	Hosts   func(pattern string) ([]string, error) // as Ansible reads patterns: group, host, a:b, a:!b, a:&b, all

	ControlPlane []string // the hosts without which nobody reaches the cluster; nil: unknown
}

// Kind is a kind of step.
type Kind struct {
	Name   string
	Doc    string        // one line
	Help   string        // Markdown, with an example that the linter has read
	Danger event.Danger  // what a step of this kind can do unless it says otherwise
	Bare   string        // the argument that a bare value fills, "" if a mapping is needed
	Nodes  bool          // it runs on nodes and so needs hosts
	Typed  bool          // the name of its node is typed before it, of a worker too
	New    func() Action // a pointer to a struct with tags, for the decoder to fill
	Result *cel.Type     // what steps.<id> is, nil for nothing
}

// ProbeKind is a way to learn a fact.
type ProbeKind struct {
	Name string
	Doc  string
	Bare string
	New  func() Probe
}

// Action is what a step does.
type Action interface {
	// Commands gives exactly what will run, without running anything. The plan, the dry run, the approval and the
	// transcript show these lines, and the engine runs these and no others.
	Commands(t *Task) ([]event.Command, error)
}

// Probe learns one fact. Its commands only read.
type Probe interface {
	Commands(t *Task) ([]event.Command, error)
	// Value makes the fact of the commands' results, which are in the order of the commands. An error means that the
	// fact could not be learned, which is never the same as a fact.
	Value(results []Result) (any, error)
	// Type is the CEL type of the fact.
	Type() *cel.Type
}

// Header is what every file begins with.
type Header struct {
	APIVersion Str   `yaml:"apiVersion,required" doc:"spraydeck/v1" enum:"spraydeck/v1"`
	Kind       Str   `yaml:"kind,required" doc:"Runbook, Pitfall or Release" enum:"Runbook|Pitfall|Release"`
	Name       Str   `yaml:"name,required" doc:"the name it is called by; for a pitfall its id"`
	Title      Prose `yaml:"title,required" doc:"one line for lists and headings"`
}

// Runbook is a procedure.
type Runbook struct {
	Header
	Version   Str          `yaml:"version,required" doc:"version of the runbook itself, as semver"`
	System    Str          `yaml:"system" doc:"what it works on (default: a Kubespray checkout, which must then be there)" enum:"kubespray|kubeadm|k3s|kubernetes|os|addon"`
	From      Range        `yaml:"from" doc:"the releases it takes the system from"`
	To        Str          `yaml:"to" doc:"the release it takes the system to"`
	About     Prose        `yaml:"about" doc:"what a reader should know first, as Markdown"`
	Inputs    Named[Input] `yaml:"inputs" doc:"what the operator decides before the start; inputs.<name> in expressions"`
	Inventory Template     `yaml:"inventory" doc:"command that prints the inventory as ansible-inventory --list does"`
	Facts     Named[Fact]  `yaml:"facts" doc:"facts that every gate and check of this runbook may use"`
	Pitfalls  []Str        `yaml:"pitfalls" doc:"ids of the pitfalls whose symptoms are watched for while commands run"`
	NoReturn  []Str        `yaml:"noReturn" doc:"ids of the steps after which there is no way back"`
	Rollback  Prose        `yaml:"rollback" doc:"how to go back before that point, as Markdown"`
	Phases    []Phase      `yaml:"phases" doc:"the steps, in groups; those taken over from another runbook come after them"`
	Extends   Str          `yaml:"extends" doc:"a runbook, by its name or the path of its file; keys missing here come from there"`
	Overrides []Override   `yaml:"overrides" doc:"steps put among those of the runbook that this one extends"`
	Tests     []Case       `yaml:"tests" doc:"what the runbook promises, for spraydeck test"`

	Source Source
	lang   *Language
	known  map[string]*Pitfall

	written *Runbook // what stands in the file, where more was taken from the runbook it is like
	models  []string // digests of the files it is like
}

// Source is the file something was read from.
type Source struct {
	File   string
	Digest string // sha256 of its bytes, in hex
	Root   string // what File begins with that no include may leave: a directory with its last slash
}

// Input is a value the operator gives before the start.
type Input struct {
	Type    Str      `yaml:"type" doc:"string (default), bool, int or choice" enum:"string|bool|int|choice"`
	Prompt  Prose    `yaml:"prompt" doc:"what is asked; required unless the extended runbook has the input"`
	Default Template `yaml:"default" doc:"the value proposed; may use inputs written above it"`
	Choices []Str    `yaml:"choices" doc:"for type choice: the values to choose from"`
	Match   Str      `yaml:"match" doc:"a regular expression the whole value must match"`
	Secret  Flag     `yaml:"secret" doc:"never shown, never written, never in a command line"`
	Pos     Pos
}

// Phase is a group of steps under a heading.
type Phase struct {
	Title Prose  `yaml:"title,required" doc:"the heading"`
	Each  *Each  `yaml:"each" doc:"walk all steps of this phase once for every node, one after the other"`
	When  Expr   `yaml:"when" doc:"whether these steps are done at all"`
	Steps []Step `yaml:"steps,required" doc:"in order"`
	Pos   Pos
}

// Each is a loop over hosts. The name node stands for the current one.
type Each struct {
	In    Template `yaml:"in,required" doc:"hosts of the inventory: a group, a host, or a pattern such as kube_node:!kube_control_plane"`
	Order Str      `yaml:"order" doc:"inventory (default), reverse or name" enum:"inventory|reverse|name"`
	Batch Int      `yaml:"batch" doc:"so many at once; default: one. Then hosts are all of them, and node is their names with commas between"`
	Pos   Pos
}

func (e *Each) decode(d *decoder, n *yaml.Node) {
	if n.Kind == yaml.ScalarNode {
		e.Pos = d.pos(n)
		e.In.decode(d, n)
		return
	}
	d.intoStruct(n, e)
}

// On is where a step runs.
type On struct {
	Hosts Template `yaml:"hosts" doc:"all these at once: a group, a host or a pattern"`
	Each  *Each    `yaml:"each" doc:"a step for each of these, one after the other"`
	Pos   Pos
}

func (o *On) decode(d *decoder, n *yaml.Node) {
	if n.Kind == yaml.ScalarNode {
		o.Pos = d.pos(n)
		o.Hosts.decode(d, n)
		return
	}
	d.intoStruct(n, o)
}

// Step is one thing to do.
type Step struct {
	ID        Str         `yaml:"id,required" doc:"lower case, digits and dashes; steps.<id> in expressions, with dashes as underscores"`
	Title     Prose       `yaml:"title,required" doc:"one line"`
	Why       Prose       `yaml:"why" doc:"what the operator should know, as Markdown"`
	When      Expr        `yaml:"when" doc:"the condition to run the step"`
	On        On          `yaml:"on" doc:"where it runs; without it on the workstation"`
	Danger    Str         `yaml:"danger" doc:"what it can do: none, changes, disrupts or destroys" enum:"none|changes|disrupts|destroys"`
	Confirm   Template    `yaml:"confirm" doc:"the word to type for a red step; without it the node or the cluster"`
	Facts     Named[Fact] `yaml:"facts" doc:"facts that the gates of this step may use"`
	Done      Expr        `yaml:"done" doc:"true when there is nothing left to do; then the step is skipped"`
	Before    []Gate      `yaml:"before" doc:"gates to pass before it runs"`
	After     []Gate      `yaml:"after" doc:"gates to pass after it ran"`
	Timeout   Span        `yaml:"timeout" doc:"stop it after this long"`
	Retry     Int         `yaml:"retry" doc:"how often a failure is tried again by itself"`
	Estimate  Span        `yaml:"estimate" doc:"how long it usually takes"`
	Undo      Prose       `yaml:"undo" doc:"how to go back, as Markdown; a step that destroys must say it"`
	Temporary Flag        `yaml:"temporary" doc:"only for the time of the work: its undo is due before the run ends, and is asked for if no step has done it"`
	Undoes    []Str       `yaml:"undoes" doc:"ids of temporary steps that this one undoes"`
	Remedies  []Cure      `yaml:"remedies" doc:"what to offer when it fails"`

	Kind   *Kind
	Action Action
	Args   Pos // where the arguments stand
	Pos    Pos
}

func (s *Step) decode(d *decoder, n *yaml.Node) {
	d.fieldsInto(n, s, func(key, value *yaml.Node) bool {
		for i := range d.lang.Kinds {
			k := &d.lang.Kinds[i]
			if k.Name != key.Value {
				continue
			}
			if s.Kind != nil {
				d.problem(key, "step-kind", fmt.Sprintf("a step is %s or %s, not both", s.Kind.Name, k.Name), "make two steps")
				return true
			}
			s.Kind, s.Action, s.Args = k, k.New(), d.pos(value)
			d.arguments(value, s.Action, k.Bare)
			return true
		}
		return false
	})
	if s.Kind == nil && n.Kind == yaml.MappingNode {
		var names []string
		for _, k := range d.lang.Kinds {
			names = append(names, k.Name)
		}
		d.problem(n, "step-kind", "the step does nothing", "give it one of: "+strings.Join(names, ", "))
	}
}

// Gate is a condition that must hold, with the facts it rests on.
type Gate struct {
	ID       Str         `yaml:"id" doc:"names the gate in answers and in the transcript"`
	Pitfall  Str         `yaml:"pitfall" doc:"take facts, rule, text and remedies from this pitfall"`
	Title    Prose       `yaml:"title" doc:"what must hold"`
	Fails    Prose       `yaml:"fails" doc:"the bad case: the title while the gate does not pass; of a pitfall its title"`
	Facts    Named[Fact] `yaml:"facts" doc:"facts for this gate alone"`
	Let      Named[Expr] `yaml:"let" doc:"names for parts of the expressions; each may use those above it, the facts, and is used in rule, says, evidence and remedies"`
	Rule     Expr        `yaml:"rule" doc:"true when it holds"`
	Says     Prose       `yaml:"says" doc:"what to tell the operator when it does not hold"`
	Evidence Expr        `yaml:"evidence" doc:"a text or a list of texts that shows it"`
	Required Str         `yaml:"required" doc:"success (default) blocks, acknowledge must be read, advisory only informs" enum:"success|acknowledge|advisory"`
	Within   Span        `yaml:"within" doc:"keep checking for so long before it counts as failed"`
	For      Span        `yaml:"for" doc:"it must hold without a break for so long"`
	Remedies []Cure      `yaml:"remedies" doc:"what to offer when it does not hold"`
	When     Expr        `yaml:"when" doc:"whether it is checked at all"`
	Pos      Pos
}

// Fact is a probe under the author's name.
type Fact struct {
	Kind  *ProbeKind
	Probe Probe
	Pos   Pos
}

func (f *Fact) decode(d *decoder, n *yaml.Node) {
	f.Pos = d.pos(n)
	var names []string
	for _, k := range d.lang.Probes {
		names = append(names, k.Name)
	}
	if n.Kind != yaml.MappingNode {
		d.problem(n, "type", "a probe is expected here, not "+describeNode(n), "give it one of: "+strings.Join(names, ", "))
		return
	}
	var rest *yaml.Node
	for i := 0; i+1 < len(n.Content); i += 2 {
		for j := range d.lang.Probes {
			if k := &d.lang.Probes[j]; k.Name == n.Content[i].Value && f.Kind == nil {
				f.Kind, f.Probe = k, k.New()
				rest = &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", Line: n.Line, Column: n.Column}
				rest.Content = append(rest.Content, n.Content[:i]...)
				rest.Content = append(rest.Content, n.Content[i+2:]...)
				d.probe(n.Content[i+1], rest, f)
			}
		}
	}
	if f.Kind == nil && len(n.Content) > 0 {
		d.problem(n.Content[0], "probe-kind", fmt.Sprintf("unknown probe %q", n.Content[0].Value), DidYouMean(n.Content[0].Value, names))
	} else if f.Kind == nil {
		d.problem(n, "probe-kind", "no probe", "give it one of: "+strings.Join(names, ", "))
	}
}

// probe reads {kind: value, other: ...}: the value fills the bare argument, or is itself the mapping of arguments, and
// keys beside it are arguments too.
func (d *decoder) probe(value, rest *yaml.Node, f *Fact) {
	if value.Kind == yaml.MappingNode {
		rest.Content = append(rest.Content, value.Content...)
	} else if f.Kind.Bare != "" && value.Tag != "!!null" {
		key := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: f.Kind.Bare, Line: value.Line, Column: value.Column}
		rest.Content = append(rest.Content, key, value)
	}
	d.intoStruct(rest, f.Probe)
}

// arguments fills an action; a bare value stands for the argument named.
func (d *decoder) arguments(n *yaml.Node, into any, bare string) {
	if n.Kind == yaml.MappingNode {
		// prose may itself be a mapping of languages
		if !(bare != "" && len(n.Content) > 0 && n.Content[0].Value == "en") && !takesMapping(n, FieldsOf(reflect.TypeOf(into).Elem()), bare) {
			d.intoStruct(n, into)
			return
		}
	}
	if n.Tag == "!!null" { // `cordon:` alone takes all its defaults
		n = &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", Line: n.Line, Column: n.Column}
		bare = ""
	}
	if bare == "" {
		d.intoStruct(n, into)
		return
	}
	key := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: bare, Line: n.Line, Column: n.Column}
	d.intoStruct(&yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", Line: n.Line, Column: n.Column, Content: []*yaml.Node{key, n}}, into)
}

// Cure is a remedy: steps that fix something.
type Cure struct {
	ID    Str    `yaml:"id,required" doc:"names the remedy in answers and in the transcript"`
	Title Prose  `yaml:"title,required" doc:"what it does, for the list of choices"`
	Steps []Step `yaml:"steps,required" doc:"in order; node and hosts are those of the step that failed"`
	Pos   Pos
}

// Pitfall is something known to go wrong.
type Pitfall struct {
	Header
	Severity Str          `yaml:"severity,required" doc:"blocks, outage, data or nuisance" enum:"blocks|outage|data|nuisance"`
	Affects  Affects      `yaml:"affects" doc:"where it applies; a Kubespray runbook brings in by itself all that affect its hop, the others must be named"`
	Why      Prose        `yaml:"why,required" doc:"cause and consequence, as Markdown"`
	Inputs   Named[Input] `yaml:"inputs" doc:"inputs it uses; a runbook's input of the same name gives the value"`
	Before   *Before      `yaml:"before" doc:"how to see it coming"`
	Symptoms []Symptom    `yaml:"symptoms" doc:"how to know it by what commands print"`
	Do       Prose        `yaml:"do" doc:"what to do first, as an order: \"Remove the option from kubelet.env.\""`
	Remedies []Cure       `yaml:"remedies" doc:"what fixes it"`
	Note     Prose        `yaml:"note" doc:"what to know where nothing can be checked or fixed by machine"`
	Sources  []Str        `yaml:"sources" doc:"where it is known from"`
	Tests    []Case       `yaml:"tests" doc:"what the pitfall promises, for spraydeck test"`
	Source   Source
	lang     *Language
}

// Affects says where a pitfall applies. All ranges given must hold.
type Affects struct {
	From       Range `yaml:"from" doc:"Kubespray releases left"`
	To         Range `yaml:"to" doc:"Kubespray releases gone to"`
	Kubernetes Range `yaml:"kubernetes" doc:"Kubernetes versions gone to: what the input kube_version says"`
	System     Str   `yaml:"system" doc:"what installed the cluster: in a log that shows another system its symptoms are hints (default: any)" enum:"kubespray|kubeadm|k3s"`
	Pos        Pos
}

// Before is how a pitfall shows before anything is touched. Rule is true when all is well.
type Before struct {
	Facts    Named[Fact] `yaml:"facts" doc:"what must be known"`
	When     Expr        `yaml:"when" doc:"whether it can apply here at all"`
	Let      Named[Expr] `yaml:"let" doc:"names for parts of the expressions; each may use those above it, the facts, and is used in rule, says, evidence and remedies"`
	Rule     Expr        `yaml:"rule,required" doc:"true when the pitfall is not there"`
	Title    Prose       `yaml:"title" doc:"what must hold; without it the pitfall's title"`
	Fails    Prose       `yaml:"fails" doc:"the bad case; without it the pitfall's title"`
	Says     Prose       `yaml:"says,required" doc:"the finding"`
	Evidence Expr        `yaml:"evidence" doc:"a text or a list of texts that shows it"`
	GateOnly Flag        `yaml:"gate_only" doc:"only where a gate names it: check does not look for it"`
	Required Str         `yaml:"required" doc:"success (default), acknowledge or advisory" enum:"success|acknowledge|advisory"`
	Pos      Pos
}

// Symptom is how a pitfall shows in a line of output.
type Symptom struct {
	ID       Str        `yaml:"id,required" doc:"names the symptom"`
	Line     Pattern    `yaml:"line,required" doc:"a regular expression over one line, without escape sequences; named groups are values"`
	Task     Pattern    `yaml:"task" doc:"a regular expression over the current Ansible task, as role : task"`
	Stream   Str        `yaml:"stream" doc:"output (default); nodes: the node table, as kubectl prints it; commands: the command lines run. A file is all of them" enum:"output|nodes|commands"`
	Hint     Flag       `yaml:"hint" doc:"a hint only, never a verdict"`
	Quiet    Flag       `yaml:"quiet" doc:"never shown: it serves the conditions of other symptoms"`
	Count    Int        `yaml:"count" doc:"only when seen so many times"`
	Distinct Str        `yaml:"distinct" doc:"these times must differ in this group, such as pod"`
	By       []Str      `yaml:"by" doc:"these times must agree in these groups, such as node; host is where the line comes from"`
	Within   Span       `yaml:"within" doc:"these times must lie within so long"`
	Lasts    Span       `yaml:"lasts" doc:"only when seen again and again for at least so long"`
	Needs    []Relation `yaml:"needs" doc:"only when each of these other symptoms was seen"`
	Unless   []Relation `yaml:"unless" doc:"not when one of these other symptoms was seen"`
	Versions Flag       `yaml:"versions" doc:"the line proves the cause only in the versions that the pitfall affects: in a log that tells none of them it is a hint"`
	Beats    []Str      `yaml:"beats" doc:"symptoms it goes before when one line shows both, as pitfall/symptom"`
	Title    Prose      `yaml:"title" doc:"title for this line; {group} stands for a value in it. Without it, or where the line lacks a value, that of the pitfall"`
	Do       Prose      `yaml:"do" doc:"what to do first, for this line; as title"`
	Why      Prose      `yaml:"why" doc:"cause and consequence, for this line; as title"`
	Remedies []Str      `yaml:"remedies" doc:"the remedies that this line proves to be right; without it, all of the pitfall"`
	Siblings []Sibling  `yaml:"siblings" doc:"other pitfalls that print the same line: it is a hint then, and all are named"`
	Match    []Str      `yaml:"match,required" doc:"lines it must match; the linter runs them"`
	Miss     []Str      `yaml:"miss,required" doc:"lines it must not match; the linter runs them"`
	Pos      Pos
}

// Sibling is another pitfall that shows in the same line.
type Sibling struct {
	Pitfall Str   `yaml:"pitfall,required" doc:"its name"`
	If      Prose `yaml:"if,required" doc:"what tells that it is this one"`
	Pos     Pos
}

// Relation is to another symptom of the same pitfall.
type Relation struct {
	Since  Str   `yaml:"since" doc:"id of a symptom that was seen before"`
	Then   Str   `yaml:"then" doc:"id of a symptom that is seen afterwards"`
	Within Span  `yaml:"within" doc:"at most so long before or afterwards"`
	By     []Str `yaml:"by" doc:"groups in which both agree"`
	Pos    Pos
}

// Pattern is a regular expression in RE2 syntax.
type Pattern struct {
	Source string
	Pos    Pos
	RE     *regexp.Regexp
}

func (p *Pattern) decode(d *decoder, n *yaml.Node) {
	*p = Pattern{Source: d.scalar(n, "a regular expression"), Pos: d.pos(n)}
	re, err := regexp.Compile(p.Source)
	if err != nil {
		d.problem(n, "value", strings.TrimPrefix(err.Error(), "error parsing regexp: "), "the syntax is that of Go and RE2: no look-around, no back-references")
		return
	}
	p.RE = re
}
