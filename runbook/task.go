package runbook

import (
	"context"
	"errors"
	"time"

	"spraydeck/event"
)

// Task is a step as its action and its probes see it while a run goes on.
type Task struct {
	*Scope
	Step  string   // id
	Node  string   // the node of a loop, "" outside
	Hosts []string // where it runs, empty for the workstation

	// HostsOf gives the hosts of a pattern, in inventory order.
	HostsOf func(pattern string) ([]string, error)

	// Exec runs one of the commands that were described and gives its result; a command that could not run, or whose
	// state is unknown, is an error. Ask puts a question. Emit adds an event to the step. Edit opens a file of the
	// workstation in the operator's editor. All are nil while a step only describes itself.
	Exec func(ctx context.Context, c event.Command) (Returned, error)
	Ask  func(ctx context.Context, q event.Question) (event.Answer, error)
	Emit func(event.Data) error
	Edit func(ctx context.Context, path string, line int) error
	// Prepared is what the action's Prepare gave, nil where it was not asked.
	Prepared any
	// Due is the commands that put back what the run has loosened so far.
	Due []event.Command
	// Sleep waits, at the pace of the run: a rehearsal is faster.
	Sleep func(ctx context.Context, d time.Duration) error
}

// Particular is an Action whose arguments must fit each other. Wrong says what does not fit, with a hint; hosts says whether
// the step has hosts, of its own or of a loop around it.
type Particular interface {
	Wrong(hosts bool) (message, way string)
}

// Runner is an Action that does more than run its commands one after the other, such as asking a question.
type Runner interface {
	Action
	// Run does the work. value is what steps.<id> becomes, nil for nothing.
	Run(ctx context.Context, t *Task) (value any, err error)
}

// Preparer is an Action that must read before it can say what it will do. Prepare does, with commands that only read, and what it
// gives is Task.Prepared from then on. Where no command comes of it, all is as required, and the step is skipped.
type Preparer interface {
	Prepare(ctx context.Context, t *Task) (any, error)
}

// ErrOutdated is what Run gives where the world is not what Prepare read, and nothing was done: the step prepares, shows itself and
// asks again.
var ErrOutdated = errors.New("it has changed since it was shown")

// Restorer is an Action that changes something only for a time. Restore gives the commands that put it back as it is now, before
// the step runs: none where there is nothing to put back. Commands that it runs itself only read.
type Restorer interface {
	Restore(ctx context.Context, t *Task) ([]event.Command, error)
}

// Guarded is an Action that must not run at just any time. Guard checks that with commands that only read; nil says that there
// is nothing to check. With an error the verdict is unknown, and the title is the bad case.
type Guarded interface {
	Guard(ctx context.Context, t *Task) (*event.GateChecked, error)
}

// Tolerant is an Action some of whose commands may end with another exit code than 0.
type Tolerant interface{ Accepts(exit int) bool }

// Changing is an Action that may change something whatever the danger of its step says.
type Changing interface{ Changing() bool }

// Parallel is an Action whose commands are independent and run at the same time, such as one on each host.
type Parallel interface{ Parallel() bool }

// Prober is an Action that is itself a gate: facts and a rule.
type Prober interface {
	Gates() []Gate
	// Rest says whether it also is a gate for every pitfall in force that no gate of the runbook names.
	Rest() bool
}
