package cli

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/charmbracelet/x/term"
	"github.com/spf13/cobra"

	"spraydeck/notify"
	"spraydeck/runbook"
)

// calls are the entries of `notify` in the profile.
func (o *options) calls() ([]notify.Rule, error) {
	if o.notify == nil {
		return nil, nil
	}
	rules, err := notify.Parse(o.notify)
	if err != nil {
		return nil, usage(fmt.Errorf("%s:%w", profilePath(), err))
	}
	return rules, nil
}

func notifyCommand(o *options) *cobra.Command {
	return &cobra.Command{
		Use: "notify", Short: "Try out who is called when a run waits",
		Long: "Send a trial message by each entry of `notify` in the profile, and print which ones arrived. During a run these entries call\n" +
			"somebody when a question waits, a pitfall is met, a step fails, nothing moves, the window ends, or the run ends.\n\n" +
			"The profile is " + "~/.config/spraydeck/profile.yaml:\n\n" +
			"  notify:\n" +
			"    - terminal: bell\n" +
			"    - webhook: https://chat.example.com/hooks/${HOOK}\n" +
			"      format: slack\n" +
			"      on: [waits, failed, ended]\n" +
			"      after: 1m\n\n" +
			"The exit code is 0 when all messages were taken, 1 when one was not.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			rules, err := o.calls()
			if err != nil {
				return err
			}
			if len(rules) == 0 {
				return &runbook.UsageError{Message: profilePath() + " has no notify", Way: "spraydeck notify --help shows how it is written"}
			}
			return tryCalls(cmd, o, rules)
		},
	}
}

// tryCalls sends all at once, since a receiver may be slow, and prints the results in the order of the profile.
func tryCalls(cmd *cobra.Command, o *options, rules []notify.Rule) error {
	errs := make([]error, len(rules))
	var all sync.WaitGroup
	for i, r := range rules {
		all.Go(func() {
			errs[i] = r.Send(cmd.Context(), notify.Trial(time.Now()), o.lang, func(seq string) {
				if term.IsTerminal(os.Stdout.Fd()) {
					fmt.Fprint(os.Stdout, seq)
				}
			})
		})
	}
	all.Wait()
	for i, r := range rules {
		if errs[i] == nil {
			fmt.Fprintf(cmd.OutOrStdout(), "ok      %s\n", r.Name())
		} else {
			fmt.Fprintf(cmd.OutOrStdout(), "failed  %v\n", errs[i])
		}
	}
	if errors.Join(errs...) != nil {
		return &coded{code: exitFailed}
	}
	return nil
}
