package kube

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// contract is what any cluster must do, the fake and the real one. It leaves the cluster as it was.
func contract(t *testing.T, c *Cluster) {
	t.Run("ping", func(t *testing.T) {
		version, err := c.Ping(t.Context())
		if err != nil || !strings.HasPrefix(version, "v1.") {
			t.Fatalf("got %q, %v", version, err)
		}
	})
	t.Run("names of kinds", func(t *testing.T) {
		for _, name := range []string{"nodes", "node", "no", "Node", "NODES", "nodes.v1."} {
			objects, err := c.Get(t.Context(), name, "", "", "", "")
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			if got := names(objects); !slices.Equal(got, []string{"node1", "node2", "node3", "node4"}) {
				t.Errorf("%s: got %v", name, got)
			}
		}
		for _, name := range []string{"pdb", "poddisruptionbudgets.policy", "deployments.apps", "deploy", "ippools.crd.projectcalico.org", "daemonsets.v1.apps"} {
			if _, err := c.Get(t.Context(), name, "", "", "", ""); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
	t.Run("one object is plain JSON", func(t *testing.T) {
		// A namespace means nothing to a kind that has none, as in kubectl.
		for _, namespace := range []string{"", "kube-system"} {
			objects, err := c.Get(t.Context(), "ippools.crd.projectcalico.org", namespace, "default-pool", "", "")
			if err != nil || len(objects) != 1 {
				t.Fatalf("got %v, %v", objects, err)
			}
			spec := objects[0]["spec"].(map[string]any)
			if _, ok := spec["blockSize"].(int64); !ok {
				t.Errorf("blockSize is a %T", spec["blockSize"])
			}
			if meta := objects[0]["metadata"].(map[string]any); meta["managedFields"] != nil {
				t.Error("managedFields are still there")
			}
		}
	})
	t.Run("selectors", func(t *testing.T) {
		objects, err := c.Get(t.Context(), "nodes", "", "", "kubernetes.io/hostname in (node2, node3)", "")
		if got := names(objects); err != nil || !slices.Equal(got, []string{"node2", "node3"}) {
			t.Errorf("label selector: got %v, %v", got, err)
		}
		objects, err = c.Get(t.Context(), "nodes", "", "", "", "metadata.name=node4")
		if got := names(objects); err != nil || !slices.Equal(got, []string{"node4"}) {
			t.Errorf("field selector: got %v, %v", got, err)
		}
		objects, err = c.Get(t.Context(), "nodes", "", "", "no-such-label=x", "")
		if err != nil || objects == nil || len(objects) != 0 {
			t.Errorf("an empty list is no error: got %v, %v", objects, err)
		}
	})
	t.Run("not found", func(t *testing.T) {
		var missing *NotFoundError
		_, err := c.Get(t.Context(), "node", "", "node9", "", "")
		if !errors.As(err, &missing) || err.Error() != "find node node9: not found" {
			t.Errorf("got %v", err)
		}
		_, err = c.Get(t.Context(), "pod", "", "no-such-pod", "", "")
		if !errors.As(err, &missing) {
			t.Errorf("in any namespace: got %v", err)
		}
		if err := c.Delete(t.Context(), "cm", "default", "no-such-map", false); !errors.As(err, &missing) {
			t.Errorf("delete: got %v", err)
		}
		if _, err := c.Cordon(t.Context(), "node9", true); !errors.As(err, &missing) {
			t.Errorf("cordon: got %v", err)
		}
		if err := c.Drain(t.Context(), "node9", true, true, true, -1, time.Second, nil); !errors.As(err, &missing) {
			t.Errorf("drain: got %v", err)
		}
	})
	t.Run("unknown kind", func(t *testing.T) {
		for typed, meant := range map[string]string{
			"noodes":                       "nodes",
			"deploymnets":                  "deployments.apps",
			"ippool.crd.projectcalico.com": "ippools.crd.projectcalico.org",
		} {
			_, err := c.Get(t.Context(), typed, "", "", "", "")
			if err == nil || !strings.Contains(hint(err), meant) {
				t.Errorf("%s: got %v, hint %q", typed, err, hint(err))
			}
		}
	})
	t.Run("write", func(t *testing.T) { contractWrites(t, c) })
	t.Run("cordon", func(t *testing.T) {
		for i, on := range []bool{true, true, false, false} {
			changed, err := c.Cordon(t.Context(), "node4", on)
			if err != nil || changed != (i%2 == 0) {
				t.Errorf("step %d: changed %v, %v", i, changed, err)
			}
		}
	})
	t.Run("nodes are watched", func(t *testing.T) {
		w := watchNodes(t, c)
		w.until(t, "four nodes and a connection", func() bool { return len(w.nodes) == 4 && len(w.states) > 0 })
		if !w.states[0].connected || w.states[0].err != nil {
			t.Fatalf("got %v", w.states[0])
		}
		n := w.nodes["node1"]
		if n.Version == "" || n.InternalIP == "" || n.Ready != "True" || n.Since.IsZero() || n.Created.IsZero() || !slices.Contains(n.Roles, "control-plane") {
			t.Errorf("node1 is %+v", n)
		}
	})
	t.Run("watch sees a cordon", func(t *testing.T) { contractWatch(t, c) })
	t.Run("rehearse a drain", func(t *testing.T) {
		fates, err := c.fates(t.Context(), "node4", true, true)
		if err != nil {
			t.Fatal(err)
		}
		goes := 0
		for _, f := range fates {
			if f.refused != "" {
				t.Errorf("%s is refused, in spite of force: %s", f.pod.Name, f.refused)
			}
			if f.goes {
				goes++
			}
		}
		var log strings.Builder
		err = c.Drain(t.Context(), "node4", true, true, true, -1, 10*time.Second, &log)
		if got := strings.Count(log.String(), "evicting pod "); goes == 0 || got != goes {
			t.Errorf("want %d evictions, err %v:\n%s", goes, err, log.String())
		}
		objects, err := c.Get(t.Context(), "node", "", "node4", "", "")
		if err != nil || objects[0]["spec"].(map[string]any)["unschedulable"] != nil {
			t.Errorf("the dry run changed the node: %v, %v", objects, err)
		}
	})
}

func contractWrites(t *testing.T, c *Cluster) {
	const name = "spraydeck-contract"
	manifest := []byte("# a comment first\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: " + name + ", namespace: default}\ndata: {a: one}\n---\n")
	t.Cleanup(func() { _ = c.Delete(context.Background(), "cm", "default", name, false) })

	lines, err := c.Apply(t.Context(), manifest, true)
	if want := []string{"configmap/" + name + " serverside-applied (server dry run)"}; err != nil || !slices.Equal(lines, want) {
		t.Fatalf("got %q, %v", lines, err)
	}
	var missing *NotFoundError
	if _, err := c.Get(t.Context(), "cm", "default", name, "", ""); !errors.As(err, &missing) {
		t.Fatalf("the dry run left something: %v", err)
	}
	lines, err = c.Apply(t.Context(), manifest, false)
	if want := []string{"configmap/" + name + " serverside-applied"}; err != nil || !slices.Equal(lines, want) {
		t.Fatalf("got %q, %v", lines, err)
	}
	for kind, patch := range map[string]string{
		"merge":     `data: {merge: "yes"}`,
		"strategic": `{"data":{"strategic":"yes"}}`,
		"json":      `[{"op":"add","path":"/data/json","value":"yes"}]`,
	} {
		if err := c.Patch(t.Context(), "configmaps", "default", name, kind, []byte(patch), false); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
	}
	if err := c.Patch(t.Context(), "cm", "default", name, "merge", []byte(`{"data":{"dry":"yes"}}`), true); err != nil {
		t.Error(err)
	}
	if err := c.Delete(t.Context(), "cm", "default", name, true); err != nil {
		t.Error(err)
	}
	objects, err := c.Get(t.Context(), "cm", "", name, "", "")
	if err != nil || len(objects) != 1 {
		t.Fatalf("got %v, %v", objects, err)
	}
	if got := fmt.Sprint(objects[0]["data"]); got != "map[a:one json:yes merge:yes strategic:yes]" {
		t.Errorf("got %s", got)
	}
	if err := c.Delete(t.Context(), "cm", "default", name, false); err != nil {
		t.Error(err)
	}
	if _, err := c.Get(t.Context(), "cm", "default", name, "", ""); !errors.As(err, &missing) {
		t.Errorf("still there: %v", err)
	}
}

func contractWatch(t *testing.T, c *Cluster) {
	w := watchNodes(t, c)
	w.until(t, "four nodes", func() bool { return len(w.nodes) == 4 })
	if _, err := c.Cordon(t.Context(), "node4", true); err != nil {
		t.Fatal(err)
	}
	w.until(t, "node4 cordoned", func() bool { return w.nodes["node4"].Unschedulable })
	if _, err := c.Cordon(t.Context(), "node4", false); err != nil {
		t.Fatal(err)
	}
	w.until(t, "node4 schedulable", func() bool { return !w.nodes["node4"].Unschedulable })
}

func names(objects []map[string]any) []string {
	var out []string
	for _, o := range objects {
		out = append(out, field(o, "metadata", "name"))
	}
	slices.Sort(out)
	return out
}

func hint(err error) string {
	var h interface{ Hint() string }
	if errors.As(err, &h) {
		return h.Hint()
	}
	return ""
}

// watched collects what WatchNodes says, on the test's own goroutine.
type watched struct {
	nodes   map[string]Node
	states  []state
	calls   int
	changes chan func(*watched)
}

type state struct {
	connected bool
	err       error
}

func watchNodes(t *testing.T, c *Cluster) *watched {
	w := &watched{nodes: map[string]Node{}, changes: make(chan func(*watched), 1000)}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		done <- c.WatchNodes(ctx, func(n Node, deleted bool) {
			w.changes <- func(w *watched) {
				w.calls++
				w.nodes[n.Name] = n
				if deleted {
					delete(w.nodes, n.Name)
				}
			}
		}, func(connected bool, err error) {
			w.changes <- func(w *watched) { w.states = append(w.states, state{connected, err}) }
		})
	}()
	t.Cleanup(func() {
		cancel()
		select {
		case err := <-done:
			if err != nil {
				t.Error(err)
			}
		case <-time.After(10 * time.Second):
			t.Error("the watch does not end with its context")
		}
	})
	return w
}

func (w *watched) until(t *testing.T, what string, reached func() bool) {
	t.Helper()
	late := time.After(15 * time.Second)
	for !reached() {
		select {
		case change := <-w.changes:
			change(w)
		case <-late:
			t.Fatalf("waited in vain for %s; have %+v", what, w)
		}
	}
}
