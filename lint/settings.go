package lint

import (
	"fmt"
	"regexp"
)

// settingBySet: a command knows nothing of host_vars, INI, precedence, quotes and lists, and shows no difference before it writes.
var settingBySet = Rule{
	Name:  "setting-by-set",
	Doc:   "A setting of the inventory is changed by a step of kind set, not by sed, awk, Python or a redirection.",
	check: check{step: checkSettingBySet},
}

var (
	writesFile   = regexp.MustCompile(`\b(?:sed|perl)\s+(?:-\S+\s+)*-[a-zA-Z]*i|\bed\s+-s|\btee\s+(?:-a\s+)?["$]|\bpython3?\s+-|>>?\s*"?\$`)
	ofInventory  = regexp.MustCompile(`\binputs\.inventory|\bgroup_vars\b|\bhost_vars\b`)
	namesSetting = regexp.MustCompile(`(?m)[a-z][a-z0-9]*_[a-z0-9_|()?]*\)? ?\*? ?(?:\[:=\]|:)(?:[ /.\\%'"]|$)`)
)

func checkSettingBySet(p pass, s step) {
	if s.Action == nil {
		return
	}
	text := shellOf(s.Action)
	if writesFile.MatchString(text) && ofInventory.MatchString(text) && namesSetting.MatchString(text) {
		p.report(placeOf(s.Step), fmt.Sprintf("step %s changes a setting of the inventory with a command", s.ID),
			"use set: {key: value}, set: {unset: [key]} or set: {rename: {old: new}}")
	}
}
