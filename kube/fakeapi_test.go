package kube

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	jsonpatch "gopkg.in/evanphx/json-patch.v4"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"sigs.k8s.io/yaml"
)

// fakeAPI is an API server in a map: discovery, get, list, watch, patch, apply, delete and evictions
// that obey budgets. It speaks real HTTP, so the tests go through the same client code as on a
// cluster, and lab_test.go runs the same contract against a real server.
type fakeAPI struct {
	t       *testing.T
	address string
	server  *httptest.Server

	mu       sync.Mutex
	version  int
	objects  map[string]map[string]any // "resource namespace/name"
	watchers map[chan []byte]bool
	requests []string
	// answer, if set, may take a request over; it returns true when it did.
	answer func(w http.ResponseWriter, r *http.Request) bool
	// linger keeps evicted pods on their node, as a slow container would.
	linger bool
}

// wouldViolate is what the API server says where a budget stops an eviction.
const wouldViolate = "Cannot evict pod as it would violate the pod's disruption budget."

type kind struct {
	group, version, name, singular, kind, short string
	namespaced                                  bool
}

var kinds = []kind{
	{"", "v1", "nodes", "node", "Node", "no", false},
	{"", "v1", "pods", "pod", "Pod", "po", true},
	{"", "v1", "namespaces", "namespace", "Namespace", "ns", false},
	{"coordination.k8s.io", "v1", "leases", "lease", "Lease", "", true},
	{"", "v1", "configmaps", "configmap", "ConfigMap", "cm", true},
	{"apps", "v1", "deployments", "deployment", "Deployment", "deploy", true},
	{"apps", "v1", "daemonsets", "daemonset", "DaemonSet", "ds", true},
	{"policy", "v1", "poddisruptionbudgets", "poddisruptionbudget", "PodDisruptionBudget", "pdb", true},
	{"crd.projectcalico.org", "v1", "ippools", "ippool", "IPPool", "", false},
}

func newFakeAPI(t *testing.T) *fakeAPI {
	f := &fakeAPI{t: t, objects: map[string]map[string]any{}, watchers: map[chan []byte]bool{}}
	f.start("127.0.0.1:0")
	t.Cleanup(f.stop)
	return f
}

func (f *fakeAPI) start(address string) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		f.t.Fatal(err)
	}
	f.address = listener.Addr().String()
	f.server = httptest.NewUnstartedServer(f)
	_ = f.server.Listener.Close() // its own, never served
	f.server.Listener = listener
	f.server.Start()
}

// stop takes the server away without a word, as a crash does.
func (f *fakeAPI) stop() {
	crash(f.server)
	f.mu.Lock()
	defer f.mu.Unlock()
	for w := range f.watchers {
		close(w)
		delete(f.watchers, w)
	}
}

func crash(s *httptest.Server) {
	// The listener first: a client that comes back at once would keep Close waiting for its watch.
	_ = s.Listener.Close()
	s.CloseClientConnections()
	s.Close()
}

func (f *fakeAPI) restart() { f.start(f.address) }

// open writes a kubeconfig for the server and opens it.
func (f *fakeAPI) open() *Cluster {
	f.t.Helper()
	c, err := Open(writeConfig(f.t, "http://"+f.address), "")
	if err != nil {
		f.t.Fatal(err)
	}
	c.pace.answer = 5 * time.Second
	c.pace.evictRetry, c.pace.drainPoll = 30*time.Millisecond, 10*time.Millisecond
	c.pace.probe, c.pace.probeTimeout = 20*time.Millisecond, 200*time.Millisecond
	return c
}

func writeConfig(t *testing.T, server string) string {
	t.Helper()
	return writeFile(t, fmt.Sprintf(`apiVersion: v1
kind: Config
current-context: admin@test
contexts:
- {name: admin@test, context: {cluster: test, user: admin}}
- {name: other, context: {cluster: test, user: admin}}
clusters:
- {name: test, cluster: {server: %q}}
users:
- {name: admin, user: {token: not-a-real-token}}
`, server))
}

func writeFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// put stores objects given as YAML, many to a string.
func (f *fakeAPI) put(text string) {
	f.t.Helper()
	for doc := range strings.SplitSeq(text, "\n---\n") {
		var object map[string]any
		if err := yaml.Unmarshal([]byte(doc), &object); err != nil {
			f.t.Fatalf("%v in\n%s", err, doc)
		}
		i := slices.IndexFunc(kinds, func(k kind) bool { return k.kind == object["kind"] })
		if i < 0 {
			f.t.Fatalf("the fake has no kind %v", object["kind"])
		}
		f.mu.Lock()
		f.store(kinds[i], object)
		f.mu.Unlock()
	}
}

func (f *fakeAPI) remove(resource, namespace, name string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	i := slices.IndexFunc(kinds, func(k kind) bool { return k.name == resource })
	f.erase(kinds[i], namespace, name)
}

func (f *fakeAPI) seen(prefix string) (n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, r := range f.requests {
		if strings.HasPrefix(r, prefix) {
			n++
		}
	}
	return n
}

func (f *fakeAPI) takeOver(answer func(w http.ResponseWriter, r *http.Request) bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.answer = answer
}

func key(k kind, namespace, name string) string { return k.name + " " + namespace + "/" + name }

func field(object map[string]any, path ...string) string {
	var v any = object
	for _, p := range path {
		m, _ := v.(map[string]any)
		v = m[p]
	}
	s, _ := v.(string)
	return s
}

func (f *fakeAPI) store(k kind, object map[string]any) {
	f.version++
	m := object["metadata"].(map[string]any)
	m["resourceVersion"] = strconv.Itoa(f.version)
	m["managedFields"] = []any{map[string]any{"manager": "fake", "operation": "Update"}}
	id := key(k, field(object, "metadata", "namespace"), field(object, "metadata", "name"))
	event := "MODIFIED"
	if f.objects[id] == nil {
		event = "ADDED"
	}
	if m["uid"] == nil {
		m["uid"] = "uid-" + strconv.Itoa(f.version)
	}
	f.objects[id] = object
	f.tell(k, event, object)
}

func (f *fakeAPI) erase(k kind, namespace, name string) {
	id := key(k, namespace, name)
	if object := f.objects[id]; object != nil {
		delete(f.objects, id)
		f.tell(k, "DELETED", object)
	}
}

func (f *fakeAPI) tell(k kind, event string, object map[string]any) {
	if k.name != "nodes" {
		return
	}
	line, _ := json.Marshal(map[string]any{"type": event, "object": object})
	for w := range f.watchers {
		w <- line
	}
}

func (f *fakeAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	f.requests = append(f.requests, r.Method+" "+r.URL.RequestURI())
	answer := f.answer
	f.mu.Unlock()
	if answer != nil && answer(w, r) {
		return
	}
	if r.URL.Path == "/version" {
		reply(w, 200, map[string]any{"gitVersion": "v1.31.4", "major": "1", "minor": "31"})
		return
	}
	if discover(w, r.URL.Path) {
		return
	}
	f.resource(w, r)
}

func reply(w http.ResponseWriter, code int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Add("Warning", `299 - "this must never reach the screen"`)
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(body)
}

func refuse(w http.ResponseWriter, code int, reason metav1.StatusReason, message string) {
	reply(w, code, metav1.Status{
		TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"},
		Status:   "Failure", Code: int32(code), Reason: reason, Message: message,
	})
}

func discover(w http.ResponseWriter, path string) bool {
	switch path {
	case "/api":
		reply(w, 200, metav1.APIVersions{TypeMeta: metav1.TypeMeta{Kind: "APIVersions"}, Versions: []string{"v1"}})
		return true
	case "/apis":
		list := metav1.APIGroupList{TypeMeta: metav1.TypeMeta{Kind: "APIGroupList", APIVersion: "v1"}}
		for _, k := range kinds {
			if k.group == "" || slices.ContainsFunc(list.Groups, func(g metav1.APIGroup) bool { return g.Name == k.group }) {
				continue
			}
			v := metav1.GroupVersionForDiscovery{GroupVersion: k.group + "/" + k.version, Version: k.version}
			list.Groups = append(list.Groups, metav1.APIGroup{Name: k.group, Versions: []metav1.GroupVersionForDiscovery{v}, PreferredVersion: v})
		}
		reply(w, 200, list)
		return true
	}
	list := metav1.APIResourceList{TypeMeta: metav1.TypeMeta{Kind: "APIResourceList", APIVersion: "v1"}}
	for _, k := range kinds {
		gv := metav1.GroupVersion{Group: k.group, Version: k.version}
		if path != root(k) {
			continue
		}
		list.GroupVersion = gv.String()
		r := metav1.APIResource{Name: k.name, SingularName: k.singular, Kind: k.kind, Namespaced: k.namespaced, Verbs: metav1.Verbs{"get", "list"}}
		if k.short != "" {
			r.ShortNames = []string{k.short}
		}
		list.APIResources = append(list.APIResources, r)
		if k.name == "pods" {
			list.APIResources = append(list.APIResources, metav1.APIResource{Name: "pods/eviction", Kind: "Eviction", Group: "policy", Version: "v1", Namespaced: true})
		}
	}
	if list.GroupVersion == "" {
		return false
	}
	reply(w, 200, list)
	return true
}

func root(k kind) string {
	if k.group == "" {
		return "/api/" + k.version
	}
	return "/apis/" + k.group + "/" + k.version
}

func (f *fakeAPI) resource(w http.ResponseWriter, r *http.Request) {
	for _, k := range kinds {
		rest, ok := strings.CutPrefix(r.URL.Path, root(k)+"/")
		if !ok {
			continue
		}
		parts := strings.Split(rest, "/")
		namespace := ""
		if parts[0] == "namespaces" && len(parts) > 2 {
			namespace, parts = parts[1], parts[2:]
		}
		if parts[0] != k.name {
			continue
		}
		name, sub := "", ""
		if len(parts) > 1 {
			name = parts[1]
		}
		if len(parts) > 2 {
			sub = parts[2]
		}
		f.serve(w, r, k, namespace, name, sub)
		return
	}
	refuse(w, 404, metav1.StatusReasonNotFound, "the server could not find the requested resource")
}

func (f *fakeAPI) serve(w http.ResponseWriter, r *http.Request, k kind, namespace, name, sub string) {
	if r.URL.Query().Get("watch") != "" {
		f.watch(w, r)
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	object := f.objects[key(k, namespace, name)]
	body, _ := io.ReadAll(r.Body)
	dryRun := r.URL.Query().Get("dryRun") != "" || strings.Contains(string(body), `"dryRun":["All"]`)
	apply := strings.HasPrefix(r.Header.Get("Content-Type"), "application/apply-patch")
	if r.Method == http.MethodPost && sub == "" || r.Method == http.MethodPut {
		f.write(w, r.Method, k, namespace, body)
		return
	}
	switch {
	case name == "":
		f.list(w, r, k, namespace)
	case object == nil && !apply:
		refuse(w, 404, metav1.StatusReasonNotFound, fmt.Sprintf("%s %q not found", strings.TrimSuffix(k.name+"."+k.group, "."), name))
	case sub == "eviction":
		f.evict(w, k, object, dryRun)
	case r.Method == http.MethodGet:
		reply(w, 200, object)
	case r.Method == http.MethodDelete:
		if !dryRun {
			f.erase(k, namespace, name)
		}
		reply(w, 200, metav1.Status{TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}, Status: "Success"})
	case r.Method == http.MethodPatch:
		f.patch(w, r, k, object, body, dryRun)
	default:
		refuse(w, 405, metav1.StatusReasonMethodNotAllowed, r.Method)
	}
}

// write creates or replaces an object; a replacement must know the newest version.
func (f *fakeAPI) write(w http.ResponseWriter, method string, k kind, namespace string, body []byte) {
	var object map[string]any
	if err := json.Unmarshal(body, &object); err != nil {
		refuse(w, 400, metav1.StatusReasonBadRequest, err.Error())
		return
	}
	old := f.objects[key(k, namespace, field(object, "metadata", "name"))]
	switch {
	case method == http.MethodPost && old != nil:
		refuse(w, 409, metav1.StatusReasonAlreadyExists, "already exists")
	case method == http.MethodPut && old == nil:
		refuse(w, 404, metav1.StatusReasonNotFound, "not found")
	case method == http.MethodPut && field(old, "metadata", "resourceVersion") != field(object, "metadata", "resourceVersion"):
		refuse(w, 409, metav1.StatusReasonConflict, "the object has been modified")
	default:
		f.store(k, object)
		reply(w, 200, object)
	}
}

func (f *fakeAPI) list(w http.ResponseWriter, r *http.Request, k kind, namespace string) {
	selector, err := labels.Parse(r.URL.Query().Get("labelSelector"))
	if err != nil {
		refuse(w, 400, metav1.StatusReasonBadRequest, err.Error())
		return
	}
	items := []any{}
	ids := []string{}
	for id := range f.objects {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for _, id := range ids {
		o := f.objects[id]
		if !strings.HasPrefix(id, k.name+" ") || (namespace != "" && field(o, "metadata", "namespace") != namespace) {
			continue
		}
		set := labels.Set{}
		if m, ok := o["metadata"].(map[string]any)["labels"].(map[string]any); ok {
			for key, value := range m {
				set[key] = value.(string)
			}
		}
		if selector.Matches(set) && fieldsMatch(o, r.URL.Query().Get("fieldSelector")) {
			items = append(items, o)
		}
	}
	from, _ := strconv.Atoi(r.URL.Query().Get("continue"))
	items, next := items[min(from, len(items)):], ""
	if limit, _ := strconv.Atoi(r.URL.Query().Get("limit")); limit > 0 && limit < len(items) {
		items, next = items[:limit], strconv.Itoa(from+limit)
	}
	for i, o := range items { // as a real one, which says it once
		o := maps.Clone(o.(map[string]any))
		delete(o, "kind")
		delete(o, "apiVersion")
		items[i] = o
	}
	group := metav1.GroupVersion{Group: k.group, Version: k.version}.String()
	reply(w, 200, map[string]any{
		"kind": k.kind + "List", "apiVersion": group, "items": items,
		"metadata": map[string]any{"resourceVersion": strconv.Itoa(f.version), "continue": next},
	})
}

func fieldsMatch(o map[string]any, selector string) bool {
	for part := range strings.SplitSeq(selector, ",") {
		path, want, ok := strings.Cut(part, "=")
		if ok && field(o, strings.Split(path, ".")...) != want {
			return false
		}
	}
	return true
}

func (f *fakeAPI) patch(w http.ResponseWriter, r *http.Request, k kind, object map[string]any, body []byte, dryRun bool) {
	old, _ := json.Marshal(object)
	var next []byte
	var err error
	switch kind := r.Header.Get("Content-Type"); {
	case strings.HasPrefix(kind, "application/apply-patch"):
		if next, err = yaml.YAMLToJSON(body); err == nil && object != nil {
			next, err = jsonpatch.MergePatch(old, next)
		}
	case kind == "application/json-patch+json":
		var patch jsonpatch.Patch
		if patch, err = jsonpatch.DecodePatch(body); err == nil {
			next, err = patch.Apply(old)
		}
	default: // strategic is merge for the fields the tests touch
		next, err = jsonpatch.MergePatch(old, body)
	}
	if err != nil {
		refuse(w, 422, metav1.StatusReasonInvalid, err.Error())
		return
	}
	var changed map[string]any
	_ = json.Unmarshal(next, &changed)
	if !dryRun {
		f.store(k, changed)
	}
	reply(w, 200, changed)
}

func (f *fakeAPI) evict(w http.ResponseWriter, k kind, pod map[string]any, dryRun bool) {
	namespace, name := field(pod, "metadata", "namespace"), field(pod, "metadata", "name")
	for id, b := range f.objects {
		if !strings.HasPrefix(id, "poddisruptionbudgets "+namespace+"/") {
			continue
		}
		raw, _ := json.Marshal(b["spec"].(map[string]any)["selector"])
		var ls metav1.LabelSelector
		_ = json.Unmarshal(raw, &ls)
		selector, _ := metav1.LabelSelectorAsSelector(&ls)
		set := labels.Set{}
		if m, ok := pod["metadata"].(map[string]any)["labels"].(map[string]any); ok {
			for key, value := range m {
				set[key] = value.(string)
			}
		}
		if !selector.Matches(set) {
			continue
		}
		status, _ := b["status"].(map[string]any)
		allowed, _ := status["disruptionsAllowed"].(float64)
		if allowed < 1 {
			refuse(w, 429, metav1.StatusReasonTooManyRequests, wouldViolate)
			return
		}
		if !dryRun {
			status["disruptionsAllowed"] = allowed - 1
		}
	}
	if !dryRun && !f.linger {
		f.erase(k, namespace, name)
	}
	reply(w, 201, metav1.Status{TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}, Status: "Success"})
}

func (f *fakeAPI) watch(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	since, _ := strconv.Atoi(r.URL.Query().Get("resourceVersion"))
	if since < f.version {
		// Good enough for a fake: a watcher that is behind lists again.
		f.mu.Unlock()
		refuse(w, 410, metav1.StatusReasonExpired, "too old resource version")
		return
	}
	events := make(chan []byte, 100)
	f.watchers[events] = true
	f.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(200)
	w.(http.Flusher).Flush()
	for {
		select {
		case <-r.Context().Done():
			f.mu.Lock()
			delete(f.watchers, events)
			f.mu.Unlock()
			return
		case line, open := <-events:
			if !open {
				return
			}
			_, _ = w.Write(append(line, '\n'))
			w.(http.Flusher).Flush()
		}
	}
}
