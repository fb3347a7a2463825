package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"spraydeck/lint"
	"spraydeck/regular"
	"spraydeck/runbook"
)

func lintCommand(o *options) *cobra.Command {
	var format string
	var rules bool
	cmd := &cobra.Command{
		Use: "lint PATH...", Short: "Find mistakes in runbooks, pitfalls and releases",
		Long: "Find every mistake in runbooks, pitfalls and releases: its place, the line, and a hint. A path is a file, or a\n" +
			"directory with everything below it. Names that are not defined in the files are looked up among the built-in ones\n" +
			"and those of --runbooks. Advice is printed and does not fail.\n\n" +
			"With --rules, list the rules and read no file.\n\n" +
			"The exit code is 0 when there is no mistake, 2 when there is one.",
		Example: "  spraydeck lint my-runbooks/\n  spraydeck lint -o sarif . > lint.sarif\n  spraydeck lint --rules",
		Args: func(cmd *cobra.Command, args []string) error {
			if rules {
				return cobra.NoArgs(cmd, args)
			}
			return cobra.MinimumNArgs(1)(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if rules {
				return writeRules(cmd.OutOrStdout())
			}
			// it reads, reports and ends: nothing is freed before the end
			debug.SetGCPercent(-1)
			debug.SetMemoryLimit(512 << 20)
			l, problems, err := linted(o, args)
			if err != nil {
				return err
			}
			problems = append(problems, l.own(lint.Advise(l.files))...)
			problems.Sort()
			return l.tellProblems(cmd.OutOrStdout(), cmd.ErrOrStderr(), format, problems)
		},
	}
	cmd.Flags().StringVarP(&format, "output", "o", "text", "output format: text, json or sarif")
	cmd.Flags().BoolVar(&rules, "rules", false, "list the rules")
	_ = cmd.RegisterFlagCompletionFunc("output", cobra.FixedCompletions([]string{"text", "json", "sarif"}, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

// writeRules lists the rules of lint, a line each.
func writeRules(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, r := range lint.Rules() {
		fmt.Fprintf(w, "%s\t%s\n", r.Name, r.Doc)
	}
	return w.Flush()
}

// linted reads the files at some paths and gives all their problems.
func linted(o *options, paths []string) (*library, runbook.Problems, error) {
	l := newLibrary()
	for _, path := range paths {
		if err := l.addPath(path); err != nil {
			return nil, nil, usage(err)
		}
	}
	if len(l.texts) == 0 {
		return nil, nil, &runbook.UsageError{Message: "no YAML file in " + strings.Join(paths, ", "), Way: "name a file or a directory of runbooks and pitfalls: *.yaml, *.yml"}
	}
	found := lint.Check(l.files)
	// the catalogue is read only where a name is missing: most of what is linted is the catalogue itself
	if slices.ContainsFunc(found, func(p runbook.Problem) bool { return p.Rule == "unknown-pitfall" || p.Rule == "unknown-runbook" }) {
		found = lint.Check(l.files, l.builtin(o)...)
	}
	problems := l.own(append(l.problems, found...))
	problems.Sort()
	return l, problems, nil
}

// addPath reads a file, or every YAML file below a directory.
func (l *library) addPath(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if info.IsDir() {
		return l.add(regular.Dir(path), "", filepath.Clean(path)+string(filepath.Separator))
	}
	return l.addOne(path)
}

// tellProblems prints problems in one of the formats. Text is for people and goes to stderr; the others are results.
func (l *library) tellProblems(stdout, stderr io.Writer, format string, problems runbook.Problems) error {
	source := func(file string) string { return l.texts[file] }
	var result any
	switch format {
	case "text":
		var b strings.Builder
		problems.Show(&b, source)
		if _, err := io.WriteString(stderr, b.String()); err != nil {
			return err
		}
	case "json":
		result = problems.JSON(source)
	case "sarif":
		result = lint.SARIF(problems, source, version())
	default:
		return &runbook.UsageError{Message: fmt.Sprintf("-o cannot be %q", format), Way: "it is text, json or sarif"}
	}
	if result != nil {
		e := json.NewEncoder(stdout)
		e.SetIndent("", "  ")
		if err := e.Encode(result); err != nil {
			return err
		}
	}
	if len(problems.Errors()) > 0 {
		return &coded{code: exitUsage}
	}
	return nil
}

// builtin is what the files may name and do not hold themselves: the operator's own directory may be what is linted.
func (l *library) builtin(o *options) []runbook.File {
	known, err := load(o)
	if err != nil {
		return nil
	}
	linted := map[string]bool{}
	for name := range l.texts {
		if full, err := filepath.Abs(name); err == nil {
			linted[full] = true
		}
	}
	return slices.DeleteFunc(known.files, func(f runbook.File) bool {
		full, err := filepath.Abs(sourceOf(f).File)
		return err == nil && linted[full]
	})
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
