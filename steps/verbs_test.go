package steps

import (
	"context"
	"io"
	"strings"
	"testing"
	"time"

	"spraydeck/event"
)

// anyCluster says yes to everything, and what it was asked.
type anyCluster struct{ asked string }

func (c *anyCluster) Each(context.Context, string, string, string, string, string, []string, func([]byte) error) error {
	c.asked = "get"
	return nil
}

func (c *anyCluster) Apply(context.Context, []byte, bool) ([]string, error) {
	c.asked = "apply"
	return nil, nil
}

func (c *anyCluster) Patch(context.Context, string, string, string, string, []byte, bool) error {
	c.asked = "patch"
	return nil
}

func (c *anyCluster) Delete(context.Context, string, string, string, bool) error {
	c.asked = "delete"
	return nil
}

func (c *anyCluster) Cordon(_ context.Context, _ string, on bool) (bool, error) {
	c.asked = map[bool]string{true: "cordon", false: "uncordon"}[on]
	return true, nil
}

func (c *anyCluster) Drain(context.Context, string, bool, bool, bool, int, time.Duration, io.Writer) error {
	c.asked = "drain"
	return nil
}

func (c *anyCluster) Budgets(context.Context) ([]map[string]any, error) {
	c.asked = "budgets"
	return nil, nil
}

// TestVerbs: each verb has a kubectl line and is answered by the call of its name.
func TestVerbs(t *testing.T) {
	for _, verb := range event.Verbs {
		switch verb {
		case event.TakeLease, event.DropLease: // the console makes them, in cli/lease.go
			continue
		case event.ReadSettings, event.ReadRelease, event.ReadReads, event.ReadContains, event.ReadFile: // answered by cli/settings.go, TestReadVerbs
			continue
		}
		c := event.Call{Verb: verb, Resource: "pods", Name: "a", PatchType: "merge"}
		if line := api(c).Line; !strings.HasPrefix(line, "kubectl ") {
			t.Errorf("%s: the line is %q", verb, line)
		}
		cluster := &anyCluster{}
		if err := answer(t.Context(), cluster, &c, io.Discard); err != nil || cluster.asked != string(verb) {
			t.Errorf("%s: asked for %q, %v", verb, cluster.asked, err)
		}
	}
	if err := answer(t.Context(), &anyCluster{}, &event.Call{Verb: "fetch"}, io.Discard); err == nil {
		t.Error("an unknown verb was answered")
	}
}
