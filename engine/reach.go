package engine

import (
	"context"
	"regexp"
	"sync/atomic"

	"spraydeck/event"
)

// reach is where commands read or act.
type reach uint32

const (
	reachLocal   reach = 1 << iota // the operator's machine: checkout, inventory, virtual environment
	reachCluster                   // nodes and cluster
)

// outward finds the programs that, run on the workstation, talk to nodes or to the cluster.
var outward = regexp.MustCompile(`(^|[^\w./-])([\w./-]*/)?(ansible|ansible-playbook|kubectl|helm|ssh|scp|rsync|curl|wget|etcdctl|calicoctl)([^\w-]|$)`)

// reachOf says where a command gets to.
func reachOf(host, line string) reach {
	if host != event.Workstation || outward.MatchString(line) {
		return reachCluster
	}
	return reachLocal
}

// reads is what the commands of one gate read.
type reads struct{ atomic.Uint32 }

type readsKey struct{}

// noting is an Exec that notes in the context's reads where each command gets to.
func noting(exec event.Exec) event.Exec {
	return func(ctx context.Context, c event.Command, out func(string, []byte)) (int, error) {
		if r, ok := ctx.Value(readsKey{}).(*reads); ok {
			r.Or(uint32(reachOf(c.Host, c.Line)))
		}
		return exec(ctx, c, out)
	}
}

// changedIn says where the commands of a step got to that changed something.
func (p *PriorRun) changedIn(step string) (r reach) {
	if p == nil || p.steps[step] == nil {
		return 0
	}
	r = p.steps[step].changed
	for _, c := range p.steps[step].commands {
		if c.Changes {
			r |= reachOf(c.Host, c.Line)
		}
	}
	return r
}

// readIn says where the probes of a step got to.
func (p *PriorRun) readIn(step string) (r reach) {
	if p == nil || p.steps[step] == nil {
		return 0
	}
	for _, c := range p.steps[step].commands {
		if c.Probe {
			r |= reachOf(c.Host, c.Line)
		}
	}
	return r
}

// underway says whether a command of a step was left running when the console went away.
func (p *PriorRun) underway(step string) bool {
	if p == nil || p.steps[step] == nil {
		return false
	}
	for _, c := range p.steps[step].commands {
		if c.end == nil && c.Changes && !c.Probe {
			return true
		}
	}
	return false
}
