package runbook

import (
	"fmt"
	"io"
	"reflect"
	"strings"
)

// Reference writes the reference of the language as Markdown, from the tags that the parser reads and the pages of the
// kinds.
func Reference(w io.Writer, lang *Language) {
	r := &referenceWriter{w: w}
	r.p("# The runbook language\n\n<!-- made by go generate; edit the tags in runbook/language.go and the pages in steps/ -->\n")
	r.p("%s", intro)
	for _, part := range []struct {
		title, about string
		t            reflect.Type
	}{
		{"Runbook", "A procedure: phases of steps.", reflect.TypeFor[Runbook]()},
		{"Override", "Steps put among those of the runbook that this one extends: `before`, `after` or in place of (`replace`) one of its steps.\nAn input, a fact or another key is overridden by writing it again; of an input only what differs.", reflect.TypeFor[Override]()},
		{"Input", "A value the operator gives before the start, shown at the start and in the transcript.", reflect.TypeFor[Input]()},
		{"Phase", "Steps under a heading.", reflect.TypeFor[Phase]()},
		{"Step", "One thing to do. Besides these keys a step has exactly one of the kinds below.", reflect.TypeFor[Step]()},
		{"On", "Where a step runs. A bare value stands for `hosts`.", reflect.TypeFor[On]()},
		{"Each", "A loop over hosts, one after the other. A bare value stands for `in`.", reflect.TypeFor[Each]()},
		{"Gate", "A condition that must hold. What could not be probed never counts as passed.", reflect.TypeFor[Gate]()},
		{"Remedy", "Steps that fix something. They see the facts of the gate they fix.", reflect.TypeFor[Cure]()},
		{"Pitfall", "Something known to go wrong.", reflect.TypeFor[Pitfall]()},
		{"Affects", "Where a pitfall applies. All ranges given must hold.", reflect.TypeFor[Affects]()},
		{"Before", "How a pitfall shows before anything is touched. `rule` is true when all is well.", reflect.TypeFor[Before]()},
		{"Symptom", "How a pitfall shows in a line of output.", reflect.TypeFor[Symptom]()},
		{"Sibling", "Another pitfall that shows in the same line.", reflect.TypeFor[Sibling]()},
		{"Relation", "What a symptom has to do with another symptom of the same pitfall: `since` it or `then`, one of them.", reflect.TypeFor[Relation]()},
		{"Test", "A case that a pitfall or a runbook carries with it: what is given, and what must come of it. `spraydeck test` runs them.\nNothing is reached: what is not given is unknown. Expected is only what is written.", reflect.TypeFor[Case]()},
		{"Hosts of a test", "The inventory that is given.", reflect.TypeFor[GivenHosts]()},
		{"Output of a test", "What a command prints.", reflect.TypeFor[GivenOutput]()},
		{"Release", "What is known of one release of Kubespray. `spraydeck plan` reads them; one of your own, for a tag that is not\nknown yet, is a file like any other. Versions stand without a leading v.", reflect.TypeFor[ReleaseFile]()},
		{"KubernetesRange", "The versions of Kubernetes a release installs.", reflect.TypeFor[KubernetesRange]()},
		{"Component", "Something a release installs. A bare value stands for `version`.", reflect.TypeFor[Component]()},
		{"VersionWith", "The version that goes with a minor of Kubernetes.", reflect.TypeFor[VersionWith]()},
		{"AnsibleWindow", "The Ansible a release runs under.", reflect.TypeFor[AnsibleWindow]()},
		{"PythonWindow", "The Python on the workstation.", reflect.TypeFor[PythonWindow]()},
		{"InventoryForm", "How the inventory of a release is laid out.", reflect.TypeFor[InventoryForm]()},
		{"PlaybookPaths", "Where playbooks are, from the top of the checkout.", reflect.TypeFor[PlaybookPaths]()},
		{"VariableChanges", "What became of variables, against the release before.", reflect.TypeFor[VariableChanges]()},
		{"Avoid", "Why a release is no place to stop.", reflect.TypeFor[Avoid]()},
		{"Notice", "Something to know, and where it is known from.", reflect.TypeFor[Notice]()},
	} {
		r.p("## %s\n\n%s\n\n", part.title, part.about)
		r.table(part.t)
	}
	r.p("## Kinds of step\n\n")
	for _, k := range lang.Kinds {
		r.p("### %s\n\n%s\n", k.Name, strings.TrimSpace(k.Help)+"\n")
		if k.Bare != "" {
			r.p("A bare value stands for `%s`. ", k.Bare)
		}
		r.p("Danger unless the step says otherwise: `%s`.\n\n", k.Danger)
		r.table(reflect.TypeOf(k.New()).Elem())
	}
	r.p("## Probes\n\nA fact is a probe under a name of yours: `facts: {nodes: {objects: nodes}}`. Probes only read.\n\n")
	for _, k := range lang.Probes {
		r.p("### %s\n\n%s.\n\n", k.Name, strings.ToUpper(k.Doc[:1])+k.Doc[1:])
		r.table(reflect.TypeOf(k.New()).Elem())
	}
	r.exampleSection()
	r.p("%s", outro)
}

type referenceWriter struct{ w io.Writer }

func (r *referenceWriter) p(format string, args ...any) { fmt.Fprintf(r.w, format, args...) }

func (r *referenceWriter) table(t reflect.Type) {
	fs := FieldsOf(t)
	if len(fs) == 0 {
		r.p("It takes no arguments.\n\n")
		return
	}
	r.p("| key | what | |\n|---|---|---|\n")
	for _, f := range fs {
		needed := ""
		if f.Required {
			needed = "required"
		}
		words := ""
		if len(f.enum) > 1 && !strings.Contains(f.Doc, f.enum[len(f.enum)-1]) {
			words = ": " + strings.Join(f.enum, ", ")
		}
		r.p("| `%s` | %s: %s%s | %s |\n", f.Name, typeWords(f.typ), strings.ReplaceAll(f.Doc, "|", `\|`), words, needed)
	}
	r.p("\n")
}

// typeWords names the type of a key for a reader.
func typeWords(t reflect.Type) string {
	switch t {
	case reflect.TypeFor[Str]():
		return "text"
	case reflect.TypeFor[Prose]():
		return "prose"
	case reflect.TypeFor[Template]():
		return "template"
	case reflect.TypeFor[Expr]():
		return "expression"
	case reflect.TypeFor[Flag]():
		return "true or false"
	case reflect.TypeFor[Int]():
		return "number"
	case reflect.TypeFor[Span]():
		return "time"
	case reflect.TypeFor[Range]():
		return "versions"
	case reflect.TypeFor[Pattern]():
		return "pattern"
	case reflect.TypeFor[Cure]():
		return "remedy"
	case reflect.TypeFor[Case]():
		return "test"
	case reflect.TypeFor[Any](), dataType:
		return "any value"
	case reflect.TypeFor[Lines]():
		return "list of text"
	case reflect.TypeFor[GivenOutput]():
		return "output"
	case reflect.TypeFor[GivenHosts]():
		return "hosts"
	}
	switch t.Kind() {
	case reflect.Pointer:
		return typeWords(t.Elem())
	case reflect.Slice:
		if isNamed(t) {
			value, _ := t.Elem().FieldByName("Value")
			return "names, each a " + typeWords(value.Type)
		}
		return "list of " + typeWords(t.Elem())
	}
	return strings.ToLower(t.Name())
}

const intro = `
A file is one runbook, one pitfall or the facts of one release, in YAML. ` + "`spraydeck lint`" + ` finds every mistake in it; ` + "`spraydeck schema`" + ` prints a JSON Schema
with which an editor completes and explains the keys.

**Text** is plain. **Prose** is for a person: a text, or ` + "`{en: ..., ja: ...}`" + `; it may hold ` + "`${expressions}`" + `.
A **template** is text with ` + "`${expressions}`" + `. In a command line each value is quoted for the shell where it lands, so that it
reaches the program as one argument (a list: as one argument each); ` + "`${raw(x)}`" + ` puts it in as it is, and ` + "`$${`" + ` is a plain ` + "`${`" + `.
An **expression** is CEL. It sees ` + "`inputs.<name>`" + `, ` + "`steps.<id>`" + ` (dashes as underscores), ` + "`node`" + ` and ` + "`hosts`" + `, ` + "`inventory.groups`" + ` and
` + "`inventory.vars`" + `, and the facts declared around it. **Time** is written ` + "`90s`, `5m`, `1h30m`" + `. A **pattern** is a regular expression
in the syntax of Go and RE2. Where a list is expected, one item may stand alone. Unknown keys, duplicate keys and merge keys
are errors.

`

const outro = `## Expressions

CEL with its standard library, strings, lists, sets, regex and two-variable comprehensions, optional values
(` + "`obj.?spec.?mode.orValue(\"Never\")`" + `), and:

| function | gives |
|---|---|
| ` + "`compareVersions(a, b)`" + ` | -1, 0 or 1; a leading v and missing parts do not matter |
| ` + "`inRange(version, \">=1.31.0 <1.33.0\")`" + ` | whether the version lies in the range |
| ` + "`minor(\"v1.31.4\")`" + ` | 31 |
| ` + "`json(value)`" + ` | the value as JSON, to put back what was captured |

A setting of Kubespray is asked of ` + "`settings`" + `, which is in scope without declaration:

| function | gives |
|---|---|
| ` + "`settings.value(\"k\")`" + ` | the value in force on all hosts of the cluster, with the release's default filled in; null where there is none |
| ` + "`settings.on(host, \"k\")`" + ` | the value on one host |
| ` + "`settings.isTrue(\"k\")`" + ` | what Ansible's filter bool makes of it: yes, "true", on, 1 |
| ` + "`settings.isSet(\"k\")`" + ` | whether the inventory sets it; of a list, whether it sets one of them |
| ` + "`settings.text(\"k\")`, `settings.written(\"k\")`" + ` | the value as text; each value as it is written, templates too |
| ` + "`settings.where(\"k\")`" + ` | where it is set: ["inventory/mycluster/group_vars/all/all.yml:12"] |
| ` + "`settings.show(keys)`, `settings.inForce(keys)`" + ` | lines of evidence: place, key and value; inForce has the defaults, too |
| ` + "`settings.keys()`" + ` | all keys that the inventory sets |
| ` + "`reads(\"k\")`" + ` | whether a role or playbook of the release gone to reads it |

` + "`defaults.old`, `defaults.new`, `sample.old` and `sample.new`" + ` have the same functions: what the roles and the sample of both releases say. A value that is
vaulted, a template of more than names, or not the same on all hosts is unknown: a rule that needs it is unknown, with the reason. The
inputs of a hop need no declaration in a pitfall; in expressions they are ` + "`hop.from`, `hop.to`, `hop.kubernetes`, `hop.inventory`, `hop.inventory_dir`,\n`hop.branch`, `hop.previous_branch` and `hop.ansible`" + `.

The result of a command has ` + "`exit`, `stdout`, `stderr`, `lines`, `outcome`" + ` and ` + "`error`" + `. An ssh probe gives a map from host to
result. One evaluation may cost at most 5,000,000 units, which no rule over a real cluster comes near.
`
