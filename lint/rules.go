package lint

import (
	"fmt"
	"io"
	"slices"
)

// Rules gives every rule, those of reading a file first.
func Rules() []Rule { return slices.Concat(reading, mistakes, symptomRules, []Rule{raw}) }

// Reference writes the rules as Markdown.
func Reference(w io.Writer) {
	fmt.Fprint(w, "\n## Rules of lint\n\nEach problem that `spraydeck lint` reports names its rule in brackets.\n\n| rule | what it says |\n|---|---|\n")
	for _, r := range Rules() {
		fmt.Fprintf(w, "| `%s` | %s |\n", r.Name, r.Doc)
	}
}

// mistakes are the rules of Check besides those of symptoms.
var mistakes = []Rule{
	missingKey, value, name, stepID, duplicateName, duplicateID, // names
	expression, quoting, forwardResult, secret,
	unknownStep, unreachable, noHosts, arguments, reads, noUndo, confirmWord, undoes, loosens, conditionEndsItself, noRemedySteps, settingBySet,
	gateEmpty, noFails, readsInventory, unknownSetting, factName, factUnlearned, noInventory,
	inputChoices, inputDefault,
	unknownPitfall, pitfallUnchecked, pitfallInput,
	unknownRunbook, includePath, includeInput, includeKey, includeCycle, overrides,
	testEmpty, testGate, testGiven, testLog, testStep, testSymptom, symptomEvidence, symptomOverclaim,
	releaseName, releaseVersion,
}

// symptomRules are all that runbook.NewSymptoms rests on.
var symptomRules = []Rule{symptomDuplicate, symptomState, symptomCondition, symptomEmpty, symptomGroup, symptomSample, symptomUnknown}

// reading are the rules that package runbook holds while it reads a file.
var reading = []Rule{
	{Name: "yaml", Doc: "The file must be one YAML document in UTF-8, of a size and depth that a person writes."},
	{Name: "type", Doc: "A key takes a value of a certain form: text, a list, keys and values, a number, true or false."},
	{Name: "unknown-key", Doc: "Every key must be one of the language; a slip of the pen would otherwise be without effect."},
	{Name: "duplicate-key", Doc: "A key stands once; of two values one would be lost."},
	{Name: "template", Doc: "${...} in a text must be closed and hold an expression."},
	{Name: "hidden", Doc: "A text has no characters that do not show, act on the terminal or change the order of others, such as U+200B, U+001B and U+202E."},
	{Name: "step-kind", Doc: "A step has exactly one kind."},
	{Name: "probe-kind", Doc: "A fact is made by exactly one probe."},
}
