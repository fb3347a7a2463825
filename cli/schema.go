package cli

import (
	"encoding/json"

	"github.com/spf13/cobra"

	"spraydeck/lint"
	"spraydeck/runbook"
)

func schemaCommand() *cobra.Command {
	return &cobra.Command{
		Use: "schema", Short: "Print the JSON Schema of the language, for editors", Args: cobra.NoArgs,
		Long: "Print the JSON Schema of runbooks and pitfalls. A YAML language server completes and explains keys with it:\n" +
			"put `# yaml-language-server: $schema=spraydeck.schema.json` on the first line of a file.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			e := json.NewEncoder(cmd.OutOrStdout())
			e.SetIndent("", "  ")
			return e.Encode(runbook.Schema(language(builtinReleases)))
		},
	}
}

// referenceCommand writes docs/runbook-reference.md; it is for the generator, not for operators.
func referenceCommand() *cobra.Command {
	return &cobra.Command{
		Use: "reference", Hidden: true, Args: cobra.NoArgs,
		Run: func(cmd *cobra.Command, _ []string) {
			runbook.Reference(cmd.OutOrStdout(), language(builtinReleases))
			lint.Reference(cmd.OutOrStdout())
		},
	}
}
