package runbook

import (
	"embed"
	"io/fs"
	"strings"
)

// What procedures need beyond plain steps, one example each. A test lints and runs them all.
//
//go:embed examples/*.yaml
var examples embed.FS

// exampleSection writes the examples into the reference.
func (r *referenceWriter) exampleSection() {
	r.p("## Examples\n\nWhat procedures need beyond plain steps, one example each. A test of the program lints and runs them.\n\n")
	names, err := fs.Glob(examples, "examples/*.yaml")
	if err != nil {
		panic(err)
	}
	for _, name := range names {
		text, err := examples.ReadFile(name)
		if err != nil {
			panic(err)
		}
		head, body, _ := strings.Cut(string(text), "\n")
		title, about, _ := strings.Cut(strings.TrimPrefix(head, "# "), ". ")
		r.p("### %s\n\n%s\n\n```yaml\n%s```\n\n", title, about, body)
	}
}
