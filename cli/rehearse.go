package cli

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"spraydeck/engine"
	"spraydeck/event"
	"spraydeck/runbooks"
	"spraydeck/transcript"
	"spraydeck/ui"
)

// pace is how fast a recording is played, as a flag.
type pace struct{ factor float64 }

func (p *pace) String() string {
	if math.IsInf(p.factor, 1) {
		return "max"
	}
	return strconv.FormatFloat(p.factor, 'g', -1, 64)
}
func (p *pace) Type() string { return "speed" }
func (p *pace) Set(s string) (err error) {
	p.factor, err = ui.ParseSpeed(s)
	return err
}

func demoCommand(o *options) *cobra.Command {
	var s frontEnd
	speed := pace{4}
	cmd := &cobra.Command{
		Use: "demo", Short: "Rehearse a recorded upgrade, with you deciding; needs no cluster",
		Long: "Rehearse a Kubespray upgrade from v2.27.0 to v2.28.0, recorded on a practice cluster. Commands are answered from\n" +
			"the recording, the nodes change as they did then, and you decide at every gate. It needs no cluster, no network\n" +
			"and no root, and changes nothing.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return demo(cmd, o, s, speed.factor)
		},
	}
	s.flags(cmd)
	cmd.Flags().BoolVar(&s.auto, "auto", false, "take the recorded decisions instead of asking")
	cmd.Flags().Var(&speed, "speed", "how fast the recording is played: a factor, or max")
	return cmd
}

func rehearseCommand(o *options) *cobra.Command {
	var s frontEnd
	speed := pace{4}
	cmd := &cobra.Command{
		Use: "rehearse T [RUNBOOK]", Short: "Run a runbook against the recording of an earlier run",
		Long: "Run a runbook against an earlier run: its commands are answered from the recording. T is the id of a run, its\n" +
			"directory or its transcript. Nothing is changed anywhere. With --auto this is a regression test of the runbook: the\n" +
			"recorded decisions are taken, and if a gate gives another verdict, it is named and the exit code is 1.",
		Args: cobra.RangeArgs(1, 2),
		ValidArgsFunction: func(cmd *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
			if len(args) == 0 {
				return completeSessions(cmd, args, begun)
			}
			return completeRunbook(o, 1)(cmd, args, begun)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			events, id, err := recorded(cmd.ErrOrStderr(), o.lang, args[0])
			if err != nil {
				return err
			}
			name := ""
			if len(args) > 1 {
				name = args[1]
			}
			r := newRehearsal(o, s, id, speed.factor)
			if err := r.load(cmd.ErrOrStderr(), events, name); err != nil {
				return err
			}
			return r.play(cmd)
		},
	}
	s.flags(cmd)
	cmd.Flags().BoolVar(&s.auto, "auto", false, "take the recorded decisions instead of asking")
	cmd.Flags().Var(&speed, "speed", "how fast the recording is played: a factor, or max")
	return cmd
}

// embedded reads the recording that comes with the program.
func embedded() ([]event.Event, error) {
	z, err := gzip.NewReader(bytes.NewReader(runbooks.Demo))
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(z)
	if err != nil {
		return nil, err
	}
	r, err := transcript.NewReader("the embedded demo", bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	return all(r)
}

func all(r *transcript.Reader) ([]event.Event, error) {
	var events []event.Event
	for e, err := range r.Events() {
		if err != nil {
			return nil, usage(err)
		}
		events = append(events, e)
	}
	return events, nil
}

// recorded reads an earlier run.
func recorded(out io.Writer, lang, arg string) ([]event.Event, string, error) {
	root, err := transcript.Root()
	if err != nil {
		return nil, "", err
	}
	path, err := transcript.Find(root, arg)
	if err != nil {
		return nil, "", usage(err)
	}
	unverified := tellUnverified(out, lang, path)
	r, err := transcript.Read(path)
	if err != nil {
		return nil, "", cmp.Or(unverified, usage(err))
	}
	defer r.Close()
	events, err := all(r)
	if err != nil {
		err = cmp.Or(unverified, err)
	}
	return events, r.Header().ID, err
}

// earlierOf is a recording as an earlier run: of a rehearsal it is known how long the steps take.
func earlierOf(events []event.Event) event.Earlier {
	var then event.State
	for _, e := range events {
		then.Apply(e)
	}
	return event.Earlier{&then}
}

// tookAt is how long the steps take at a speed, nil where no time passes.
func tookAt(earlier event.Earlier, speed float64) func(step string) time.Duration {
	if speed <= 0 {
		return nil
	}
	return func(step string) time.Duration { return time.Duration(float64(earlier.Took(step)) / speed) }
}

// demo rehearses the embedded recording. The screen opens first: reading the recording and the runbooks takes longer
// than anything else at the start.
func demo(cmd *cobra.Command, o *options, s frontEnd, speed float64) error {
	r := newRehearsal(o, s, "demo", speed)
	r.open = func() error {
		events, err := embedded()
		if err != nil {
			return err
		}
		return r.load(io.Discard, events, "")
	}
	return r.play(cmd)
}

// rehearsal is a walk with a recording in place of the world.
type rehearsal struct {
	walk
	id        string // of the recorded run
	speed     float64
	recording *engine.Recording
	then      verdicts // of the recorded run
}

func newRehearsal(o *options, s frontEnd, id string, speed float64) *rehearsal {
	if math.IsInf(speed, 1) {
		speed = 0 // without waiting
	}
	return &rehearsal{walk: walk{show: s, options: o, checkout: os.TempDir(), rehearses: id}, id: id, speed: speed}
}

// load finds the runbook, by default the recorded one, and has its commands answered from the events.
func (r *rehearsal) load(stderr io.Writer, events []event.Event, name string) error {
	rec := engine.NewRecording(events)
	_, book, err := loadRunbook(r.options, cmp.Or(name, rec.Started.Runbook))
	if err != nil {
		return err
	}
	started := rec.Started
	started.Rehearses, started.Tool, started.Locale, started.Operator, started.At = r.id, version(), r.options.lang, operator(), time.Now()
	inputs := rec.Inputs()
	for name := range inputs {
		if _, ok := book.Inputs.Get(name); !ok {
			fmt.Fprintf(stderr, "spraydeck: the recording has an input %s that %s does not have; skipped\n", name, book.Name.Value)
			delete(inputs, name)
		}
	}
	r.recording, r.book = rec, book
	earlier := earlierOf(events)
	r.env.Exec, r.env.Sleep, r.env.Inputs, r.env.Started = rec.Exec, rec.Sleep, inputs, started
	r.env.Took, r.env.Tasks = tookAt(earlier, r.speed), earlier.Tasks
	r.prepare = func(run *engine.Run) { rec.Play(r.speed, run.Observe) }
	for _, e := range events {
		r.then.see(e)
	}
	return nil
}

// play walks the rehearsal. With --auto it takes the recorded decisions and compares the verdicts of all gates.
func (r *rehearsal) play(cmd *cobra.Command) error {
	if !r.show.auto {
		return r.run(cmd)
	}
	r.asker = goOn(func(ctx context.Context, q event.Question) (event.Answer, error) { return r.recording.Ask(ctx, q) })
	var now verdicts
	r.observe = now.see
	err := r.run(cmd)
	if now.compare(cmd.ErrOrStderr(), &r.then) > 0 {
		return &coded{code: exitFailed}
	}
	return err
}

// goOn lets a gate through that the recording never had to decide, so that one gate which judges differently does not hide
// what comes after it.
func goOn(ask event.Asker) event.Asker {
	return func(ctx context.Context, q event.Question) (event.Answer, error) {
		a, err := ask(ctx, q)
		if !errors.Is(err, event.ErrUnanswered) || q.Form != event.AskGate {
			return a, err
		}
		a = event.Answer{Choice: event.ChoiceContinue, Reason: "the recorded run was not stopped here", By: "recording"}
		if !slices.ContainsFunc(q.Choices, func(c event.Choice) bool { return c.ID == a.Choice }) {
			a.Choice = event.ChoiceOverride
		}
		return a, nil
	}
}
