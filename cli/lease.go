package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"spraydeck/event"
	"spraydeck/kube"
	"spraydeck/regular"
)

// lease keeps other runs off the cluster, as the engine's Claim: a Lease object in the cluster, renewed while the run lives.
type lease struct {
	cluster *kube.Cluster
	want    kube.Lease
	file    string // in the run's directory: what the supervisors of commands renew by
	note    leaseNote
}

// leaseNote is what a supervisor must know to renew the lease of its run once the console is gone.
type leaseNote struct {
	Kubeconfig string `json:"kubeconfig,omitempty"`
	Context    string `json:"context,omitempty"`
	Holder     string `json:"holder"`
	Run        string `json:"run"`
	Runbook    string `json:"runbook"`
}

// leaseFile lies in the directory of a run for as long as the run holds the lease.
const leaseFile = "lease"

// claims makes the lease of a run, once belongsTo has named the run.
func (o *world) claims(dir, runbook, context string) *lease {
	note := leaseNote{Kubeconfig: o.kubeconfig, Context: context, Holder: operator(), Run: o.run, Runbook: runbook}
	o.lease = &lease{cluster: o.cluster, file: filepath.Join(dir, leaseFile), note: note, want: note.lease()}
	return o.lease
}

func (n leaseNote) lease() kube.Lease {
	return kube.Lease{Holder: n.Holder, Run: n.Run, Runbook: n.Runbook}
}

// Take returns the command that takes the lease at a step, from another run or from nobody.
func (l *lease) Take(step, from string) event.Command {
	object, _ := json.Marshal(map[string]any{
		"apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
		"metadata": map[string]any{"name": kube.LeaseName, "namespace": kube.LeaseNamespace, "annotations": map[string]string{
			"spraydeck/run": l.want.Run, "spraydeck/runbook": l.want.Runbook, "spraydeck/step": step}},
		"spec": map[string]any{"holderIdentity": l.want.Holder, "leaseDurationSeconds": int(kube.LeaseDuration / time.Second)},
	})
	line := "kubectl apply -f - <<'EOF'\n" + string(object) + "\nEOF"
	if from != "" {
		line = "kubectl replace -f - <<'EOF' # from run " + from + "\n" + string(object) + "\nEOF"
	}
	return event.Command{Host: event.API, Line: line, Changes: true, Call: &event.Call{Verb: event.TakeLease, Name: step, Selector: from}}
}

// Release returns the command that releases the lease.
func (l *lease) Release() event.Command {
	return event.Command{Host: event.API, Line: "kubectl -n " + kube.LeaseNamespace + " delete lease " + kube.LeaseName,
		Changes: true, Call: &event.Call{Verb: event.DropLease}}
}

// exec runs one of the two. Who had the lease, or has it, is printed as JSON.
func (l *lease) exec(ctx context.Context, c *event.Call, out func(string, []byte)) (int, error) {
	if c.Verb == event.DropLease {
		return l.failed(ctx, l.cluster.ReleaseLease(ctx, l.want.Run), out)
	}
	want := l.want
	want.Step = c.Name
	was, taken, err := l.cluster.TakeLease(ctx, want, c.Selector)
	if err != nil {
		return l.failed(ctx, err, out)
	}
	if was != nil {
		b, _ := json.Marshal(holderOf(was))
		out("stdout", append(b, '\n'))
	}
	if !taken {
		return 1, nil
	}
	return 0, nil
}

// failed makes an exit code of what the API refused; a call without an answer stays an error.
func (l *lease) failed(ctx context.Context, err error, out func(string, []byte)) (int, error) {
	var away *kube.UnreachableError
	switch {
	case err == nil:
		return 0, nil
	case ctx.Err() != nil || errors.As(err, &away):
		return -1, err
	}
	out("stderr", fmt.Appendf(nil, "error: %v\n", err))
	return 1, nil
}

func holderOf(l *kube.Lease) event.Holder {
	return event.Holder{Name: l.Holder, Run: l.Run, Runbook: l.Runbook, Step: l.Step, Since: l.Since, Seen: l.Renewed, Expired: l.Expired}
}

// Hold renews the lease until it is released, and leaves a note for the supervisors, who go on where this console dies.
func (l *lease) Hold(step func() string, lost func(event.Holder)) (release func()) {
	if b, err := json.Marshal(l.note); err == nil {
		_ = os.WriteFile(l.file, b, 0o600) // without it the lease ends a minute after the console
	}
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() {
		for every(ctx, kube.LeaseRenewal) {
			want := l.want
			want.Step = step()
			other, gone, _ := l.cluster.RenewLease(ctx, want) // an API that is away is reported elsewhere
			if gone && ctx.Err() == nil {
				other, _, _ = l.cluster.TakeLease(ctx, want, "")
			}
			if other != nil && other.Run != want.Run {
				_ = os.Remove(l.file)
				lost(holderOf(other))
				return
			}
		}
	})
	return func() {
		cancel()
		wg.Wait()
		_ = os.Remove(l.file)
	}
}

// every waits for the next round; it is false when there is none.
func every(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

// renewFor is the supervisor's part, beside a command that may outlive the console: it renews the lease of the run in whose
// directory spool lies, as long as the run has one. It never makes one.
func renewFor(spool string) {
	path := filepath.Join(filepath.Dir(spool), leaseFile)
	var cluster *kube.Cluster
	for every(context.Background(), kube.LeaseRenewal) {
		var note leaseNote
		b, err := regular.Read(path)
		if err != nil || json.Unmarshal(b, &note) != nil {
			continue
		}
		if cluster == nil {
			if cluster, err = kube.Open(note.Kubeconfig, note.Context); err != nil {
				cluster = nil
				continue
			}
		}
		if other, _, err := cluster.RenewLease(context.Background(), note.lease()); err == nil && other != nil {
			return
		}
	}
}
