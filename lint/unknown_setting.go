package lint

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"spraydeck/runbook"
)

// unknownSetting: a setting that is one slip away from one of Kubespray's is a slip. Others may be of the operator's own roles.
var unknownSetting = Rule{
	Name: "unknown-setting",
	Doc:  "A setting that is asked for must not be a misspelt one of Kubespray's.",
	check: check{
		expr: func(p pass, e expr) {
			for _, m := range asksSetting.FindAllStringSubmatch(e.Source, -1) {
				p.misspelt(e.Pos, m[1]+m[2])
			}
		},
		step: func(p pass, s step) {
			if a, ok := s.Action.(interface{ SettingNames() []string }); ok {
				for _, key := range a.SettingNames() {
					p.misspelt(placeOf(s.Step), key)
				}
			}
		},
	},
}

// misspelt reports a setting that is almost one of Kubespray's. Of a path the first word is the setting.
func (p pass) misspelt(at runbook.Pos, key string) {
	if p.settings == nil {
		return
	}
	known := p.settings()
	if key, _, _ = strings.Cut(key, "."); key == "" || slices.Contains(known, key) {
		return
	}
	if meant := runbook.Misspelt(key, known); meant != "" {
		p.report(at, fmt.Sprintf("no release of Kubespray has a setting %s", key), fmt.Sprintf("did you mean %q?", meant))
	}
}

var asksSetting = regexp.MustCompile(`\b(?:settings|defaults\.(?:old|new)|sample\.(?:old|new))\.(?:value|text|isTrue|inForce)\("(\w+)"|\bsettings\.on\([^"()]+, "(\w+)"`)
