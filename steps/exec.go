package steps

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"sync"
	"time"

	"spraydeck/event"
)

// Hosts runs command lines on nodes. A connection that breaks after a command was sent is an error whose method
// StateUnknown says so; a node that cannot be reached is one whose method Unreachable says so.
type Hosts interface {
	Run(ctx context.Context, host, command string, stdin io.Reader, stdout, stderr io.Writer) (exit int, err error)
	// Keep is Run for a command that must survive its connection. Attach takes it up again by its name, after so many bytes.
	Keep(ctx context.Context, host, name, command string, stdin io.Reader, stdout, stderr io.Writer) (exit int, err error)
	Attach(ctx context.Context, host, name string, seenStdout, seenStderr int64, stdout, stderr io.Writer) (exit int, err error)
}

// gatherer is Hosts that run commands which only read together, in one session, where they come at about the same time.
type gatherer interface {
	Gather(ctx context.Context, host, command string, stdout, stderr io.Writer) (exit int, err error)
}

// Local runs command lines on the workstation.
type Local func(ctx context.Context, c event.Command, stdout, stderr io.Writer) (exit int, err error)

// Cluster is what the kinds ask of the Kubernetes API. Resources are named as kubectl takes them; objects are decoded
// JSON.
type Cluster interface {
	// Each reads objects, each as JSON, with the fields named in only; none is all.
	Each(ctx context.Context, resource, namespace, name, selector, fields string, only []string, each func(object []byte) error) error
	Apply(ctx context.Context, manifests []byte, dryRun bool) ([]string, error)
	Patch(ctx context.Context, resource, namespace, name, patchType string, patch []byte, dryRun bool) error
	Delete(ctx context.Context, resource, namespace, name string, dryRun bool) error
	Cordon(ctx context.Context, node string, on bool) (changed bool, err error)
	Drain(ctx context.Context, node string, force, deleteEmptyDir, dryRun bool, graceSeconds int, timeout time.Duration, log io.Writer) error
	Budgets(ctx context.Context) ([]map[string]any, error)
}

// Outside is everything commands can reach. A part that is nil is not there, and a command for it says so.
type Outside struct {
	Local   Local
	Hosts   Hosts
	Cluster Cluster
	// Name names a command on a node by its number, so that it can be found there after its connection or its console is
	// gone. Where it is nil, nothing is kept on the nodes.
	Name func(number int) string
	// Why says why a part is not there, by event.Workstation, event.API or "hosts".
	Why map[string]error
}

// Exec sends each command where it belongs.
func (o Outside) Exec(ctx context.Context, c event.Command, out func(stream string, p []byte)) (int, error) {
	var mu sync.Mutex // output is delivered from one goroutine at a time
	stdout, stderr := stream{&mu, "stdout", out}, stream{&mu, "stderr", out}
	switch c.Host {
	case event.Workstation:
		if o.Local == nil {
			return -1, o.missing(event.Workstation)
		}
		return o.Local(ctx, c, stdout, stderr)
	case event.API:
		if o.Cluster == nil {
			return -1, o.missing(event.API)
		}
		if c.Resumed != nil && !c.Call.Declares() {
			return -1, event.Gone(c) // the API does not remember who asked
		}
		return call(ctx, o.Cluster, c.Call, stdout, stderr)
	}
	if o.Hosts == nil {
		return -1, o.missing("hosts")
	}
	switch kept := o.Name != nil && c.Changes && !c.Probe; {
	case kept && c.Resumed != nil:
		return o.attach(ctx, c, stdout, stderr)
	case kept:
		return o.Hosts.Keep(ctx, c.Host, o.Name(c.Number), c.Line, c.Stdin, stdout, stderr)
	case c.Resumed != nil:
		return -1, event.Gone(c)
	}
	if g, ok := o.Hosts.(gatherer); ok && c.Probe && c.Stdin == nil {
		return g.Gather(ctx, c.Host, c.Line, stdout, stderr)
	}
	return o.Hosts.Run(ctx, c.Host, c.Line, c.Stdin, stdout, stderr)
}

// attach takes up a command on a node. Where the record has a masked copy of what it printed, all of it is read once more
// from the node: the output goes on where the record ends, and the whole is given to the engine.
func (o Outside) attach(ctx context.Context, c event.Command, stdout, stderr io.Writer) (int, error) {
	seen := *c.Resumed
	if !seen.Masked || c.Original == nil {
		return o.Hosts.Attach(ctx, c.Host, o.Name(c.Number), seen.Stdout, seen.Stderr, stdout, stderr)
	}
	out, errs := &again{to: stdout, seen: seen.Stdout, all: []byte{}}, &again{to: stderr, seen: seen.Stderr, all: []byte{}}
	exit, err := o.Hosts.Attach(ctx, c.Host, o.Name(c.Number), 0, 0, out, errs)
	if err == nil {
		c.Original("stdout", out.all)
		c.Original("stderr", errs.all)
	}
	return exit, err
}

// again holds the beginning of a stream, and passes on what comes after the bytes that the record has.
type again struct {
	to   io.Writer
	seen int64
	all  []byte
}

// againLimit is as much of a stream as a result has.
const againLimit = 4 << 20

func (a *again) Write(p []byte) (int, error) {
	n := len(p)
	a.all = append(a.all, p[:min(n, againLimit-len(a.all))]...)
	skip := min(a.seen, int64(n))
	if a.seen -= skip; skip == int64(n) {
		return n, nil
	}
	_, err := a.to.Write(p[skip:])
	return n, err
}

func (o Outside) missing(part string) error {
	if err := o.Why[part]; err != nil {
		return err
	}
	return fmt.Errorf("there is no way to reach %s here", part)
}

type stream struct {
	mu   *sync.Mutex
	name string
	out  func(string, []byte)
}

func (s stream) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.out(s.name, p)
	return len(p), nil
}

// call makes an API call and prints what kubectl would. An answer of the API that says no is an exit code of 1 with
// the reason on stderr; only a call that got no answer is an error.
func call(ctx context.Context, k Cluster, c *event.Call, stdout, stderr io.Writer) (int, error) {
	err := answer(ctx, k, c, stdout)
	var e interface{ Unreachable() bool }
	switch {
	case err == nil:
		return 0, nil
	case ctx.Err() != nil:
		return -1, fmt.Errorf("%w", ctx.Err())
	case asUnreachable(err, &e):
		return -1, err
	}
	fmt.Fprintf(stderr, "error: %v\n", err)
	if h := event.HintOf(err); h != "" {
		fmt.Fprintln(stderr, h)
	}
	return 1, nil
}

func answer(ctx context.Context, k Cluster, c *event.Call, out io.Writer) error {
	switch c.Verb {
	case event.Get:
		return printObjects(ctx, k, c, out)
	case event.Budgets:
		list, err := k.Budgets(ctx)
		return print(out, list, err)
	case event.Apply:
		lines, err := k.Apply(ctx, c.Body, c.DryRun)
		for _, l := range lines {
			fmt.Fprintln(out, l)
		}
		return err
	case event.Patch:
		return said(out, k.Patch(ctx, c.Resource, c.Namespace, c.Name, c.PatchType, c.Body, c.DryRun), "%s/%s patched", c.Resource, c.Name)
	case event.Delete:
		return said(out, k.Delete(ctx, c.Resource, c.Namespace, c.Name, c.DryRun), "%s/%s deleted", c.Resource, c.Name)
	case event.Cordon, event.Uncordon:
		changed, err := k.Cordon(ctx, c.Name, c.Verb == event.Cordon)
		if !changed {
			return said(out, err, "node/%s already %sed", c.Name, c.Verb)
		}
		return said(out, err, "node/%s %sed", c.Name, c.Verb)
	case event.Drain:
		return said(out, k.Drain(ctx, c.Name, c.Force, c.DeleteEmptyDir, c.DryRun, -1, 0, out), "node/%s drained", c.Name)
	}
	return fmt.Errorf("no API call is named %q", c.Verb)
}

func said(out io.Writer, err error, format string, args ...any) error {
	if err == nil {
		fmt.Fprintf(out, format+"\n", args...)
	}
	return err
}

// printSize is how much of a list is printed at once.
const printSize = 32 << 10

// printObjects prints a list as it is read.
func printObjects(ctx context.Context, k Cluster, c *event.Call, to io.Writer) error {
	out := bufio.NewWriterSize(to, printSize)
	before := "["
	err := k.Each(ctx, c.Resource, c.Namespace, c.Name, c.Selector, c.Fields, c.Only, func(object []byte) error {
		_, _ = out.WriteString(before) // errors are kept until Flush
		_, err := out.Write(object)
		before = ","
		return err
	})
	switch {
	case err != nil && c.Optional && isNotFound(err):
	case err != nil:
		return err
	}
	if before == "[" {
		_, _ = out.WriteString(before)
	}
	_, _ = out.WriteString("]\n")
	return out.Flush()
}

func print(out io.Writer, list []map[string]any, err error) error {
	if err != nil {
		return err
	}
	if list == nil {
		list = []map[string]any{}
	}
	b, err := json.Marshal(list)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "%s\n", b)
	return err
}
