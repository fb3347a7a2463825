package runbook

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
)

// SettingsType is the CEL type of settings, defaults.old, defaults.new, sample.old, sample.new and reads.
var SettingsType = cel.ObjectType("runbook.Settings")

// Settings are keys with their values, and where each stands: what an inventory sets, or what a release has by default. A value
// that is templated, vaulted or not the same on all hosts is unknown: an expression that asks for it fails, with the reason.
type Settings struct {
	Source   string   `json:"source"`
	Warnings []string `json:"warnings,omitempty"`
	Cluster  []string `json:"cluster,omitempty"`
	Etcd     []string `json:"etcd,omitempty"`
	// Encrypted are files in which any other setting may stand.
	Encrypted []string             `json:"encrypted,omitempty"`
	Settings  map[string][]Setting `json:"settings"`

	Defaults  *Settings `json:"-"` // in force where a key is not set; nil: not known
	Unlearned error     `json:"-"` // why Defaults are not known
}

// Setting is one value of a key.
type Setting struct {
	Value   any      `json:"value,omitempty"`
	Unknown string   `json:"unknown,omitempty"`
	Hosts   []string `json:"hosts,omitempty"` // that have it; empty: all
	At      []string `json:"at,omitempty"`    // file:line
}

// ParseSettings reads settings from JSON.
func ParseSettings(text []byte) (*Settings, error) {
	s := &Settings{}
	dec := json.NewDecoder(strings.NewReader(string(text)))
	dec.UseNumber()
	if err := dec.Decode(s); err != nil {
		return nil, fmt.Errorf("read settings: %w", err)
	}
	s.Plain()
	return s, nil
}

// Plain makes numbers of JSON int64 and float64.
func (s *Settings) Plain() {
	for _, list := range s.Settings {
		for i := range list {
			list[i].Value = plainNumbers(list[i].Value)
		}
	}
}

func plainNumbers(v any) any {
	switch v := v.(type) {
	case json.Number:
		if i, err := v.Int64(); err == nil {
			return i
		}
		f, _ := v.Float64()
		return f
	case []any:
		for i := range v {
			v[i] = plainNumbers(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = plainNumbers(v[k])
		}
	}
	return v
}

// maxTemplates bounds how far a value may lead to others.
const maxTemplates = 8

// effective gives the value in force on all hosts; nil where a key is not set and has no default.
func (s *Settings) effective(key string, depth int) (any, error) {
	one, err := s.one(key)
	if err != nil {
		return nil, err
	}
	if one == nil {
		if s.Defaults == nil {
			return nil, noDefault(s.Unlearned)
		}
		if one, err = s.Defaults.one(key); err != nil || one == nil {
			return nil, err
		}
	}
	return s.resolve(key, one, depth)
}

// one is the setting of a key on all hosts that it is meant for: the whole of k8s_cluster, or of etcd.
func (s *Settings) one(key string) (*Setting, error) {
	list := s.Settings[key]
	if len(list) == 0 {
		return nil, s.hidden(key)
	}
	if len(list) > 1 {
		return nil, fmt.Errorf("%s is not the same on all hosts: %s", key, strings.Join(s.show(key), "; "))
	}
	one := &list[0]
	if len(one.Hosts) == 0 || covers(one.Hosts, s.Cluster) || covers(one.Hosts, s.Etcd) {
		return one, nil
	}
	for _, h := range one.Hosts {
		if slices.Contains(s.Cluster, h) || slices.Contains(s.Etcd, h) {
			if s.Defaults != nil {
				if d, err := s.Defaults.one(key); err == nil && d != nil && reflect.DeepEqual(d.Value, one.Value) {
					return one, nil
				}
			}
			return nil, fmt.Errorf("%s is not the same on all hosts: %s alone has it: %s", key, strings.Join(one.Hosts, ", "), strings.Join(s.show(key), "; "))
		}
	}
	return nil, nil // of hosts outside the cluster
}

// hidden is the error of a key that no file sets which could be read, where others could not.
func (s *Settings) hidden(key string) error {
	if len(s.Encrypted) == 0 {
		return nil
	}
	return &encryptedError{key, s.Encrypted}
}

// encryptedError means that a setting may stand in a file that is encrypted as a whole.
type encryptedError struct {
	key   string
	files []string
}

func (e *encryptedError) Error() string {
	return "whether " + e.key + " is set is unknown: " + e.Cause()
}

// Cause names the files: they are the cause for every key.
func (e *encryptedError) Cause() string {
	return strings.Join(e.files, ", ") + ": encrypted with ansible-vault, and no password was given"
}

// defaultError is why defaults are unknown: the cause for every key that is not set.
type defaultError struct{ error }

func (e defaultError) Unwrap() error { return e.error }
func (e defaultError) Cause() string { return e.Error() }

func noDefault(why error) error {
	if why == nil {
		return nil
	}
	return defaultError{why}
}

func (e *encryptedError) Hint() string {
	return "--vault-password-file names the file with the password; ANSIBLE_VAULT_PASSWORD_FILE and ansible.cfg work too"
}

func covers(hosts, all []string) bool {
	return len(all) > 0 && !slices.ContainsFunc(all, func(h string) bool { return !slices.Contains(hosts, h) })
}

var simpleTemplate = regexp.MustCompile(`\{\{-?\s*([A-Za-z_]\w*)\s*-?\}\}`)

// resolve follows templates that name another key and nothing else. Others are unknown.
func (s *Settings) resolve(key string, one *Setting, depth int) (any, error) {
	if one.Unknown != "" {
		return nil, fmt.Errorf("the value of %s is unknown: %s%s", key, one.Unknown, places(one.At))
	}
	if !templated(one.Value) {
		return one.Value, nil
	}
	unknown := fmt.Errorf("the value of %s is unknown: it is a template%s", key, places(one.At))
	text, ok := one.Value.(string)
	if !ok || depth >= maxTemplates {
		return nil, unknown
	}
	if m := simpleTemplate.FindStringSubmatch(text); m != nil && m[0] == strings.TrimSpace(text) {
		v, err := s.effective(m[1], depth+1)
		if err != nil || v == nil {
			return nil, errors.Join(unknown, err)
		}
		return v, nil
	}
	var failed error
	filled := simpleTemplate.ReplaceAllStringFunc(text, func(m string) string {
		v, err := s.effective(simpleTemplate.FindStringSubmatch(m)[1], depth+1)
		if err != nil || v == nil {
			failed = errors.Join(unknown, err)
		}
		return fmt.Sprint(v)
	})
	if failed != nil || templated(filled) {
		return nil, errors.Join(unknown, failed)
	}
	return filled, nil
}

func templated(v any) bool {
	switch v := v.(type) {
	case string:
		return strings.Contains(v, "{{") || strings.Contains(v, "{%")
	case []any:
		return slices.ContainsFunc(v, templated)
	case map[string]any:
		for _, one := range v {
			if templated(one) {
				return true
			}
		}
	}
	return false
}

func places(at []string) string {
	if len(at) == 0 {
		return ""
	}
	return " (" + strings.Join(at, ", ") + ")"
}

// on gives the value in force on one host.
func (s *Settings) on(host, key string) (any, error) {
	for i := range s.Settings[key] {
		one := &s.Settings[key][i]
		if len(one.Hosts) == 0 || slices.Contains(one.Hosts, host) {
			return s.resolve(key, one, 0)
		}
	}
	if err := s.hidden(key); err != nil {
		return nil, err
	}
	if s.Defaults == nil {
		return nil, noDefault(s.Unlearned)
	}
	one, err := s.Defaults.one(key)
	if err != nil || one == nil {
		return nil, err
	}
	return s.resolve(key, one, 0)
}

func (s *Settings) where(key string) []string {
	at := []string{}
	for _, one := range s.Settings[key] {
		for _, place := range one.At {
			if !slices.Contains(at, place) {
				at = append(at, place)
			}
		}
	}
	return at
}

// show gives each value of a key as evidence: where it stands, key and value.
func (s *Settings) show(key string) []string {
	list := []string{}
	for _, one := range s.Settings[key] {
		line := key + ": " + one.text()
		if len(one.At) > 0 {
			line = strings.Join(one.At, ", ") + ": " + line
		}
		if len(one.Hosts) > 0 && !covers(one.Hosts, s.Cluster) && len(s.Cluster) > 0 {
			line += " (on " + strings.Join(one.Hosts, ", ") + ")"
		}
		list = append(list, line)
	}
	return list
}

func (s Setting) text() string {
	if s.Unknown != "" {
		return "[" + s.Unknown + "]"
	}
	return settingText(s.Value)
}

// settingText is a value as a person writes it.
func settingText(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case string:
		return v
	case []any, map[string]any:
		b, _ := json.Marshal(v)
		return string(b)
	}
	return fmt.Sprint(v)
}

// truth is what Ansible's filter bool makes of a value. Text that is neither yes nor no is an error.
func truth(v any) (bool, error) {
	switch v := v.(type) {
	case nil:
		return false, nil
	case bool:
		return v, nil
	case int64:
		return v == 1, nil
	case float64:
		return v == 1, nil
	case string:
		switch strings.ToLower(strings.TrimSpace(v)) {
		case "true", "yes", "on", "1", "y", "t":
			return true, nil
		case "false", "no", "off", "0", "n", "f", "", "none":
			return false, nil
		}
		return false, fmt.Errorf("%s is neither true nor false", strconv.Quote(v))
	}
	return false, fmt.Errorf("%s is neither true nor false", settingText(v))
}

// GivenSettings makes settings of what a test gives: {key: value}, or {"file:12": {key: value}} with the place.
func GivenSettings(given map[string]any) *Settings {
	s := &Settings{Source: "given", Settings: map[string][]Setting{}}
	for name, v := range given {
		file, line, placed := strings.Cut(name, ":")
		m, ok := v.(map[string]any)
		if _, err := strconv.Atoi(line); placed && ok && err == nil {
			for k, v := range m {
				s.Settings[k] = append(s.Settings[k], Setting{Value: whole(v), At: []string{file + ":" + line}})
			}
			continue
		}
		s.Settings[name] = append(s.Settings[name], Setting{Value: whole(v)})
	}
	return s
}

// whole makes int64 of the int that YAML gives.
func whole(v any) any {
	switch v := v.(type) {
	case int:
		return int64(v)
	case []any:
		list := make([]any, len(v))
		for i := range v {
			list[i] = whole(v[i])
		}
		return list
	case map[string]any:
		m := map[string]any{}
		for k := range v {
			m[k] = whole(v[k])
		}
		return m
	}
	return v
}

// ConvertToNative, ConvertToType, Equal, Type and Value make settings a value of CEL.
func (s *Settings) ConvertToNative(t reflect.Type) (any, error) {
	if reflect.TypeOf(s).AssignableTo(t) {
		return s, nil
	}
	return nil, fmt.Errorf("settings are no %v", t)
}

func (s *Settings) ConvertToType(t ref.Type) ref.Val {
	if t == types.TypeType {
		return SettingsType
	}
	return types.NewErr("settings are no %s", t.TypeName())
}
func (s *Settings) Equal(other ref.Val) ref.Val { return types.Bool(ref.Val(s) == other) }
func (s *Settings) Type() ref.Type              { return SettingsType }
func (s *Settings) Value() any                  { return s }

// settingFunctions adds to expressions, for settings, defaults.* and sample.*:
//
//	s.value("k")     the value in force, with the release's default filled in; null where there is none
//	s.on(host, "k")  the same on one host
//	s.isTrue("k")    what Ansible's filter bool makes of it: yes, "true", on, 1
//	s.isSet("k")     whether it is set anywhere; of a list, whether one of the keys is
//	s.text("k")      the value as text
//	s.written("k")   each value as it is written, templates too
//	s.where("k")     ["inventory/mycluster/group_vars/all/all.yml:12"]
//	s.show("k")      the same with key and value, as evidence; a list of keys works too
//	s.inForce("k")   show, and of keys that are not set the default
//	s.keys()         all keys that are set
//	reads("k")       whether any role or playbook of the target tag reads the key
//	sources(text)    how Ansible is given an inventory of several sources with commas between: ["-i", "a", "-i", "b"]
func settingFunctions() cel.EnvOption {
	str, dyn, list := cel.StringType, cel.DynType, cel.ListType(cel.StringType)
	key := []*cel.Type{SettingsType, str}
	return cel.Lib(functions{
		settingFunction("value", key, dyn, func(s *Settings, a []ref.Val) (any, error) { return s.effective(textOf(a[0]), 0) }),
		settingFunction("on", append(key, str), dyn, func(s *Settings, a []ref.Val) (any, error) { return s.on(textOf(a[0]), textOf(a[1])) }),
		settingFunction("isTrue", key, cel.BoolType, func(s *Settings, a []ref.Val) (any, error) {
			v, err := s.effective(textOf(a[0]), 0)
			if err != nil {
				return nil, err
			}
			b, err := truth(v)
			if err != nil {
				err = fmt.Errorf("%s: %w", textOf(a[0]), err)
			}
			return b, err
		}),
		cel.Function("isSet", keysOverload("settings_isSet", str, cel.BoolType, anySet), keysOverload("settings_isSet_list", list, cel.BoolType, anySet)),
		settingFunction("text", key, str, func(s *Settings, a []ref.Val) (any, error) {
			v, err := s.effective(textOf(a[0]), 0)
			return settingText(v), err
		}),
		settingFunction("where", key, list, func(s *Settings, a []ref.Val) (any, error) { return s.where(textOf(a[0])), nil }),
		settingFunction("written", key, list, func(s *Settings, a []ref.Val) (any, error) {
			texts := []string{}
			for _, one := range s.Settings[textOf(a[0])] {
				texts = append(texts, one.text())
			}
			return texts, nil
		}),
		settingFunction("keys", key[:1], list, func(s *Settings, _ []ref.Val) (any, error) {
			return slices.Sorted(maps.Keys(s.Settings)), s.hidden("any other key")
		}),
		cel.Function("show", keysOverload("settings_show", str, list, showAll), keysOverload("settings_show_list", list, list, showAll)),
		cel.Function("inForce", keysOverload("settings_inForce", str, list, showInForce), keysOverload("settings_inForce_list", list, list, showInForce)),
		cel.Function("sources", cel.Overload(ownOverload+"sources_string", []*cel.Type{str}, list, cel.UnaryBinding(func(v ref.Val) ref.Val {
			words := []string{}
			for _, path := range inventorySources(textOf(v)) {
				words = append(words, "-i", path)
			}
			return types.DefaultTypeAdapter.NativeToValue(words)
		}))),
		cel.Macros(cel.GlobalMacro("reads", 1, func(f cel.MacroExprFactory, _ ast.Expr, args []ast.Expr) (ast.Expr, *cel.Error) {
			return f.NewMemberCall("isSet", f.NewIdent("reads"), args[0]), nil
		})),
	})
}

// keysOverload is a function of one key, or of a list of keys.
func keysOverload(id string, arg, result *cel.Type, do func(s *Settings, keys []string) (any, error)) cel.FunctionOpt {
	return cel.MemberOverload(id, []*cel.Type{SettingsType, arg}, result, cel.BinaryBinding(func(s, k ref.Val) ref.Val {
		keys := []string{textOf(k)}
		if list, ok := k.(traits.Lister); ok {
			keys = nil
			for it := list.Iterator(); it.HasNext() == types.True; {
				keys = append(keys, textOf(it.Next()))
			}
		}
		v, err := do(s.(*Settings), keys)
		if err != nil {
			return types.WrapErr(err)
		}
		return types.DefaultTypeAdapter.NativeToValue(v)
	}))
}

func anySet(s *Settings, keys []string) (any, error) {
	if slices.ContainsFunc(keys, func(k string) bool { return len(s.Settings[k]) > 0 }) {
		return true, nil
	}
	return false, s.hidden(strings.Join(keys, ", "))
}

func showAll(s *Settings, keys []string) (any, error) {
	all := []string{}
	for _, k := range keys {
		all = append(all, s.show(k)...)
	}
	return all, nil
}

func showInForce(s *Settings, keys []string) (any, error) {
	all := []string{}
	for _, k := range keys {
		lines := s.show(k)
		if len(lines) == 0 {
			lines = s.byDefault(k)
		}
		all = append(all, lines...)
	}
	return all, nil
}

// byDefault is the default of a key as evidence.
func (s *Settings) byDefault(key string) []string {
	v, err := s.effective(key, 0)
	switch {
	case err != nil:
		return []string{err.Error()}
	case v == nil:
		return []string{key + " is not set"}
	}
	return []string{key + ": " + settingText(v) + " (default)"}
}

// inventorySources are the paths of an inventory. A text that ends in a comma is Ansible's list of hosts.
func inventorySources(inventory string) []string {
	if strings.HasSuffix(inventory, ",") {
		return []string{inventory}
	}
	return strings.FieldsFunc(inventory, func(r rune) bool { return r == ',' })
}

// InventoryOptions are the words that give Ansible an inventory, for a shell.
func InventoryOptions(inventory string) string {
	var words []string
	for _, path := range inventorySources(inventory) {
		words = append(words, "-i "+Quote(path))
	}
	return strings.Join(words, " ")
}

func textOf(v ref.Val) string {
	s, _ := v.Value().(string)
	return s
}

func settingFunction(name string, args []*cel.Type, result *cel.Type, do func(*Settings, []ref.Val) (any, error)) cel.EnvOption {
	return cel.Function(name, cel.MemberOverload("settings_"+name, slices.Clone(args), result, cel.FunctionBinding(func(a ...ref.Val) ref.Val {
		s, ok := a[0].(*Settings)
		if !ok {
			return types.MaybeNoSuchOverloadErr(a[0])
		}
		v, err := do(s, a[1:])
		if err != nil {
			return types.WrapErr(err)
		}
		return types.DefaultTypeAdapter.NativeToValue(v)
	})))
}

// ParseRelease reads what a release says of variables into a struct of settings.
func ParseRelease(text string, into any) error {
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	if err := dec.Decode(into); err != nil {
		return fmt.Errorf("read the variables of a release: %w", err)
	}
	return nil
}
