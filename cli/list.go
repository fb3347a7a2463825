package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"spraydeck/runbook"
	"spraydeck/transcript"
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
		t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
		fmt.Fprintln(t, strings.Join(head, "\t"))
		for _, r := range rows {
			fmt.Fprintln(t, strings.Join(r, "\t"))
		}
		return t.Flush()
	}
	return &runbook.UsageError{Message: fmt.Sprintf("-o cannot be %q", format), Way: "it is table or json"}
}

func runbookNames(o *options) []string {
	l, err := load(o, language(nil))
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
	Name     string       `json:"name"`
	Title    runbook.Text `json:"title"`
	Severity string       `json:"severity,omitempty"`
	From     string       `json:"from,omitempty"`
	To       string       `json:"to,omitempty"`
	Source   string       `json:"source"` // built-in, own, or overridden: own in place of a built-in one
	File     string       `json:"file"`
	Digest   string       `json:"digest"`
}

func entries(o *options, want func(runbook.File) (entry, bool)) ([]entry, error) {
	l, err := load(o, language(nil))
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
			return entry{Name: b.Name.Value, Title: b.Title.Text(runbook.NewScope()), From: b.From.Source, To: b.To.Value, File: b.Source.File, Digest: b.Source.Digest}, true
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
	show := &cobra.Command{Use: "show NAME", Short: "Print a " + singular + " as it is written", Args: cobra.ExactArgs(1),
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			found, _ := entries(o, want)
			var names []string
			for _, e := range found {
				names = append(names, e.Name)
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			l, err := load(o, language(nil))
			if err != nil {
				return err
			}
			for _, f := range l.files {
				if e, ok := want(f); ok && e.Name == args[0] {
					if diff {
						text, err := l.difference(f)
						if err != nil {
							return err
						}
						_, err = io.WriteString(cmd.OutOrStdout(), text)
						return err
					}
					_, err := io.WriteString(cmd.OutOrStdout(), l.texts[e.File])
					return err
				}
			}
			return &runbook.UsageError{Message: fmt.Sprintf("there is no %s %q", singular, args[0]), Way: "spraydeck " + plural + " list names them"}
		}}
	show.Flags().BoolVar(&diff, "diff", false, "what it says otherwise than the built-in one whose place it takes")
	cmd := &cobra.Command{Use: plural, Short: "List the " + plural + " or show one"}
	cmd.AddCommand(list, show)
	return cmd
}

// session is a saved run in a list.
type session struct {
	ID      string    `json:"id"`
	Dir     string    `json:"dir"`
	Started time.Time `json:"started"`
	Seconds float64   `json:"seconds"` // from the start to the last event
	Status  string    `json:"status"`
	Runbook string    `json:"runbook"`
	To      string    `json:"to,omitempty"`
	Cluster string    `json:"cluster,omitempty"`
	Error   string    `json:"error,omitempty"` // why it could not be read
}

func sessionsCommand() *cobra.Command {
	var format string
	list := &cobra.Command{Use: "list", Short: "List the saved runs, the newest first", Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error {
		root, err := transcript.Root()
		if err != nil {
			return err
		}
		found, err := transcript.List(root)
		if err != nil {
			return err
		}
		saved := []session{}
		var rows [][]string
		for _, f := range found {
			s := session{ID: f.ID, Dir: f.Dir, Status: string(f.Status), Seconds: f.Duration.Seconds(), Runbook: f.Header.Runbook, Cluster: f.Header.Cluster, To: f.Header.To, Started: f.Header.Started}
			if f.Err != nil {
				s.Error = f.Err.Error()
			}
			saved = append(saved, s)
			rows = append(rows, []string{s.ID, s.Status, f.Duration.Round(time.Second).String(), s.Runbook, s.Cluster})
		}
		return give(cmd.OutOrStdout(), format, saved, []string{"ID", "STATUS", "DURATION", "RUNBOOK", "CLUSTER"}, rows)
	}}
	output(list, &format)
	rm := &cobra.Command{Use: "rm T...", Short: "Remove saved runs", Args: cobra.MinimumNArgs(1), ValidArgsFunction: completeSessions,
		RunE: func(_ *cobra.Command, args []string) error {
			root, err := transcript.Root()
			if err != nil {
				return err
			}
			var dirs []string
			for _, a := range args {
				dir, err := transcript.Find(root, a)
				if err != nil {
					return usage(err)
				}
				// only what lies in the state directory is ours to remove
				if filepath.Dir(dir) != root {
					return &runbook.UsageError{Message: dir + " is not among the saved runs", Way: "remove files elsewhere by hand"}
				}
				dirs = append(dirs, dir)
			}
			for _, d := range dirs {
				if err := os.RemoveAll(d); err != nil {
					return err
				}
			}
			return nil
		}}
	cmd := &cobra.Command{Use: "sessions", Short: "List or remove saved runs"}
	cmd.AddCommand(list, rm)
	return cmd
}
