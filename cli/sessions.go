package cli

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/charmbracelet/x/term"
	"github.com/spf13/cobra"

	"spraydeck/event"
	"spraydeck/runbook"
	"spraydeck/transcript"
)

// session is a saved run in a list.
type session struct {
	ID      string       `json:"id"`
	Dir     string       `json:"dir"`
	Started time.Time    `json:"started"`
	Seconds float64      `json:"seconds"` // from the start to the last event
	Status  string       `json:"status"`
	Console bool         `json:"console"` // whether one writes it
	Runbook string       `json:"runbook"`
	To      string       `json:"to,omitempty"`
	Cluster string       `json:"cluster,omitempty"`
	Running []orphan     `json:"running,omitempty"` // commands that go on though no console is there
	MayRun  []orphan     `json:"may_run,omitempty"` // commands on nodes that were left there; only a resume asks them
	Due     []event.Text `json:"due,omitempty"`     // what it loosened for the time of the work and did not put back
	Error   string       `json:"error,omitempty"`   // why it could not be read
}

func sessionOf(f transcript.Summary) session {
	s := session{ID: f.ID, Dir: f.Dir, Status: string(f.Status), Seconds: f.Duration.Seconds(), Runbook: f.Header.Runbook,
		Cluster: f.Header.Cluster, To: f.Header.To, Started: f.Header.Started}
	if f.Status != event.Running {
		s.Running, s.MayRun, s.Due = orphans(f.Dir), leftOnNodes(f), dueOf(f)
	}
	s.Console = f.Status == event.Running
	if f.Status == transcript.Interrupted && len(s.Running) > 0 {
		s.Status = string(event.Running)
	}
	if f.Err != nil {
		s.Error = f.Err.Error()
	}
	return s
}

// standing is how a run stands, in a few words. One that was left running on purpose is not an interrupted one.
func (s session) standing(lang string) string {
	if s.Status == string(event.Running) && !s.Console {
		return event.Text{En: "running, no console", Ja: "実行中 (コンソールなし)"}.In(lang)
	}
	return event.Status(s.Status).Text().In(lang)
}

func sessionsCommand(o *options) *cobra.Command {
	cmd := &cobra.Command{Use: "sessions", Short: "List, show or remove saved runs",
		Long: "List, show or remove saved runs. A run whose console died is interrupted. Its command may still be running,\n" +
			"here or on a node, and is listed with the run until it ends or the run is resumed."}
	cmd.AddCommand(sessionsList(o), sessionsShow(o), sessionsRemove(o), sessionsPrune(o))
	return cmd
}

func sessionsList(o *options) *cobra.Command {
	var format string
	limit := 50
	cmd := &cobra.Command{Use: "list", Short: "List the saved runs, the newest first", Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error {
		root, err := transcript.Root()
		if err != nil {
			return err
		}
		found, err := transcript.Newest(root)
		if err != nil {
			return err
		}
		saved, more := []session{}, false
		var rows [][]string
		for f := range found {
			if more = limit > 0 && len(saved) == limit; more {
				break
			}
			s := sessionOf(f)
			saved = append(saved, s)
			rows = append(rows, []string{s.ID, s.standing(o.lang), event.Duration(f.Duration), s.Runbook, s.Cluster})
		}
		if err := give(cmd.OutOrStdout(), format, saved, []string{"ID", "STATUS", "DURATION", "RUNBOOK", "CLUSTER"}, rows); err != nil {
			return err
		}
		if len(saved) == 0 {
			fmt.Fprintln(cmd.ErrOrStderr(), event.Text{En: "no run is recorded yet", Ja: "実行の記録はまだありません"}.In(o.lang))
		}
		if more {
			fmt.Fprintln(cmd.ErrOrStderr(), event.Textf("the newest %d; --limit 0 lists all", "新しい順に %d 件です。--limit 0 ですべて表示します", limit).In(o.lang))
		}
		for _, s := range saved {
			if s.Error != "" {
				fmt.Fprintf(cmd.ErrOrStderr(), "%s: %s\n", s.ID, s.Error)
			}
		}
		tellOrphans(cmd.ErrOrStderr(), o, saved)
		tellDue(cmd.ErrOrStderr(), o, saved)
		return nil
	}}
	cmd.Flags().IntVar(&limit, "limit", limit, "list only the newest N runs; 0 lists all")
	output(cmd, &format)
	return cmd
}

func sessionsRemove(o *options) *cobra.Command {
	return &cobra.Command{Use: "rm T...", Short: "Remove saved runs", Args: cobra.MinimumNArgs(1), ValidArgsFunction: completeSessions,
		Long: "Remove saved runs. A run in progress, or with a command still running here, is not removed. A command that may still\n" +
			"run on a node is named: without its run it cannot be attached to any more.",
		RunE: func(cmd *cobra.Command, args []string) error {
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
					return &runbook.UsageError{Message: dir + " is not among the saved runs", Way: "remove other files by hand"}
				}
				if list := orphans(dir); len(list) > 0 {
					return &coded{exitBlocked, fmt.Errorf("%s: still running: %s; see spraydeck sessions show %[1]s", filepath.Base(dir), count(len(list), "command"))}
				}
				dirs = append(dirs, dir)
			}
			for _, d := range dirs {
				left := leftOnNodes(transcript.Summarize(d))
				if err := transcript.Remove(d); err != nil {
					return openError(err)
				}
				tellLeft(cmd.ErrOrStderr(), o.lang, "", left)
			}
			return nil
		}}
}

func sessionsPrune(o *options) *cobra.Command {
	var older time.Duration
	var keep int
	var yes bool
	cmd := &cobra.Command{
		Use: "prune", Short: "Remove old runs and report the freed space", Args: cobra.NoArgs,
		Long: "Remove runs older than --older-than, except the newest --keep, runs in progress, and runs with a command still\n" +
			"running. The runs are listed and you are asked first, unless --yes is given.",
		Example: "  spraydeck sessions prune\n  spraydeck sessions prune --older-than 2160h --keep 20 --yes",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if older < 0 || keep < 0 {
				return &runbook.UsageError{Message: "--older-than and --keep cannot be negative", Way: "leave them out for 720h (30 days) and 0"}
			}
			root, err := transcript.Root()
			if err != nil {
				return err
			}
			found, err := transcript.List(root)
			if err != nil {
				return err
			}
			return prune(cmd, o, old(found, time.Now().Add(-older), keep), yes)
		},
	}
	cmd.Flags().DurationVar(&older, "older-than", 30*24*time.Hour, "remove only runs that began longer ago than this")
	cmd.Flags().IntVar(&keep, "keep", 0, "keep the newest N runs, however old they are")
	cmd.Flags().BoolVarP(&yes, "yes", "y", false, "remove them without asking")
	return cmd
}

// old returns the runs of a list, newest first, that may be removed.
func old(found []transcript.Summary, before time.Time, keep int) (list []transcript.Summary) {
	for i, f := range found {
		if i < keep || f.Header.Started.IsZero() || f.Header.Started.After(before) || f.Status == event.Running || len(orphans(f.Dir)) > 0 {
			continue // one without a beginning could not be read: not ours to judge
		}
		list = append(list, f)
	}
	return list
}

func prune(cmd *cobra.Command, o *options, list []transcript.Summary, yes bool) error {
	out := cmd.OutOrStdout()
	if len(list) == 0 {
		fmt.Fprintln(out, event.Text{En: "nothing to remove", Ja: "削除するものはありません"}.In(o.lang))
		return nil
	}
	var total int64
	for _, f := range list {
		n := transcript.DiskSize(f.Dir)
		total += n
		fmt.Fprintf(out, "%s  %s  %s\n", f.ID, f.Status.Text().In(o.lang), bytesOf(n))
		tellLeft(out, o.lang, "  ", leftOnNodes(f))
	}
	if !yes {
		ask := event.Text{En: fmt.Sprintf("remove %s, %s?", count(len(list), "run"), bytesOf(total)),
			Ja: fmt.Sprintf("この %d 件 (%s) を削除しますか?", len(list), bytesOf(total))}.In(o.lang)
		if !term.IsTerminal(os.Stdin.Fd()) {
			return fmt.Errorf("%w: %s (--yes is the answer)", event.ErrUnanswered, ask)
		}
		fmt.Fprint(cmd.ErrOrStderr(), ask, " [y/N] ")
		answer, _ := bufio.NewReader(cmd.InOrStdin()).ReadString('\n')
		if a := strings.ToLower(strings.TrimSpace(answer)); a != "y" && a != "yes" {
			fmt.Fprintln(out, event.Text{En: "nothing was removed", Ja: "何も削除していません"}.In(o.lang))
			return nil
		}
	}
	for _, f := range list {
		if err := transcript.Remove(f.Dir); err != nil {
			return openError(err)
		}
	}
	fmt.Fprintln(out, event.Text{En: fmt.Sprintf("removed %s, freed %s", count(len(list), "run"), bytesOf(total)),
		Ja: fmt.Sprintf("%d 件を削除し、%s を解放しました", len(list), bytesOf(total))}.In(o.lang))
	return nil
}

func count(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprintf("%d %s", n, what)
}

// bytesOf is a size for a person.
func bytesOf(n int64) string {
	for _, u := range []struct {
		of   int64
		name string
	}{{1e9, "GB"}, {1e6, "MB"}, {1e3, "kB"}} {
		if n >= u.of {
			return fmt.Sprintf("%.1f %s", float64(n)/float64(u.of), u.name)
		}
	}
	return fmt.Sprintf("%d B", n)
}
