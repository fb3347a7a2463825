package kube

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	apidiscovery "k8s.io/api/apidiscovery/v2"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Servers from v1.26 on give all kinds in two answers. Both ways must give the same kinds.
func TestKindsInOneAnswer(t *testing.T) {
	f := labLike(t)
	old := f.open()
	f.takeOver(func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path != "/api" && r.URL.Path != "/apis" || !strings.Contains(r.Header.Get("Accept"), "as=APIGroupDiscoveryList") {
			return false
		}
		w.Header().Set("Content-Type", "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList")
		_ = json.NewEncoder(w).Encode(groupsAt(r.URL.Path))
		return true
	})
	one := f.open()
	a, err := old.kinds.get(t.Context(), old.core, false)
	if err != nil {
		t.Fatal(err)
	}
	before := f.seen("GET /api")
	b, err := one.kinds.get(t.Context(), one.core, false)
	if err != nil {
		t.Fatal(err)
	}
	if n := f.seen("GET /api") - before; n != 2 {
		t.Errorf("%d requests", n)
	}
	same := func(a, b apiKind) bool {
		return a.GroupVersionResource == b.GroupVersionResource && a.kind == b.kind && a.singular == b.singular && slices.Equal(a.short, b.short) && a.namespaced == b.namespaced
	}
	if !slices.EqualFunc(a.list, b.list, same) || a.eviction != b.eviction || a.eviction.String() != "policy/v1" {
		t.Errorf("group by group: %v %v\nin one answer: %v %v", a.list, a.eviction, b.list, b.eviction)
	}
	contract(t, one)
}

// groupsAt is the newer form of what discover answers.
func groupsAt(path string) apidiscovery.APIGroupDiscoveryList {
	list := apidiscovery.APIGroupDiscoveryList{TypeMeta: metav1.TypeMeta{Kind: "APIGroupDiscoveryList", APIVersion: "apidiscovery.k8s.io/v2"}}
	for _, k := range kinds {
		if (k.group == "") != (path == "/api") {
			continue
		}
		r := apidiscovery.APIResourceDiscovery{
			Resource: k.name, SingularResource: k.singular, Scope: apidiscovery.ScopeCluster,
			ResponseKind: &metav1.GroupVersionKind{Group: k.group, Version: k.version, Kind: k.kind},
		}
		if k.namespaced {
			r.Scope = apidiscovery.ScopeNamespace
		}
		if k.short != "" {
			r.ShortNames = []string{k.short}
		}
		if k.name == "pods" {
			r.Subresources = []apidiscovery.APISubresourceDiscovery{{Subresource: "eviction", ResponseKind: &metav1.GroupVersionKind{Group: "policy", Version: "v1", Kind: "Eviction"}}}
		}
		i := slices.IndexFunc(list.Items, func(g apidiscovery.APIGroupDiscovery) bool { return g.Name == k.group })
		if i < 0 {
			i = len(list.Items)
			list.Items = append(list.Items, apidiscovery.APIGroupDiscovery{ObjectMeta: metav1.ObjectMeta{Name: k.group}, Versions: []apidiscovery.APIVersionDiscovery{{Version: k.version}}})
		}
		list.Items[i].Versions[0].Resources = append(list.Items[i].Versions[0].Resources, r)
	}
	return list
}

func TestLookup(t *testing.T) {
	k := &apiKinds{}
	add := func(group, version, resource, singular, kind string, short ...string) {
		k.list = append(k.list, apiKind{kind: kind, singular: singular, short: short})
		a := &k.list[len(k.list)-1]
		a.Group, a.Version, a.Resource = group, version, resource
	}
	add("", "v1", "pods", "pod", "Pod", "po")
	add("", "v1", "events", "event", "Event", "ev")
	add("apps", "v1", "deployments", "deployment", "Deployment", "deploy")
	add("events.k8s.io", "v1", "events", "event", "Event", "ev")
	add("policy", "v1", "poddisruptionbudgets", "poddisruptionbudget", "PodDisruptionBudget", "pdb")
	add("metrics.k8s.io", "v1beta1", "pods", "", "PodMetrics")
	add("example.com", "v2", "widgets", "widget", "Widget", "po")
	add("example.com", "v1", "widgets", "widget", "Widget", "po")
	for name, want := range map[string]string{
		"pods": "/v1/pods", "Pod": "/v1/pods", "po": "/v1/pods", "PODS.v1.": "/v1/pods",
		"events": "/v1/events", "events.events.k8s.io": "events.k8s.io/v1/events", "ev.events": "events.k8s.io/v1/events",
		"deploy.apps": "apps/v1/deployments", "deployments.v1.apps": "apps/v1/deployments", "deploy.v1.apps": "apps/v1/deployments",
		"pdb": "policy/v1/poddisruptionbudgets", "pods.metrics.k8s.io": "metrics.k8s.io/v1beta1/pods", "podmetrics": "metrics.k8s.io/v1beta1/pods",
		"widget": "example.com/v2/widgets", "widgets.v1.example.com": "example.com/v1/widgets", "widgets.v3.example.com": "",
		"deployments.policy": "", "nothing": "",
	} {
		found, ok := k.lookup(name)
		got := ""
		if ok {
			got = strings.Join([]string{found.Group, found.Version, found.Resource}, "/")
		}
		if got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}
