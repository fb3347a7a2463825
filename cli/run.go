package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/charmbracelet/x/term"
	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"spraydeck/engine"
	"spraydeck/event"
	"spraydeck/kubespray"
	"spraydeck/notify"
	"spraydeck/plain"
	"spraydeck/recap"
	"spraydeck/report"
	"spraydeck/runbook"
	"spraydeck/safetext"
	"spraydeck/transcript"
	"spraydeck/ui"
	"spraydeck/workstation"
)

// frontEnd is how a run is shown and who answers its questions.
type frontEnd struct {
	plain   bool
	answers string
	auto    bool // a rehearsal answers with the recorded decisions
	window  time.Duration

	reference string // a run to hold this one against
}

func (s *frontEnd) flags(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&s.plain, "plain", false, "print line by line instead of opening the console")
	cmd.Flags().StringVar(&s.answers, "answers", "", "a YAML file that answers questions by their ids")
	_ = cmd.MarkFlagFilename("answers", "yaml", "yml")
}

// workFlags are those of a run that does real work.
func (s *frontEnd) workFlags(cmd *cobra.Command) {
	s.flags(cmd)
	cmd.Flags().DurationVar(&s.window, "window", 0, "how long the maintenance window is, such as 4h")
	cmd.Flags().Lookup("window").DefValue = "" // none is none, and not one of 0s
	cmd.Flags().StringVar(&s.reference, "reference", "", "an earlier run to show beside this one, step by step")
	_ = cmd.RegisterFlagCompletionFunc("reference", completeSessions)
}

func runCommand(o *options) *cobra.Command {
	var s frontEnd
	var set []string
	var dryRun bool
	cmd := &cobra.Command{
		Use: "run RUNBOOK", Short: "Run a runbook, step by step, on the real cluster",
		Long: "Run a runbook, given by a name from `spraydeck runbooks list` or by a path. Every command is shown before it runs, and\n" +
			"you approve what can change something. Everything is written to the transcript before it is shown.\n\n" +
			"--answers names a file that answers questions by id or pattern, with a choice, or with choice, text and reason:\n" +
			"`start: continue`, `\"*/approve\": continue`. A step that disrupts or destroys, or may already have run, requires its\n" +
			"exact id. A question without an answer ends the run, and its error says what to add to the file.",
		Example:           "  spraydeck run kubespray-v2.28.0 --checkout ~/kubespray --dry-run\n  spraydeck run kubespray-v2.28.0 --checkout ~/kubespray --set kube_version=1.32.5",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: completeRunbook(o, 0),
		RunE: func(cmd *cobra.Command, args []string) error {
			inputs, err := parseSet(set)
			if err != nil {
				return err
			}
			return run(cmd, o, s, args[0], inputs, dryRun)
		},
	}
	s.workFlags(cmd)
	cmd.Flags().StringArrayVar(&set, "set", nil, "set an input of the runbook: name=value; may be repeated")
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "print every command of the plan and run none")
	return cmd
}

func parseSet(set []string) (map[string]string, error) {
	inputs := map[string]string{}
	for _, s := range set {
		name, value, ok := strings.Cut(s, "=")
		if !ok {
			return nil, &runbook.UsageError{Message: fmt.Sprintf("--set %s has no =", s), Way: "write it as --set name=value"}
		}
		inputs[name] = value
	}
	return inputs, nil
}

func run(cmd *cobra.Command, o *options, s frontEnd, name string, inputs map[string]string, dryRun bool) error {
	ctx := cmd.Context()
	own, err := transcript.Patterns()
	if err != nil {
		return usage(err)
	}
	lib, book, err := loadRunbook(o, name)
	if err != nil {
		return err
	}
	if err := lib.fits(book, inputs, "run"); err != nil {
		return err
	}
	out, err := connect(o, book.System.Value)
	if err != nil {
		return err
	}
	defer out.close()
	giveInventory(o, book, out.dir, inputs)
	if err := book.CheckInputs(inputs); err != nil {
		return err
	}
	tellPrograms(ctx, cmd.ErrOrStderr(), o.lang, out.checkout)
	standIns := lib.standIns(book)
	tellStandIns(cmd.ErrOrStderr(), o.lang, standIns)
	if book.UsesAPI() {
		switch err := out.needCluster(ctx); {
		case err != nil && !dryRun:
			return err
		case err != nil:
			out.cluster, out.noCluster = nil, err
			tell(cmd.ErrOrStderr(), err)
			fmt.Fprintln(cmd.ErrOrStderr(), event.Text{
				En: "the dry run goes on without the cluster: commands that depend on it are shown as far as they are known",
				Ja: "クラスターなしで dry-run を続けます。クラスターの情報が必要なコマンドは、分かる範囲で表示します"}.In(o.lang))
		}
	}

	started := event.Started{
		Cluster: out.clusterName(), Checkout: out.dir, Operator: operator(), Tool: version(), Locale: o.lang, At: time.Now(),
		Kubeconfig: out.kubeconfig, Context: o.context, SSHConfig: out.sshConfig,
	}
	started.Identity = out.pin(ctx)
	if started.File, started.Runbooks, err = ownFiles(name, o); err != nil {
		return err
	}
	if out.checkout != nil {
		if tag, _, err := out.checkout.Tag(ctx); err == nil && book.From.Has(tag) {
			started.From = tag
		}
	}
	calls, err := o.calls()
	if err != nil {
		return err
	}
	env := out.env(inputs)
	env.Started, env.DryRun = started, dryRun
	w := walk{book: book, notify: calls, env: env, show: s, options: o, watch: out.watch, checkout: out.dir, repository: out.checkout, login: out.login, prompts: out.askedBy, lost: out.lost}
	if err := w.refer(cmd); err != nil {
		return err
	}
	if dryRun {
		w.watch, w.show.plain = nil, true
	}
	if w.standIns = standIns; !w.isPlain() {
		// nothing is written before the operator says start
		if start, err := w.review(ctx); err != nil || !start {
			return err
		}
		w.reviewed = true
		w.env.Started.At = time.Now()
	}
	if w.journal, err = openJournal(book, w.env.Started, givenInputs(book, inputs, own), dryRun); err != nil {
		return err
	}
	if w.journal != nil {
		out.belongsTo(w.journal)
		if out.cluster != nil {
			w.env.Claim = out.claims(w.journal.Dir(), book.Name.Value, o.context)
		}
		w.journal.MaskPatterns(own...)
		out.record(w.journal, own)
		w.env.Mask, w.env.Masked = out.mask(w.journal), w.journal.Masked
	}
	return w.run(cmd)
}

// openJournal begins the transcript. A dry run changes nothing and leaves none.
func openJournal(book *runbook.Runbook, s event.Started, given []event.Value, dryRun bool) (*transcript.Writer, error) {
	if dryRun {
		return nil, nil
	}
	root, err := transcript.Root()
	if err != nil {
		return nil, err
	}
	host, _ := os.Hostname()
	s.Inputs = given
	j, err := transcript.Create(root, transcript.Header{
		Tool: s.Tool, Runbook: book.Name.Value, Version: book.Version.Value, Digest: book.Digest(), From: s.From,
		To: book.To.Value, Cluster: s.Cluster, Host: host, Operator: s.Operator, Locale: s.Locale, Start: &s,
	})
	if err == nil {
		// before any command: where it is missing later, somebody has removed it
		if err = os.Mkdir(filepath.Join(j.Dir(), transcript.SpoolDir), 0o700); err != nil {
			j.Close()
		}
	}
	return j, err
}

// givenInputs are the inputs that were given beforehand, as the record may have them: without the secret ones, and masked.
func givenInputs(book *runbook.Runbook, inputs map[string]string, own []*regexp.Regexp) []event.Value {
	mask := transcript.NewMasker(nil, own...)
	var given []event.Value
	for _, e := range book.Inputs {
		if text, ok := inputs[e.Name]; ok && !e.Value.Secret.Value {
			given = append(given, event.Value{Name: e.Name, Text: mask.Text(text)})
		}
	}
	return given
}

func operator() string {
	name := "unknown"
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	host, _ := os.Hostname()
	return name + "@" + host
}

// walk is one run with everything around it: who sees it, who answers, where it is written.
type walk struct {
	book       *runbook.Runbook
	env        engine.Env
	open       func() error // reads book and env once the screen is drawn, or nil: both are there
	rehearses  string       // the recorded run that this one rehearses, or empty
	show       frontEnd
	options    *options
	journal    *transcript.Writer // nil: nothing is written
	watch      func(ctx context.Context, observe func(event.Data) error)
	prompts    func(ask event.Asker, mask func(string)) // who answers what ssh asks
	login      func(host, line string) string           // the command line that runs one on a host, in a terminal of its own
	prepare    func(r *engine.Run)                      // called before the run begins
	asker      event.Asker                              // answers before anybody is asked, such as a recording
	observe    func(event.Event)                        // sees every event as well
	recalls    *transcript.Recording                    // of the run that is resumed, or nil
	ref        *event.Reference                         // the run it is held against, or nil
	checkout   string
	repository *kubespray.Checkout // nil where the runbook has nothing to do with Kubespray
	ended      atomic.Int32        // the signal that ended this console, 0 = none
	reviewed   bool                // the operator has seen the plan and started it
	standIns   []event.Text        // which own files it meets in the place of built-in ones
	lost       func() []error      // of commands whose outcome is unknown
	notify     []notify.Rule       // who is called, and when
	signal     func(string)        // sends the terminal a bell or a notification
	notSent    []error             // calls that did not arrive
	broken     atomic.Bool         // the run could not go on, because its record could not be written
	after      string              // what the operator chose on the end page
	unused     func() []string     // the answers given beforehand that no question has met, or nil
}

// refer reads the reference and the durations of earlier runs.
func (w *walk) refer(cmd *cobra.Command) error {
	if w.show.window < 0 {
		return &runbook.UsageError{Message: fmt.Sprintf("--window %s is negative", w.show.window), Way: "give its length, such as 4h or 90m"}
	}
	ref, earlier, err := refer(cmd.ErrOrStderr(), w.options.lang, w.show.reference, w.book.Name.Value)
	if err != nil {
		return err
	}
	if ref != nil {
		notSame(cmd.ErrOrStderr(), ref, w.book)
	}
	w.ref, w.env.Took, w.env.Tasks = ref, earlier.Took, earlier.Tasks
	return nil
}

// isPlain reports whether lines are printed: because --plain asks for it, or because there is no terminal for the console.
func (w *walk) isPlain() bool {
	return w.show.plain || !onScreen()
}

// onScreen reports whether there is a terminal on which a screen can be drawn: a dumb one knows lines only.
func onScreen() bool {
	return term.IsTerminal(os.Stdout.Fd()) && term.IsTerminal(os.Stdin.Fd()) && os.Getenv("TERM") != "dumb"
}

func (w *walk) run(cmd *cobra.Command) error {
	ctx, cancel := context.WithCancel(cmd.Context())
	defer cancel()
	if w.journal != nil {
		defer w.journal.Close()
	}
	var end event.Ended
	var err error
	if w.isPlain() {
		end, err = w.plain(ctx, cmd)
	} else {
		end, err = w.console(ctx, cmd)
	}
	if w.journal != nil {
		if e := w.journal.Close(); err == nil {
			err = e
		}
	}
	for _, e := range w.notSent {
		tell(cmd.ErrOrStderr(), e)
	}
	if err != nil {
		w.tellLost(cmd.ErrOrStderr())
		return err
	}
	w.tellUnused(cmd.ErrOrStderr(), end)
	if err := w.goOn(cmd); err != nil {
		return err
	}
	if end.Exit != exitDone {
		return &coded{code: end.Exit}
	}
	return nil
}

// tellLost names the commands of unknown outcome that the record of the run does not name.
func (w *walk) tellLost(out io.Writer) {
	if w.lost == nil {
		return
	}
	for _, err := range w.lost() {
		tell(out, err)
	}
}

// tellUnused names the answers that met no question, where a misspelt one may be the reason or would go unseen. Those that
// were given before a run was resumed are not known.
func (w *walk) tellUnused(out io.Writer, end event.Ended) {
	if w.unused == nil || w.recalls != nil || end.Exit != exitDone && end.Exit != exitBlocked {
		return
	}
	if list := w.unused(); len(list) > 0 {
		fmt.Fprintf(out, "spraydeck: %s answers what was not asked: %s\n", w.show.answers, strings.Join(list, ", "))
	}
}

// engine runs the runbook with its events going to the journal first and then to emit.
func (w *walk) engine(ctx context.Context, emit func(event.Event)) (event.Ended, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if w.open != nil {
		if err := w.open(); err != nil {
			return event.Ended{}, err
		}
	}
	if w.journal != nil && len(w.notify) > 0 {
		n := notify.New(w.notify, w.journal.Dir(), w.options.lang, w.show.window, w.signal)
		if w.recalls != nil {
			n.Recall(w.recalls.Events())
		}
		show := emit
		emit = func(e event.Event) { n.Take(e); show(e) }
		defer func() { w.notSent = n.Close() }()
	}
	w.env.Sink = w.sink(emit)
	r := engine.NewRun(w.book, w.env)
	if w.prepare != nil {
		w.prepare(r)
	}
	if w.watch != nil {
		done := make(chan struct{})
		go func() { defer close(done); w.watch(ctx, r.Observe) }()
		defer func() { cancel(); <-done }()
	}
	return r.Go(ctx)
}

// sink is where events leave the engine. The journal shows each as it wrote it, after it wrote it.
func (w *walk) sink(emit func(event.Event)) func(event.Event) error {
	if w.journal != nil {
		w.journal.Show = emit
		return func(e event.Event) error {
			_, err := w.journal.Append(e)
			return err
		}
	}
	var seq int64
	return func(e event.Event) error {
		seq++
		e.Seq, e.Time = seq, time.Now()
		if w.observe != nil {
			w.observe(e)
		}
		emit(e)
		return nil
	}
}

// plain prints the run. Questions go to the recording, the answers file, the terminal if there is one, and then to
// nobody.
func (w *walk) plain(ctx context.Context, cmd *cobra.Command) (event.Ended, error) {
	where := ""
	if w.journal != nil {
		where = w.journal.Dir()
	}
	opts := plain.Options{Lang: w.options.lang, Transcript: where, Window: w.show.window, Echo: echo, Reference: w.ref, Flush: flushTyped,
		Brackets: term.IsTerminal(os.Stdout.Fd()) && os.Getenv("TERM") != "dumb"}
	p := plain.New(cmd.OutOrStdout(), opts)
	w.signal = func(seq string) {
		if opts.Brackets {
			fmt.Fprint(os.Stdout, seq)
		}
	}
	ask := plain.RefuseAll()
	if term.IsTerminal(os.Stdin.Fd()) && !w.show.auto {
		var in io.Reader = os.Stdin
		// a file of its own, whose reads can be ended while a program has the terminal
		if tty, err := os.OpenFile("/dev/tty", os.O_RDWR|syscall.O_NONBLOCK, 0); err == nil {
			defer tty.Close()
			in = tty
			w.env.Shell = w.terminal(p.Lend)
			w.env.Edit = func(ctx context.Context, path string, line int) error {
				return p.Edit(ctx, workstation.Editor(ctx, filepath.Join(w.checkout, path), line))
			}
		}
		ask = p.Ask(in)
		w.promptedBy(ask)
	}
	if err := w.answer(&ask); err != nil {
		return event.Ended{}, err
	}
	wayOut := "" // of the question that nobody answered
	w.env.Ask = func(ctx context.Context, q event.Question) (event.Answer, error) {
		a, err := ask(ctx, q)
		if errors.Is(err, event.ErrUnanswered) {
			wayOut = event.HintOf(err)
		}
		return a, err
	}
	state, err := w.priorState()
	if err != nil {
		return event.Ended{}, err
	}
	if state != nil {
		p.Recall(w.recalls.Events(), state)
	}
	if w.journal != nil {
		defer w.leaveOn(cmd.ErrOrStderr(), nil)()
	}
	end, err := w.engine(ctx, p.Emit)
	if err == nil {
		err = p.Err()
	}
	if wayOut != "" && end.Exit == exitBlocked {
		fmt.Fprintln(cmd.ErrOrStderr(), wayOut)
	}
	return end, err
}

// promptedBy has an asker answer what ssh asks.
func (w *walk) promptedBy(ask event.Asker) {
	if w.prompts != nil {
		w.prompts(ask, w.env.Mask)
	}
}

// flushTyped discards what was typed at the operator's terminal and not read yet.
func flushTyped() {
	_ = unix.IoctlSetInt(int(os.Stdin.Fd()), unix.TCFLSH, unix.TCIFLUSH) // no terminal: there is nothing to discard
}

// echo turns the echo of the operator's terminal off and on, for a secret.
func echo(on bool) {
	flag := "-echo"
	if on {
		flag = "echo"
	}
	stty := exec.Command("stty", flag)
	stty.Stdin = os.Stdin
	_ = stty.Run() // where it does not work, the secret is seen as it is typed, and nothing worse
}

// answer puts those who answer beforehand in front of an asker.
func (w *walk) answer(ask *event.Asker) error {
	if w.show.answers != "" {
		a, err := plain.LoadAnswers(w.show.answers)
		if err != nil {
			return usage(err)
		}
		*ask, w.unused = a.Ask(*ask), a.Unused
	}
	if w.asker != nil {
		*ask = w.asker
	}
	return nil
}

// consoleOptions are the options of every screen.
func consoleOptions(o *options) ui.Options {
	return ui.Options{Lang: o.lang, NoColor: os.Getenv("NO_COLOR") != "", Version: version()}
}

// console opens the console and runs the engine behind it. Leaving the console while something runs cancels the run.
func (w *walk) console(ctx context.Context, cmd *cobra.Command) (event.Ended, error) {
	debug.SetGCPercent(50) // it stays for hours beside what it runs: a quarter less memory for some percent of time
	looks := consoleOptions(w.options)
	looks.Window, looks.Recording, looks.Reference, looks.Rehearses = w.show.window, w.journal != nil, w.ref, w.rehearses
	if w.journal != nil {
		looks.Pause, looks.Report = w.pause, w.report
	}
	c := ui.New(looks)
	w.signal = c.Signal
	ask := event.Asker(c.Ask)
	w.promptedBy(ask)
	if err := w.answer(&ask); err != nil {
		return event.Ended{}, err
	}
	if w.reviewed {
		ask = started(ask)
	}
	w.env.Ask, w.env.Control = ask, c.Controls()
	w.env.Shell = w.terminal(c.Lend)
	w.env.Edit = func(ctx context.Context, path string, line int) error {
		return c.Edit(ctx, workstation.Editor(ctx, filepath.Join(w.checkout, path), line))
	}
	state, err := w.priorState()
	if err != nil {
		return event.Ended{}, err
	}
	c.Recall(state)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	screen, closeScreen := context.WithCancel(ctx)
	defer closeScreen()
	type result struct {
		end event.Ended
		err error
	}
	done := make(chan result, 1)
	go func() {
		if w.open != nil {
			c.WaitDrawn(ctx)
		}
		end, err := w.engine(ctx, c.Emit)
		if c.Finished(); err != nil {
			w.broken.Store(true) // the screen stops here: the terminal shows why
			closeScreen()
		}
		done <- result{end, err}
	}()
	if w.journal != nil {
		defer w.leaveOn(cmd.ErrOrStderr(), closeScreen)()
	}
	shown := c.Run(screen)
	if shown != nil && w.journal != nil && !w.broken.Load() && (ctx.Err() == nil || w.wasEnded()) {
		if w.wasEnded() || errors.Is(shown, ui.ErrDetached) {
			shown = nil
		}
		w.detach(cmd.ErrOrStderr(), shown)
	}
	cancel()
	r := <-done
	if w.broken.Load() {
		return r.end, r.err
	}
	if shown != nil && r.err == nil && ctx.Err() == nil {
		r.err = shown
	}
	w.after = c.After()
	w.summary(cmd.ErrOrStderr(), r.end, c.State())
	return r.end, r.err
}

// pause stops or starts the recording of output. It is the operator's doing and no part of the runbook's walk.
func (w *walk) pause(on bool) error {
	var d event.Data = event.Unpaused{}
	if on {
		d = event.Paused{}
	}
	_, err := w.journal.Append(event.Event{Data: d})
	return err
}

// summary is what remains on the terminal when the console has gone: the end page as text.
func (w *walk) summary(out io.Writer, end event.Ended, state *event.State) {
	fmt.Fprintf(out, "%s: %s", w.book.Name.Value, end.Status)
	if !end.Why.Empty() && end.Why.En != string(end.Status) {
		fmt.Fprintf(out, ": %s", end.Why.In(w.options.lang))
	}
	fmt.Fprintln(out)
	if state.Ended == nil { // the console had gone before
		state.Apply(event.Event{Seq: state.Seq + 1, Time: time.Now(), Data: end})
	}
	rest := "" // nothing is recorded
	if w.journal != nil {
		rest = "spraydeck sessions show " + w.journal.Header().ID
	}
	if sections := recap.Of(state, w.show.window); len(state.Steps) > 0 {
		sections[0].Lines = sections[0].Lines[1:] // said above
		for _, line := range recap.Text(sections, w.options.lang, rest) {
			fmt.Fprintln(out, safetext.Line(line))
		}
		fmt.Fprintln(out)
	}
	if w.journal == nil {
		return
	}
	fmt.Fprintln(out, "transcript:", w.journal.Dir())
	if end.Status != event.Passed {
		fmt.Fprintln(out, "go on with: spraydeck resume", w.journal.Header().ID)
	}
}

// report writes the report of the run beside its transcript.
func (w *walk) report() (string, error) {
	src, file, err := report.Open(w.journal.Dir())
	if err != nil {
		return "", err
	}
	defer file.Close()
	path := filepath.Join(w.journal.Dir(), "report.html")
	out, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return "", err
	}
	defer out.Close()
	if err := report.Write(out, "html", src, w.options.lang); err != nil {
		return "", err
	}
	return path, out.Close()
}

// goOn does what the operator chose on the end page. It is for after the journal is closed.
func (w *walk) goOn(cmd *cobra.Command) error {
	switch {
	case w.after == ui.AfterReplay && w.journal != nil:
		return ui.Replay(cmd.Context(), w.journal.Dir(), ui.ReplayOptions{Options: consoleOptions(w.options), Speed: 1})
	case w.after == ui.AfterPlan:
		next := planCommand(w.options)
		next.SetArgs([]string{})
		next.SetOut(cmd.OutOrStdout())
		next.SetErr(cmd.ErrOrStderr())
		next.SilenceUsage, next.SilenceErrors = true, true
		return next.ExecuteContext(cmd.Context())
	}
	return nil
}
