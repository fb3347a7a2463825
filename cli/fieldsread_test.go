package cli

import (
	"testing"

	"spraydeck/runbook"
)

// TestFieldsReadOfCatalogue: no runbook reads whole nodes or pods, of which a cluster may have thousands.
func TestFieldsReadOfCatalogue(t *testing.T) {
	lib, err := load(&options{})
	if err != nil {
		t.Fatal(err)
	}
	some := map[string]int{}
	for _, f := range lib.files {
		if f.Runbook == nil {
			continue
		}
		only := runbook.FieldsRead(f.Runbook)
		for _, resource := range []string{"nodes", "pods"} {
			paths, read := only(objectsProbe(t, lib.lang, resource))
			if read && len(paths) == 0 {
				t.Errorf("%s reads whole objects of %s: a check holds all of them in memory", f.Runbook.Name.Value, resource)
			}
			some[resource] += len(paths)
		}
	}
	if some["nodes"] == 0 || some["pods"] == 0 {
		t.Errorf("no runbook reads any: %v", some)
	}
}

// objectsProbe is a probe that reads all objects of a resource.
func objectsProbe(t *testing.T, lang *runbook.Language, resource string) runbook.Probe {
	t.Helper()
	f, problems := runbook.Parse("probe.yaml", []byte("apiVersion: spraydeck/v1\nkind: Runbook\nname: a\ntitle: A\nversion: 1.0.0\nsystem: kubernetes\nfacts: {it: {objects: "+resource+"}}\nphases: []\n"), lang)
	if f.Runbook == nil {
		t.Fatal(problems)
	}
	fact, _ := f.Runbook.Facts.Get("it")
	if fact.Probe == nil {
		t.Fatal(problems)
	}
	return fact.Probe
}
