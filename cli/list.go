package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/charmbracelet/x/ansi"
	"github.com/spf13/cobra"

	"spraydeck/event"
	"spraydeck/runbook"
)

// output is the -o flag of commands that give results.
func output(cmd *cobra.Command, to *string) {
	cmd.Flags().StringVarP(to, "output", "o", "table", "output format: table or json")
	_ = cmd.RegisterFlagCompletionFunc("output", cobra.FixedCompletions([]string{"table", "json"}, cobra.ShellCompDirectiveNoFileComp))
}

// give prints rows as a table, or value as JSON.
func give(w io.Writer, format string, value any, head []string, rows [][]string) error {
	switch format {
	case "json":
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		return e.Encode(value)
	case "table":
		for _, line := range aligned(append([][]string{head}, rows...)) {
			if _, err := fmt.Fprintln(w, line); err != nil {
				return err
			}
		}
		return nil
	}
	return &runbook.UsageError{Message: fmt.Sprintf("-o cannot be %q", format), Way: "it is table or json"}
}

// completeRunbook returns the names of runbooks for the argument of that number, and files: a path works too.
func completeRunbook(o *options, at int) cobra.CompletionFunc {
	return func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		if len(args) != at {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return runbookNames(o), cobra.ShellCompDirectiveDefault
	}
}

func runbookNames(o *options) []string {
	l, err := load(o)
	if err != nil {
		return nil
	}
	var names []string
	for _, f := range l.files {
		if f.Runbook != nil {
			names = append(names, f.Runbook.Name.Value)
		}
	}
	slices.Sort(names)
	return names
}

// entry is a runbook or a pitfall in a list.
type entry struct {
	Name     string     `json:"name"`
	Title    event.Text `json:"title"`
	Severity string     `json:"severity,omitempty"`
	From     string     `json:"from,omitempty"`
	To       string     `json:"to,omitempty"`
	Source   string     `json:"source"` // built-in, own, or overridden: own in place of a built-in one
	File     string     `json:"file"`
	Digest   string     `json:"digest"`
}

func entries(o *options, want func(runbook.File) (entry, bool)) ([]entry, error) {
	l, err := load(o)
	if err != nil {
		return nil, err
	}
	list := []entry{}
	for _, f := range l.files {
		if e, ok := want(f); ok {
			e.Source = l.originOf(f)
			list = append(list, e)
		}
	}
	slices.SortFunc(list, func(a, b entry) int { return strings.Compare(a.Name, b.Name) })
	return list, nil
}

func runbooksCommand(o *options) *cobra.Command {
	return catalogue("runbooks", "runbook", o, []string{"NAME", "SOURCE", "FROM", "TO", "TITLE"},
		func(f runbook.File) (entry, bool) {
			if f.Runbook == nil {
				return entry{}, false
			}
			b := f.Runbook
			return entry{Name: b.Name.Value, Title: b.Title.Text(runbook.NewScope()), From: b.From.Source, To: b.To.Value, File: b.Source.File, Digest: b.Digest()}, true
		},
		func(e entry) []string { return []string{e.Name, e.Source, e.From, e.To, e.Title.In(o.lang)} })
}

func pitfallsCommand(o *options) *cobra.Command {
	return catalogue("pitfalls", "pitfall", o, []string{"ID", "SOURCE", "SEVERITY", "TITLE"},
		func(f runbook.File) (entry, bool) {
			if f.Pitfall == nil {
				return entry{}, false
			}
			p := f.Pitfall
			return entry{Name: p.Name.Value, Title: p.Title.Text(runbook.NewScope()), Severity: p.Severity.Value, File: p.Source.File, Digest: p.Source.Digest}, true
		},
		func(e entry) []string { return []string{e.Name, e.Source, e.Severity, e.Title.In(o.lang)} })
}

// catalogue makes the commands that list things of the library and show one.
func catalogue(plural, singular string, o *options, head []string, want func(runbook.File) (entry, bool), row func(entry) []string) *cobra.Command {
	var format string
	list := &cobra.Command{Use: "list", Short: "List the " + plural, Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error {
		found, err := entries(o, want)
		if err != nil {
			return err
		}
		var rows [][]string
		for _, e := range found {
			rows = append(rows, row(e))
		}
		return give(cmd.OutOrStdout(), format, found, head, rows)
	}}
	output(list, &format)
	var diff bool
	show := &cobra.Command{Use: "show NAME", Short: "Print the YAML of a " + singular, Args: cobra.ExactArgs(1),
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			found, _ := entries(o, want)
			var names []string
			for _, e := range found {
				names = append(names, e.Name)
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			l, err := load(o)
			if err != nil {
				return err
			}
			var names []string
			for _, f := range l.files {
				e, ok := want(f)
				if ok {
					names = append(names, e.Name)
				}
				if ok && e.Name == args[0] {
					if diff {
						text, err := l.difference(f)
						if err != nil {
							return err
						}
						_, err = io.WriteString(cmd.OutOrStdout(), text)
						return err
					}
					if l.originOf(f) == "overridden" {
						tellStandIns(cmd.ErrOrStderr(), o.lang, []event.Text{standIn(f)})
					}
					_, err := io.WriteString(cmd.OutOrStdout(), l.texts[e.File])
					return err
				}
			}
			instead := ""
			if singular == "runbook" {
				instead = l.instead(args[0])
			}
			if near := runbook.DidYouMean(args[0], names); instead == "" && near != "" {
				instead = near + " "
			}
			return &runbook.UsageError{Message: fmt.Sprintf("there is no %s %q", singular, args[0]), Way: instead + "spraydeck " + plural + " list names them"}
		}}
	show.Flags().BoolVar(&diff, "diff", false, "print the differences from the built-in one that it replaces")
	cmd := &cobra.Command{Use: plural, Short: "List the " + plural + " or show one"}
	cmd.AddCommand(list, show)
	return cmd
}

// padded is s in w columns at least; what is wide counts two.
func padded(s string, w int) string { return s + strings.Repeat(" ", max(0, w-ansi.StringWidth(s))) }

// aligned pads cells to columns. Widths are those of the terminal, where some characters take two.
func aligned(rows [][]string) []string {
	widths := make([]int, len(rows[0]))
	for _, r := range rows {
		for i, c := range r {
			widths[i] = max(widths[i], ansi.StringWidth(c))
		}
	}
	lines := make([]string, len(rows))
	for i, r := range rows {
		for j, c := range r {
			lines[i] += padded(c, widths[j]+2)
		}
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return lines
}

func planTotal(p *plan, say func(en, ja string, args ...any) string) string {
	total, estimated, unmet := planEstimate{}, 0, 0
	for _, h := range p.Hops {
		if e := h.Estimate; e != nil {
			total.Seconds += e.Seconds
			estimated++
		}
		for _, c := range h.Conditions {
			if c.Unmet {
				unmet++
			}
		}
	}
	text := say("Hops: %d", "ホップ数: %d", len(p.Hops))
	if estimated > 0 {
		text += say("; measured in earlier runs: %d, together %s", "、うち実績あり: %d、合計 %s", estimated, total)
	}
	if unmet > 0 {
		text += say("; conditions not met: %d", "、満たしていない条件: %d", unmet)
	}
	return text
}
