package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"spraydeck/runbook"
)

// sayUsage replaces cobra's errors, which have no type and no hint, for a command and all below it.
func sayUsage(cmd *cobra.Command) {
	cmd.SetFlagErrorFunc(wrongFlag)
	if cmd.HasSubCommands() && !cmd.Runnable() {
		// else cobra takes a wrong word for a wish for help, and calls it done
		cmd.Args, cmd.RunE = cobra.NoArgs, func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
	}
	if check := cmd.Args; check != nil {
		cmd.Args = func(cmd *cobra.Command, args []string) error {
			if err := check(cmd, args); err != nil {
				return wrongArgs(cmd, args)
			}
			return nil
		}
	}
	for _, c := range cmd.Commands() {
		sayUsage(c)
	}
}

// wrongArgs says what is wrong with the arguments of a command: one is missing, or there is one too many.
func wrongArgs(cmd *cobra.Command, args []string) error {
	if cmd.HasSubCommands() {
		var names []string
		for _, c := range cmd.Commands() {
			if c.IsAvailableCommand() {
				names = append(names, c.Name())
			}
		}
		return &runbook.UsageError{Message: fmt.Sprintf("unknown command %q for %q", args[0], cmd.CommandPath()), Way: runbook.DidYouMean(args[0], names)}
	}
	e := &runbook.UsageError{Message: cmd.CommandPath() + " needs an argument", Way: "usage: " + cmd.UseLine()}
	if len(args) > 0 {
		e.Message = "too many arguments for " + cmd.CommandPath() + ": " + strings.Join(args, " ")
	}
	return e
}

// wrongFlag adds the hint to an error of the flags.
func wrongFlag(cmd *cobra.Command, err error) error {
	way := ""
	if name, ok := strings.CutPrefix(err.Error(), "unknown flag: --"); ok {
		var names []string
		cmd.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, "--"+f.Name) })
		way = runbook.DidYouMean("--"+name, names)
	}
	if way == "" {
		way = "see " + cmd.CommandPath() + " --help"
	}
	return &runbook.UsageError{Message: err.Error(), Way: way}
}
