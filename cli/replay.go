package cli

import (
	"cmp"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"spraydeck/event"
	"spraydeck/transcript"
	"spraydeck/ui"
)

// find returns the transcript that T means: nothing is the newest.
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

// completeSession returns the saved runs for the only argument of a command.
func completeSession(cmd *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return completeSessions(cmd, args, begun)
}

func completeSessions(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	root, err := transcript.Root()
	if err != nil {
		return nil, cobra.ShellCompDirectiveDefault
	}
	ids, err := transcript.IDs(root)
	if err != nil {
		return nil, cobra.ShellCompDirectiveDefault
	}
	return ids, cobra.ShellCompDirectiveDefault
}

func replayCommand(o *options) *cobra.Command {
	var text, output, follow bool
	var step string
	speed := pace{1}
	cmd := &cobra.Command{
		Use: "replay [T]", Short: "Replay a run on the screens it was run on",
		Long: "Replay a run from any point: keys jump to steps, failures, overrides, times and matches in the output. T is the id\n" +
			"of a run, its directory or its transcript (default: the newest run).\n\n" +
			"With --follow, watch a run that somebody else is running. It cannot be answered or stopped from here. If its console\n" +
			"goes away, the screen says so and continues when the run is resumed.\n\n" +
			"Without a terminal the run is printed, as with --text. A transcript that does not verify is printed as far as it can\n" +
			"be read: the first line on stderr says what is wrong, and the exit code is 5.\n\n" +
			"An index beside the transcript (transcript.idx) makes jumps in large runs fast. It can be deleted at any time.",
		Example: "  spraydeck replay                              # the newest run\n" +
			"  spraydeck replay --follow                     # a run in progress, live\n" +
			"  spraydeck replay --step drain-node2 --speed 4\n" +
			"  spraydeck replay --text --output | less",
		Args: cobra.MaximumNArgs(1), ValidArgsFunction: completeSession,
		RunE: func(cmd *cobra.Command, args []string) error {
			path, err := find(args)
			if err != nil {
				return err
			}
			if text || !onScreen() {
				return replayText(cmd, o, path, transcript.TextOptions{Step: step, Output: output, Follow: follow})
			}
			return ui.Replay(cmd.Context(), path, ui.ReplayOptions{Options: consoleOptions(o), Speed: speed.factor, Step: step, Follow: follow})
		},
	}
	cmd.Flags().BoolVar(&text, "text", false, "print every step, gate, command and decision in order")
	cmd.Flags().BoolVar(&output, "output", false, "with --text: what the commands printed, too")
	cmd.Flags().BoolVar(&follow, "follow", false, "watch a run that is still being written; with --text: print as it comes")
	cmd.Flags().StringVar(&step, "step", "", "begin at this step; with --text: this step alone")
	cmd.Flags().Var(&speed, "speed", "how fast: a factor, or max")
	return cmd
}

func replayText(cmd *cobra.Command, o *options, path string, t transcript.TextOptions) error {
	unverified := tellUnverified(cmd.ErrOrStderr(), o.lang, path)
	if t.Follow {
		return followText(cmd, o, path, t)
	}
	r, err := transcript.Read(path)
	if err != nil {
		return cmp.Or(unverified, usage(err))
	}
	defer r.Close()
	err = transcript.Text(cmd.OutOrStdout(), r.Events(), o.lang, t)
	var step *transcript.NoStepError
	if errors.As(err, &step) {
		return err
	}
	return cmp.Or(unverified, err)
}

// followText prints a run as it is written. What is not of the run goes to stderr.
func followText(cmd *cobra.Command, o *options, path string, t transcript.TextOptions) error {
	gone := func(away bool) {
		say := event.Text{En: "followed again: the run was resumed", Ja: "実行が再開されました。追従を続けます"}
		if away {
			say = event.Text{En: "interrupted: no console writes this run; waiting for a resume (ctrl+c ends this)",
				Ja: "中断: この実行を記録しているコンソールはありません。再開を待っています (ctrl+c で終了)"}
		}
		fmt.Fprintln(cmd.ErrOrStderr(), say.In(o.lang))
	}
	err := transcript.Text(cmd.OutOrStdout(), transcript.Follow(cmd.Context(), path, gone), o.lang, t)
	if stopped := cmd.Context().Err(); stopped != nil {
		return stopped
	}
	return err
}

func verifyCommand() *cobra.Command {
	return &cobra.Command{
		Use: "verify [T]", Short: "Verify that a transcript was not changed",
		Long: "Verify the hash chain of a transcript. T is the id of a run, its directory or its transcript (default: the newest\n" +
			"run). The exit code is 5 if it does not verify.",
		Args: cobra.MaximumNArgs(1), ValidArgsFunction: completeSession,
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
