package runbook

import (
	"embed"
	"io/fs"
	"strings"
)

// The fifteen things that procedures ask of a runner, one example each. A test lints and runs them all.
//
//go:embed testdata/demands/*.yaml
var demands embed.FS

// demandSection writes the examples into the reference.
func (r *referenceWriter) demandSection() {
	r.p("## Fifteen demands\n\nWhat procedures ask of a runner beyond plain steps, with one example each. A test of the program lints and runs them.\n\n")
	names, err := fs.Glob(demands, "testdata/demands/*.yaml")
	if err != nil {
		panic(err)
	}
	for _, name := range names {
		text, err := demands.ReadFile(name)
		if err != nil {
			panic(err)
		}
		head, body, _ := strings.Cut(string(text), "\n")
		title, about, _ := strings.Cut(strings.TrimPrefix(head, "# "), ". ")
		r.p("### %s\n\n%s\n\n```yaml\n%s```\n\n", title, about, body)
	}
}
