package cli

import (
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"spraydeck/runbook"
)

func lintCommand(o *options) *cobra.Command {
	return &cobra.Command{
		Use: "lint PATH...", Short: "Find every mistake in runbooks and pitfalls before the window",
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			lang := language(nil)
			l := &library{texts: map[string]string{}}
			for _, path := range args {
				if err := l.addPath(path, lang); err != nil {
					return usage(err)
				}
			}
			problems := append(l.problems, runbook.Check(l.withBuiltin(o, lang))...)
			problems = l.own(problems)
			if len(problems) > 0 {
				return l.invalid(problems)
			}
			return nil
		},
	}
}

// addPath reads a file, or every YAML file below a directory.
func (l *library) addPath(path string, lang *runbook.Language) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if info.IsDir() {
		return l.add(os.DirFS(path), "", filepath.Clean(path)+string(filepath.Separator), lang)
	}
	return l.addOne(path, lang)
}

// withBuiltin adds what the files may name and do not hold themselves.
func (l *library) withBuiltin(o *options, lang *runbook.Language) []runbook.File {
	builtin, err := load(o, lang)
	if err != nil {
		return l.files
	}
	files := l.files
	have := map[string]bool{}
	for _, f := range files {
		have[nameOf(f)] = true
	}
	for _, f := range builtin.files {
		if !have[nameOf(f)] {
			files = append(files, f)
		}
	}
	return files
}

// own keeps the problems of the files that were asked about.
func (l *library) own(problems runbook.Problems) runbook.Problems {
	var own runbook.Problems
	for _, p := range problems {
		if _, ok := l.texts[p.File]; ok {
			own = append(own, p)
		}
	}
	return own
}
