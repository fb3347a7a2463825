package runbook

import (
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"unicode"
)

// Advice says whether a problem is only something to know: it is told and fails nothing.
func (p Problem) Advice() bool { return p.Rule == "raw" }

// Errors gives the problems that are mistakes.
func (ps Problems) Errors() Problems {
	return slices.DeleteFunc(slices.Clone(ps), Problem.Advice)
}

// ProblemJSON is a problem for programs. Lines and columns count from 1, columns in characters; the end is behind the
// last character.
type ProblemJSON struct {
	File    string `json:"file"`
	Line    int    `json:"line"`
	Col     int    `json:"column"`
	EndCol  int    `json:"endColumn"`
	Level   string `json:"level"` // error or note
	Rule    string `json:"rule"`
	Message string `json:"message"`
	Hint    string `json:"hint,omitempty"`
}

// JSON gives the problems for programs. source gives the text of a file.
func (ps Problems) JSON(source func(file string) string) []ProblemJSON {
	list := []ProblemJSON{}
	for _, p := range ps {
		list = append(list, ProblemJSON{p.File, p.Line, p.Col, p.end(source), p.level(), p.Rule, p.Message, p.Hint})
	}
	return list
}

func (p Problem) level() string {
	if p.Advice() {
		return "note"
	}
	return "error"
}

// end gives the column behind the word that the problem is about: up to where YAML or the expression goes on.
func (p Problem) end(source func(file string) string) int {
	line := []rune(lineOf(source(p.File), p.Line))
	from := min(max(p.Col-1, 0), len(line))
	if from == len(line) {
		return p.Col + 1
	}
	if q := line[from]; q == '"' || q == '\'' {
		if i := slices.Index(line[from+1:], q); i >= 0 {
			return from + i + 3
		}
	}
	to := from
	for to < len(line) && (unicode.IsLetter(line[to]) || unicode.IsDigit(line[to]) || strings.ContainsRune("_-./", line[to])) {
		to++
	}
	return max(to, from+1) + 1
}

// SARIF gives the problems as a log of SARIF 2.1.0, which code hosts and editors read.
func (ps Problems) SARIF(source func(file string) string, version string) any {
	type object = map[string]any
	names := slices.Sorted(maps.Keys(rules))
	described := []object{}
	for _, name := range names {
		level := Problem{Rule: name}.level()
		described = append(described, object{"id": name, "shortDescription": object{"text": rules[name]},
			"help": object{"text": rules[name]}, "defaultConfiguration": object{"level": level}})
	}
	results := []object{}
	for _, p := range ps {
		text := p.Message
		if p.Hint != "" {
			text += " (" + p.Hint + ")"
		}
		result := object{"ruleId": p.Rule, "level": p.level(), "message": object{"text": text},
			"locations": []object{{"physicalLocation": object{
				"artifactLocation": object{"uri": uri(p.File)},
				"region":           object{"startLine": max(p.Line, 1), "startColumn": max(p.Col, 1), "endColumn": p.end(source)},
			}}}}
		if i, found := slices.BinarySearch(names, p.Rule); found {
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
