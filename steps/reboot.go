package steps

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"spraydeck/event"
	"spraydeck/runbook"
)

type reboot struct {
	Line   runbook.Template `yaml:"run" doc:"the command that restarts; default: sudo -n shutdown -r now"`
	Within runbook.Span     `yaml:"within" doc:"how long it may take until all is back; default: 15m"`
	Ready  runbook.Flag     `yaml:"ready" doc:"whether to wait until the node is Ready, too; default: true"`
}

const (
	bootID       = "cat /proc/sys/kernel/random/boot_id"
	rebootPoll   = 5 * time.Second
	rebootGrace  = time.Minute // a restart that was refused shows within it
	rebootWithin = 15 * time.Minute
)

// Commands: the boot id, the restart, the boot id until it is another, the node until it is ready. The last two are run
// again and again.
func (r *reboot) Commands(t *runbook.Task) ([]event.Command, error) {
	if len(t.Hosts) == 0 {
		return nil, fmt.Errorf("step %s names no hosts to restart", t.Step)
	}
	var cmds []event.Command
	for _, host := range t.Hosts {
		one, err := r.of(t, host)
		if err != nil {
			return nil, err
		}
		cmds = append(cmds, one...)
	}
	return cmds, nil
}

func (r *reboot) of(t *runbook.Task, host string) ([]event.Command, error) {
	line := "sudo -n shutdown -r now"
	if r.Line.Set() {
		cmds, err := onHosts(t, r.Line, []string{host})
		if err != nil {
			return nil, err
		}
		line = cmds[0].Line
	}
	cmds := []event.Command{
		{Host: host, Line: bootID, Probe: true},
		{Host: host, Line: line, Changes: true},
		{Host: host, Line: bootID, Probe: true, Timeout: 30 * time.Second},
	}
	if !r.Ready.Set || r.Ready.Value {
		node := api(event.Call{Verb: event.Get, Resource: "nodes", Name: host})
		node.Probe, node.Timeout = true, 30*time.Second
		cmds = append(cmds, node)
	}
	return cmds, nil
}

// Run restarts the hosts at the same time. The connection is expected to break; that the node is back is known
// by another boot id.
func (r *reboot) Run(ctx context.Context, t *runbook.Task) (any, error) {
	if _, err := r.Commands(t); err != nil {
		return nil, err
	}
	errs := make([]error, len(t.Hosts))
	var wg sync.WaitGroup
	for i, host := range t.Hosts {
		wg.Go(func() {
			if err := r.one(ctx, t, host); err != nil {
				errs[i] = fmt.Errorf("%s: %w", host, err)
			}
		})
	}
	wg.Wait()
	return nil, errors.Join(errs...)
}

func (r *reboot) one(ctx context.Context, t *runbook.Task, host string) error {
	cmds, err := r.of(t, host)
	if err != nil {
		return err
	}
	before, err := t.Exec(ctx, cmds[0])
	if err != nil {
		return err
	}
	old, err := before.Stdout()
	if err != nil {
		return err
	}
	old = strings.TrimSpace(old)
	if old == "" {
		return fmt.Errorf("%q gives no boot id, so a restart cannot be noticed", bootID)
	}
	w := waiting{task: t, within: rebootWithin}
	if r.Within.Value > 0 {
		w.within = r.Within.Value
	}
	restart, err := t.Exec(ctx, cmds[1])
	if err != nil && event.OutcomeOf(0, err) != event.StateLost {
		return err
	}
	refused := err == nil && restart.Exit != 0
	id := ""
	err = w.until(ctx, "it did not come back with another boot id", func() (bool, error) {
		now, err := t.Exec(ctx, cmds[2])
		if err == nil {
			id, err = now.Stdout()
		}
		if id = strings.TrimSpace(id); err == nil && id != "" && id != old {
			return true, nil
		}
		if refused && err == nil && w.waited >= rebootGrace {
			return false, fmt.Errorf("it was not restarted: %q ended with exit code %d: %s", cmds[1].Line, restart.Exit, restart.Says())
		}
		return false, nil
	})
	if err != nil || len(cmds) < 4 {
		return err
	}
	return w.until(ctx, "it is back, but its node is not Ready", func() (bool, error) {
		got, err := t.Exec(ctx, cmds[3])
		if err != nil || got.Exit != 0 {
			return false, nil
		}
		return readySince(got, id), nil
	})
}

// readySince reports whether a node is Ready in the boot that is meant: right after a restart the API still tells of the one
// before.
func readySince(got runbook.Returned, boot string) bool {
	list, err := listed(got)
	if err != nil {
		return false
	}
	for _, o := range list.([]any) {
		status := field(o, "status")
		if told, _ := field(field(status, "nodeInfo"), "bootID").(string); told != "" && told != boot {
			return false
		}
		conditions, _ := field(status, "conditions").([]any)
		for _, c := range conditions {
			if field(c, "type") == "Ready" && field(c, "status") == "True" {
				return true
			}
		}
	}
	return false
}

func field(o any, name string) any {
	m, _ := o.(map[string]any)
	return m[name]
}

// waiting looks again and again, within one time for all that is waited for.
type waiting struct {
	task   *runbook.Task
	within time.Duration
	waited time.Duration
}

func (w *waiting) until(ctx context.Context, otherwise string, look func() (bool, error)) error {
	for {
		done, err := look()
		if done || err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if w.waited >= w.within {
			return &notBack{fmt.Sprintf("%s within %s", otherwise, w.within)}
		}
		if err := w.task.Sleep(ctx, rebootPoll); err != nil {
			return err
		}
		w.waited += rebootPoll
	}
}

// notBack is a node that did not come back from its restart, for an unknown reason.
type notBack struct{ what string }

func (e *notBack) Error() string     { return e.what }
func (e *notBack) Unreachable() bool { return true }
func (e *notBack) Hint() string {
	return "look at its console, or reset it by its remote power control; a node with a block device that cannot be unmounted takes about 15 minutes to go down"
}

// Accepts: the command that restarts may be cut off at any point.
func (r *reboot) Accepts(int) bool { return true }

// Changing says that it always changes something.
func (r *reboot) Changing() bool { return true }
