package runbook

import (
	"reflect"
	"strings"
)

// Schema gives the JSON Schema (draft 2020-12) of the language, for editors: completion, and the explanation of a key
// under the cursor. It is made from the tags that the parser reads, so it cannot say anything else than the parser does.
// What goes beyond the shape of a file, such as the types of expressions, is the linter's.
func Schema(lang *Language) map[string]any {
	g := &schemaMaker{lang: lang, defs: map[string]any{}}
	g.fact() // the probes, before anything refers to them
	root := map[string]any{
		"$schema":  "https://json-schema.org/draft/2020-12/schema",
		"title":    "spraydeck runbooks, pitfalls and releases",
		"type":     "object",
		"required": []string{"apiVersion", "kind"},
		"oneOf":    []any{g.document(reflect.TypeFor[Runbook](), "Runbook"), g.document(reflect.TypeFor[Pitfall](), "Pitfall"), g.document(reflect.TypeFor[ReleaseFile](), "Release")},
	}
	root["$defs"] = g.defs
	return root
}

type schemaMaker struct {
	lang *Language
	defs map[string]any
}

func (g *schemaMaker) document(t reflect.Type, kind string) map[string]any {
	s := g.object(t)
	s["properties"].(map[string]any)["kind"] = map[string]any{"const": kind}
	return s
}

func defRef(name string) map[string]any { return map[string]any{"$ref": "#/$defs/" + name} }

// scalar is what the decoder takes for text: YAML reads some words as numbers or booleans, which are text all the same.
var scalar = []string{"string", "number", "boolean"}

func (g *schemaMaker) of(t reflect.Type) map[string]any {
	switch t {
	case reflect.TypeFor[Any]():
		return map[string]any{}
	case dataType:
		return g.data()
	case reflect.TypeFor[Lines]():
		return map[string]any{"anyOf": []any{map[string]any{"type": scalar}, map[string]any{"type": "array", "items": map[string]any{"type": scalar}}}}
	case reflect.TypeFor[Flag]():
		return map[string]any{"type": "boolean"}
	case reflect.TypeFor[Int]():
		return map[string]any{"type": "integer"}
	case reflect.TypeFor[Span]():
		return map[string]any{"type": "string", "pattern": `^(0|([0-9]+(\.[0-9]*)?|\.[0-9]+)(ns|us|µs|ms|s|m|h)(([0-9]+(\.[0-9]*)?|\.[0-9]+)(ns|us|µs|ms|s|m|h))*)$`}
	case reflect.TypeFor[Str](), reflect.TypeFor[Expr](), reflect.TypeFor[Template](), reflect.TypeFor[Pattern](), reflect.TypeFor[Range]():
		return map[string]any{"type": scalar}
	case reflect.TypeFor[Prose]():
		return map[string]any{"anyOf": []any{
			map[string]any{"type": scalar},
			map[string]any{"type": "object", "required": []string{"en"}, "additionalProperties": false,
				"properties": map[string]any{"en": map[string]any{"type": scalar}, "ja": map[string]any{"type": scalar}}},
		}}
	case reflect.TypeFor[Fact]():
		return defRef("fact")
	case reflect.TypeFor[Step]():
		return g.step()
	case reflect.TypeFor[Each](), reflect.TypeFor[On](), reflect.TypeFor[Component]():
		return map[string]any{"anyOf": []any{map[string]any{"type": scalar}, g.named(t)}}
	}
	switch t.Kind() {
	case reflect.Pointer:
		return g.of(t.Elem())
	case reflect.Slice:
		if isNamed(t) {
			value, _ := t.Elem().FieldByName("Value")
			return map[string]any{"type": "object", "propertyNames": map[string]any{"pattern": nameForm.String()}, "additionalProperties": g.of(value.Type)}
		}
		item := g.of(t.Elem())
		return map[string]any{"anyOf": []any{map[string]any{"type": "array", "items": item}, item}}
	case reflect.Struct:
		return g.named(t)
	}
	panic("runbook: no schema for " + t.String())
}

// data is what a step of kind set takes. An editor proposes the settings that releases of Kubespray know; others are as good.
func (g *schemaMaker) data() map[string]any {
	if _, ok := g.defs["settings"]; !ok {
		names, known := []string{}, map[string]any{}
		if g.lang.Settings != nil {
			names = append(names, g.lang.Settings()...)
		}
		for _, name := range names {
			known[name] = map[string]any{}
		}
		g.defs["settings"] = map[string]any{"type": "object", "properties": known}
		g.defs["settingNames"] = map[string]any{"type": "array", "items": map[string]any{"anyOf": []any{map[string]any{"enum": names}, map[string]any{"type": scalar}}}}
	}
	return map[string]any{"anyOf": []any{defRef("settings"), defRef("settingNames"), map[string]any{}}}
}

// isNamed says whether a type is a Named of something: a list of entries whose keys are the author's.
func isNamed(t reflect.Type) bool { return strings.HasPrefix(t.Name(), "Named[") }

// named puts a struct under $defs, once.
func (g *schemaMaker) named(t reflect.Type) map[string]any {
	name := strings.ToLower(t.Name())
	if _, ok := g.defs[name]; !ok {
		g.defs[name] = true // it may contain itself
		g.defs[name] = g.object(t)
	}
	return defRef(name)
}

func (g *schemaMaker) object(t reflect.Type) map[string]any {
	properties, required := map[string]any{}, []string{}
	for _, f := range FieldsOf(t) {
		p := g.of(f.typ)
		if len(f.enum) > 0 {
			p = map[string]any{"enum": f.enum}
		}
		if f.Doc != "" {
			if _, isRef := p["$ref"]; isRef {
				p = map[string]any{"allOf": []any{p}}
			}
			p["description"] = f.Doc
		}
		properties[f.Name] = p
		if f.Required {
			required = append(required, f.Name)
		}
	}
	return map[string]any{"type": "object", "properties": properties, "required": required, "additionalProperties": false}
}

// step is the frame of a step with exactly one kind in it.
func (g *schemaMaker) step() map[string]any {
	if _, ok := g.defs["step"]; ok {
		return defRef("step")
	}
	g.defs["step"] = true
	s := g.object(reflect.TypeFor[Step]())
	var one []any
	for _, k := range g.lang.Kinds {
		t := reflect.TypeOf(k.New()).Elem()
		args := g.object(t)
		var p map[string]any
		switch f, ok := fieldNamed(t, k.Bare); {
		case ok && len(args["required"].([]string)) <= boolInt(f.Required):
			// the bare value, all arguments, or nothing where nothing is required
			forms := []any{g.of(f.typ), args}
			if f.typ == dataType {
				forms = append(bareData(t), args)
			}
			if !f.Required {
				forms = append(forms, map[string]any{"type": "null"})
			}
			p = map[string]any{"anyOf": forms}
		case len(args["required"].([]string)) == 0:
			p = map[string]any{"anyOf": []any{args, map[string]any{"type": "null"}}}
		default:
			p = args
		}
		p["description"] = k.Doc
		s["properties"].(map[string]any)[k.Name] = p
		one = append(one, map[string]any{"required": []string{k.Name}})
	}
	s["oneOf"] = one
	g.defs["step"] = s
	return defRef("step")
}

// bareData is what a bare value of any form can be beside the arguments: a mapping has none of their names.
func bareData(args reflect.Type) []any {
	return []any{
		map[string]any{"not": map[string]any{"type": "object"}},
		map[string]any{"type": "object", "propertyNames": map[string]any{"not": map[string]any{"enum": fieldNames(FieldsOf(args))}}},
	}
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

func fieldNamed(t reflect.Type, name string) (field, bool) {
	for _, f := range FieldsOf(t) {
		if name != "" && f.Name == name {
			return f, true
		}
	}
	return field{}, false
}

// fact is exactly one probe, its bare value or its arguments, with arguments beside it.
func (g *schemaMaker) fact() {
	var kinds []any
	for _, k := range g.lang.Probes {
		args := g.object(reflect.TypeOf(k.New()).Elem())
		beside := args["properties"].(map[string]any)
		required := []string{k.Name}
		properties := map[string]any{}
		for name, p := range beside {
			if name != k.Name {
				properties[name] = p
			}
		}
		forms := []any{map[string]any{"type": "null"}, args}
		if bare, ok := beside[k.Bare]; ok {
			forms = []any{bare, args}
		}
		properties[k.Name] = map[string]any{"anyOf": forms, "description": k.Doc}
		kinds = append(kinds, map[string]any{"type": "object", "required": required, "properties": properties, "additionalProperties": false})
	}
	g.defs["fact"] = map[string]any{"oneOf": kinds}
}
