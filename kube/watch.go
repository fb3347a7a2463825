package kube

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/util/connrotation"
)

// WatchNodes keeps a live table of nodes. It calls each for every node, and again when anything that
// Node shows has changed (heartbeats have not), with deleted set when the node is gone. It calls
// status when the API answers for the first time, when it stops answering and when it is back;
// connected with an error means that another control-plane node answers in place of the kubeconfig's
// server, and the error says which. Calls never overlap, and none comes after WatchNodes returned.
// It blocks until ctx ends and then returns nil.
func (c *Cluster) WatchNodes(ctx context.Context, each func(n Node, deleted bool), status func(connected bool, err error)) error {
	// Connections of its own: a watch that hangs on a dead peer is cut without hurting a drain.
	config := rest.CopyConfig(c.config)
	tracker := connrotation.NewDialer(c.endpoints.dial)
	config.Dial = tracker.DialContext
	transport, err := rest.HTTPClientFor(config)
	if err != nil {
		return c.explain(ctx, "watch nodes", err)
	}
	client, err := newCore(config, transport)
	if err != nil {
		return c.explain(ctx, "watch nodes", err)
	}

	var calls sync.Mutex
	table := &nodeTable{nodes: map[string]Node{}, each: each, calls: &calls, learn: func(nodes []Node) {
		c.endpoints.learn(c.config, nodes)
	}}
	life := &lifeline{cluster: c, client: client, cut: tracker.CloseAll, status: status, calls: &calls, doubt: make(chan struct{}, 1)}
	source := &nodeSource{client: client, failed: life.check}

	reflector := cache.NewReflectorWithOptions(source, &corev1.Node{}, table, cache.ReflectorOptions{
		Name: "nodes",
		// The default waits up to a minute; a person is looking at this table.
		Backoff: &wait.Backoff{Duration: 200 * time.Millisecond, Factor: 1.5, Jitter: 0.2, Steps: 8, Cap: 2 * time.Second},
	})
	var work sync.WaitGroup
	work.Go(func() { reflector.RunWithContext(ctx) })
	work.Go(func() { life.run(ctx) })
	work.Wait()
	tracker.CloseAll()
	return nil
}

// nodeTable is the store a reflector fills. It keeps the summaries only, so that five thousand nodes
// stay small, and it is where an update without news ends.
type nodeTable struct {
	nodes map[string]Node
	each  func(Node, bool)
	calls *sync.Mutex
	learn func([]Node)
}

func (t *nodeTable) Add(obj any) error { return t.Update(obj) }

func (t *nodeTable) Update(obj any) error {
	in, ok := obj.(*corev1.Node)
	if !ok {
		return fmt.Errorf("watch nodes: got a %T", obj)
	}
	t.put(summarise(in))
	return nil
}

func (t *nodeTable) Delete(obj any) error {
	if in, ok := obj.(*corev1.Node); ok {
		t.drop(in.Name)
	}
	return nil
}

// Replace is called with the full list: at the start, and after an outage too long to catch up.
func (t *nodeTable) Replace(list []any, _ string) error {
	here := map[string]bool{}
	for _, obj := range list {
		in, ok := obj.(*corev1.Node)
		if !ok {
			return fmt.Errorf("list nodes: got a %T", obj)
		}
		here[in.Name] = true
		t.put(summarise(in))
	}
	for _, name := range slices.Sorted(maps.Keys(t.nodes)) {
		if !here[name] {
			t.drop(name)
		}
	}
	t.learn(slices.Collect(maps.Values(t.nodes)))
	return nil
}

func (t *nodeTable) Resync() error { return nil }

func (t *nodeTable) put(n Node) {
	old, known := t.nodes[n.Name]
	if known && reflect.DeepEqual(old, n) {
		return
	}
	t.nodes[n.Name] = n
	t.calls.Lock()
	defer t.calls.Unlock()
	t.each(n, false)
}

func (t *nodeTable) drop(name string) {
	n, known := t.nodes[name]
	if !known {
		return
	}
	delete(t.nodes, name)
	t.calls.Lock()
	defer t.calls.Unlock()
	t.each(n, true)
}

// nodeSource lists and watches, and tells when either failed.
type nodeSource struct {
	client core
	failed func()
}

func (s *nodeSource) ListWithContext(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
	list, err := s.client.nodes(ctx, options)
	if err != nil {
		s.failed()
	}
	return list, err
}

func (s *nodeSource) WatchWithContext(ctx context.Context, options metav1.ListOptions) (watch.Interface, error) {
	w, err := s.client.watchNodes(ctx, options)
	if err != nil {
		s.failed()
	}
	return w, err
}

func (s *nodeSource) List(options metav1.ListOptions) (runtime.Object, error) {
	return s.ListWithContext(context.Background(), options)
}

func (s *nodeSource) Watch(options metav1.ListOptions) (watch.Interface, error) {
	return s.WatchWithContext(context.Background(), options)
}

// IsWatchListSemanticsUnSupported keeps to list and watch. A streamed list needs a server that knows
// it; servers as old as the clusters we upgrade ignore the request and would never finish it.
func (s *nodeSource) IsWatchListSemanticsUnSupported() bool { return true }

// lifeline alone decides whether the API answers: it asks on a clock, and at once when the watch had
// trouble. A watch cannot tell by itself, for it is silent when nothing happens.
type lifeline struct {
	cluster *Cluster
	client  core
	cut     func()
	status  func(bool, error)
	calls   *sync.Mutex
	doubt   chan struct{}

	last string // what was reported: "" is nothing yet
}

func (l *lifeline) check() {
	select {
	case l.doubt <- struct{}{}:
	default: // somebody has asked already
	}
}

func (l *lifeline) run(ctx context.Context) {
	timeouts := 0
	for {
		err := l.ask(ctx)
		if ctx.Err() != nil {
			return
		}
		l.report(ctx, err)
		if errors.Is(err, context.DeadlineExceeded) {
			// The peer may have vanished without a word, and its connection would hang for
			// minutes. Once may be a slow server; twice in a row is worth a new connection.
			if timeouts++; timeouts >= 2 {
				l.cut()
			}
		} else if timeouts > 0 {
			// Back, or gone in another way: what was asked meanwhile may hang for ever.
			timeouts = 0
			l.cut()
		}
		doubt := l.doubt
		if err != nil {
			doubt = nil // nothing to doubt; wait for the clock
		}
		select {
		case <-ctx.Done():
			return
		case <-doubt:
		case <-time.After(l.cluster.pace.probe):
		}
	}
}

// ask needs the same right as the watch, and an API server that still reaches its storage.
func (l *lifeline) ask(ctx context.Context) error {
	call, cancel := context.WithTimeout(ctx, l.cluster.pace.probeTimeout)
	defer cancel()
	_, err := l.client.nodes(call, metav1.ListOptions{Limit: 1})
	return err
}

func (l *lifeline) report(ctx context.Context, err error) {
	connected := err == nil
	if connected && l.cluster.endpoints.elsewhere() {
		err = fmt.Errorf("use %s: the server of the kubeconfig, %s, does not answer", l.cluster.endpoints.current(), l.cluster.origin.server)
	} else {
		err = l.cluster.explain(ctx, "watch nodes", err)
	}
	now := fmt.Sprint(connected, " ", err)
	if now == l.last {
		return
	}
	l.last = now
	l.calls.Lock()
	defer l.calls.Unlock()
	l.status(connected, err)
}
