package runbook

import (
	"slices"
	"strings"
	"unicode"
)

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
		list = append(list, ProblemJSON{p.File, p.Line, p.Col, p.End(source), p.Level(), p.Rule, p.Message, p.Hint})
	}
	return list
}

func (p Problem) Level() string {
	if p.Advice() {
		return "note"
	}
	return "error"
}

// End gives the column behind the word that the problem is about: up to where YAML or the expression goes on.
func (p Problem) End(source func(file string) string) int {
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
