package steps

import (
	"encoding/json"
	"testing"

	"spraydeck/runbook"
)

// TestCompactObjects: objects give expressions what maps of Go would.
func TestCompactObjects(t *testing.T) {
	const text = `[{"metadata":{"name":"a","labels":{"x/y":"1"}},"status":{"conditions":[{"type":"Ready","status":"True"},{"type":"Ready","status":"False"}],"n":3,"none":null,"on":true}},
		{"metadata":{"name":"b\n\u003c"},"status":{}}, {"metadata":{"name":"a","labels":{}}}]`
	compacted, err := compact(runbook.Result{Stdout: text})
	if err != nil {
		t.Fatal(err)
	}
	var maps []any
	if err := json.Unmarshal([]byte(text), &maps); err != nil {
		t.Fatal(err)
	}
	for _, source := range []string{
		"x", "size(x)", "x[0]", "x[1].metadata.name", "x.map(o, o.metadata.name)", "x.filter(o, has(o.status.conditions))",
		`x.exists(o, o.?status.?conditions.orValue([]).exists(c, c.type == "Ready" && c.status == "False"))`, `x.map(o, o.?metadata.?labels.orValue({}))`,
		`x.exists(o, "x/y" in o.metadata.?labels.orValue({}))`, `x.map(o, o.?status.?n.orValue(0) == 3.0)`, `x[0].status.none == null`, `x[0].status.on`,
		`x[0].status == x[0].status`, `x[0] == x[2]`, `x[0].metadata.labels.exists(k, k == "x/y")`, `x[0].metadata.labels.exists(k, v, v == "1")`,
		`x[0].metadata.labels == {"x/y": "1"}`, `{"x/y": "1"} == x[0].metadata.labels`, `size(x[0].status)`, `x[0].status.nothing`, `type(x[0]) == map`,
		`x.map(o, o.metadata).distinct()`, `string(x[0].status.n)`, `x[0].status.conditions + [1]`, `dyn(x[0].metadata).name`, `x[0].metadata["name"]`, `x[2].status.n`,
	} {
		scope := func(value any) (any, string) {
			s := runbook.NewScope()
			s.Set("x", objectsType, value)
			v, err := s.Eval(runbook.Expr{Source: source})
			if err != nil {
				return nil, err.Error()
			}
			return v, ""
		}
		got, gotErr := scope(compacted)
		want, wantErr := scope(maps)
		if a, b := inWords(t, got), inWords(t, want); a != b || gotErr != wantErr {
			t.Errorf("%s: %s %s, not %s %s", source, a, gotErr, b, wantErr)
		}
	}
	for _, bad := range []string{"", `[{"a":1}`, `{"a":1}`, "nothing"} {
		if v, err := compact(runbook.Result{Stdout: bad}); err == nil {
			t.Errorf("%q: %v", bad, v)
		}
	}
	if _, err := compact(runbook.Result{Exit: 1, Stderr: "error: no\n"}); err == nil || err.Error() != "no" {
		t.Errorf("%v", err)
	}
}

// inWords is a value of an expression as JSON.
func inWords(t *testing.T, v any) string {
	t.Helper()
	s := runbook.NewScope()
	s.Set("v", nil, v)
	if v == nil {
		return "nothing"
	}
	list, err := s.Strings(runbook.Expr{Source: "v"})
	if err != nil {
		return err.Error()
	}
	b, _ := json.Marshal(list)
	return string(b)
}
