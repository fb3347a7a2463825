package lint

import (
	"path/filepath"
	"slices"
	"strings"
	"unicode"

	"spraydeck/runbook"
)

// SARIF gives the problems as a log of SARIF 2.1.0, which code hosts and editors read.
func SARIF(ps runbook.Problems, source func(file string) string, version string) any {
	type object = map[string]any
	rules := Rules()
	slices.SortFunc(rules, func(a, b Rule) int { return strings.Compare(a.Name, b.Name) })
	described := []object{}
	for _, r := range rules {
		level := runbook.Problem{Rule: r.Name}.Level()
		described = append(described, object{"id": r.Name, "shortDescription": object{"text": r.Doc},
			"help": object{"text": r.Doc}, "defaultConfiguration": object{"level": level}})
	}
	results := []object{}
	for _, p := range ps {
		text := p.Message
		if p.Hint != "" {
			text += " (" + p.Hint + ")"
		}
		result := object{"ruleId": p.Rule, "level": p.Level(), "message": object{"text": text},
			"locations": []object{{"physicalLocation": object{
				"artifactLocation": object{"uri": uri(p.File)},
				"region":           object{"startLine": max(p.Line, 1), "startColumn": max(p.Col, 1), "endColumn": p.End(source)},
			}}}}
		if i, found := slices.BinarySearchFunc(rules, p.Rule, func(r Rule, name string) int { return strings.Compare(r.Name, name) }); found {
			result["ruleIndex"] = i
		}
		results = append(results, result)
	}
	return object{
		"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0",
		"runs": []object{{
			"tool":       object{"driver": object{"name": "spraydeck", "version": version, "rules": described}},
			"columnKind": "unicodeCodePoints", "results": results,
		}},
	}
}

// uri makes a relative reference of a path, with what URIs do not allow written as %XX.
func uri(path string) string {
	var b strings.Builder
	for _, c := range []byte(filepath.ToSlash(path)) {
		if c < 0x80 && (unicode.IsLetter(rune(c)) || unicode.IsDigit(rune(c)) || strings.IndexByte("/-._~", c) >= 0) {
			b.WriteByte(c)
			continue
		}
		const hex = "0123456789ABCDEF"
		b.WriteString("%" + string(hex[c>>4]) + string(hex[c&15]))
	}
	return b.String()
}
