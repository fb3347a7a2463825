// Package cli is the command line: commands and flags, the wiring of the parts, exit codes. Results go to stdout,
// everything else to stderr.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"

	"charm.land/fang/v2"
	"github.com/spf13/cobra"

	"spraydeck/event"
	"spraydeck/runbook"
	"spraydeck/sshx"
)

// Exit codes. Scripts rely on them.
const (
	exitDone        = 0
	exitFailed      = 1
	exitUsage       = 2 // wrong usage, or a file that is not valid
	exitBlocked     = 3 // a gate or a finding, or a question nobody answered
	exitUnreachable = 4
	exitNotVerified = 5
	exitCancelled   = 130
)

// coded is an error that knows its exit code. One without text has been told already.
type coded struct {
	code int
	err  error
}

func (c *coded) Error() string {
	if c.err == nil {
		return ""
	}
	return c.err.Error()
}
func (c *coded) Unwrap() error { return c.err }

func usage(err error) error { return &coded{exitUsage, err} }

// Main runs the command line and gives the exit code.
func Main() int {
	if exit, is := sshx.AskPass(); is { // ssh asks a question
		return exit
	}
	// a line that a library logs would land in the middle of the screen
	log.SetOutput(io.Discard)
	ctx, stop := interruptible()
	defer stop()
	err := fang.Execute(ctx, root(), fang.WithVersion(version()), fang.WithErrorHandler(func(w io.Writer, _ fang.Styles, err error) { tell(w, err) }))
	return codeOf(ctx, err)
}

func codeOf(ctx context.Context, err error) int {
	var c *coded
	var wrong *runbook.UsageError
	var unreachable interface{ Unreachable() bool }
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &c):
		return c.code
	case ctx.Err() != nil:
		return exitCancelled
	case errors.As(err, &wrong):
		return exitUsage
	case errors.As(err, &unreachable) && unreachable.Unreachable():
		return exitUnreachable
	case errors.Is(err, event.ErrUnanswered):
		return exitBlocked
	}
	return exitFailed
}

// tell prints an error, then its hint.
func tell(w io.Writer, err error) {
	if err == nil || err.Error() == "" {
		return
	}
	fmt.Fprintf(w, "spraydeck: %v\n", err)
	if h := event.HintOf(err); h != "" {
		fmt.Fprintln(w, h)
	}
}

func root() *cobra.Command {
	o := &options{}
	cmd := &cobra.Command{
		Use:   "spraydeck",
		Short: "The console for Kubernetes maintenance windows",
		Long: "spraydeck guides an operator through a maintenance window. It checks the real cluster for every known pitfall\n" +
			"before anything changes, runs the commands step by step with your approval, watches the nodes, and writes one\n" +
			"transcript of the run, to be replayed, resumed, rehearsed and attached to the ticket.\n\n" +
			"Without arguments, on a terminal, it opens the home screen: the cluster, the next hop, runbooks and saved runs.",
		Example:       "  spraydeck demo\n  spraydeck run kubespray-v2.28.0 --checkout ~/kubespray --dry-run\n  spraydeck run kubespray-v2.28.0 --checkout ~/kubespray",
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          cobra.NoArgs,
		RunE:          func(cmd *cobra.Command, _ []string) error { return home(cmd, o) },
	}
	o.flags(cmd)
	cmd.AddCommand(demoCommand(o), runCommand(o), resumeCommand(o), checkCommand(o), rehearseCommand(o), replayCommand(o), exportCommand(o), verifyCommand(), sessionsCommand(o),
		planCommand(o), doctorCommand(o), notifyCommand(o), whatifCommand(o), inventoryCommand(o), releasesCommand(o), diagnoseCommand(o), lintCommand(o), testCommand(o), initCommand(), importCommand(), schemaCommand(), referenceCommand(), runbooksCommand(o), pitfallsCommand(o), versionCommand(), superviseCommand())
	cmd.InitDefaultCompletionCmd()
	sayUsage(cmd)
	return cmd
}
