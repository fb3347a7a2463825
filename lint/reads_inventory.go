package lint

import (
	"reflect"
	"regexp"

	"spraydeck/runbook"
)

// readsInventory: a command sees what stands in a file, Ansible what a host gets of all files, hosts and groups.
var readsInventory = Rule{
	Name: "reads-inventory",
	Doc:  "A setting is read as settings.value(\"key\"), not with a command that looks into files of the inventory.",
	check: check{fact: func(p pass, f fact) {
		if f.Value.Probe == nil {
			return
		}
		if t := reflect.ValueOf(f.Value.Probe); t.Kind() == reflect.Pointer && looksIntoInventory(t.Elem()) {
			p.report(f.Pos, "the fact "+f.Name+" reads the inventory with a command", `use settings.value("key"), settings.isTrue("key") or settings.show("key"): spraydeck reference explains them`)
		}
	}},
}

var (
	inventoryFile = regexp.MustCompile(`\$\{(?:hop|inputs)\.inventory(?:_dir)?\}|group_vars`)
	looksInto     = regexp.MustCompile(`\b(?:grep|awk|yq|cat|xargs)\b`)
	fromGit       = regexp.MustCompile(`\bgit\s+(?:-\S+\s+)*(?:show|grep|ls-tree|diff|cat-file)\b`)
)

func looksIntoInventory(probe reflect.Value) bool {
	run := probe.FieldByName("Run")
	if !run.IsValid() || probe.FieldByName("On").IsValid() {
		return false // not a command of the workstation
	}
	t, ok := run.Interface().(runbook.Template)
	return ok && inventoryFile.MatchString(t.Source) && looksInto.MatchString(t.Source) && !fromGit.MatchString(t.Source)
}
