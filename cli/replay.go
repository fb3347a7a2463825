package cli

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"spraydeck/transcript"
	"spraydeck/ui"
)

// find gives the transcript that T means: nothing is the newest.
func find(args []string) (string, error) {
	root, err := transcript.Root()
	if err != nil {
		return "", err
	}
	arg := ""
	if len(args) > 0 {
		arg = args[0]
	}
	path, err := transcript.Find(root, arg)
	if err != nil {
		return "", usage(err)
	}
	return path, nil
}

func completeSessions(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	root, err := transcript.Root()
	if err != nil {
		return nil, cobra.ShellCompDirectiveDefault
	}
	list, err := transcript.List(root)
	if err != nil {
		return nil, cobra.ShellCompDirectiveDefault
	}
	var ids []string
	for _, s := range list {
		ids = append(ids, s.ID)
	}
	return ids, cobra.ShellCompDirectiveDefault
}

func replayCommand(o *options) *cobra.Command {
	var text, output bool
	var step string
	speed := pace{1}
	cmd := &cobra.Command{
		Use: "replay [T]", Short: "Watch a run again, on the screens it was run on",
		Long: "Watch a run again. T is the id of a run, its directory or its transcript; nothing is the newest run.",
		Args: cobra.MaximumNArgs(1), ValidArgsFunction: completeSessions,
		RunE: func(cmd *cobra.Command, args []string) error {
			path, err := find(args)
			if err != nil {
				return err
			}
			if text {
				return replayText(cmd, o, path, step, output)
			}
			return ui.Replay(cmd.Context(), path, ui.ReplayOptions{Options: consoleOptions(o), Speed: speed.factor, Step: step})
		},
	}
	cmd.Flags().BoolVar(&text, "text", false, "print every step, gate, command and decision in order")
	cmd.Flags().BoolVar(&output, "output", false, "with --text: what the commands printed, too")
	cmd.Flags().StringVar(&step, "step", "", "begin at this step; with --text: this step alone")
	cmd.Flags().Var(&speed, "speed", "how fast: a factor, or max")
	return cmd
}

func replayText(cmd *cobra.Command, o *options, path, step string, output bool) error {
	r, err := transcript.Read(path)
	if err != nil {
		return usage(err)
	}
	defer r.Close()
	return transcript.Text(cmd.OutOrStdout(), r.Events(), o.lang, transcript.TextOptions{Step: step, Output: output})
}

func verifyCommand() *cobra.Command {
	return &cobra.Command{
		Use: "verify [T]", Short: "Prove that a transcript is as it was written",
		Long: "Check the hash chain of a transcript. T is the id of a run, its directory or its transcript; nothing is the newest\n" +
			"run. The exit code is 5 when it does not hold.",
		Args: cobra.MaximumNArgs(1), ValidArgsFunction: completeSessions,
		RunE: func(cmd *cobra.Command, args []string) error {
			path, err := find(args)
			if err != nil {
				return err
			}
			result, err := transcript.Verify(path)
			var not *transcript.NotVerifiedError
			if err != nil && !errors.As(err, &not) {
				return usage(err)
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s: %s\n", path, result)
			if !result.Verified() {
				return &coded{code: exitNotVerified}
			}
			return nil
		},
	}
}
