package runbook

import (
	"testing"

	"cel.dev/cel-go/cel"
	"github.com/Masterminds/semver/v3"
)

// TestOtherKubernetes: a pitfall of a version of Kubernetes is skipped in a run to another one, and in no other run.
func TestOtherKubernetes(t *testing.T) {
	c, err := semver.NewConstraint(">=1.35.0")
	if err != nil {
		t.Fatal(err)
	}
	p := &Pitfall{Affects: Affects{Kubernetes: Range{Source: ">=1.35.0", c: c}}}
	for version, want := range map[string]bool{
		"1.34.7": true, "v1.34.7": true, "v1.34.7+k3s1": true,
		"1.35.4": false, "v1.35.0-rc.1": false, "v1.35.4+k3s1": false,
		"": false, "newest": false,
	} {
		s := NewScope()
		s.Set("inputs.kube_version", cel.StringType, version)
		if got := p.ForOtherKubernetes(s); got != want {
			t.Errorf("%q: %v", version, got)
		}
	}
	if p.ForOtherKubernetes(NewScope()) {
		t.Error("a run that goes to no version meets it")
	}
	if (&Pitfall{}).ForOtherKubernetes(NewScope()) {
		t.Error("a pitfall of every version is skipped")
	}
}
