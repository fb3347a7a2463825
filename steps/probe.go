package steps

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"cel.dev/cel-go/cel"

	"spraydeck/event"
	"spraydeck/runbook"
)

type commandProbe struct {
	Run  runbook.Template `yaml:"run,required" doc:"the command line"`
	Venv runbook.Template `yaml:"venv" doc:"a Python virtual environment to activate first; empty for none"`
	Exit []runbook.Int    `yaml:"exit" doc:"exit codes that tell something; with any other the result is unknown. Default: all"`
}

func (p *commandProbe) Commands(t *runbook.Task) ([]event.Command, error) {
	c, err := local(t, p.Run, p.Venv)
	return []event.Command{c}, err
}
func (p *commandProbe) Type() *cel.Type { return runbook.ResultType }
func (p *commandProbe) Value(r []runbook.Result) (any, error) {
	if !tells(p.Exit, r[0]) {
		return nil, ended(r[0])
	}
	return r[0], nil
}

// tells reports whether a result tells something, by its exit code; all do where none are named.
func tells(exits []runbook.Int, r runbook.Result) bool {
	return len(exits) == 0 || slices.ContainsFunc(exits, func(i runbook.Int) bool { return int64(i.Value) == r.Exit })
}

// ended says how a command ended that told nothing, in its own words where it has any.
func ended(r runbook.Result) error {
	if said := strings.TrimSpace(r.Stderr); said != "" {
		return errors.New(said)
	}
	return fmt.Errorf("the command ended with exit code %d", r.Exit)
}

// valuesProbe reads structured text, so that rules compare values and not their spelling.
type valuesProbe struct {
	Run  runbook.Template `yaml:"run,required" doc:"the command line; it prints YAML or JSON"`
	Venv runbook.Template `yaml:"venv" doc:"a Python virtual environment to activate first; empty for none"`
}

func (p *valuesProbe) Commands(t *runbook.Task) ([]event.Command, error) {
	c, err := local(t, p.Run, p.Venv)
	return []event.Command{c}, err
}
func (p *valuesProbe) Shared() string  { return "values" }
func (p *valuesProbe) Type() *cel.Type { return cel.DynType }
func (p *valuesProbe) Value(r []runbook.Result) (any, error) {
	if r[0].Exit != 0 {
		return nil, ended(r[0])
	}
	return yamlOf(r[0].Stdout, "the command printed no YAML")
}

type sshProbe struct {
	Run  runbook.Template `yaml:"run,required" doc:"the command line"`
	On   runbook.Template `yaml:"on" doc:"hosts of the inventory; default: those of the step"`
	Exit []runbook.Int    `yaml:"exit" doc:"exit codes that tell something; where a host ends with any other, the result is unknown. Default: all"`
}

func (p *sshProbe) Commands(t *runbook.Task) ([]event.Command, error) {
	hosts := t.Hosts
	if p.On.Set() {
		pattern, err := p.On.Prose(t.Scope)
		if err != nil {
			return nil, err
		}
		if t.HostsOf == nil {
			return nil, errors.New("the runbook has no inventory to find hosts in")
		}
		if hosts, err = t.HostsOf(pattern); err != nil {
			return nil, err
		}
	}
	return onHosts(t, p.Run, hosts)
}
func (p *sshProbe) Type() *cel.Type { return cel.MapType(cel.StringType, runbook.ResultType) }
func (p *sshProbe) Value(r []runbook.Result) (any, error) {
	m := map[string]runbook.Result{}
	var untold []error
	for _, one := range r {
		if m[one.Host] = one; !tells(p.Exit, one) {
			untold = append(untold, fmt.Errorf("%s: %w", one.Host, ended(one)))
		}
	}
	if len(untold) > 0 {
		return nil, errors.Join(untold...)
	}
	return m, nil
}

type objectsProbe struct {
	Resource  runbook.Template `yaml:"resource,required" doc:"as kubectl takes it: nodes, pdb, ippools.crd.projectcalico.org"`
	Namespace runbook.Template `yaml:"namespace" doc:"default: all"`
	Name      runbook.Template `yaml:"name" doc:"one object; a list of none or one is the fact"`
	Selector  runbook.Template `yaml:"selector" doc:"a label selector"`
	Optional  runbook.Flag     `yaml:"optional" doc:"a resource the cluster does not know gives an empty list"`
}

func (p *objectsProbe) Commands(t *runbook.Task) ([]event.Command, error) {
	k := kube{Get: p.Resource, Namespace: p.Namespace, Name: p.Name, Selector: p.Selector}
	cmds, err := k.Commands(t)
	if err == nil {
		// one object that is not there is an empty list, whether its kind is known or not
		cmds[0].Call.Optional = p.Optional.Value || p.Name.Set()
	}
	return cmds, err
}

// Objects is the resource whose objects are the fact.
func (p *objectsProbe) Objects() runbook.Template             { return p.Resource }
func (p *objectsProbe) Shared() string                        { return "objects" }
func (p *objectsProbe) Type() *cel.Type                       { return objectsType }
func (p *objectsProbe) Value(r []runbook.Result) (any, error) { return compact(r[0]) }

type budgetsProbe struct{}

func (p *budgetsProbe) Commands(*runbook.Task) ([]event.Command, error) {
	return []event.Command{api(event.Call{Verb: event.Budgets})}, nil
}
func (p *budgetsProbe) Shared() string                        { return "budgets" }
func (p *budgetsProbe) Type() *cel.Type                       { return objectsType }
func (p *budgetsProbe) Value(r []runbook.Result) (any, error) { return compact(r[0]) }
