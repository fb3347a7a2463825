package cli

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"spraydeck/engine"
	"spraydeck/event"
	"spraydeck/lint"
	"spraydeck/release"
	"spraydeck/runbook"
)

// lookOnly is a runbook for a hop that has none of its own: nothing in it but the look at every pitfall that affects the
// hop. Its inputs are those that Kubespray's pitfalls use.
const lookOnly = `apiVersion: spraydeck/v1
kind: Runbook
name: hop-%[1]s-%[2]s
title: {en: "From %[1]s to %[2]s, looked at only", ja: "%[1]s から %[2]s へ (確認のみ)"}
version: 1.0.0
system: kubespray
from: "=%[1]s"
to: %[2]s
inputs:
  previous_tag: {prompt: "tag in use", default: %[1]s}
  target_tag: {prompt: "tag to go to", default: %[2]s}
  previous_branch: {prompt: "branch in use", default: "t_%[1]s"}
  branch: {prompt: "branch to make", default: "t_%[2]s"}
  kube_version: {prompt: "version of Kubernetes", default: "%[3]s"}
  inventory: {prompt: "inventory file", default: %[4]s}
  inventory_dir: {prompt: "its directory", default: '${inputs.inventory.substring(0, inputs.inventory.lastIndexOf("/"))}'}
  ansible: {type: choice, choices: [venv, system], prompt: "where Ansible comes from", default: %[5]s}
inventory: 'PATH=${inputs.ansible == "venv" ? "venv/k8s/bin:" : ""}"$PATH" ansible-inventory ${sources(inputs.inventory)} --list'
phases:
  - title: Look
    steps:
      - {id: look, title: Look, check: {rest: true}}
`

// inventoryInUse finds the inventory file of a checkout as it is now, "" where there is none. Beside an inventory builder's
// hosts.yaml lies the sample's inventory.ini, with nothing filled in.
func (o *world) inventoryInUse() string {
	for _, path := range []string{"inventory/mycluster/hosts.yaml", "inventory/mycluster/hosts.yml", "inventory/mycluster/inventory.ini"} {
		if _, err := os.Stat(filepath.Join(o.dir, path)); err == nil {
			return path
		}
	}
	return ""
}

// lookAt makes a runbook that looks at a hop.
func (l *library) lookAt(out *world, from, to string) (*runbook.Runbook, error) {
	rs, err := l.releases()
	if err != nil {
		return nil, err
	}
	chain, err := release.NewChain(rs, from, to, release.ChainOptions{})
	if err != nil {
		return nil, err
	}
	there := func(path string) bool {
		_, err := os.Stat(filepath.Join(out.dir, path))
		return err == nil
	}
	inventory := out.inventoryInUse()
	if inventory == "" {
		inventory = "inventory/mycluster/inventory.ini"
	}
	ansible := "system"
	if there("venv/k8s/bin/ansible") {
		ansible = "venv"
	}
	kubernetes := strings.TrimPrefix(chain.Stops[len(chain.Stops)-1].Kubernetes.Version, "v")
	text := fmt.Sprintf(lookOnly, from, to, kubernetes, inventory, ansible)
	f, problems := runbook.Parse("hop", []byte(text), l.lang)
	if all := append(l.files[:len(l.files):len(l.files)], f); len(problems) == 0 && l.builtIn() {
		runbook.Link(all) // they were checked when the program was made
	} else if len(problems) == 0 {
		problems = lint.CheckRunbook(all, f.Runbook)
	}
	if len(problems) > 0 {
		l.texts["hop"] = text
		return nil, l.invalid(problems)
	}
	return f.Runbook, nil
}

// findings looks for the pitfalls of each hop in what the options reach. Where nothing can be reached nothing was
// checked, and the plan says so by leaving the column empty.
func (l *library) findings(o *options) findingsOf {
	out, err := connect(o, "kubespray")
	if err != nil {
		return nil
	}
	out.still()
	env := out.checkEnv(nil)
	env.Exec = engine.Once(env.Exec) // hops ask much alike
	var books []*runbook.Runbook
	for _, f := range l.files {
		if f.Runbook != nil && f.Runbook.System.Value == "kubespray" {
			books = append(books, f.Runbook)
		}
	}
	only := sync.OnceValue(func() func(runbook.Probe) ([]string, bool) { return runbook.FieldsRead(books...) })
	env.Only = func(p runbook.Probe) ([]string, bool) { return only()(p) }
	return func(ctx context.Context, hop release.Hop) (*hopFindings, error) {
		book, err := l.lookAt(out, hop.From, hop.To)
		if err != nil {
			return nil, err
		}
		inputs := map[string]string{}
		giveInventory(o, book, out.dir, inputs)
		found, err := engine.Checkup(ctx, book, with(env, inputs))
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err != nil {
			return nil, nil // the inventory cannot be read, for one: nothing was checked
		}
		counts := &hopFindings{}
		for _, f := range found {
			switch {
			case f.Verdict == event.Unknown:
				counts.Unknown++
			case f.Verdict == event.Pass, f.Required == event.Advisory:
			case f.Severity == "blocks":
				counts.Blocks++
			case f.Severity == "outage":
				counts.Outage++
			case f.Severity == "data":
				counts.Data++
			default:
				counts.Nuisance++
			}
		}
		return counts, nil
	}
}

// with is an environment with other inputs.
func with(env engine.Env, inputs map[string]string) engine.Env {
	env.Inputs = inputs
	return env
}
