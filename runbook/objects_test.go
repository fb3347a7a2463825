package runbook

import (
	"slices"
	"strings"
	"testing"
)

// fieldsOf gives the fields that expressions read of the objects in the list x.
func fieldsOf(t *testing.T, lets map[string]string, sources ...string) []string {
	t.Helper()
	root := &readPath{}
	w := &readWalk{open: map[string]bool{}, names: func(name string) ([]*readPath, []Expr) {
		if name == "x" {
			return []*readPath{root}, nil
		}
		if l := lets[name]; l != "" {
			return nil, []Expr{{Source: l}}
		}
		return nil, nil
	}}
	for _, s := range sources {
		v, err := w.source(s)
		if err != nil {
			t.Fatalf("%s: %v", s, err)
		}
		v.whole()
	}
	return root.ofItems()
}

// TestFieldsRead: every field that an expression can see is named, and no more than it may need.
func TestFieldsRead(t *testing.T) {
	for source, want := range map[string]string{
		`x.exists(p, p.a.b == 1)`:                       "a.b",
		`x.exists(p, has(p.a.b))`:                       "a.b",
		`x.exists(p, has(p.a) && p.a.b == 1)`:           "a.b",
		`x.map(p, p.a.name + " " + p.?b.c.orValue(""))`: "a.name b.c",
		`x.filter(p, p.?a.?b.orValue([]).exists(c, c.t == "R" && c.s == "F")).map(p, p.n)`: "a.b[].s a.b[].t n",
		`x.exists(p, (p.?a.orValue([]) + p.?b.orValue([])).exists(c, c.w.r == 1))`:         "a[].w.r b[].w.r",
		`x.exists(p, p.a["k.e/y"] == "")`:                                                  `a.k\.e/y`,
		`x.exists(p, p.a[?"k"].orValue("") == "")`:                                         "a.k",
		`x.exists(p, "k" in p.a.l)`:                                                        "a.l",
		`x.exists(p, p.a.l.exists(k, k.startsWith("r")))`:                                  "a.l[]",
		`x.exists(p, p.a.l.exists(k, v, v == ""))`:                                         "a.l[]",
		`x.exists(p, p.a[0].b == 1)`:                                                       "a[].b",
		`x.exists(p, p.a[p.k].b == 1)`:                                                     "a[].b k",
		`size(x.filter(p, p.a == 1)) > 0`:                                                  "a",
		`x.exists(p, size(p.a) > 0)`:                                                       "a[]",
		`x.exists(p, p.a.b == 1) && size(x) > 0`:                                           "a.b",
		`x`:                                                                                "", // all
		`x.filter(p, p.a == 1)`:                                                            "",
		`x.filter(p, p.a == 1)[0].b`:                                                       "a b",
		`x.filter(p, p.a == 1).map(p, p.b)`:                                                "a b",
		`x.map(p, {"n": p.b})`:                                                             "b",
		`x.map(p, [p.b, p.c])`:                                                             "b c",
		`x.map(p, p).map(q, q.b)`:                                                          "b",
		`(true ? x : []).map(q, q.b)`:                                                      "b",
		`x.first().value().a`:                                                              "a",
		`x.sortBy(p, p.b).map(p, p.a)`:                                                     "",
		`x.all(p, x.exists(q, q.a == p.b))`:                                                "a b",
		`x.map(p, string(p.a)).distinct()`:                                                 "a",
		`[x].exists(l, l.exists(p, p.a == 1))`:                                             "a",
		`[x.filter(p, p.a == 1)].all(l, size(l) > 0 && l.all(p, p.b == 1))`:                "a b",
		`bad.map(p, p.b)`:                                                                  "a b",
		`worse.exists(p, p.c == 1)`:                                                        "a c",
		`x.exists(p, p.?a.optMap(v, v.b).orValue(1) == 1)`:                                 "a.b",
	} {
		got := fieldsOf(t, map[string]string{"bad": `x.filter(p, p.a == 1)`, "worse": `bad`}, source)
		if !slices.Equal(got, strings.Fields(want)) {
			t.Errorf("%s: %v, not %s", source, got, want)
		}
	}
}
