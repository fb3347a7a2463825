package lint

import (
	"fmt"
	"regexp"
	"slices"

	"spraydeck/runbook"
)

// unknownSetting: a setting that is one slip away from one of Kubespray's is a slip. Others may be of the operator's own roles.
var unknownSetting = Rule{
	Name: "unknown-setting",
	Doc:  "A setting that is asked for must not be a misspelt one of Kubespray's.",
	check: check{expr: func(p pass, e expr) {
		if p.settings == nil {
			return
		}
		known := p.settings()
		for _, m := range asksSetting.FindAllStringSubmatch(e.Source, -1) {
			key := m[1] + m[2]
			if key == "" || slices.Contains(known, key) {
				continue
			}
			if meant := runbook.Misspelt(key, known); meant != "" {
				p.report(e.Pos, fmt.Sprintf("no release of Kubespray has a setting %s", key), fmt.Sprintf("did you mean %q?", meant))
			}
		}
	}},
}

var asksSetting = regexp.MustCompile(`\b(?:settings|defaults\.(?:old|new)|sample\.(?:old|new))\.(?:value|text|isTrue|inForce)\("(\w+)"|\bsettings\.on\([^"()]+, "(\w+)"`)
