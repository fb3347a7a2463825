package engine

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"spraydeck/event"
	"spraydeck/runbook"
)

// Env is everything a run reaches.
type Env struct {
	Exec    event.Exec
	Ask     event.Asker
	Control <-chan event.Control // nil when nobody can act while a command runs
	Sink    func(event.Event) error
	Edit    func(ctx context.Context, path string, line int) error
	Shell   event.Exec                                       // runs the commands that take over the terminal; nil = there is none
	Sleep   func(ctx context.Context, d time.Duration) error // nil = real time
	Now     func() time.Time                                 // nil = real time
	After   func(d time.Duration, do func())                 // does something after a while; nil = in real time
	Mask    func(secret string)                              // called with each secret before anything could print it
	Masked  func(string) string                              // a text as it is written; nil = as it is

	PriorRun *PriorRun // of the run that is resumed; nil: it begins here
	Torn     int64     // bytes of half a line that were cut off its transcript

	Claim Claim                   // keeps other runs away; nil: nobody is kept away
	Learn func(runbook.Inventory) // called with the inventory when it is read; nil = nobody needs it

	Took  func(step string) time.Duration                  // how long a step took in earlier runs, 0 = not known; nil = nothing is known
	Tasks func(step string) int                            // how many tasks the playbook of a step had in earlier runs; like Took
	Only  func(runbook.Probe) (fields []string, read bool) // see runbook.FieldsRead; nil: of the runbook

	Inputs  map[string]string // values given beforehand; the others are asked for, or take their defaults
	Started event.Started     // what is known of the surroundings; the engine fills in the runbook
	DryRun  bool              // describe every step, run none
}

// Run is a run of a runbook.
type Run struct {
	book    *runbook.Runbook
	env     Env
	root    *frame
	scope   *runbook.Scope // of the root
	hosts   func(pattern string) ([]string, error)
	control []string // the hosts of the control plane; nil: unknown
	monitor *monitor
	given   runbook.Named[runbook.Fact]                 // facts in scope without declaration
	only    func() func(runbook.Probe) ([]string, bool) // the fields of objects that are read

	noInventory error // why there is none: a checkup goes on without

	unread []string                    // inputs of which the record has only a masked copy
	late   func(context.Context) error // what is checked again once the command that was left running has ended; nil: nothing
	resume *resumption                 // nil: the run begins here

	mu      sync.Mutex // events leave one at a time
	over    bool       // Ended has left
	broken  error      // the first error of the sink: nothing runs after it
	stop    context.CancelCauseFunc
	number  int // of the last command
	current *instance
	keys    keyboard
	lost    map[string]bool // commands that may have run, by step, host and line
	due     []*due          // what is loosened for the time of the work, in order

	claiming  sync.Mutex
	claimed   atomic.Bool // no other run changes anything meanwhile
	unclaimed bool        // the operator goes on without that
	release   func()      // ends the renewal of the claim
}

// NewRun prepares a run. Nothing happens before Go.
func NewRun(book *runbook.Runbook, env Env) *Run {
	if env.Sleep == nil {
		env.Sleep = sleep
	}
	if env.Now == nil {
		env.Now = time.Now
	}
	if env.After == nil {
		env.After = func(d time.Duration, do func()) { time.AfterFunc(d, do) }
	}
	if env.Mask == nil {
		env.Mask = func(string) {}
	}
	scope := runbook.NewScope()
	r := &Run{book: book, env: env, root: &frame{book: book, scope: scope}, scope: scope, monitor: newMonitor(book, env.Now)}
	if lang := book.Language(); lang != nil {
		r.given = lang.Given
	}
	r.only = func() func(runbook.Probe) ([]string, bool) { return env.Only }
	if env.Only == nil {
		r.only = sync.OnceValue(func() func(runbook.Probe) ([]string, bool) { return runbook.FieldsRead(book) })
	}
	if env.PriorRun != nil {
		r.resume = &resumption{run: r, prior: env.PriorRun}
		r.resume.wrap(&r.env)
		r.startFromPrior()
	}
	return r
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// errLeft means that the operator stopped the run at a question.
var errLeft = errors.New("left by the operator")

// blockedError means that a gate held.
type blockedError struct{ gate event.Text }

func (b blockedError) Error() string { return b.Text().En }
func (b blockedError) Text() event.Text {
	return event.Text{En: "blocked: ", Ja: "ゲートで停止: "}.Plus(b.gate)
}

// unansweredGate is a gate that stays closed because nobody decided.
type unansweredGate struct {
	gate blockedError
	why  error
}

func (u unansweredGate) Error() string   { return u.gate.Error() + ": " + u.why.Error() }
func (u unansweredGate) Unwrap() []error { return []error{u.gate, u.why} }
func (u unansweredGate) Text() event.Text {
	return u.gate.Text().Plus(event.T(": ")).Plus(reasonOf(u.why))
}

// reasonOf is an error as the reason why a step or a run ended. Errors in the language of the operator have a
// method Text() Text.
func reasonOf(err error) event.Text {
	var told interface{ Text() event.Text }
	switch {
	case errors.As(err, &told):
		return told.Text()
	case errors.Is(err, errLeft):
		return event.Text{En: "left by the operator", Ja: "オペレーターが中断しました"}
	case errors.Is(err, context.Canceled):
		return event.Text{En: "cancelled", Ja: "中断しました"}
	}
	return event.T(err.Error())
}

// Go walks the runbook. The result is what the Ended event says; an error means that the events could not be written.
func (r *Run) Go(ctx context.Context) (event.Ended, error) {
	ctx, r.stop = context.WithCancelCause(ctx)
	defer r.stop(nil)
	err := r.walk(ctx)
	if err != nil {
		r.offerAtEnd(ctx, err)
	}
	r.unclaim(ctx, err == nil)
	if r.broken != nil {
		return event.Ended{Status: event.Failed, Exit: 1, Why: event.T(r.broken.Error())}, r.broken
	}
	end := r.endedEvent(ctx, err)
	end.Why = r.stillApplied(end.Why)
	if err := r.emit("", end); err != nil {
		return end, err
	}
	return end, nil
}

// endedEvent converts the error of the walk into the Ended event, with the exit code of the command line.
func (r *Run) endedEvent(ctx context.Context, err error) event.Ended {
	var blocked blockedError
	var failed *stepError
	var held heldError
	switch {
	case err == nil:
		return event.Ended{Status: event.Passed, Exit: 0}
	case ctx.Err() != nil:
		return event.Ended{Status: event.Cancelled, Exit: 130, Why: event.Text{En: "cancelled", Ja: "中断しました"}}
	case errors.Is(err, event.ErrUnanswered):
		return event.Ended{Status: event.Failed, Exit: 3, Why: reasonOf(err)}
	case errors.As(err, &held):
		return event.Ended{Status: event.Failed, Exit: 3, Why: held.Text()}
	case errors.As(err, &blocked):
		return event.Ended{Status: event.Failed, Exit: 3, Why: event.Text{En: "blocked by a gate: " + blocked.gate.En, Ja: "ゲートで停止: " + blocked.gate.In("ja")}}
	case errors.As(err, &failed):
		end := event.Ended{Status: event.Failed, Exit: 1, Why: failed.why}
		switch failed.outcome {
		case event.Unreachable:
			end.Exit = 4
		case event.StateLost:
			end.Status = event.Lost
		}
		if failed.alone {
			end.Exit = 3
		}
		return end
	case errors.Is(err, errLeft):
		return event.Ended{Status: event.Cancelled, Exit: 130, Why: reasonOf(err)}
	}
	return event.Ended{Status: event.Failed, Exit: 1, Why: reasonOf(err)}
}

// emit writes one event. After a failure nothing more is written and the run stops: what cannot be recorded does not
// happen.
func (r *Run) emit(step string, d event.Data) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.broken != nil {
		return r.broken
	}
	if r.over {
		return nil // Ended is the last event; what is seen of the nodes after it is not part of the run
	}
	_, r.over = d.(event.Ended)
	if err := r.env.Sink(event.Event{Step: step, Data: d}); err != nil {
		r.broken = err
		if r.stop != nil {
			r.stop(r.broken)
		}
		return r.broken
	}
	return nil
}

// Observe adds what was seen beside the steps, such as a change of a node. It may be called from any goroutine.
func (r *Run) Observe(d event.Data) error {
	if err := r.emit("", d); err != nil {
		return err
	}
	if n, ok := d.(event.NodeChanged); ok && !n.Deleted {
		return r.reportNode(n.Node)
	}
	return nil
}

func (r *Run) walk(ctx context.Context) error {
	if err := r.begin(ctx); err != nil {
		return err
	}
	plan, err := r.expand()
	if err != nil {
		return err
	}
	planned := make([]event.PlannedStep, len(plan))
	for i, in := range plan {
		planned[i] = in.planned(r)
	}
	if err := r.emit("", event.Planned{Steps: planned}); err != nil {
		return err
	}
	if r.env.DryRun {
		return r.describeAll(ctx, plan)
	}
	if err := r.acceptForeign(ctx); err != nil {
		return err
	}
	if err := r.confirmStart(ctx); err != nil {
		return err
	}
	if plan, err = r.restore(ctx, plan); err != nil {
		return err
	}
	if err := r.offerAtResume(ctx); err != nil {
		return err
	}
	for _, in := range plan {
		if err := r.step(ctx, in); err != nil {
			return err
		}
		if late := r.late; late != nil {
			r.late = nil
			if err := late(ctx); err != nil {
				return err
			}
		}
	}
	return r.remind(ctx)
}

// describeAll is the dry run: every step says what it would do, and nothing is done.
func (r *Run) describeAll(ctx context.Context, plan []*instance) error {
	if r.book.UsesAPI() {
		if err := r.emit("", event.Remark{Text: event.Text{
			En: "the run takes the Lease kube-system/spraydeck before its first change, so that no other run changes the cluster meanwhile, and releases it at the end",
			Ja: "最初の変更の前に Lease kube-system/spraydeck を取得し、作業中に別の実行がクラスターを変更しないようにします。終了時に解放します"}}); err != nil {
			return err
		}
	}
	for _, in := range plan {
		if err := r.emit(in.id, event.StepStarted{Attempt: 1}); err != nil {
			return err
		}
		why := event.Text{En: "not run", Ja: "未実行"}
		in.scope = r.scopeOf(in)
		if in.skippedNow() {
			why = event.Text{En: "would be skipped", Ja: "スキップされます"}
		} else if err := r.describe(ctx, in); err != nil {
			return err
		}
		if err := r.emit(in.id, event.StepEnded{Status: event.Skipped, Why: why}); err != nil {
			return err
		}
	}
	return nil
}

// skippedNow says whether what is known by now skips the step.
func (in *instance) skippedNow() bool {
	if in.part != nil {
		if ok, err := in.scope.True(in.part.when); err == nil && !ok {
			return true
		}
	}
	ok, err := in.scope.True(in.when)
	return err == nil && !ok
}

// stepError is a step that did not succeed.
type stepError struct {
	outcome event.Outcome
	why     event.Text
	alone   bool // it wanted the operator's terminal, and there is none
}

func (e *stepError) Error() string { return e.why.En }

// step takes one step from its start to its end.
func (r *Run) step(ctx context.Context, in *instance) error {
	r.mu.Lock()
	r.current = in
	r.mu.Unlock()
	in.scope = r.scopeOf(in)
	end := func(s event.Status, why event.Text) error {
		if err := r.closeAbandoned(in); err != nil {
			return err
		}
		return r.emit(in.id, event.StepEnded{Status: s, Why: why})
	}

	wanted, err := r.shouldRun(ctx, in)
	if err != nil {
		return err
	}
	if !wanted {
		return end(event.Skipped, event.Text{En: "not needed here", Ja: "ここでは不要"})
	}
	before := r.env.PriorRun.attempts(in.id)
	for attempt := before + 1; ; attempt++ {
		if err := r.emit(in.id, event.StepStarted{Attempt: attempt}); err != nil {
			return err
		}
		status, why, err := r.attempt(ctx, in)
		var failed *stepError
		switch {
		case err == nil:
			return end(status, why)
		case !errors.As(err, &failed) || ctx.Err() != nil:
			status := event.Failed
			if ctx.Err() != nil || errors.Is(err, errLeft) {
				status = event.Cancelled
			}
			if e := end(status, reasonOf(err)); e != nil {
				return e
			}
			return err
		}
		if attempt-before <= in.step.Retry.Value && failed.outcome != event.StateLost {
			continue
		}
		again, err := r.failed(ctx, in, failed)
		if err != nil {
			s := event.Failed
			if failed.outcome == event.StateLost {
				s = event.Lost
			}
			if e := end(s, failed.why); e != nil {
				return e
			}
			return err
		}
		if !again {
			if err := r.applied(in); err != nil { // as far as anybody knows
				return err
			}
			return end(event.Overridden, failed.why)
		}
	}
}

// shouldRun evaluates the conditions of a step: of the step that includes it, of its phase, each once, and then its own.
func (r *Run) shouldRun(ctx context.Context, in *instance) (bool, error) {
	if ok, err := r.entered(ctx, in); err != nil || !ok {
		return false, err
	}
	if ok, err := r.decide(ctx, in.part, in); err != nil || !ok {
		return false, err
	}
	return r.holds(ctx, in)
}

// attempt is one pass through a step: done already? gates before, approval, the action, gates after.
func (r *Run) attempt(ctx context.Context, in *instance) (event.Status, event.Text, error) {
	if in.step.Done.Set() {
		done, err := r.isDone(ctx, in)
		if err != nil {
			return "", event.Text{}, err
		}
		if done {
			return event.Skipped, event.Text{En: "already done", Ja: "実施済み"}, r.applied(in)
		}
	}
	if err := r.describe(ctx, in); err != nil {
		return "", event.Text{}, err
	}
	if in.asRequired {
		return event.Skipped, sayAsRequired, r.applied(in)
	}
	overridden, err := r.gates(ctx, in, "before", in.step.Before)
	if err != nil {
		return "", event.Text{}, err
	}
	over, err := r.guard(ctx, in)
	if err != nil {
		return "", event.Text{}, err
	}
	overridden = overridden || over
	for {
		if err := r.renewed(ctx, in); err != nil {
			return "", event.Text{}, err
		}
		if in.asRequired {
			return event.Skipped, sayAsRequired, r.applied(in)
		}
		skip, err := r.approve(ctx, in)
		if err != nil || skip {
			return event.Overridden, saySkipped, err
		}
		if err := r.loosen(ctx, in); err != nil {
			return "", event.Text{}, err
		}
		over, err = r.act(ctx, in)
		in.unknown = stateLost(err)
		if errors.Is(err, errSkipped) {
			return event.Overridden, saySkipped, nil
		}
		if errors.Is(err, runbook.ErrOutdated) {
			in.outdated = true
			continue
		}
		if err != nil {
			return "", event.Text{}, err
		}
		break
	}
	overridden = overridden || over
	if err := r.applied(in); err != nil {
		return "", event.Text{}, err
	}
	if over, err = r.gates(ctx, in, "after", in.step.After); err != nil {
		return "", event.Text{}, err
	}
	if overridden || over {
		return event.Overridden, event.Text{En: "let through by the operator", Ja: "オペレーターが許可しました"}, nil
	}
	return event.Passed, event.Text{}, nil
}

// describe emits the exact commands of a step: its own, and where the step is a check those that learn its facts. A dry
// run names the probes of all gates. What a later moment brings stays as it is written.
func (r *Run) describe(ctx context.Context, in *instance) error {
	if err := r.prepare(ctx, in); err != nil {
		return err
	}
	cmds, err := in.step.Action.Commands(r.task(in))
	if err != nil && !errors.Is(err, runbook.ErrNotKnownYet) {
		return &stepError{outcome: event.NotStarted, why: event.T(err.Error())}
	}
	in.asRequired = in.prepared != nil && len(cmds) == 0
	var ops []event.Operation
	gates := in.step.Before
	if p, ok := in.step.Action.(runbook.Prober); ok {
		gates = append(slices.Clip(gates), p.Gates()...)
	} else if !r.env.DryRun {
		gates = nil
	}
	ops = r.probes(in, gates, ops)
	for _, c := range cmds {
		ops = append(ops, event.Operation{Host: c.Host, Line: c.Line, Changes: in.changes(c), Fed: c.Fed || c.Stdin != nil})
	}
	if r.env.DryRun {
		ops = r.probes(in, in.step.After, ops)
	}
	return r.emit(in.events, event.Described{Operations: ops})
}

// probes adds the commands that learn the facts of gates, each once.
func (r *Run) probes(in *instance, gates []runbook.Gate, ops []event.Operation) []event.Operation {
	for i := range gates {
		g := in.frame.book.FillGate(&gates[i], i)
		for _, f := range r.factsOf(in, g.Facts) {
			if f.Value.Probe == nil || !runbook.UsesName(f.Name, []any{g.When, g.Rule, g.Evidence, g.Says.Exprs(), runbook.LetExprs(g.Let)}) {
				continue
			}
			cmds, err := f.Value.Probe.Commands(r.task(in))
			if err != nil {
				continue // the gate itself will say so
			}
			for _, c := range cmds {
				if op := (event.Operation{Host: c.Host, Line: c.Line, Probe: true}); !slices.Contains(ops, op) {
					ops = append(ops, op)
				}
			}
		}
	}
	return ops
}
