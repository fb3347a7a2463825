package kube

import (
	"encoding/pem"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const lateNode = `
apiVersion: v1
kind: Node
metadata: {name: late, labels: {node-role.kubernetes.io/worker: "", kubernetes.io/role: ingress}}
spec: {unschedulable: true, taints: [{key: k, value: v, effect: NoSchedule}, {key: only, effect: NoExecute}]}
status:
  conditions:
  - {type: DiskPressure, status: "True"}
  - {type: PIDPressure, status: "False"}
  - {type: Ready, status: "False", lastTransitionTime: "2026-01-02T03:05:00Z", lastHeartbeatTime: "HEARTBEAT"}
`

func TestWatchNodesDropsHeartbeats(t *testing.T) {
	f := labLike(t)
	w := watchNodes(t, f.open())
	w.until(t, "four nodes", func() bool { return len(w.nodes) == 4 })
	before := w.calls
	f.put(strings.Replace(lateNode, "HEARTBEAT", "2026-01-02T03:06:00Z", 1))
	for range 20 {
		f.put(strings.Replace(lateNode, "HEARTBEAT", "2026-01-02T03:07:00Z", 1))
	}
	f.remove("nodes", "", "node4")
	w.until(t, "node4 gone", func() bool { return len(w.nodes) == 4 && w.nodes["node4"].Name == "" })
	if got := w.calls - before; got != 2 {
		t.Errorf("want one call for the new node and one for the deleted, got %d", got)
	}
	n := w.nodes["late"]
	if n.Ready != "False" || !n.Unschedulable || strings.Join(n.Roles, " ") != "ingress worker" ||
		strings.Join(n.Taints, " ") != "k=v:NoSchedule only:NoExecute" || strings.Join(n.Pressure, " ") != "DiskPressure" ||
		!n.Since.Equal(time.Date(2026, 1, 2, 3, 5, 0, 0, time.UTC)) {
		t.Errorf("got %+v", n)
	}
}

func TestWatchNodesOutage(t *testing.T) {
	f := labLike(t)
	w := watchNodes(t, f.open())
	w.until(t, "four nodes and a connection", func() bool { return len(w.nodes) == 4 && len(w.states) == 1 })
	f.stop()
	w.until(t, "the loss", func() bool { return len(w.states) > 1 })
	var lost *UnreachableError
	if s := w.states[len(w.states)-1]; s.connected || !errors.As(s.err, &lost) {
		t.Errorf("got %+v", s)
	}
	// What happened meanwhile must be seen afterwards: a node changed, one went, one came.
	f.remove("nodes", "", "node3")
	f.put(strings.Replace(lateNode, "HEARTBEAT", "2026-01-02T03:07:00Z", 1))
	f.restart()
	w.until(t, "the return", func() bool { return w.states[len(w.states)-1].connected })
	w.until(t, "the changes", func() bool { return w.nodes["node3"].Name == "" && w.nodes["late"].Name != "" })
	if len(w.nodes) != 4 {
		t.Errorf("got %v", w.nodes)
	}
}

// The server's machine may vanish: connections stay open and nothing comes back.
func TestWatchNodesSilentLoss(t *testing.T) {
	f := labLike(t)
	w := watchNodes(t, f.open())
	w.until(t, "four nodes and a connection", func() bool { return len(w.nodes) == 4 && len(w.states) == 1 })
	f.takeOver(func(_ http.ResponseWriter, r *http.Request) bool {
		<-r.Context().Done()
		return true
	})
	w.until(t, "the loss", func() bool { return len(w.states) > 1 })
	if s := w.states[1]; s.connected || !strings.HasSuffix(s.err.Error(), "no answer in time") {
		t.Errorf("got %+v", s)
	}
	f.put(strings.Replace(lateNode, "HEARTBEAT", "2026-01-02T03:07:00Z", 1))
	f.takeOver(nil)
	w.until(t, "the return", func() bool { return w.states[len(w.states)-1].connected && len(w.nodes) == 5 })
}

func TestWatchNodesForbidden(t *testing.T) {
	f := labLike(t)
	f.takeOver(func(w http.ResponseWriter, r *http.Request) bool {
		refuse(w, 403, metav1.StatusReasonForbidden, "nodes is forbidden")
		return true
	})
	w := watchNodes(t, f.open())
	w.until(t, "the refusal", func() bool { return len(w.states) == 1 })
	if s := w.states[0]; s.connected || !strings.Contains(s.err.Error(), "is not allowed to (403)") {
		t.Errorf("got %+v", s)
	}
	f.takeOver(nil)
	w.until(t, "the right to read", func() bool { return len(w.nodes) == 4 && w.states[len(w.states)-1].connected })
}

// Another control-plane node takes over, and the operator sees it.
func TestFailover(t *testing.T) {
	port := ""
	handler := labLike(t)
	listen := func(address string) net.Listener {
		l, err := net.Listen("tcp", address)
		if err != nil {
			if os.Getenv("CI") == "true" {
				t.Fatal(err)
			}
			t.Skipf("skipped, there is no second loopback address: %v", err)
		}
		return l
	}
	serve := func(address string) *httptest.Server {
		s := httptest.NewUnstartedServer(handler)
		_ = s.Listener.Close()
		s.Listener = listen(net.JoinHostPort(address, port))
		s.EnableHTTP2 = true
		s.StartTLS()
		return s
	}
	first := listen("127.0.0.1:0")
	_, port, _ = net.SplitHostPort(first.Addr().String())
	_ = first.Close()
	primary := serve("127.0.0.1")
	second := serve("127.0.0.11")       // the InternalIP of node1
	t.Cleanup(func() { crash(second) }) // after the watch ended

	c, err := Open(writeConfig(t, primary.URL), "")
	if err != nil {
		t.Fatal(err)
	}
	// The test server's certificate is for 127.0.0.1: a check against the second address would fail.
	c.config.CAData = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: primary.Certificate().Raw})
	c, err = connect(c.config, c.origin)
	if err != nil {
		t.Fatal(err)
	}
	c.pace.probe, c.pace.probeTimeout = 20*time.Millisecond, 2*time.Second
	w := watchNodes(t, c)
	w.until(t, "four nodes and a connection", func() bool { return len(w.nodes) == 4 && len(w.states) == 1 })

	crash(primary)
	w.until(t, "the other address", func() bool {
		s := w.states[len(w.states)-1]
		return s.connected && s.err != nil
	})
	if got := w.states[len(w.states)-1].err.Error(); got != "use 127.0.0.11:"+port+": the server of the kubeconfig, "+c.Server()+", does not answer" {
		t.Errorf("got %q", got)
	}
	if _, err := c.Ping(t.Context()); err != nil || c.Endpoint() != "127.0.0.11:"+port {
		t.Errorf("got %v, %s", err, c.Endpoint())
	}
}
