package runbook

import (
	"testing"

	"go.yaml.in/yaml/v3"
)

// TestSymptomKeys: every key reaches the matcher.
func TestSymptomKeys(t *testing.T) {
	var s Symptom
	d := &decoder{lang: &Language{}}
	var n yaml.Node
	if err := yaml.Unmarshal([]byte("{id: a, line: x, match: [x], miss: [y], count: 2, by: [host], within: 2m, lasts: 1h, needs: [{since: b}], unless: [{then: c, within: 60s}]}"), &n); err != nil {
		t.Fatal(err)
	}
	d.intoStruct(n.Content[0], &s)
	p := s.pattern(&Pitfall{Header: Header{Name: Str{Value: "p"}}})
	if p.ID != "p/a" || p.Count != 2 || p.Within.String() != "2m0s" || p.Lasts.String() != "1h0m0s" || p.Needs[0].Since != "p/b" || p.Unless[0].Then != "p/c" {
		t.Errorf("%+v", p)
	}
}
