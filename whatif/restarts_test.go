package whatif

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// TestForecast: what restarts is what a changed file, other arguments or a command cause, directly, by a handler, or by another
// task that asks whether something changed.
func TestForecast(t *testing.T) {
	kubelet := []Handler{{Restarts: []string{"unit kubelet"}}}
	for _, c := range []struct {
		name  string
		steps []Step
		want  string
	}{
		{"a file that changes", []Step{{Changes: "args", File: "/changes", Handlers: kubelet}}, "unit kubelet"},
		{"a file that does not", []Step{{Changes: "args", File: "/same", Handlers: kubelet}}, ""},
		{"a file of a condition", []Step{{Changes: "args", File: "/changes", Assumed: true, Needs: []string{"os"}, Handlers: kubelet}}, "unit kubelet may"},
		{"arguments that the old release has", []Step{{Changes: "args", Digest: "old", Handlers: kubelet}}, ""},
		{"other arguments", []Step{{Changes: "args", Digest: "new", Handlers: kubelet}}, "unit kubelet"},
		{"never", []Step{{Changes: "never", Handlers: kubelet}}, ""},
		{"unknown", []Step{{Changes: "unknown", Handlers: kubelet}}, "unit kubelet may"},
		{"a handler with a condition", []Step{{Changes: "always", Handlers: []Handler{{Restarts: []string{"unit etcd"}, Assumed: true}}}}, "unit etcd may"},
		{"after a change", []Step{{Changes: "args", Digest: "new", Register: "copied"},
			{Changes: "always", Assumed: true, Needs: []string{"copied.changed"}, Restarts: []string{"unit containerd"}}}, "unit containerd"},
		{"after no change", []Step{{Changes: "args", Digest: "old", Register: "copied"},
			{Changes: "always", Assumed: true, Needs: []string{"copied.changed"}, Restarts: []string{"unit containerd"}}}, ""},
		{"one of two", []Step{{Changes: "always", Assumed: true, Needs: []string{"first"}, When: []string{"inventory_hostname == first"}, Restarts: []string{"pod a"}},
			{Changes: "always", Assumed: true, Needs: []string{"first"}, When: []string{"inventory_hostname != first"}, Restarts: []string{"pod a"}}}, "pod a"},
	} {
		old := &Rendering{Hosts: []string{"n"}, Steps: []Step{{Host: "n", Digest: "old"}}, Files: []File{{Host: "n", Dest: "/changes", Content: "1"}, {Host: "n", Dest: "/same", Content: "1"}}}
		new := &Rendering{Hosts: []string{"n"}, Files: []File{{Host: "n", Dest: "/changes", Content: "2"}, {Host: "n", Dest: "/same", Content: "1"}}}
		for _, s := range c.steps {
			s.Host, s.On, s.Task = "n", "n", c.name
			new.Steps = append(new.Steps, s)
		}
		var got []string
		for _, r := range forecast(old, new) {
			got = append(got, r.What+strings.Repeat(" may", map[bool]int{true: 1}[r.May]))
		}
		if strings.Join(got, ", ") != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

// TestSteps: the script finds the handlers that tasks notify, and what they restart.
func TestSteps(t *testing.T) {
	r, err := render(t, "testdata/new", "testdata/inventory/hosts.ini", nil)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range r.Steps {
		for _, h := range s.Handlers {
			got = append(got, fmt.Sprint(s.Host, " ", s.File, " ", h.Restarts, h.Assumed))
		}
	}
	want := []string{"cp1 /etc/kubernetes/cp1/kubelet.yaml [unit kubelet] false", "w1 /etc/kubernetes/w1/kubelet.env [unit kubelet] false"}
	if len(got) != 6 || !slices.Contains(got, want[0]) || !slices.Contains(got, want[1]) {
		t.Errorf("got\n%s", strings.Join(got, "\n"))
	}
	pods := 0
	for _, s := range r.Steps {
		if slices.Contains(s.Restarts, "pod kube-scheduler") {
			pods++
		}
	}
	if pods != 1 {
		t.Errorf("kubeadm upgrade is found %d times", pods)
	}
}
