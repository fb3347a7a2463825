package kube

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// crowded fills node3 with one pod of every fate.
func crowded(t *testing.T) *fakeAPI {
	f := labLike(t)
	f.put("apiVersion: apps/v1\nkind: DaemonSet\nmetadata: {name: calico-node, namespace: kube-system}")
	f.put(pod("kube-system", "calico-node-x", "node3", "", "DaemonSet/calico-node", ""))
	f.put(pod("kube-system", "orphan-x", "node3", "", "DaemonSet/gone", ""))
	f.put(pod("kube-system", "kube-apiserver-node3", "node3", `annotations: {kubernetes.io/config.mirror: "1"}`, "Node/node3", ""))
	f.put(pod("monitoring", "prometheus-k8s-0", "node3", "", "StatefulSet/prometheus-k8s", "volumes: [{name: a, emptyDir: {sizeLimit: 2Gi}}, {name: b, emptyDir: {sizeLimit: 1Gi}}]"))
	f.put(pod("default", "cache-1", "node3", "", "ReplicaSet/cache", "volumes: [{name: a, emptyDir: {}}]"))
	f.put(pod("default", "debug", "node3", "", "", ""))
	f.put(pod("default", "web-3", "node3", "labels: {app: web}", "ReplicaSet/web", ""))
	f.put(`
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: web, namespace: default}
spec: {minAvailable: 1, selector: {matchLabels: {app: web}}}
status: {disruptionsAllowed: 1, currentHealthy: 2, desiredHealthy: 1, expectedPods: 2}`)
	return f
}

// Each verdict is the one of kubectl drain --ignore-daemonsets; TestLabDrainAsKubectl compares with kubectl itself.
func TestFates(t *testing.T) {
	c := crowded(t).open()
	const (
		ignored = "stays: ignoring DaemonSet-managed Pods"
		local   = "refused: Pods with local storage (use --delete-emptydir-data to override)"
		gone    = `daemonsets.apps "gone" not found`
	)
	for _, test := range []struct {
		force, emptyDir bool
		want            map[string]string
	}{
		{false, false, map[string]string{
			"calico-node-x": ignored, "kube-apiserver-node3": "stays: ", "myrocketchat-mongodb-arbiter-0": "goes: ",
			"orphan-x": "refused: " + gone, "prometheus-k8s-0": local, "cache-1": local,
			"debug": "refused: Pods that declare no controller (use --force to override)", "web-3": "goes: ",
		}},
		{true, true, map[string]string{
			"calico-node-x": ignored, "kube-apiserver-node3": "stays: ", "myrocketchat-mongodb-arbiter-0": "goes: ",
			"orphan-x": "goes: " + gone, "prometheus-k8s-0": "goes: ", "cache-1": "goes: ",
			"debug": "goes: deleting Pods that declare no controller", "web-3": "goes: ",
		}},
	} {
		fates, err := c.fates(t.Context(), "node3", test.force, test.emptyDir)
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]string{}
		for _, f := range fates {
			switch {
			case f.refused != "":
				got[f.pod.Name] = "refused: " + f.refused
			case f.goes:
				got[f.pod.Name] = "goes: " + f.warning
			default:
				got[f.pod.Name] = "stays: " + f.warning
			}
		}
		if !maps.Equal(got, test.want) {
			t.Errorf("force %v:\n got %v\nwant %v", test.force, got, test.want)
		}
	}
}

func TestDrain(t *testing.T) {
	f := crowded(t)
	f.remove("pods", "rocketchat", "myrocketchat-mongodb-arbiter-0")
	f.put(pod("rocketchat", "myrocketchat-mongodb-arbiter-0", "node3", "labels: {component: arbiter}", "StatefulSet/myrocketchat-mongodb-arbiter", ""))
	c := f.open()
	c.pace.evictRetry = 20 * time.Millisecond
	opened := false
	log := &logger{line: func(line string) {
		// The operator loosens the budget after the second refusal.
		if !opened && f.seen("POST /api/v1/namespaces/rocketchat/pods/") >= 2 {
			opened = true
			if err := c.Patch(t.Context(), "pdb", "rocketchat", "myrocketchat-mongodb-arbiter", "merge", []byte(`{"status":{"disruptionsAllowed":1}}`), false); err != nil {
				t.Error(err)
			}
		}
	}}
	if err := c.Drain(t.Context(), "node3", true, true, false, -1, 10*time.Second, log); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"node/node3 cordoned",
		"Warning: ",
		"ignoring DaemonSet-managed Pods: kube-system/calico-node-x",
		"deleting Pods that declare no controller: default/debug",
		"evicting pod rocketchat/myrocketchat-mongodb-arbiter-0",
		`error when evicting pods/"myrocketchat-mongodb-arbiter-0" -n "rocketchat" (will retry after 20ms): Cannot evict pod as it would violate the pod's disruption budget.`,
		"pod/web-3 evicted",
		"pod/myrocketchat-mongodb-arbiter-0 evicted",
		"node/node3 drained",
	} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("no %q in\n%s", want, log)
		}
	}
	left, err := c.Get(t.Context(), "pods", "", "", "", "spec.nodeName=node3")
	if got := names(left); err != nil || !slices.Equal(got, []string{"calico-node-x", "kube-apiserver-node3"}) {
		t.Errorf("left: %v, %v", got, err)
	}
	log = &logger{}
	if err := c.Drain(t.Context(), "node3", true, true, false, -1, 10*time.Second, log); err != nil || !strings.HasPrefix(log.String(), "node/node3 already cordoned\n") {
		t.Errorf("again: %v\n%s", err, log)
	}
}

func TestDrainRefusedChangesNothing(t *testing.T) {
	f := crowded(t)
	log := &logger{}
	err := f.open().Drain(t.Context(), "node3", true, false, false, -1, 0, log)
	want := `unable to drain node "node3" due to error: cannot delete Pods with local storage (use --delete-emptydir-data to override): default/cache-1, monitoring/prometheus-k8s-0`
	if err == nil || err.Error() != want || hint(err) == "" {
		t.Errorf("got %v", err)
	}
	if f.seen("PATCH")+f.seen("POST")+f.seen("DELETE") != 0 || log.String() != "" {
		t.Errorf("it changed something: %s", log)
	}
}

func TestDrainTimeoutNamesWhatHolds(t *testing.T) {
	f := crowded(t)
	c := f.open()
	err := c.Drain(t.Context(), "node3", true, true, false, -1, 300*time.Millisecond, nil)
	var late *DrainTimeoutError
	if !errors.As(err, &late) {
		t.Fatalf("got %v", err)
	}
	want := "drain node node3: 1 pod left after 300ms: rocketchat/myrocketchat-mongodb-arbiter-0 (budget rocketchat/myrocketchat-mongodb-arbiter allows 0 disruptions: " + wouldViolate + ")"
	if err.Error() != want || !strings.Contains(hint(err), "rocketchat/myrocketchat-mongodb-arbiter") {
		t.Errorf("got %q, hint %q", err, hint(err))
	}
	f.remove("poddisruptionbudgets", "rocketchat", "myrocketchat-mongodb-arbiter")
	f.mu.Lock()
	f.linger = true
	f.mu.Unlock()
	err = c.Drain(t.Context(), "node3", true, true, false, -1, 300*time.Millisecond, nil)
	if err == nil || !strings.Contains(err.Error(), "arbiter-0 (evicted, but has not ended)") {
		t.Errorf("got %v", err)
	}
}

// The wait between two evictions is long; a cancel must not wait for it.
func TestDrainStopsAtOnce(t *testing.T) {
	c := crowded(t).open()
	c.pace.evictRetry, c.pace.drainPoll = time.Hour, time.Hour
	ctx, cancel := context.WithCancel(t.Context())
	log := &logger{line: func(line string) {
		if strings.Contains(line, "will retry") {
			time.AfterFunc(50*time.Millisecond, cancel)
		}
	}}
	done := make(chan error, 1)
	go func() { done <- c.Drain(ctx, "node3", true, true, false, -1, 0, log) }()
	select {
	case err := <-done:
		if !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "stopped with 1 pod left") {
			t.Errorf("got %v", err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("still waiting")
	}
}

func TestDrainDryRun(t *testing.T) {
	f := crowded(t)
	c := f.open()
	log := &logger{}
	err := c.Drain(t.Context(), "node3", true, true, true, -1, 0, log)
	if err == nil || !strings.Contains(err.Error(), "the server would refuse 1 pod: rocketchat/myrocketchat-mongodb-arbiter-0 (budget rocketchat/myrocketchat-mongodb-arbiter allows 0 disruptions") {
		t.Errorf("got %v", err)
	}
	for _, want := range []string{
		"node/node3 cordoned (server dry run)\n",
		"evicting pod default/web-3 (server dry run)\n",
		`error when evicting pods/"myrocketchat-mongodb-arbiter-0" -n "rocketchat": ` + wouldViolate + "\n",
	} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("no %q in\n%s", want, log)
		}
	}
	if strings.Contains(log.String(), "drained") {
		t.Error("a refused drain was called done")
	}
	left, _ := c.Get(t.Context(), "pods", "", "", "", "spec.nodeName=node3")
	node, _ := c.Get(t.Context(), "node", "", "node3", "", "")
	if len(left) != 8 || node[0]["spec"].(map[string]any)["unschedulable"] != nil {
		t.Error("the dry run changed something")
	}
	f.remove("poddisruptionbudgets", "rocketchat", "myrocketchat-mongodb-arbiter")
	log = &logger{}
	if err := c.Drain(t.Context(), "node3", true, true, true, -1, 0, log); err != nil || !strings.HasSuffix(log.String(), "node/node3 drained (server dry run)\n") {
		t.Errorf("%v\n%s", err, log)
	}
}

// Draining the node that carries the API server interrupts the API. That is neither success nor failure.
func TestDrainOutlastsAnOutage(t *testing.T) {
	f := crowded(t)
	f.remove("poddisruptionbudgets", "rocketchat", "myrocketchat-mongodb-arbiter")
	c := f.open()
	gone, stopped := make(chan bool), false
	log := &logger{line: func(line string) {
		switch {
		case strings.HasPrefix(line, "evicting pod default/debug") && !stopped:
			stopped = true
			f.stop()
		case strings.HasPrefix(line, "the API server does not answer ("):
			go func() { f.restart(); close(gone) }()
		}
	}}
	if err := c.Drain(t.Context(), "node3", true, true, false, -1, 10*time.Second, log); err != nil {
		t.Fatalf("%v\n%s", err, log)
	}
	<-gone
	if !strings.Contains(log.String(), "pod/debug evicted") || !strings.Contains(log.String(), "node/node3 drained") {
		t.Errorf("got\n%s", log)
	}
	c.pace.outage = 50 * time.Millisecond
	f.put(pod("default", "late", "node3", "", "ReplicaSet/r", ""))
	err := c.Drain(t.Context(), "node3", true, true, false, -1, 10*time.Second, &logger{line: func(line string) {
		if strings.HasPrefix(line, "evicting pod default/late") && f.seen("POST /api/v1/namespaces/default/pods/late") == 0 {
			f.takeOver(func(http.ResponseWriter, *http.Request) bool { panic(http.ErrAbortHandler) })
		}
	}})
	var lost *UnreachableError
	if !errors.As(err, &lost) {
		t.Errorf("got %v", err)
	}
}

// A question that was not answered must not look like a pod's own fault.
func TestDaemonSetNotReadable(t *testing.T) {
	f := crowded(t)
	f.takeOver(func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.HasSuffix(r.URL.Path, "/daemonsets/calico-node") {
			return false
		}
		refuse(w, 403, metav1.StatusReasonForbidden, "daemonsets is forbidden")
		return true
	})
	if err := f.open().Drain(t.Context(), "node3", true, true, true, -1, 0, nil); err == nil || !strings.Contains(err.Error(), "403") {
		t.Errorf("got %v", err)
	}
}

// logger is a log that a test can react to.
type logger struct {
	strings.Builder
	line func(string)
}

func (l *logger) Write(p []byte) (int, error) {
	n, err := l.Builder.Write(p)
	if l.line != nil {
		l.line(string(p))
	}
	return n, err
}
