package lint

import (
	"fmt"
	"maps"
	"slices"

	"spraydeck/runbook"
)

var unknownRunbook = Rule{
	Name: "unknown-runbook",
	Doc:  "A runbook that is included must exist.",
	check: eachUnknown(func(p pass, name runbook.Str) {
		hint := ""
		if !runbook.IsPath(name.Value) {
			hint = runbook.DidYouMean(name.Value, slices.Collect(maps.Keys(p.Runbooks)))
		} else if file, ok := p.beside(name); ok {
			hint = "looked for " + file
		} else {
			return
		}
		p.report(name.Pos, fmt.Sprintf("there is no runbook %q", name.Value), hint)
	}),
}

var includePath = Rule{
	Name: "include-path",
	Doc:  "An include stays below the directory that runbooks are read from.",
	check: eachUnknown(func(p pass, name runbook.Str) {
		if !runbook.IsPath(name.Value) {
			return
		}
		if _, ok := p.beside(name); !ok {
			p.report(name.Pos, fmt.Sprintf("%q leads out of the directory", name.Value), "an include stays below the directory that runbooks are read from")
		}
	}),
}

// eachUnknown looks at every name of a runbook that is extended or included, and is not found.
func eachUnknown(look func(pass, runbook.Str)) check {
	return check{
		runbook: func(p pass, b *runbook.Runbook) {
			if b.Extends.Value != "" && p.Base(b) == nil {
				look(p, b.Extends)
			}
		},
		step: func(p pass, s step) {
			if inc := s.Included(); inc != nil && inc.Runbook() == nil && inc.Name.Value != "" {
				look(p, inc.Name)
			}
		},
	}
}

// beside gives the file that a path names; false if it leads out of the directory.
func (c *checker) beside(path runbook.Str) (file string, ok bool) {
	source := runbook.Source{File: path.Pos.File, Root: c.rootOf(path.Pos.File)}
	return source.Beside(path.Value)
}

// rootOf is what the includes of a file may not leave.
func (c *checker) rootOf(file string) string {
	if b := c.ByFile[file]; b != nil {
		return b.Source.Root
	}
	for _, p := range c.Pitfalls {
		if p.Source.File == file {
			return p.Source.Root
		}
	}
	return ""
}
