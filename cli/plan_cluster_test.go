package cli

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"spraydeck/kube"
)

// TestPlanAsksTheCluster: versions and systems are read from what an API server sends.
func TestPlanAsksTheCluster(t *testing.T) {
	node := func(name, version, system string) string {
		return fmt.Sprintf(`{"apiVersion":"v1","kind":"Node","metadata":{"name":%q},"status":{"nodeInfo":{"kubeletVersion":%q,"osImage":%q}}}`, name, version, system)
	}
	answers := map[string]string{
		"/api":    `{"kind":"APIVersions","versions":["v1"]}`,
		"/apis":   `{"kind":"APIGroupList","apiVersion":"v1","groups":[]}`,
		"/api/v1": `{"kind":"APIResourceList","groupVersion":"v1","resources":[{"name":"nodes","singularName":"node","namespaced":false,"kind":"Node","verbs":["get","list"]}]}`,
		"/api/v1/nodes": `{"kind":"NodeList","apiVersion":"v1","metadata":{"resourceVersion":"1"},"items":[` +
			node("node1", "v1.32.8", "Ubuntu 22.04.5 LTS") + "," + node("node2", "v1.31.9", "Ubuntu 20.04.6 LTS") + `]}`,
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, ok := answers[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(body))
	}))
	t.Cleanup(server.Close)
	kubeconfig := filepath.Join(t.TempDir(), "config")
	text := fmt.Sprintf("apiVersion: v1\nkind: Config\nclusters: [{name: c, cluster: {server: %q}}]\nusers: [{name: u, user: {token: t}}]\n"+
		"contexts: [{name: x, context: {cluster: c, user: u}}]\ncurrent-context: x\n", server.URL)
	if err := os.WriteFile(kubeconfig, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cluster, err := kube.Open(kubeconfig, "")
	if err != nil {
		t.Fatal(err)
	}
	kubelets, systems, err := askNodes(t.Context(), cluster)
	if err != nil || !slices.Equal(kubelets, []string{"v1.32.8", "v1.31.9"}) || systems["node2"] != "Ubuntu 20.04.6 LTS" {
		t.Errorf("%v %v %v", kubelets, systems, err)
	}
}
