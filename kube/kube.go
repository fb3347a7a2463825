// Package kube speaks to one Kubernetes cluster for an operator in a maintenance window.
//
// What it is for: reading objects the way kubectl users name them, the few writes a runbook makes
// (apply, patch, delete, cordon, drain), the live node table, and saying in plain words why the
// cluster could not be asked.
//
// What it is not for: deciding anything (rules and gates live elsewhere), printing, caching objects,
// or hiding that the API is away. It imports no other package of this program; its methods use
// standard library types, so that callers declare the small interface they need.
//
// Rules:
//   - Every wait ends when its context ends. A call that gets no answer ends by itself.
//   - A lost connection is never taken for success: it is an *UnreachableError.
//   - Messages are lower case and start with the verb; how to fix it is separate, in Hint.
//   - Nothing is ever written to standard output or standard error: the screen belongs to the caller.
//   - Words that engineers search for (drain's lines, the API server's refusals) stay kubectl's own.
package kube

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	"k8s.io/klog/v2"
)

// manager is the name under which the API server records what we change.
const manager = "spraydeck"

// Cluster is one context of a kubeconfig. Its methods may be called from several goroutines.
type Cluster struct {
	origin    origin
	config    *rest.Config
	endpoints *endpoints
	core      core
	dynamic   dynamic.Interface
	kinds     kindCache
	pace      pace
	clock     *clock
}

// pace holds every interval in one place, so that tests need not wait for real ones.
type pace struct {
	answer       time.Duration // one call must be answered within
	evictRetry   time.Duration // between two evictions of the same pod; kubectl's value
	drainPoll    time.Duration // between two looks at the pods that remain on the node
	outage       time.Duration // a drain outlives an API outage shorter than this
	probe        time.Duration // between two signs of life while watching
	probeTimeout time.Duration
}

func defaultPace() pace {
	return pace{
		answer:       30 * time.Second,
		evictRetry:   5 * time.Second,
		drainPoll:    time.Second,
		outage:       2 * time.Minute,
		probe:        2 * time.Second,
		probeTimeout: 3 * time.Second,
	}
}

// Open reads the kubeconfig and picks a context; it does not use the network. kubeconfig "" means
// $KUBECONFIG, then ~/.kube/config, by the rules of kubectl; context "" means the current one.
// Unlike kubectl it never falls back to localhost:8080 or to a service account.
func Open(kubeconfig, context string) (*Cluster, error) {
	silence()
	config, from, err := load(kubeconfig, context)
	if err != nil {
		return nil, err
	}
	return connect(config, from)
}

func connect(config *rest.Config, from origin) (*Cluster, error) {
	fail := func(err error) (*Cluster, error) {
		return nil, &hintError{
			msg:  fmt.Sprintf("read kubeconfig %s: context %q cannot be used: %v", from.file, from.context, err),
			hint: "check the certificates and the server of this context, or name another kubeconfig",
			err:  err,
		}
	}
	config.UserAgent = manager
	// Fair sharing is the server's job (priority and fairness); client-side throttling would only
	// make a drain of a full node slow for no reason anybody can see.
	config.QPS = -1
	config.WarningHandler = rest.NoWarnings{}
	if config.ExecProvider != nil {
		config.ExecProvider.StdinUnavailable = true
	}
	// Requests stay JSON (readable in audit logs); answers are protobuf where the server can.
	config.ContentType = "application/json"
	config.AcceptContentTypes = "application/vnd.kubernetes.protobuf,application/json"

	ends := newEndpoints(config)
	config.Dial = ends.dial
	served := &clock{}
	config.Wrap(func(next http.RoundTripper) http.RoundTripper {
		served.next = next
		return served
	})

	client, err := rest.HTTPClientFor(config)
	if err != nil {
		return fail(err)
	}
	typed, err := newCore(config, client)
	if err != nil {
		return fail(err)
	}
	dyn, err := dynamic.NewForConfigAndClient(config, client)
	if err != nil {
		return fail(err)
	}
	return &Cluster{
		origin:    from,
		config:    config,
		endpoints: ends,
		core:      typed,
		dynamic:   dyn,
		pace:      defaultPace(),
		clock:     served,
	}, nil
}

// Name is the name the kubeconfig gives to the cluster.
func (c *Cluster) Name() string { return c.origin.cluster }

// Server is the address in the kubeconfig.
func (c *Cluster) Server() string { return c.origin.server }

// Kubeconfig is the file that the context stands in.
func (c *Cluster) Kubeconfig() string { return c.origin.file }

// Endpoint is the host and port that answered last. It differs from Server only after the server
// of the kubeconfig stopped answering and another control-plane node took its place.
func (c *Cluster) Endpoint() string { return c.endpoints.current() }

// Ping asks the server for its version.
func (c *Cluster) Ping(ctx context.Context) (version string, err error) {
	call, cancel := c.call(ctx)
	defer cancel()
	body, err := c.core.raw(call, "/version", "application/json")
	if err != nil {
		return "", c.explain(ctx, "ask the API server for its version", err)
	}
	var info struct{ GitVersion string }
	if err := json.Unmarshal(body, &info); err != nil {
		return "", fmt.Errorf("ask the API server for its version: %w", err)
	}
	return info.GitVersion, nil
}

// call bounds one question to the API server.
func (c *Cluster) call(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, c.pace.answer)
}

// silence keeps client-go from logging to standard error, where it would tear the screen.
var silence = sync.OnceFunc(func() { klog.SetLogger(logr.Discard()) })
