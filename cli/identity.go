package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"spraydeck/kube"
	"spraydeck/runbook"
)

// identity pins a run to one cluster, whatever becomes of the kubeconfig meanwhile. A cluster is known by the UID of its
// namespace kube-system.
type identity struct {
	mu    sync.Mutex
	uid   string // "" where nobody could read it
	known bool   // the kubeconfig is known to lead to it
	stamp string // of the kubeconfig then
}

// pin reads which cluster this is, at the start of a run.
func (o *world) pin(ctx context.Context) (uid string) {
	if o.cluster == nil {
		return ""
	}
	uid, err := o.cluster.Identity(ctx)
	o.is = &identity{uid: uid, known: err == nil, stamp: stampOf(o.cluster.Kubeconfig())}
	return uid
}

// pinned holds the kubeconfig against the cluster that a run began with. That it does not answer is no other cluster.
func (o *world) pinned(ctx context.Context, uid string) error {
	if o.cluster == nil || uid == "" {
		return nil
	}
	now, err := o.cluster.Identity(ctx)
	o.is = &identity{uid: uid, known: err == nil, stamp: stampOf(o.cluster.Kubeconfig())}
	if err == nil && now != uid {
		return otherCluster(o.cluster.Kubeconfig(), uid, now)
	}
	return nil
}

// same is asked before each command that changes something: where the kubeconfig was written since, it must still lead to
// the cluster of the run, for kubectl and Ansible read it again.
func (o *world) same(ctx context.Context) error {
	if o.is == nil || o.is.uid == "" {
		return nil
	}
	o.is.mu.Lock()
	defer o.is.mu.Unlock()
	stamp := stampOf(o.cluster.Kubeconfig())
	if o.is.known && stamp == o.is.stamp {
		return nil
	}
	cluster, err := kube.Open(o.kubeconfig, o.context)
	if err != nil {
		return usage(err)
	}
	uid, err := cluster.Identity(ctx)
	var away *kube.UnreachableError
	switch {
	case errors.As(err, &away):
		return nil // whatever needs its answer reports the error
	case err != nil:
		return fmt.Errorf("the kubeconfig has changed, and whether it leads to the same cluster could not be read: %w", err)
	case uid != o.is.uid:
		return otherCluster(cluster.Kubeconfig(), o.is.uid, uid)
	}
	o.is.known, o.is.stamp = true, stamp
	return nil
}

func otherCluster(file, was, is string) error {
	return &runbook.UsageError{Message: fmt.Sprintf("kubeconfig %s leads to another cluster than this run began with: kube-system has the UID %s, and had %s", file, is, was),
		Way: "nothing was run; name the kubeconfig of the run with --kubeconfig and its context with --context, or put the file back"}
}

func stampOf(file string) string {
	info, err := os.Stat(file)
	if err != nil {
		return err.Error()
	}
	return fmt.Sprint(info.Size(), info.ModTime().UnixNano())
}

// kubeEnv has commands of the workstation use the cluster and the context that we use. A context is put in front by a file of
// its own that names nothing else.
func (o *world) kubeEnv() []string {
	file := o.kubeconfig
	if o.context == "" {
		if file == "" {
			return nil
		}
		return []string{"KUBECONFIG=" + file}
	}
	if file == "" {
		file = os.Getenv("KUBECONFIG")
	}
	if home, err := os.UserHomeDir(); file == "" && err == nil {
		file = filepath.Join(home, ".kube", "config")
	}
	o.contextOnce.Do(func() {
		dir := o.runDir
		if dir == "" {
			dir, o.contextErr = os.MkdirTemp("", "spraydeck-context-")
			o.tempDir = dir
		}
		o.contextFile = filepath.Join(dir, "context")
		if o.contextErr == nil {
			o.contextErr = os.WriteFile(o.contextFile, fmt.Appendf(nil, "apiVersion: v1\nkind: Config\ncurrent-context: %q\n", o.context), 0o600)
		}
	})
	return []string{"KUBECONFIG=" + o.contextFile + string(os.PathListSeparator) + file}
}
