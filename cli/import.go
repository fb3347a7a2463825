package cli

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/spf13/cobra"

	"spraydeck/memo"
	"spraydeck/regular"
)

func importCommand() *cobra.Command {
	var out string
	cmd := &cobra.Command{
		Use: "import MEMO.md", Short: "Make the draft of a runbook out of a Markdown memo",
		Long: "Make the draft of a runbook out of a Markdown memo. Headings become phases, commands become steps, lists and text become notes.\n" +
			"Where a command runs and what it can do is taken from prompts, ssh, the text around it and the command itself; what is a\n" +
			"guess has a comment `# confirm:` above it. <placeholders> and shell variables become inputs.\n\n" +
			"The runbook goes into the current directory, by the name of the memo. Next: read it, then `spraydeck lint` it.",
		Example: "  spraydeck import upgrade-memo.md && spraydeck lint upgrade-memo.yaml\n  spraydeck import upgrade-memo.md -o -",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			text, err := regular.Read(args[0])
			if err != nil {
				return usage(err)
			}
			name := memoName(args[0])
			draft, err := memo.Import(name, text)
			if err != nil {
				return usage(fmt.Errorf("%s: %w", args[0], err))
			}
			if out == "-" {
				_, err := cmd.OutOrStdout().Write(draft.YAML)
				return err
			}
			if out == "" {
				out = name + ".yaml"
			}
			if err := writeNew(out, string(draft.YAML), 0o644, "give another with -o, or remove it"); err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s is written: %d steps, %d of them notes; %d guesses are marked `# confirm:`\nnext: spraydeck lint %[1]s\n", out, draft.Steps, draft.Notes, draft.Guesses)
			return nil
		},
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return []string{"md", "markdown"}, cobra.ShellCompDirectiveFilterFileExt
		},
	}
	cmd.Flags().StringVarP(&out, "output", "o", "", "the file to write; - prints it")
	return cmd
}

var notName = regexp.MustCompile(`[^a-z0-9.]+`)

// memoName is the name of a memo's runbook: that of its file.
func memoName(path string) string {
	base := filepath.Base(path)
	name := strings.Trim(notName.ReplaceAllString(strings.ToLower(strings.TrimSuffix(base, filepath.Ext(base))), "-"), "-.")
	if name == "" || name[0] < 'a' {
		name = "memo-" + name
	}
	return strings.TrimSuffix(name, "-")
}
