package steps_test

import (
	"regexp"
	"strings"
	"testing"

	"spraydeck/lint"
	"spraydeck/runbook"
	"spraydeck/steps"
)

var example = regexp.MustCompile("(?s)```yaml\n(.*?)```")

// TestHelp: every kind has a page with an example, and every example passes the linter.
func TestHelp(t *testing.T) {
	lang := &runbook.Language{Kinds: steps.Kinds(), Probes: steps.Probes()}
	for _, k := range lang.Kinds {
		found := example.FindAllStringSubmatch(k.Help, -1)
		if len(found) == 0 {
			t.Errorf("%s: no example", k.Name)
		}
		for _, m := range found {
			if problems := lintSteps(k.Name, m[1], lang); len(problems) > 0 {
				t.Errorf("%s:\n%v", k.Name, problems)
			}
		}
	}
}

const frame = `apiVersion: spraydeck/v1
kind: Runbook
name: example
title: An example
version: 1.0.0
inventory: ansible-inventory -i inventory/mycluster/inventory.ini --list
inputs:
  previous_branch: {prompt: previous branch, default: t_v2.27.0}
  target_tag: {prompt: tag, default: v2.28.0}
  branch: {prompt: branch, default: t_v2.28.0}
  inventory: {prompt: inventory, default: inventory/mycluster/inventory.ini}
  kube_version: {prompt: version, default: 1.32.5}
phases:
  - title: Only one
    steps:
`

// snapshotPart is what the page of runbook includes.
const snapshotPart = `apiVersion: spraydeck/v1
kind: Runbook
name: etcd-snapshot
title: A snapshot
version: 1.0.0
inventory: ansible-inventory -i inventory/mycluster/inventory.ini --list
inputs:
  node: {prompt: the node}
phases:
  - title: Only one
    steps:
      - {id: save, title: Save, on: "${inputs.node}", danger: changes, ssh: etcdctl snapshot save}
`

func lintSteps(name, steps string, lang *runbook.Language) runbook.Problems {
	text := frame + "      " + strings.ReplaceAll(strings.TrimSuffix(steps, "\n"), "\n", "\n      ") + "\n"
	f, problems := runbook.Parse(name+".md", []byte(text), lang)
	part, more := runbook.Parse("etcd-snapshot.yaml", []byte(snapshotPart), lang)
	return append(append(problems, more...), lint.Check([]runbook.File{f, part})...)
}
