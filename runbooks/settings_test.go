package runbooks

import (
	_ "embed"
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"github.com/Masterminds/semver/v3"
	"go.yaml.in/yaml/v3"

	"spraydeck/runbook"
)

// Defaults are what the roles of each release say of the settings that the pitfalls name: by key, from which tag on.
//
//go:embed testdata/defaults.json
var defaultsOfRoles []byte

// defaultsAt gives the defaults of a release; where none is named, of the newest that the pitfall affects.
func defaultsAt(t *testing.T, p *runbook.Pitfall, tag string) *runbook.Settings {
	t.Helper()
	for minor := 31; tag == "" && minor >= 18; minor-- {
		for patch := 3; tag == "" && patch >= 0; patch-- {
			if v := (semver.New(2, uint64(minor), uint64(patch), "", "")).String(); p.Affects.To.Has(v) && (patch == 0 || p.Affects.To.Source != "") {
				tag = "v" + v
			}
		}
	}
	at := runbook.MustVersion(tag)
	var all map[string][][2]any
	if err := json.Unmarshal(defaultsOfRoles, &all); err != nil {
		t.Fatal(err)
	}
	given := map[string]any{}
	for key, since := range all {
		for _, s := range since {
			if from := runbook.MustVersion(s[0].(string)); !from.GreaterThan(at) {
				if given[key] = s[1]; s[1] == "(none)" {
					delete(given, key)
				}
			}
		}
	}
	for k, v := range given {
		if f, ok := v.(float64); ok && f == float64(int64(f)) {
			given[k] = int64(f)
		}
	}
	return runbook.GivenSettings(given)
}

var grepLine = regexp.MustCompile(`^(?:([^:\s]+\.(?:ya?ml|ini)):)?(\d+:)?(.*)$`)

// settingsIn adds what a case gives: keys and values, or lines as they stand in a file.
func settingsIn(t *testing.T, v any, into map[string]any) bool {
	t.Helper()
	switch v := v.(type) {
	case map[string]any:
		for k, one := range v {
			into[k] = one
		}
		return true
	case runbook.Result:
		for _, line := range v.Lines {
			m := grepLine.FindStringSubmatch(line)
			text := m[3]
			if key, value, ok := strings.Cut(text, "="); ok && !strings.Contains(key, ":") {
				text = key + ": " + value
			}
			var found map[string]any
			if err := yaml.Unmarshal([]byte(text), &found); err != nil {
				return false
			}
			if m[1] != "" {
				into[m[1]+":"+strings.TrimSuffix(m[2], ":")] = found
				continue
			}
			for k, one := range found {
				into[k] = one
			}
		}
		return true
	}
	return false
}

// sampleIn is the old sample of a case that gives lines of it.
func sampleIn(facts map[string]any) *runbook.Settings {
	r, _ := facts["in_sample"].(runbook.Result)
	given := map[string]any{}
	for _, line := range r.Lines {
		var found map[string]any
		if yaml.Unmarshal([]byte(line), &found) == nil {
			for k, v := range found {
				given[k] = v
			}
		}
	}
	return runbook.GivenSettings(given)
}
