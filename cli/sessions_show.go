package cli

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"spraydeck/event"
	"spraydeck/transcript"
)

// shownRun is one saved run in full.
type shownRun struct {
	session
	Unverified bool         `json:"notVerified,omitempty"` // it is not as it was written
	Version    string       `json:"version,omitempty"`     // of the runbook
	From       string       `json:"from,omitempty"`
	Operator   string       `json:"operator,omitempty"`
	Tool       string       `json:"spraydeck"`
	Exit       int          `json:"exit"`
	Why        event.Text   `json:"why,omitzero"`
	Resumed    int          `json:"resumed,omitempty"` // how often another console took it up
	Steps      []shownStep  `json:"steps"`
	Overrides  []override   `json:"overrides,omitempty"`
	Pitfalls   []pitfallMet `json:"pitfalls,omitempty"`
	Size       int64        `json:"bytes"`            // of all files
	Spools     []shownSpool `json:"spools,omitempty"` // output in files of its own
}

type shownStep struct {
	ID       string      `json:"id"`
	Title    event.Text  `json:"title"`
	Status   string      `json:"status"`
	Attempts int         `json:"attempts,omitempty"`
	Seconds  float64     `json:"seconds"`
	Why      event.Text  `json:"why,omitzero"`
	Gates    []shownGate `json:"gates,omitempty"`
}

type shownGate struct {
	Gate    string     `json:"gate"`
	When    string     `json:"when"`
	Title   event.Text `json:"title"`
	Verdict string     `json:"verdict"`
}

// override is a decision against a verdict, with its reason.
type override struct {
	Step     string    `json:"step,omitempty"`
	Question string    `json:"question"`
	Choice   string    `json:"choice"`
	Reason   string    `json:"reason"`
	Time     time.Time `json:"time"`
}

type pitfallMet struct {
	Pitfall  string     `json:"pitfall"`
	Title    event.Text `json:"title"`
	Severity string     `json:"severity"`
	Step     string     `json:"step,omitempty"` // where it was met first
	Host     string     `json:"host,omitempty"`
	Times    int        `json:"times"`
}

type shownSpool struct {
	File  string `json:"file"` // in the directory of the run
	Bytes int64  `json:"bytes"`
}

func sessionsShow(o *options) *cobra.Command {
	var format string
	cmd := &cobra.Command{Use: "show [T]", Short: "Show a saved run: its steps, overrides, known problems, and commands still running",
		Long: "Show a saved run. T is the id of a run, its directory or its transcript (default: the newest run).",
		Args: cobra.MaximumNArgs(1), ValidArgsFunction: completeSession,
		RunE: func(cmd *cobra.Command, args []string) error {
			path, err := find(args)
			if err != nil {
				return err
			}
			unverified := tellUnverified(cmd.ErrOrStderr(), o.lang, path)
			run, err := readRun(path)
			if err != nil {
				return cmp.Or(unverified, usage(err))
			}
			run.Unverified = unverified != nil
			switch format {
			case "json":
				e := json.NewEncoder(cmd.OutOrStdout())
				e.SetIndent("", "  ")
				return cmp.Or(e.Encode(run), unverified)
			case "table":
				return cmp.Or(run.print(cmd.OutOrStdout(), o.lang), unverified)
			}
			return give(io.Discard, format, nil, nil, nil) // says what it can be
		}}
	output(cmd, &format)
	return cmd
}

// dirOf takes the transcript of a run for its directory.
func dirOf(path string) string {
	if info, err := os.Stat(path); err == nil && !info.IsDir() {
		return filepath.Dir(path)
	}
	return path
}

// readRun folds a transcript, as far as its lines can be read. That one cannot be read is reported before: such a record does not
// verify.
func readRun(path string) (*shownRun, error) {
	path = dirOf(path)
	f := transcript.Summarize(path)
	r, err := transcript.Read(path)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	run := &shownRun{session: sessionOf(f), Version: f.Header.Version, From: f.Header.From, Operator: f.Header.Operator,
		Tool: f.Header.Tool, Exit: f.Exit, Size: transcript.DiskSize(path), Steps: []shownStep{}}
	var state event.State
	met := map[string]int{}
	for e, err := range r.WithoutOutput() {
		if err != nil {
			continue
		}
		state.Apply(e)
		switch d := e.Data.(type) {
		case event.Answered:
			if d.Reason != "" {
				run.Overrides = append(run.Overrides, override{e.Step, d.Question, d.Choice, d.Reason, e.Time})
			}
		case event.Hit:
			if d.Hint {
				continue // it may be so, or not
			}
			at, known := met[d.Pitfall]
			if !known {
				at, met[d.Pitfall] = len(run.Pitfalls), len(run.Pitfalls)
				run.Pitfalls = append(run.Pitfalls, pitfallMet{d.Pitfall, d.Title, d.Severity, e.Step, d.Host, 0})
			}
			run.Pitfalls[at].Times++
		}
	}
	run.fold(&state)
	run.Spools, err = spoolsOf(path)
	return run, err
}

func (run *shownRun) fold(state *event.State) {
	run.Resumed = state.Resumes
	if state.Ended != nil {
		run.Why = state.Ended.Why
	}
	for _, st := range state.Steps {
		s := shownStep{ID: st.ID, Title: st.Title, Status: string(st.Status), Attempts: st.Attempt, Why: st.Why}
		if !st.Begun.IsZero() {
			s.Seconds = st.Took().Seconds()
			if st.Finished.Before(st.Begun) {
				s.Seconds = max(0, state.Last.Sub(st.Begun).Seconds())
			}
		}
		for _, g := range st.Gates {
			s.Gates = append(s.Gates, shownGate{g.Gate, g.When, g.Title, string(g.Verdict)})
		}
		run.Steps = append(run.Steps, s)
	}
}

// spoolsOf lists what commands printed into files of their own.
func spoolsOf(dir string) (list []shownSpool, err error) {
	entries, err := os.ReadDir(filepath.Join(dir, transcript.SpoolDir))
	if err != nil && !os.IsNotExist(err) {
		return nil, err
	}
	for _, e := range entries {
		if ext := filepath.Ext(e.Name()); ext != ".out" && ext != ".err" {
			continue
		}
		if info, err := e.Info(); err == nil && info.Size() > 0 {
			list = append(list, shownSpool{transcript.SpoolDir + "/" + e.Name(), info.Size()})
		}
	}
	return list, nil
}

// print shows the run to a person. What is wide in Japanese comes last in its line.
func (run *shownRun) print(w io.Writer, lang string) error {
	say := func(en, ja string) string { return event.Text{En: en, Ja: ja}.In(lang) }
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	row := func(cells ...string) { fmt.Fprintln(t, strings.Join(cells, "\t")) }
	row("ID", run.ID)
	if run.Unverified {
		row("VERIFIED", say("no: it is not as it was written", "いいえ: 書かれたときのままではありません"))
	}
	row("STATUS", strings.TrimRight(run.standing(lang)+"  "+run.Why.In(lang), " "))
	row("RUNBOOK", strings.TrimSpace(run.Runbook+"  "+run.Version))
	if run.From != "" || run.To != "" {
		row("RELEASE", run.From+" -> "+run.To)
	}
	if run.Cluster != "" {
		row("CLUSTER", run.Cluster)
	}
	row("STARTED", run.Started.Format("2006-01-02 15:04:05 -07:00"))
	row("DURATION", event.Duration(time.Duration(run.Seconds*float64(time.Second))))
	row("OPERATOR", strings.TrimSpace(run.Operator+"  spraydeck "+run.Tool))
	if run.Resumed > 0 {
		row("RESUMED", fmt.Sprint(run.Resumed))
	}
	row("DIRECTORY", run.Dir)
	row("SIZE", bytesOf(run.Size))
	for _, s := range run.Spools {
		row("", fmt.Sprintf("%s  %s", s.File, bytesOf(s.Bytes)))
	}
	if err := t.Flush(); err != nil {
		return err
	}

	fmt.Fprintln(w)
	row("STEP", "DURATION", "STATUS")
	for _, s := range run.Steps {
		took := "-"
		if s.Attempts > 0 {
			took = (time.Duration(s.Seconds * float64(time.Second))).Round(100 * time.Millisecond).String()
		}
		row(s.ID, took, strings.TrimRight(event.Status(s.Status).Text().In(lang)+"  "+s.Why.In(lang), " "))
		for _, g := range s.Gates {
			if g.Verdict != string(event.Pass) {
				row("  "+g.Gate, "", event.Verdict(g.Verdict).Text().In(lang)+"  "+g.Title.In(lang))
			}
		}
	}
	if err := t.Flush(); err != nil {
		return err
	}
	section := func(en, ja string, n int) bool {
		if n > 0 {
			fmt.Fprintf(w, "\n%s\n", say(en, ja))
		}
		return n > 0
	}
	if section("Decided against a verdict, with a reason:", "判定に反する判断とその理由:", len(run.Overrides)) {
		for _, d := range run.Overrides {
			fmt.Fprintf(w, "  %s  %s  %s: %s\n", d.Time.Format("15:04:05"), d.Step, d.Choice, d.Reason)
		}
	}
	if section("Known problems met:", "検出した既知の問題:", len(run.Pitfalls)) {
		for _, p := range run.Pitfalls {
			fmt.Fprintf(w, "  %s  %s  %s  %s\n", p.Pitfall, event.SeverityText(p.Severity).In(lang), strings.TrimSpace(p.Step+" "+p.Host), p.Title.In(lang))
		}
	}
	if section("Still running without a console:", "コンソールなしで実行中:", len(run.Running)) {
		for _, c := range run.Running {
			line, _, _ := strings.Cut(c.Line, "\n")
			fmt.Fprintf(w, "  #%d  %s\n", c.Command, line)
		}
		fmt.Fprintf(w, "  %s spraydeck resume %s\n", say("go on with:", "再開:"), run.ID)
	}
	if section("Left on nodes, may still run:", "ノードに残されたコマンド (まだ実行中かもしれません):", len(run.MayRun)) {
		tellLeft(w, lang, "  ", run.MayRun)
		fmt.Fprintf(w, "  %s spraydeck resume %s\n", say("go on with:", "再開:"), run.ID)
	}
	return nil
}
