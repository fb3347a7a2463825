package steps

import (
	"errors"
	"regexp"
	"strings"

	"cel.dev/cel-go/cel"
	"go.yaml.in/yaml/v3"

	"spraydeck/event"
	"spraydeck/runbook"
)

// containsProbe, fileProbe and yamlProbe read the repository of the checkout. Their lines are what a person would type; the program
// itself answers, with one git for all questions.
type containsProbe struct {
	Tag runbook.Template `yaml:"tag,required" doc:"the tag, such as v2.28.0"`
}

func (p *containsProbe) Commands(t *runbook.Task) ([]event.Command, error) {
	tag, err := p.Tag.Prose(t.Scope)
	if err != nil {
		return nil, err
	}
	return []event.Command{{Host: event.Workstation, Line: "git merge-base --is-ancestor " + runbook.Quote("refs/tags/"+tag) + " HEAD", Reads: true,
		Call: &event.Call{Verb: event.ReadContains, Name: tag}}}, nil
}
func (p *containsProbe) Type() *cel.Type                       { return runbook.ResultType }
func (p *containsProbe) Value(r []runbook.Result) (any, error) { return r[0], nil }

// inTree says which files are read.
type inTree struct {
	Path []runbook.Template `yaml:"path,required" doc:"the file, from the top of the checkout; of several, those that are there are read one after the other"`
	Tag  runbook.Template   `yaml:"tag" doc:"the tag to read it at; default: the working tree"`
	Here runbook.Flag       `yaml:"here" doc:"read the working tree where the branch in use contains the tag"`
}

type fileProbe struct {
	inTree
	Exit []runbook.Int `yaml:"exit" doc:"exit codes that tell something; with any other the result is unknown. Default: all"`
}

func (p *fileProbe) Commands(t *runbook.Task) ([]event.Command, error) { return p.read(t, nil) }
func (p *fileProbe) Type() *cel.Type                                   { return runbook.ResultType }
func (p *fileProbe) Value(r []runbook.Result) (any, error) {
	if !tells(p.Exit, r[0]) {
		return nil, ended(r[0])
	}
	return r[0], nil
}

type yamlProbe struct {
	inTree
	Keys []runbook.Template `yaml:"keys" doc:"the keys of the top level to read; default: all"`
}

func (p *yamlProbe) Commands(t *runbook.Task) ([]event.Command, error) { return p.read(t, p.Keys) }
func (p *yamlProbe) Shared() string                                    { return "yaml" }
func (p *yamlProbe) Type() *cel.Type                                   { return cel.DynType }
func (p *yamlProbe) Value(r []runbook.Result) (any, error) {
	if r[0].Exit != 0 {
		return nil, ended(r[0])
	}
	return yamlOf(r[0].Stdout, "the file is no YAML")
}

// yamlOf is the content of a text.
func yamlOf(text, wrong string) (any, error) {
	var v any
	if err := yaml.Unmarshal([]byte(text), &v); err != nil {
		return nil, errors.New(wrong + ": " + err.Error())
	}
	if v == nil {
		v = map[string]any{}
	}
	return v, nil
}

// plainKey is a key that stands in an expression of awk as it is.
var plainKey = regexp.MustCompile(`^\w+$`)

func (p *inTree) read(t *runbook.Task, keys []runbook.Template) ([]event.Command, error) {
	f := &event.Files{Here: p.Here.Value}
	var err error
	if f.Tag, err = p.Tag.Prose(t.Scope); err != nil {
		return nil, err
	}
	if f.Paths, err = texts(t, p.Path); err != nil {
		return nil, err
	}
	if f.Keys, err = texts(t, keys); err != nil {
		return nil, err
	}
	for _, k := range f.Keys {
		if !plainKey.MatchString(k) {
			return nil, errors.New("not a key: " + k)
		}
	}
	return []event.Command{{Host: event.Workstation, Line: fileLine(f), Reads: true, Call: &event.Call{Verb: event.ReadFile, Name: f.Tag, Files: f}}}, nil
}

func texts(t *runbook.Task, list []runbook.Template) (all []string, err error) {
	for _, one := range list {
		text, err := one.Prose(t.Scope)
		if err != nil {
			return nil, err
		}
		all = append(all, text)
	}
	return all, nil
}

// fileLine is the command line that reads files.
func fileLine(f *event.Files) string {
	var here, there []string
	for _, p := range f.Paths {
		here, there = append(here, runbook.Quote(p)), append(there, runbook.Quote("refs/tags/"+f.Tag+":"+p))
	}
	line := "cat " + strings.Join(here, " ")
	if f.Tag != "" {
		line = "git show " + strings.Join(there, " ")
	}
	if f.Tag != "" && f.Here {
		line = "if git merge-base --is-ancestor " + runbook.Quote("refs/tags/"+f.Tag) + " HEAD; then cat " + strings.Join(here, " ") + "; else " + line + "; fi"
	}
	if len(f.Keys) > 0 {
		line += " | awk '/^(" + strings.Join(f.Keys, "|") + "):/ {on=1; print; next} /^[^ #]/ {on=0} on'"
	}
	return line
}
