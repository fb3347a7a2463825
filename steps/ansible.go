package steps

import (
	"regexp"
	"strings"

	"spraydeck/event"
	"spraydeck/runbook"
)

type ansible struct {
	Playbook  runbook.Template                `yaml:"playbook,required" doc:"the playbook, below the checkout"`
	Inventory runbook.Template                `yaml:"inventory,required" doc:"the inventory file"`
	Vars      runbook.Named[runbook.Template] `yaml:"vars" doc:"extra variables, each as -e name=value"`
	Limit     runbook.Template                `yaml:"limit" doc:"hosts to limit the run to"`
	Become    runbook.Flag                    `yaml:"become" doc:"become root on the nodes: -b"`
	Options   runbook.Template                `yaml:"options" doc:"more options, as they stand on the command line"`
	Venv      runbook.Template                `yaml:"venv" doc:"a Python virtual environment to activate first; empty for none"`
}

// playbookEnv keeps the output plain: cowsay breaks long headers in two, colour hides words from the symptoms.
var playbookEnv = []string{"ANSIBLE_NOCOWS=1", "ANSIBLE_FORCE_COLOR=0", "ANSIBLE_NOCOLOR=1", "PYTHONUNBUFFERED=1"}

// playbookPrompts: the pause module waits for Enter, and for Ctrl+C and then A to abort. Kubespray uses it for
// upgrade_node_confirm.
var playbookPrompts = []event.Prompt{{
	Line: regexp.MustCompile(`(?i)press enter to continue`), Keys: "\r", Decline: "\x03a",
}}

func (a *ansible) Commands(t *runbook.Task) ([]event.Command, error) {
	var words []string
	add := func(prefix string, tpl runbook.Template) error {
		value, err := tpl.Prose(t.Scope)
		if err == nil && value != "" {
			words = append(words, prefix+runbook.Quote(value))
		}
		return err
	}
	if err := add("", a.Playbook); err != nil {
		return nil, err
	}
	if a.Become.Value {
		words = append(words, "-b")
	}
	inventory, err := a.Inventory.Prose(t.Scope)
	if err != nil {
		return nil, err
	}
	if inventory != "" {
		words = append(words, runbook.InventoryOptions(inventory))
	}
	for _, v := range a.Vars {
		value, err := v.Value.Prose(t.Scope)
		if err != nil {
			return nil, err
		}
		words = append(words, "-e "+v.Name+"="+runbook.Quote(value))
	}
	if err := add("--limit ", a.Limit); err != nil {
		return nil, err
	}
	if a.Options.Set() {
		options, err := a.Options.Shell(t.Scope)
		if err != nil {
			return nil, err
		}
		words = append(words, options)
	}
	line, err := runbook.NewTemplate("ansible-playbook ${raw(words)}")
	if err != nil {
		return nil, err
	}
	scope := *t
	scope.Scope = t.With()
	scope.Set("words", stringType, strings.Join(words, " "))
	cmd, err := local(&scope, line, a.Venv)
	cmd.TTY, cmd.Env, cmd.Prompts = true, playbookEnv, playbookPrompts
	return []event.Command{cmd}, err
}
