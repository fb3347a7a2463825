package kubespray

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"spraydeck/regular"
)

// ReleaseVars are what a release says of variables: the defaults of its roles, and its sample inventory.
type ReleaseVars struct {
	Defaults *Settings `json:"defaults"`
	Sample   *Settings `json:"sample"` // what is in force; commented lines are not
	Reads    []string  `json:"reads"`  // every word of its roles and playbooks that may be a variable
}

// varsFormat names the form of the files in the cache; another form has another name.
const varsFormat = "vars-3"

// Commit is what a tag, or HEAD, stands for.
func (c *Checkout) Commit(ctx context.Context, tag string) (string, error) {
	rev := "refs/tags/" + tag
	if tag == "HEAD" {
		rev = tag
	}
	commit := ""
	err := c.objects.read(ctx, []string{rev + "^{commit}"}, func(_ int, o object) error {
		commit = o.id
		return nil
	})
	if err == nil && commit == "" {
		return "", fmt.Errorf("the checkout has no tag %s: git fetch --tags brings it", tag)
	}
	return commit, err
}

// ReleaseVars reads a release out of the tag, or out of the cache directory, where it stands by its commit. Without a cache
// directory nothing is kept.
func (c *Checkout) ReleaseVars(ctx context.Context, tag, cache string) (*ReleaseVars, error) {
	commit, err := c.Commit(ctx, tag)
	if err != nil {
		return nil, err
	}
	file := filepath.Join(cache, commit+"."+varsFormat)
	if text, err := regular.Read(file); err == nil && cache != "" {
		var v ReleaseVars
		if json.Unmarshal(text, &v) == nil {
			return &v, nil
		}
	}
	v, err := c.readVars(ctx, tag, commit)
	if err != nil || cache == "" {
		return v, err
	}
	if text, err := json.Marshal(v); err == nil && os.MkdirAll(cache, 0o755) == nil {
		_ = keepWhole(file, text) // the next one reads the tag again
	}
	return v, nil
}

// keepWhole writes a file that others see whole or not at all.
func keepWhole(file string, text []byte) error {
	f, err := os.CreateTemp(filepath.Dir(file), ".new-*")
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), file)
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
	return err
}

var (
	roleDefaults = regexp.MustCompile(`^roles/.+/(?:defaults|vars)/(?:main[^/]*|main/[^/]+)$`)
	readByRoles  = regexp.MustCompile(`^(?:roles|playbooks|library|plugins)/|^[^/]+\.ya?ml$`)
)

func (c *Checkout) readVars(ctx context.Context, tag, commit string) (*ReleaseVars, error) {
	names, texts, err := c.Tree(ctx, commit, SaysVars)
	if err != nil {
		return nil, err
	}
	return VarsOf(tag, names, texts)
}

// SaysVars reports whether a file of a release says something of variables: it sets them or reads them.
func SaysVars(name string) bool {
	return (readByRoles.MatchString(name) || strings.HasPrefix(name, sampleVars+"/")) && !strings.Contains(name, "/files/dashboards/")
}

// Tree reads the files at a revision that keep reports true for, out of the object store. The names are sorted.
func (c *Checkout) Tree(ctx context.Context, rev string, keep func(name string) bool) (names []string, texts map[string][]byte, err error) {
	if names, err = c.Files(ctx, rev, ""); err != nil {
		return nil, nil, err
	}
	names = slices.DeleteFunc(names, func(n string) bool { return !keep(n) })
	texts, err = c.blobs(ctx, rev, names...)
	return names, texts, err
}

// VarsOf is what the files of a release say of variables; see SaysVars.
func VarsOf(tag string, names []string, texts map[string][]byte) (*ReleaseVars, error) {
	names = slices.DeleteFunc(slices.Clone(names), func(n string) bool { return !SaysVars(n) })
	var err error
	v := &ReleaseVars{Defaults: &Settings{Source: tag}, Sample: &Settings{Source: tag}}
	values := func(name string) (map[string]Value, error) { return parseValues(name, texts[name]) }
	if v.Defaults.Settings, err = roleVars(names, values); err != nil {
		return nil, err
	}
	if v.Sample.Settings, err = sampleSettings(names, values); err != nil {
		return nil, err
	}
	words := map[string]bool{}
	for _, n := range names {
		if readByRoles.MatchString(n) {
			addReads(words, n, texts[n])
		}
	}
	addComposed(words, v, names, texts)
	v.Reads = sortedKeys(words)
	return v, nil
}

// composed is a variable whose name is put together when it is read, as in lookup('vars', scope + '_reserved').
var composed = regexp.MustCompile(`\b(?:lookup|query|q)\(\s*['"](?:ansible\.builtin\.)?vars['"]\s*,\s*`)

// addComposed adds the keys with a default or in the sample that such a name may stand for.
func addComposed(words map[string]bool, v *ReleaseVars, names []string, texts map[string][]byte) {
	for _, n := range names {
		if !readByRoles.MatchString(n) {
			continue
		}
		for _, at := range composed.FindAllIndex(texts[n], -1) {
			may := namePattern(string(texts[n][at[1]:]))
			if may == nil {
				continue
			}
			for _, keys := range []map[string][]Setting{v.Defaults.Settings, v.Sample.Settings} {
				for k := range keys {
					if may.MatchString(k) {
						words[k] = true
					}
				}
			}
		}
	}
}

// namePattern makes an expression of the names that an argument of Jinja may give: texts stand as they are, anything else for
// a part of a name. The argument ends at a comma or a bracket of its own level. Without any text it is nil.
func namePattern(argument string) *regexp.Regexp {
	const some = `[a-z0-9_]+`
	expr, depth, known := "", 0, false
	part := false // something that is no text stands between the last two
	for i := 0; i < len(argument); i++ {
		switch c := argument[i]; {
		case c == '\'' || c == '"':
			end := strings.IndexByte(argument[i+1:], c)
			if end < 0 {
				return nil
			}
			if depth == 0 {
				if part {
					expr += some
				}
				expr, part, known = expr+regexp.QuoteMeta(argument[i+1:i+1+end]), false, true
			}
			i += end + 1
		case c == '(' || c == '[':
			depth++
			part = true
		case depth > 0 && (c == ')' || c == ']'):
			depth--
		case depth == 0 && (c == ',' || c == ')' || c == '}'):
			i = len(argument)
		case depth == 0 && c != ' ' && c != '+' && c != '~' && c != '\n':
			part = true
		}
	}
	if part {
		expr += some
	}
	if !known {
		return nil
	}
	return regexp.MustCompile("^" + expr + "$")
}

// addReads adds the words of a file that may be variables. A default alone reads nothing, and a comment neither.
func addReads(words map[string]bool, name string, text []byte) {
	if path.Base(name) == "README.md" {
		return
	}
	defaults := roleDefaults.MatchString(name)
	for s := bufio.NewScanner(bytes.NewReader(text)); s.Scan(); {
		line := s.Bytes()
		if trimmed := bytes.TrimSpace(line); len(trimmed) == 0 || trimmed[0] == '#' && !bytes.HasPrefix(trimmed, []byte("#}")) && !bytes.Contains(trimmed, []byte("{{")) {
			continue
		}
		if key, rest, ok := bytes.Cut(line, []byte(":")); defaults && ok && mayBeKey(key) {
			line = rest
		}
		eachKey(line, func(w []byte) bool {
			words[string(w)] = true
			return true
		})
	}
}

func roleVarsFile(name string) bool {
	return roleDefaults.MatchString(name) && varsExt(path.Ext(name)) && (!strings.Contains(name, "/vars/") || strings.Contains(name, "spray"))
}

// roleVars are the defaults of all roles. A key of the roles that every playbook loads is theirs; one that other roles set
// differently has no one value.
func roleVars(names []string, valuesOf func(string) (map[string]Value, error)) (map[string][]Setting, error) {
	all := map[string][]Setting{}
	rank := map[string]int{}
	for _, name := range names {
		if !roleVarsFile(name) {
			continue
		}
		values, err := valuesOf(name)
		if err != nil {
			continue // a file that Ansible reads with a tag of its own, such as !unsafe
		}
		of := slices.IndexFunc(defaultRoles, func(dir string) bool { return strings.HasPrefix(name, dir+"/") }) + 1
		for key, v := range values {
			one := settingAt(key, v)
			switch old, known := all[key]; {
			case !known || of > rank[key]:
				all[key], rank[key] = []Setting{one}, of
			case of == rank[key] && of > 0:
				all[key] = []Setting{one} // the files of a role come in their order
			case of == rank[key] && !reflect.DeepEqual(old[0].Value, one.Value):
				all[key] = []Setting{{Unknown: "roles have several defaults for it"}}
			}
		}
	}
	if len(all) == 0 {
		return nil, errors.New("no defaults of roles are there: it is no release of Kubespray")
	}
	return all, nil
}

func settingAt(key string, v Value) Setting {
	one := Setting{Value: v.Value}
	if v.File != "" && strings.HasPrefix(v.File, "inventory/") {
		one.At = []string{fmt.Sprintf("%s:%d", v.File, v.Line)}
	}
	if m, ok := v.Value.(map[string]any); ok && len(m) > 0 && (strings.HasSuffix(key, "_checksums") || strings.HasSuffix(key, "_digest_checksums") || key == "downloads") {
		one.Value, one.Unknown = nil, "it is a table"
	}
	return one
}

func sampleSettings(names []string, valuesOf func(string) (map[string]Value, error)) (map[string][]Setting, error) {
	files := slices.DeleteFunc(slices.Clone(names), func(n string) bool { return !strings.HasPrefix(n, sampleVars+"/") || !varsExt(path.Ext(n)) })
	slices.SortStableFunc(files, func(a, b string) int { return sampleRank(a) - sampleRank(b) })
	all := map[string][]Setting{}
	for _, name := range files {
		values, err := valuesOf(name)
		if err != nil {
			return nil, err
		}
		for key, v := range values {
			all[key] = []Setting{settingAt(key, v)}
		}
	}
	return all, nil
}
