package cli

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"spraydeck/engine"
	"spraydeck/event"
	"spraydeck/runbook"
	"spraydeck/transcript"
)

func resumeCommand(o *options) *cobra.Command {
	var s frontEnd
	cmd := &cobra.Command{
		Use: "resume [T]", Short: "Continue a run that was interrupted or detached",
		Long: "Continue a run in the same transcript. T is the id of a run, its directory or its transcript (default: the newest\n" +
			"run). A command that is still running is attached to again, with all its output. Earlier checks are repeated and\n" +
			"changes are shown. A command that changes something is never repeated without asking.",
		Example: "  spraydeck resume\n  spraydeck resume 20261120-2215",
		Args:    cobra.MaximumNArgs(1), ValidArgsFunction: completeSession,
		RunE: func(cmd *cobra.Command, args []string) error {
			path, err := find(args)
			if err != nil {
				return err
			}
			return resume(cmd, o, s, path)
		},
	}
	s.workFlags(cmd)
	return cmd
}

// resume takes up a run where its transcript ends.
func resume(cmd *cobra.Command, o *options, s frontEnd, path string) error {
	calls, err := o.calls()
	if err != nil {
		return err
	}
	journal, repair, err := transcript.Open(path)
	if err != nil {
		return openError(err)
	}
	defer journal.Close()
	own, err := transcript.Patterns()
	if err != nil {
		return usage(err)
	}
	journal.MaskPatterns(own...)
	if repair.Spool != nil {
		if err := tellLost(journal, repair.Spool); err != nil {
			return err
		}
	}
	rec, err := transcript.RecordWhole(journal.Path())
	if err != nil {
		return usage(err)
	}
	defer rec.Close()
	past, err := pastOf(journal, rec)
	if err != nil {
		return err
	}
	started, inputs := startOf(journal.Header(), past)
	past.Distrust(foreign(journal))
	inSamePlace(cmd, o, started)

	lib, err := load(o)
	if err != nil {
		return err
	}
	name := started.Runbook
	if started.File != "" {
		name = started.File
	}
	book, err := lib.runbook(name)
	if err != nil && past.Started == nil {
		id := journal.Header().ID
		return &runbook.UsageError{Message: fmt.Sprintf("the run %s was interrupted before anything ran, and cannot be resumed: %v", id, err),
			Way: "remove it with spraydeck sessions rm " + id}
	}
	if err != nil {
		return err
	}
	out, err := connect(o, book.System.Value)
	if err != nil {
		return err
	}
	defer out.close()
	tellPrograms(cmd.Context(), cmd.ErrOrStderr(), o.lang, out.checkout)
	tellStandIns(cmd.ErrOrStderr(), o.lang, lib.standIns(book))
	out.belongsTo(journal)
	if name := out.clusterName(); started.Cluster != "" && name != started.Cluster {
		return &runbook.UsageError{Message: fmt.Sprintf("this run is of the cluster %s, and the kubeconfig leads to %q", started.Cluster, name),
			Way: "name the kubeconfig of the run with --kubeconfig, and its context with --context"}
	}
	if err := out.pinned(cmd.Context(), started.Identity); err != nil {
		return err
	}
	if book.UsesAPI() && out.noCluster != nil {
		return usage(out.noCluster) // that it does not answer may be what the run is about
	}
	out.record(journal, own)
	started.Tool, started.Operator, started.At = version(), operator(), time.Now()
	w := walk{
		book: book, notify: calls, show: s, options: o, watch: out.watch, checkout: out.dir, login: out.login, prompts: out.askedBy, lost: out.lost, journal: journal, reviewed: foreign(journal).Empty(),
		recalls: rec, env: out.env(inputs),
	}
	w.env.Started, w.env.PriorRun, w.env.Torn = started, past, repair.Cut
	w.env.Mask, w.env.Masked = out.mask(journal), journal.Masked
	if out.cluster != nil {
		w.env.Claim = out.claims(journal.Dir(), book.Name.Value, o.context)
	}
	if err := w.refer(cmd); err != nil {
		return err
	}
	return w.run(cmd)
}

// startOf is what is known of how a run was started, and the inputs it was given. The header has it where the run broke
// off before its first event.
func startOf(h transcript.Header, past *engine.PriorRun) (event.Started, map[string]string) {
	inputs := map[string]string{}
	switch {
	case past.Started != nil:
		return *past.Started, inputs
	case h.Start == nil:
		return event.Started{Runbook: h.Runbook, Cluster: h.Cluster, From: h.From}, inputs
	}
	for _, v := range h.Start.Inputs {
		if strings.Contains(v.Text, event.Masked) {
			past.Unread = append(past.Unread, v.Name)
			continue
		}
		inputs[v.Name] = v.Text
	}
	started := *h.Start
	started.Inputs, started.Runbook = nil, h.Runbook
	return started, inputs
}

// foreign says why the decisions in a record are not those of the operator who resumes it; empty where they are.
func foreign(journal *transcript.Writer) event.Text {
	h := journal.Header()
	if now := operator(); h.Operator != "" && h.Operator != now {
		return event.Textf("the record is of %s, and you are %s", "この記録は %s のもので、現在は %s です", h.Operator, now)
	}
	if was := journal.CopiedFrom(); was != "" {
		return event.Textf("the record is a copy: it was written in %s", "この記録は写しです。元の場所: %s", was)
	}
	return event.Text{}
}

// inSamePlace fills in where the interrupted run worked, as far as no flag says otherwise.
func inSamePlace(cmd *cobra.Command, o *options, was event.Started) {
	for name, to := range map[string]struct{ flag, was *string }{
		"checkout": {&o.checkout, &was.Checkout}, "kubeconfig": {&o.kubeconfig, &was.Kubeconfig},
		"context": {&o.context, &was.Context}, "ssh-config": {&o.sshConfig, &was.SSHConfig},
	} {
		if !cmd.Flags().Changed(name) && *to.was != "" {
			*to.flag = *to.was
		}
	}
	if len(o.runbooks) == 0 {
		o.runbooks = was.Runbooks
	}
}

// ownFiles says where a resume finds what is the operator's own: the runbook, if it was named by its path, and the
// directories.
func ownFiles(name string, o *options) (file string, dirs []string, err error) {
	if isPath(name) {
		if file, err = filepath.Abs(name); err != nil {
			return "", nil, usage(err)
		}
	}
	for _, d := range o.runbooks {
		if d, err = filepath.Abs(d); err != nil {
			return "", nil, usage(err)
		}
		dirs = append(dirs, d)
	}
	return file, dirs, nil
}

// pastOf reads what the transcript holds. A run that came to a good end has nothing left to do.
func pastOf(journal *transcript.Writer, rec *transcript.Recording) (*engine.PriorRun, error) {
	past := engine.NewPriorRun(rec.Events(), rec.Printed, journal.Masked)
	if past.Ended == event.Passed {
		return nil, &runbook.UsageError{Message: "the run " + journal.Header().ID + " is complete: there is nothing to go on with",
			Way: "watch it with spraydeck replay " + journal.Header().ID}
	}
	return past, nil
}

// tellLost writes down that output was lost while nobody recorded.
func tellLost(journal *transcript.Writer, what error) error {
	_, err := journal.Append(event.Event{Data: event.Remark{Text: event.Textf(
		"the last output of a command is lost, as after a power failure: %v", "コマンドの最後の出力が失われています (電源断などによる): %v", what)}})
	return err
}

// openError returns the exit code of a transcript that cannot be gone on with.
func openError(err error) error {
	var not *transcript.NotVerifiedError
	var used *transcript.InUseError
	switch {
	case errors.As(err, &not):
		return &coded{exitNotVerified, err}
	case errors.As(err, &used):
		return &coded{exitBlocked, err}
	}
	return err
}

// recalled is how many commands a console that takes a run up shows the output of at once. A replay shows all.
const recalled = 64

// priorState returns the state of the recorded run, before anything new happens; nil for a new run.
func (w *walk) priorState() (*event.State, error) {
	if w.recalls == nil {
		return nil, nil
	}
	return w.recalls.Recall(recalled)
}
