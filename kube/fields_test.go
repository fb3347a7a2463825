package kube

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/tidwall/gjson"
)

// TestFields: an object has the fields that are read, and no others; what has another shape than the paths expect is there as a whole.
func TestFields(t *testing.T) {
	const object = `{"metadata":{"name":"a","labels":{"x.y/z":"1","q":"2"},"managedFields":[{"manager":"m"}]},"spec":{},` +
		`"status":{"conditions":[{"type":"Ready","status":"True","reason":"\u003c\"r"},{"type":"Other"}],"phase":"Running","n":null,"count":12345678901}}`
	for _, c := range []struct{ only, want string }{
		{"metadata.name", `{"metadata":{"name":"a"}}`},
		{`metadata.labels.x\.y/z`, `{"metadata":{"labels":{"x.y/z":"1"}}}`},
		{"status.conditions[].type status.phase", `{"status":{"conditions":[{"type":"Ready"},{"type":"Other"}],"phase":"Running"}}`},
		{"status.conditions[].reason", `{"status":{"conditions":[{"reason":"\u003c\"r"},{}]}}`},
		{"status.conditions.type", `{"status":{"conditions":[{"type":"Ready","status":"True","reason":"\u003c\"r"},{"type":"Other"}]}}`},
		{"metadata.labels[]", `{"metadata":{"labels":{"x.y/z":"1","q":"2"}}}`},
		{"metadata.labels[].x metadata.labels.q", `{"metadata":{"labels":{"x.y/z":"1","q":"2"}}}`},
		{"metadata", `{"metadata":{"name":"a","labels":{"x.y/z":"1","q":"2"}}}`},
		{"kind spec status.n status.count", `{"kind":"Pod","spec":{},"status":{"n":null,"count":12345678901}}`},
		{"status.phase.deeper status.none", `{"status":{"phase":"Running"}}`},
		{"", `{"apiVersion":"v1","kind":"Pod",` + strings.Replace(object[1:], `,"managedFields":[{"manager":"m"}]`, "", 1)},
	} {
		got := string(parseFields(strings.Fields(c.only)).object(nil, gjson.Parse(object), "Pod", "v1"))
		if got != c.want {
			t.Errorf("%s:\n%s, not\n%s", c.only, got, c.want)
		}
	}
}

// FuzzFields: whatever a server sends, an object stays what it is: valid JSON, and without paths the same value.
func FuzzFields(f *testing.F) {
	f.Add(`{"a":{"b":[1,{"c":"\"\\"}]},"metadata":{"managedFields":{}}}`, "a.b[].c")
	f.Add(`{"":null,"a.b":{"[":[]}}`, `a\.b.\[`)
	f.Fuzz(func(t *testing.T, text, path string) {
		var whole map[string]any
		if json.Unmarshal([]byte(text), &whole) != nil || whole == nil {
			return
		}
		if out := parseFields([]string{path}).object(nil, gjson.Parse(text), "K", "v1"); !json.Valid(out) {
			t.Errorf("%q of %s: %s", path, text, out)
		}
		if _, has := whole["metadata"]; has || whole["kind"] == nil || whole["apiVersion"] == nil {
			return
		}
		var same map[string]any
		if err := json.Unmarshal((*fields)(nil).object(nil, gjson.Parse(text), "K", "v1"), &same); err != nil || !reflect.DeepEqual(whole, same) {
			t.Errorf("%s: %v, not %v: %v", text, same, whole, err)
		}
	})
}

// TestPages: a long list is read in pages, each object once, whole and with its kind.
func TestPages(t *testing.T) {
	f := newFakeAPI(t)
	for i := range 2*pageSize + 7 {
		f.put(fmt.Sprintf("{apiVersion: v1, kind: Pod, metadata: {name: p%04d, namespace: ns%d}, spec: {nodeName: n1}}", i, i%3))
	}
	c := f.open()
	objects, err := c.Get(t.Context(), "pods", "", "", "", "")
	if err != nil || len(objects) != 2*pageSize+7 {
		t.Fatalf("%d objects, %v", len(objects), err)
	}
	if o := objects[0]; o["kind"] != "Pod" || o["apiVersion"] != "v1" || field(o, "spec", "nodeName") != "n1" || field(o, "metadata", "managedFields") != "" {
		t.Errorf("%v", o)
	}
	if n := f.seen("GET /api/v1/pods?"); n != 3 {
		t.Errorf("%d requests", n)
	}
	names := map[string]bool{}
	err = c.Each(t.Context(), "pods", "ns1", "", "", "", []string{"metadata.name"}, func(text []byte) error {
		names[string(text)] = true
		return nil
	})
	if err != nil || len(names) != (2*pageSize+8)/3 || !names[`{"metadata":{"name":"p0001"}}`] {
		t.Errorf("%d names, %v", len(names), err)
	}
	stop := errors.New("enough")
	before := f.seen("GET /api/v1/pods?")
	if err := c.Each(t.Context(), "pods", "", "", "", "", nil, func([]byte) error { return stop }); !errors.Is(err, stop) || f.seen("GET /api/v1/pods?") != before+1 {
		t.Errorf("%v after %d requests", err, f.seen("GET /api/v1/pods?")-before)
	}
}
