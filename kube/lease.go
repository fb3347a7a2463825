package kube

import (
	"context"
	"errors"
	"net/http"
	"sync/atomic"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
)

// Where the maintenance lease lies, and what it says besides the fields of every lease.
const (
	LeaseNamespace = metav1.NamespaceSystem
	LeaseName      = "spraydeck"

	leaseRun     = "spraydeck/run"
	leaseRunbook = "spraydeck/runbook"
	leaseStep    = "spraydeck/step"
)

// A lease that its holder does not renew ends by itself. Three renewals may fail before it does.
const (
	LeaseDuration = time.Minute
	LeaseRenewal  = 15 * time.Second
)

// Lease is who holds the cluster for maintenance.
type Lease struct {
	Holder  string // user@host
	Run     string
	Runbook string
	Step    string
	Since   time.Time
	Renewed time.Time
	Expired bool // by the clock of the API server
}

// TakeLease takes the maintenance lease for a run. It is free where nobody has it, where its holder has not renewed it in
// time, and where the same run has it. from is another run from which it is taken all the same, "" for none. was is who had
// it, nil for nobody; where taken is false, was holds it.
func (c *Cluster) TakeLease(ctx context.Context, want Lease, from string) (was *Lease, taken bool, err error) {
	doing := "take the lease " + LeaseNamespace + "/" + LeaseName
	for range 5 { // another console may write at the same moment
		was, err = c.takeLease(ctx, want, from)
		switch {
		case err == nil:
			return was, true, nil
		case errors.Is(err, errHeld):
			return was, false, nil
		case !apierrors.IsConflict(err) && !apierrors.IsAlreadyExists(err):
			return nil, false, c.explain(ctx, doing, err)
		}
	}
	return nil, false, c.explain(ctx, doing, err)
}

var errHeld = errors.New("another run holds it")

func (c *Cluster) takeLease(ctx context.Context, want Lease, from string) (*Lease, error) {
	call, cancel := c.call(ctx)
	defer cancel()
	leases := c.leases()
	got, err := leases.Get(call, LeaseName, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		lease := &unstructured.Unstructured{Object: map[string]any{}}
		lease.SetAPIVersion("coordination.k8s.io/v1")
		lease.SetKind("Lease")
		lease.SetName(LeaseName)
		lease.SetNamespace(LeaseNamespace)
		if err := c.fillLease(lease, want, false); err != nil {
			return nil, err
		}
		_, err = leases.Create(call, lease, metav1.CreateOptions{FieldManager: manager})
		return nil, err
	}
	if err != nil {
		return nil, err
	}
	was := c.leaseOf(got)
	same := was.Run == want.Run
	if was.Holder != "" && !same && !was.Expired && (from == "" || was.Run != from) {
		return was, errHeld
	}
	if err := c.fillLease(got, want, same); err != nil {
		return nil, err
	}
	_, err = leases.Update(call, got, metav1.UpdateOptions{FieldManager: manager})
	if was.Holder == "" {
		was = nil
	}
	return was, err
}

// RenewLease says that the run goes on, and at which step. other is who holds the lease instead. It never makes a lease that
// is gone: gone says so.
func (c *Cluster) RenewLease(ctx context.Context, want Lease) (other *Lease, gone bool, err error) {
	call, cancel := c.call(ctx)
	defer cancel()
	leases := c.leases()
	got, err := leases.Get(call, LeaseName, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil, true, nil
	}
	if err == nil {
		if now := c.leaseOf(got); now.Run != want.Run {
			return now, false, nil
		}
		if want.Step == "" {
			want.Step = got.GetAnnotations()[leaseStep]
		}
		if err = c.fillLease(got, want, true); err == nil {
			_, err = leases.Update(call, got, metav1.UpdateOptions{FieldManager: manager})
		}
	}
	if apierrors.IsConflict(err) {
		err = nil // somebody wrote it just now; the next renewal sees who
	}
	return nil, false, c.explain(ctx, "renew the lease "+LeaseNamespace+"/"+LeaseName, err)
}

// ReleaseLease gives the lease of a run back. One that another run holds stays, and one that is gone is no error.
func (c *Cluster) ReleaseLease(ctx context.Context, run string) error {
	call, cancel := c.call(ctx)
	defer cancel()
	leases := c.leases()
	got, err := leases.Get(call, LeaseName, metav1.GetOptions{})
	if err == nil && got.GetAnnotations()[leaseRun] == run {
		uid, version := got.GetUID(), got.GetResourceVersion()
		err = leases.Delete(call, LeaseName, metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &uid, ResourceVersion: &version}})
	}
	if apierrors.IsNotFound(err) || apierrors.IsConflict(err) {
		return nil
	}
	return c.explain(ctx, "release the lease "+LeaseNamespace+"/"+LeaseName, err)
}

// leaseSpec is the spec of a Lease. Each field is absent in one that nobody holds.
type leaseSpec struct {
	HolderIdentity       string            `json:"holderIdentity,omitempty"`
	LeaseDurationSeconds int64             `json:"leaseDurationSeconds,omitempty"`
	AcquireTime          *metav1.MicroTime `json:"acquireTime,omitempty"`
	RenewTime            *metav1.MicroTime `json:"renewTime,omitempty"`
	LeaseTransitions     int64             `json:"leaseTransitions,omitempty"`
}

func (c *Cluster) leases() dynamic.ResourceInterface {
	return c.dynamic.Resource(schema.GroupVersionResource{Group: "coordination.k8s.io", Version: "v1", Resource: "leases"}).Namespace(LeaseNamespace)
}

func specOf(l *unstructured.Unstructured) (spec leaseSpec) {
	fields, _, _ := unstructured.NestedMap(l.Object, "spec")
	_ = runtime.DefaultUnstructuredConverter.FromUnstructured(fields, &spec) // a lease of another shape is one that nobody holds
	return spec
}

func (c *Cluster) fillLease(l *unstructured.Unstructured, want Lease, same bool) error {
	now := metav1.NewMicroTime(c.clock.now())
	spec := specOf(l)
	if !same {
		if spec.AcquireTime != nil {
			spec.LeaseTransitions++
		}
		spec.AcquireTime = &now
	}
	spec.HolderIdentity, spec.LeaseDurationSeconds, spec.RenewTime = want.Holder, int64(LeaseDuration/time.Second), &now
	fields, err := runtime.DefaultUnstructuredConverter.ToUnstructured(&spec)
	if err != nil {
		return err
	}
	notes := l.GetAnnotations()
	if notes == nil {
		notes = map[string]string{}
	}
	notes[leaseRun], notes[leaseRunbook], notes[leaseStep] = want.Run, want.Runbook, want.Step
	l.SetAnnotations(notes)
	return unstructured.SetNestedMap(l.Object, fields, "spec")
}

func (c *Cluster) leaseOf(l *unstructured.Unstructured) *Lease {
	notes, spec := l.GetAnnotations(), specOf(l)
	got := &Lease{Holder: spec.HolderIdentity, Run: notes[leaseRun], Runbook: notes[leaseRunbook], Step: notes[leaseStep]}
	if spec.AcquireTime != nil {
		got.Since = spec.AcquireTime.Time
	}
	if spec.RenewTime != nil {
		got.Renewed = spec.RenewTime.Time
	}
	duration := time.Duration(spec.LeaseDurationSeconds) * time.Second
	got.Expired = c.clock.now().Sub(got.Renewed) > duration
	return got
}

// Identity is the UID of the namespace kube-system: a cluster keeps it for life, and no other has it.
func (c *Cluster) Identity(ctx context.Context) (string, error) {
	call, cancel := c.call(ctx)
	defer cancel()
	namespaces := c.dynamic.Resource(schema.GroupVersionResource{Version: "v1", Resource: "namespaces"})
	ns, err := namespaces.Get(call, metav1.NamespaceSystem, metav1.GetOptions{})
	if err != nil {
		return "", c.explain(ctx, "read the namespace "+metav1.NamespaceSystem, err)
	}
	return string(ns.GetUID()), nil
}

// clock is the time of the API server, from the headers of its answers: bastions whose clocks differ agree on it.
type clock struct {
	next   http.RoundTripper
	behind atomic.Int64 // nanoseconds from our time to the server's
}

func (k *clock) now() time.Time { return time.Now().Add(time.Duration(k.behind.Load())) }

func (k *clock) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := k.next.RoundTrip(r)
	if err == nil {
		// a header has whole seconds: less than two of difference is none
		if at, bad := http.ParseTime(answer.Header.Get("Date")); bad == nil {
			off := time.Until(at)
			if off.Abs() < 2*time.Second {
				off = 0
			}
			k.behind.Store(int64(off))
		}
	}
	return answer, err
}
