package runbook

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"cel.dev/cel-go/cel"
)

// CheckInputs says whether the values given fit the runbook, before anything begins.
func (b *Runbook) CheckInputs(given map[string]string) error {
	if tag, other := b.LeadsElsewhere(given); other {
		return &UsageError{fmt.Sprintf("%s leads to %s, not to %s", b.Name.Value, b.To.Value, tag), "take the runbook that leads there: spraydeck runbooks list names them"}
	}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		in, ok := b.Inputs.Get(name)
		if !ok {
			var names []string
			for _, e := range b.Inputs {
				names = append(names, e.Name)
			}
			return &UsageError{fmt.Sprintf("%s has no input %q", b.Name.Value, name), DidYouMean(name, names)}
		}
		if _, err := in.Convert(name, given[name]); err != nil {
			return &UsageError{err.Error(), in.Prompt.Text(NewScope()).En}
		}
	}
	return nil
}

// LeadsElsewhere says whether target_tag is given, and is another release than the runbook's own: its checks, its notes and
// its defaults are those of one release.
func (b *Runbook) LeadsElsewhere(given map[string]string) (tag string, other bool) {
	tag, ok := given["target_tag"]
	_, has := b.Inputs.Get("target_tag")
	return tag, ok && has && b.To.Value != "" && AsTag(tag) != AsTag(b.To.Value)
}

// Convert checks the text of an input and gives its value.
func (i Input) Convert(name, text string) (any, error) {
	switch i.Type.Value {
	case "bool":
		v, err := strconv.ParseBool(text)
		if err != nil {
			return nil, fmt.Errorf("input %s: %q is neither true nor false", name, text)
		}
		return v, nil
	case "int":
		v, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("input %s: %q is no whole number", name, text)
		}
		return v, nil
	case "choice":
		var words []string
		for _, c := range i.Choices {
			words = append(words, c.Value)
		}
		if !slices.Contains(words, text) {
			return nil, fmt.Errorf("input %s: %q is none of %s", name, text, strings.Join(words, ", "))
		}
	}
	if i.Match.Value != "" {
		if ok, err := regexp.MatchString("^(?:"+i.Match.Value+")$", text); err != nil || !ok {
			return nil, fmt.Errorf("input %s: %q does not match %s", name, text, i.Match.Value)
		}
	}
	return text, nil
}

// CelType gives the type of an input in expressions.
func (i Input) CelType() *cel.Type {
	switch i.Type.Value {
	case "bool":
		return cel.BoolType
	case "int":
		return cel.IntType
	}
	return cel.StringType
}

// UsageError is a mistake in what the operator gave, such as an input that does not exist.
type UsageError struct{ Message, Way string }

func (u *UsageError) Error() string { return u.Message }

// Hint says how to fix it.
func (u *UsageError) Hint() string { return u.Way }

// GivenTypes is what every expression may use, whatever the runbook.
var GivenTypes = Vars{
	"inventory.groups":  cel.MapType(cel.StringType, cel.ListType(cel.StringType)),
	"inventory.dynamic": cel.ListType(cel.StringType),
	"inventory.vars":    cel.MapType(cel.StringType, cel.MapType(cel.StringType, cel.DynType)),
	"release.from":      cel.MapType(cel.StringType, cel.DynType),
	"release.to":        cel.MapType(cel.StringType, cel.DynType),
	"settings":          SettingsType,
	"defaults.old":      SettingsType,
	"defaults.new":      SettingsType,
	"sample.old":        SettingsType,
	"sample.new":        SettingsType,
	"reads":             SettingsType,
}

// GivenNames are the facts of a test that are in scope without declaration; those of releases hold old and new.
var GivenNames = []string{"settings", "defaults", "sample", "reads"}

// ResultTypes gives the names of the steps' results.
func (b *Runbook) ResultTypes() Vars {
	vars := Vars{}
	for _, ph := range b.Phases {
		for _, s := range ph.Steps {
			if s.Kind != nil && s.Kind.Result != nil {
				vars[ResultName(s.ID.Value)] = s.Kind.Result
			}
		}
	}
	return vars
}

// ResultName is the name of a step's result in expressions.
func ResultName(id string) string { return "steps." + strings.ReplaceAll(id, "-", "_") }
