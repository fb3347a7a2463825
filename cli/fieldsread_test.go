package cli

import (
	"testing"

	"spraydeck/event"
	"spraydeck/runbook"
)

// TestFieldsReadOfCatalogue: no runbook reads whole nodes or pods, of which a cluster may have thousands.
func TestFieldsReadOfCatalogue(t *testing.T) {
	lib, err := load(&options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range lib.files {
		if f.Runbook == nil {
			continue
		}
		only := f.Runbook.FieldsRead()
		for _, resource := range []string{"nodes", "pods"} {
			probe := objectsProbe(t, lib.lang, resource)
			fields := only(probe)
			t.Log(f.Runbook.Name.Value, resource, fields)
		}
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
	_ = event.Get
	return fact.Probe
}
