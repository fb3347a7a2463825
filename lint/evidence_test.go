package lint

import (
	"strings"
	"testing"

	"spraydeck/runbook"
	"spraydeck/steps"
)

// TestEvidence: a verdict without text of its cause is refused; the same as a hint, in the task that checks the cause, or with
// its siblings is not.
func TestEvidence(t *testing.T) {
	for symptom, refused := range map[string]bool{
		"line: 'fatal: .n1.: FAILED! =>'":                                   true,
		"hint: true, line: 'fatal: .n1.: FAILED! =>'":                       false,
		"task: 'Stop if cgroups are old', line: 'fatal: .n1.: FAILED! =>'":  false,
		"line: 'timed? ?out'":                                               true,
		"line: 'the flux capacitor is empty'":                               false,
		"line: 'error: (?:x|the flux capacitor is empty)'":                  true,
		"versions: true, line: 'the flux capacitor is empty'":               true,
		"siblings: [{pitfall: b, if: {en: x, ja: x}}], line: 'timed? ?out'": false,
	} {
		file := "apiVersion: spraydeck/v1\nkind: Pitfall\nname: a\ntitle: {en: T, ja: T}\nseverity: blocks\nwhy: {en: w, ja: w}\nsources: [x]\nsymptoms:\n  - {id: s, " + symptom + ", match: [x], miss: [y]}\n"
		f, _ := runbook.Parse("a.yaml", []byte(file), &runbook.Language{Kinds: steps.Kinds(), Probes: steps.Probes()})
		if f.Pitfall == nil {
			t.Fatalf("%s is no pitfall", file)
		}
		told := false
		for _, p := range Check([]runbook.File{f}) {
			told = told || strings.Contains(p.Error(), "symptom-evidence")
		}
		if told != refused {
			t.Errorf("%s: refused %v", symptom, told)
		}
	}
}
