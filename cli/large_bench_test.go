package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// BenchmarkCheckLargeCluster runs a check, as released, against an API server with 1,000 nodes and 20,000 pods, beside kubectl in the same
// run. The server is a stand-in that sends JSON over HTTP, objects as large as a kubelet and a Deployment make them; no node is
// reached over SSH.
func BenchmarkCheckLargeCluster(b *testing.B) {
	dir := b.TempDir()
	bin := filepath.Join(dir, "spraydeck")
	buildAsReleased(b, bin)
	server := startLargeCluster(b)
	kubeconfig := filepath.Join(dir, "config")
	text := fmt.Sprintf("apiVersion: v1\nkind: Config\ncurrent-context: c\nclusters: [{name: c, cluster: {server: %q}}]\nusers: [{name: u, user: {token: t}}]\ncontexts: [{name: c, context: {cluster: c, user: u}}]\n", server)
	if err := os.WriteFile(kubeconfig, []byte(text), 0o600); err != nil {
		b.Fatal(err)
	}
	own := filepath.Join(dir, "own")
	book := filepath.Join(own, "large.yaml")
	for file, text := range map[string]string{book: largeBook, filepath.Join(own, "nodes-not-ready.yaml"): largePitfall} {
		if err := errors.Join(os.MkdirAll(own, 0o700), os.WriteFile(file, []byte(text), 0o600)); err != nil {
			b.Fatal(err)
		}
	}
	use := func(name string, args ...string) (cpu, megabytes float64) {
		cmd := exec.Command(name, args...)
		cmd.Env = append(cmd.Environ(), "KUBECONFIG="+kubeconfig, "HOME="+dir)
		out, err := cmd.CombinedOutput()
		if err != nil {
			b.Fatalf("%s: %v\n%.2000s", name, err, out)
		}
		used := cmd.ProcessState.SysUsage().(*syscall.Rusage)
		return float64(used.Utime.Nano()+used.Stime.Nano()) / 1e9, float64(used.Maxrss) / 1024
	}
	var peerCPU, peerMemory float64
	if _, err := exec.LookPath("kubectl"); err == nil {
		peerCPU, peerMemory = use("kubectl", "get", "nodes,pods", "--all-namespaces")
	} else {
		b.Log("not compared with kubectl, which is not installed")
	}
	var cpu, memory float64
	for b.Loop() {
		cpu, memory = use(bin, "check", "large", "--runbooks", own, "--checkout", dir)
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(cpu, "cpu-s")
	b.ReportMetric(memory, "MB")
	if peerMemory > 0 {
		b.ReportMetric(cpu/peerCPU, "cpu-x-kubectl")
		b.ReportMetric(memory/peerMemory, "MB-x-kubectl")
	}
}

// startLargeCluster starts the server as a process of its own: the kernel counts the memory of whoever starts a program as the program's.
func startLargeCluster(b *testing.B) (address string) {
	b.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	address = listener.Addr().String()
	listener.Close()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(cmd.Environ(), "AS_LARGE_CLUSTER="+address)
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	for range 300 {
		if answer, err := http.Get("http://" + address + "/version"); err == nil {
			answer.Body.Close()
			return "http://" + address
		}
		time.Sleep(100 * time.Millisecond)
	}
	b.Fatal("the server does not answer")
	return ""
}

func serveLargeCluster(address string) {
	fmt.Fprintln(os.Stderr, http.ListenAndServe(address, newLargeCluster(1000, 20000)))
	os.Exit(1)
}

// largeBook checks what hops check of all pods and nodes.
const largeBook = `apiVersion: spraydeck/v1
kind: Runbook
name: large
title: Pods and nodes
version: 1.0.0
system: kubernetes
inputs: {inventory: {type: string, prompt: inventory, default: none}}
phases:
  - title: Before
    steps:
      - id: look
        title: Look
        check:
          gates:
            - {pitfall: worker-capacity}
            - {pitfall: pod-stuck-terminating}
            - {pitfall: limit-spreads-outage}
            - {pitfall: nodes-not-ready}
`

const largePitfall = `apiVersion: spraydeck/v1
kind: Pitfall
name: nodes-not-ready
title: A node is not Ready
severity: blocks
why: The work takes another one away.
sources: ["https://kubernetes.io/docs/reference/node/node-status/"]
before:
  facts: {nodes: {objects: nodes}}
  title: Every node is Ready
  rule: nodes.all(n, n.status.conditions.exists(c, c.type == "Ready" && c.status == "True"))
  says: These are not.
  evidence: nodes.filter(n, n.status.conditions.exists(c, c.type == "Ready" && c.status != "True")).map(n, n.metadata.name)
`

// largeCluster answers as an API server.
type largeCluster struct {
	lists map[string][]json.RawMessage
}

func newLargeCluster(nodes, pods int) *largeCluster {
	c := &largeCluster{lists: map[string][]json.RawMessage{}}
	for i := range nodes {
		c.lists["nodes"] = append(c.lists["nodes"], largeNode(i))
	}
	for i := range pods {
		c.lists["pods"] = append(c.lists["pods"], largePod(i, nodes))
	}
	return c
}

func (c *largeCluster) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	switch name := strings.TrimPrefix(r.URL.Path, "/api/v1/"); {
	case r.URL.Path == "/version":
		fmt.Fprint(w, `{"gitVersion":"v1.32.8","major":"1","minor":"32"}`)
	case r.URL.Path == "/api":
		fmt.Fprint(w, `{"kind":"APIVersions","versions":["v1"]}`)
	case r.URL.Path == "/apis":
		fmt.Fprint(w, `{"kind":"APIGroupList","apiVersion":"v1","groups":[]}`)
	case r.URL.Path == "/api/v1":
		fmt.Fprint(w, `{"kind":"APIResourceList","groupVersion":"v1","resources":[{"name":"nodes","singularName":"node","namespaced":false,"kind":"Node","verbs":["get","list"]},`+
			`{"name":"pods","singularName":"pod","namespaced":true,"kind":"Pod","verbs":["get","list"]}]}`)
	case c.lists[name] != nil:
		c.list(w, r, map[string]string{"nodes": "NodeList", "pods": "PodList"}[name], c.lists[name])
	default:
		w.WriteHeader(http.StatusNotFound)
		fmt.Fprint(w, `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"NotFound","code":404}`)
	}
}

func (c *largeCluster) list(w http.ResponseWriter, r *http.Request, kind string, items []json.RawMessage) {
	from, _ := strconv.Atoi(r.URL.Query().Get("continue"))
	to, next := len(items), ""
	if limit, _ := strconv.Atoi(r.URL.Query().Get("limit")); limit > 0 && from+limit < to {
		to = from + limit
		next = strconv.Itoa(to)
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"kind": kind, "apiVersion": "v1", "metadata": map[string]any{"resourceVersion": "1", "continue": next}, "items": items[from:to]})
}

// managed is what the API server notes of who wrote which field.
func managed(writers int) []any {
	var list []any
	for i := range writers {
		fields := map[string]any{}
		for j := range 25 {
			fields[fmt.Sprintf("f:field%d", j)] = map[string]any{".": map[string]any{}, "f:name": map[string]any{}, "f:value": map[string]any{}}
		}
		list = append(list, map[string]any{"manager": fmt.Sprint("writer", i), "operation": "Update", "apiVersion": "v1", "fieldsType": "FieldsV1", "fieldsV1": fields})
	}
	return list
}

func conditions(good string, types ...string) []any {
	var list []any
	for _, t := range types {
		status := "False"
		if t == good || good == "" {
			status = "True"
		}
		list = append(list, map[string]any{"type": t, "status": status, "lastTransitionTime": "2026-01-01T00:00:00Z", "reason": "Because", "message": "a sentence about it"})
	}
	return list
}

func largeNode(i int) json.RawMessage {
	var images []any
	for j := range 40 {
		images = append(images, map[string]any{"names": []string{fmt.Sprintf("registry.example.org/team/image%d@sha256:%064d", j, j), fmt.Sprintf("registry.example.org/team/image%d:v1.2.3", j)}, "sizeBytes": 123456789})
	}
	b, _ := json.Marshal(map[string]any{
		"metadata": map[string]any{"name": fmt.Sprint("node", i), "labels": map[string]any{"kubernetes.io/hostname": fmt.Sprint("node", i)}, "managedFields": managed(3)},
		"spec":     map[string]any{"podCIDR": "10.233.64.0/24"},
		"status": map[string]any{"conditions": conditions("Ready", "MemoryPressure", "DiskPressure", "PIDPressure", "Ready"), "images": images,
			"nodeInfo": map[string]any{"kubeletVersion": "v1.32.8", "containerRuntimeVersion": "containerd://2.0.5", "osImage": "Ubuntu 24.04.2 LTS", "kernelVersion": "6.8.0-60-generic"}},
	})
	return b
}

func largePod(i, nodes int) json.RawMessage {
	var containers, statuses, variables []any
	for j := range 15 {
		variables = append(variables, map[string]any{"name": fmt.Sprint("VARIABLE_", j), "value": "the value of the variable"})
	}
	for j := range 2 {
		containers = append(containers, map[string]any{"name": fmt.Sprint("c", j), "image": "registry.example.org/team/app:v1.2.3", "env": variables, "imagePullPolicy": "IfNotPresent"})
		statuses = append(statuses, map[string]any{"name": fmt.Sprint("c", j), "ready": true, "restartCount": 0, "image": "registry.example.org/team/app:v1.2.3",
			"containerID": fmt.Sprintf("containerd://%064d", i), "state": map[string]any{"running": map[string]any{"startedAt": "2026-01-01T00:00:00Z"}}})
	}
	b, _ := json.Marshal(map[string]any{
		"metadata": map[string]any{"name": fmt.Sprintf("app-%d-7d9c6b5f4-abcde", i), "namespace": fmt.Sprint("team", i%200), "labels": map[string]any{"app": fmt.Sprint("app", i%500)}, "managedFields": managed(2),
			"ownerReferences": []any{map[string]any{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "app-7d9c6b5f4", "controller": true}}},
		"spec":   map[string]any{"nodeName": fmt.Sprint("node", i%nodes), "containers": containers},
		"status": map[string]any{"phase": "Running", "conditions": conditions("", "Initialized", "Ready", "ContainersReady", "PodScheduled"), "containerStatuses": statuses},
	})
	return b
}
