package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"spraydeck/engine"
)

// tested is a case in the output.
type tested struct {
	File   string `json:"file"`
	Line   int    `json:"line"`
	Name   string `json:"name"`
	Passed bool   `json:"passed"`
	Why    string `json:"why,omitempty"`
}

func testCommand(o *options) *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use: "test PATH...", Short: "Run the tests that runbooks and pitfalls carry with them",
		Long: "Run the tests that runbooks and pitfalls carry with them: given these facts, this output or this log, that\n" +
			"verdict, that finding, those symptoms, those command lines. Nothing outside is contacted. The files are linted\n" +
			"first. The exit code is 0 when all pass, 1 when one fails, 2 when a file is invalid.",
		Example: "  spraydeck test my-runbooks/\n  spraydeck test my-runbooks/pitfall.yaml -o json",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			l, problems, err := linted(o, args)
			if err != nil {
				return err
			}
			if len(problems) > 0 {
				return l.invalid(problems)
			}
			results := []tested{}
			var rows [][]string
			failed := 0
			for _, f := range l.files {
				for _, t := range engine.Test(cmd.Context(), f, l.lang) {
					results = append(results, tested{t.Pos.File, t.Pos.Line, t.Name, t.Why == "", t.Why})
					word := "pass"
					if t.Why != "" {
						word = "FAIL"
						failed++
						fmt.Fprintf(cmd.ErrOrStderr(), "%s: %s: %s\n", t.Pos, t.Name, t.Why)
					}
					rows = append(rows, []string{word, fmt.Sprintf("%s:%d", t.Pos.File, t.Pos.Line), t.Name})
				}
			}
			if err := give(cmd.OutOrStdout(), format, results, []string{"RESULT", "WHERE", "TEST"}, rows); err != nil {
				return err
			}
			if len(results) == 0 {
				fmt.Fprintln(cmd.ErrOrStderr(), "these files carry no tests")
			}
			if failed > 0 {
				return &coded{code: exitFailed, err: fmt.Errorf("%d of %d tests failed", failed, len(results))}
			}
			return nil
		},
	}
	output(cmd, &format)
	return cmd
}
