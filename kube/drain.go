package kube

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// DrainTimeoutError names what a drain waited for in vain. The node stays cordoned.
type DrainTimeoutError struct {
	Node    string
	After   time.Duration
	Pods    []string // "namespace/name", each with what holds it
	Budgets []string // "namespace/name" of the budgets that allow no disruption
}

func (e *DrainTimeoutError) Error() string {
	return fmt.Sprintf("drain node %s: %s left after %v: %s", e.Node, count(len(e.Pods)), e.After, strings.Join(e.Pods, "; "))
}

// Timeout is always true.
func (e *DrainTimeoutError) Timeout() bool { return true }

// Hint says how to fix it.
func (e *DrainTimeoutError) Hint() string {
	if len(e.Budgets) > 0 {
		return fmt.Sprintf("bring back the missing pods of %s or loosen the budget for the time of the work, then drain again; the node stays cordoned", strings.Join(e.Budgets, ", "))
	}
	return "look at why these pods do not end (kubectl describe pod), then drain again; the node stays cordoned"
}

// Drain cordons the node and evicts its pods as kubectl drain --ignore-daemonsets does, with the same
// verdict on each pod and the same calls and lines, but every wait ends with ctx, and an outage of the API of less than two
// minutes is waited out. If a filter refuses, nothing was changed, not even the cordon.
// graceSeconds -1 is each pod's own; timeout 0 is none. With dryRun the server is asked about each
// eviction once: what a budget refuses is the error, for nothing would change by waiting.
func (c *Cluster) Drain(ctx context.Context, node string, force, deleteEmptyDir, dryRun bool, graceSeconds int, timeout time.Duration, log io.Writer) error {
	if log == nil {
		log = io.Discard
	}
	// Before anything is touched: a refusal must not leave a cordoned node behind.
	if _, err := c.evictable(ctx, node, force, deleteEmptyDir); err != nil {
		return err
	}
	changed, err := c.cordon(ctx, node, true, dryRun)
	if err != nil {
		return err
	}
	state := "cordoned"
	if !changed {
		state = "already cordoned"
	}
	fmt.Fprintf(log, "node/%s %s%s\n", node, state, dryNote(dryRun))

	// Again: until the cordon, pods could still arrive.
	fates, err := c.evictable(ctx, node, force, deleteEmptyDir)
	if err != nil {
		return err
	}
	if w := warnings(fates); w != "" {
		fmt.Fprintf(log, "Warning: %s\n", w)
	}
	group, err := c.evictionVersion(ctx)
	if err != nil {
		return c.explain(ctx, "drain node "+node, err)
	}
	d := &drainer{
		cluster: c,
		node:    node,
		timeout: timeout,
		log:     log,
		group:   group,
		grace:   graceSeconds,
		dryRun:  dryRun,
	}
	for _, f := range fates {
		if f.goes {
			d.left = append(d.left, &departure{pod: f.pod})
		}
	}
	if dryRun {
		err = d.rehearse(ctx)
	} else {
		err = d.run(ctx)
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(log, "node/%s drained%s\n", node, dryNote(dryRun))
	return nil
}

// evictable is fates, or kubectl's refusal in kubectl's words.
func (c *Cluster) evictable(ctx context.Context, node string, force, deleteEmptyDir bool) ([]fate, error) {
	doing := "drain node " + node
	fates, err := c.fates(ctx, node, force, deleteEmptyDir)
	if err != nil {
		return nil, c.explain(ctx, doing, err)
	}
	refusals := grouped(fates, func(f fate) string { return f.refused })
	if len(refusals) == 0 {
		return fates, nil
	}
	for i := range refusals {
		refusals[i] = "cannot delete " + refusals[i]
	}
	return nil, &hintError{
		msg:  fmt.Sprintf("unable to drain node %q due to error: %s", node, strings.Join(refusals, "; ")),
		hint: "read the list: what these pods hold is lost when they go; if that is acceptable, allow it for this drain",
	}
}

func warnings(fates []fate) string {
	return strings.Join(grouped(fates, func(f fate) string { return f.warning }), "; ")
}

// grouped lists the pods behind each message, as kubectl does, but in a steady order.
func grouped(fates []fate, message func(fate) string) []string {
	var order []string
	pods := map[string][]string{}
	for _, f := range fates {
		m := message(f)
		if m == "" {
			continue
		}
		if !slices.Contains(order, m) {
			order = append(order, m)
		}
		pods[m] = append(pods[m], f.pod.Namespace+"/"+f.pod.Name)
	}
	for i, m := range order {
		order[i] = m + ": " + strings.Join(pods[m], ", ")
	}
	return order
}

// evictionVersion is the version in which the server takes evictions: policy/v1, or policy/v1beta1 before v1.22.
func (c *Cluster) evictionVersion(ctx context.Context) (schema.GroupVersion, error) {
	call, cancel := c.call(ctx)
	defer cancel()
	kinds, err := c.kinds.get(call, c.core, false)
	if err != nil {
		return schema.GroupVersion{}, err
	}
	if kinds.eviction.Empty() {
		return schema.GroupVersion{}, errors.New("this API server offers no evictions")
	}
	return kinds.eviction, nil
}

// drainer is one drain under way. A single goroutine asks in turn for each pod and then looks at what
// is left: the log keeps its order, and there is one place that waits.
type drainer struct {
	cluster *Cluster
	grace   int
	dryRun  bool
	node    string
	timeout time.Duration
	log     io.Writer
	group   schema.GroupVersion
	left    []*departure

	silentSince time.Time // when the API stopped answering
}

type departure struct {
	pod   corev1.Pod
	asked bool      // the server accepted; now it must end
	next  time.Time // not before this another attempt
	said  string    // the last refusal
}

func (d *drainer) run(ctx context.Context) error {
	wait := ctx
	if d.timeout > 0 {
		var cancel context.CancelFunc
		wait, cancel = context.WithTimeout(ctx, d.timeout)
		defer cancel()
	}
	for {
		err := d.round(wait)
		if err == nil && len(d.left) == 0 {
			return nil
		}
		if wait.Err() != nil {
			break
		}
		if err = d.outlast(err); err != nil {
			return d.cluster.explain(ctx, "drain node "+d.node, err)
		}
		select {
		case <-wait.Done():
		case <-time.After(d.cluster.pace.drainPoll):
		}
	}
	if ctx.Err() != nil {
		return fmt.Errorf("drain node %s: stopped with %s left: %w", d.node, count(len(d.left)), context.Cause(ctx))
	}
	return d.timedOut(ctx)
}

// round asks for what is due and drops what is gone.
func (d *drainer) round(ctx context.Context) error {
	for _, p := range slices.Clone(d.left) {
		if p.asked || time.Now().Before(p.next) {
			continue
		}
		if err := d.evict(ctx, p); err != nil {
			return err
		}
	}
	call, cancel := d.cluster.call(ctx)
	defer cancel()
	pods, err := d.cluster.podsOn(call, d.node)
	if err != nil {
		return err
	}
	here := map[string]bool{}
	for _, pod := range pods {
		here[string(pod.UID)] = true
	}
	d.left = slices.DeleteFunc(d.left, func(p *departure) bool {
		if here[string(p.pod.UID)] {
			return false
		}
		fmt.Fprintf(d.log, "pod/%s evicted\n", p.pod.Name)
		return true
	})
	return nil
}

// evict returns an error only if the drain cannot go on.
func (d *drainer) evict(ctx context.Context, p *departure) error {
	err := d.ask(ctx, p, "")
	retry := d.cluster.pace.evictRetry
	switch {
	case err == nil, apierrors.IsNotFound(err):
		p.asked = true
	case apierrors.IsTooManyRequests(err):
		p.said, p.next = err.Error(), time.Now().Add(retry)
		fmt.Fprintf(d.log, "error when evicting pods/%q -n %q (will retry after %v): %v\n", p.pod.Name, p.pod.Namespace, retry, err)
	case apierrors.IsForbidden(err) && apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause):
		// The namespace goes, and the pod with it; no eviction can be made there any more.
		p.said, p.next = err.Error(), time.Now().Add(retry)
		fmt.Fprintf(d.log, "error when evicting pod %q from terminating namespace %q (will retry after %v): %v\n", p.pod.Name, p.pod.Namespace, retry, err)
	case d.cluster.lost(err):
		p.next = time.Now().Add(retry)
		return err
	default:
		return fmt.Errorf("error when evicting pods/%q -n %q: %w", p.pod.Name, p.pod.Namespace, err)
	}
	return nil
}

func (d *drainer) ask(ctx context.Context, p *departure, note string) error {
	call, cancel := d.cluster.call(ctx)
	defer cancel()
	fmt.Fprintf(d.log, "evicting pod %s/%s%s\n", p.pod.Namespace, p.pod.Name, note)
	options := map[string]any{}
	if d.grace >= 0 {
		options["gracePeriodSeconds"] = int64(d.grace)
	}
	if d.dryRun {
		options["dryRun"] = []any{metav1.DryRunAll}
	}
	eviction := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion":    d.group.String(),
		"kind":          "Eviction",
		"metadata":      map[string]any{"namespace": p.pod.Namespace, "name": p.pod.Name},
		"deleteOptions": options,
	}}
	pods := corev1.SchemeGroupVersion.WithResource("pods")
	_, err := d.cluster.dynamic.Resource(pods).Namespace(p.pod.Namespace).Create(call, eviction, metav1.CreateOptions{}, "eviction")
	return err
}

// outlast swallows a lost connection for a while: draining the node whose API server we talk to, or
// one that carries a VIP, interrupts it for seconds.
func (d *drainer) outlast(err error) error {
	switch {
	case err == nil:
		d.silentSince = time.Time{}
		return nil
	case !d.cluster.lost(err):
		return err
	case d.silentSince.IsZero():
		d.silentSince = time.Now()
		fmt.Fprintf(d.log, "the API server does not answer (%s); the drain goes on when it is back\n", reason(err))
		return nil
	case time.Since(d.silentSince) > d.cluster.pace.outage:
		return err
	}
	return nil
}

// rehearse asks the server about each eviction once.
func (d *drainer) rehearse(ctx context.Context) error {
	var refused []string
	for _, p := range d.left {
		err := d.ask(ctx, p, dryNote(true))
		if err == nil || apierrors.IsNotFound(err) {
			continue
		}
		if d.cluster.lost(err) || ctx.Err() != nil {
			return d.cluster.explain(ctx, "drain node "+d.node, err)
		}
		fmt.Fprintf(d.log, "error when evicting pods/%q -n %q: %v\n", p.pod.Name, p.pod.Namespace, err)
		p.said = err.Error()
		refused = append(refused, p.pod.Namespace+"/"+p.pod.Name)
	}
	if len(refused) == 0 {
		return nil
	}
	d.left = slices.DeleteFunc(d.left, func(p *departure) bool { return p.said == "" })
	pods, budgets := d.held(ctx)
	hint := "do what the refusal says, then rehearse again; nothing was changed"
	if len(budgets) > 0 {
		hint = fmt.Sprintf("bring back the missing pods of %s or loosen the budget for the time of the work; nothing was changed", strings.Join(budgets, ", "))
	}
	return &hintError{msg: fmt.Sprintf("drain node %s: the server would refuse %s: %s", d.node, count(len(refused)), strings.Join(pods, "; ")), hint: hint}
}

func (d *drainer) timedOut(ctx context.Context) error {
	err := &DrainTimeoutError{Node: d.node, After: d.timeout}
	err.Pods, err.Budgets = d.held(ctx)
	return err
}

// held says of every pod left what holds it. Without an answer it says what it knows.
func (d *drainer) held(ctx context.Context) (pods, names []string) {
	budgets, _ := d.cluster.budgets(ctx, "") // no list, no names; the refusals still stand
	for _, p := range d.left {
		line := p.pod.Namespace + "/" + p.pod.Name
		cover := covering(p.pod, budgets)
		switch {
		case p.asked:
			line += " (evicted, but has not ended)"
		case len(cover) > 0:
			line += fmt.Sprintf(" (budget %s allows %d disruptions: %s)", keys(cover), cover[0].allowed(), p.said)
			for _, b := range cover {
				if !slices.Contains(names, b.key()) {
					names = append(names, b.key())
				}
			}
		case p.said != "":
			line += " (" + p.said + ")"
		default:
			line += " (not asked yet)"
		}
		pods = append(pods, line)
	}
	return pods, names
}

func count(n int) string {
	if n == 1 {
		return "1 pod"
	}
	return fmt.Sprintf("%d pods", n)
}
