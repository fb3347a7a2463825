package learn

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/Masterminds/semver/v3"
	"go.yaml.in/yaml/v3"
)

// variables are the defaults and variables of roles, those that count more later.
type variables map[string][]variable

type variable struct {
	file string
	node *yaml.Node
}

var roleVars = regexp.MustCompile(`^roles/.+/(?:defaults|vars)/(?:main[^/]*|main/[^/]+)$`)

// everywhere are the roles whose defaults count in all others.
var everywhere = regexp.MustCompile(`^roles/(?:kubespray[-_]defaults|download|etcd_defaults|network_plugin/calico(?:_defaults)?)/`)

func (t *tree) readVariables() variables {
	vars := variables{}
	for _, rank := range []func(string) bool{
		func(n string) bool { return !everywhere.MatchString(n) && strings.Contains(n, "/defaults/") },
		func(n string) bool { return everywhere.MatchString(n) && strings.Contains(n, "/defaults/") },
		func(n string) bool { return everywhere.MatchString(n) && strings.Contains(n, "/vars/") },
	} {
		for _, n := range t.names {
			if ext := path.Ext(n); roleVars.MatchString(n) && (ext == ".yml" || ext == ".yaml") && rank(n) && !strings.Contains(n, "molecule") {
				for key, node := range topLevel(t.texts[n]) {
					vars[key] = append(vars[key], variable{n, node})
				}
			}
		}
	}
	return vars
}

// last is the variable that counts, nil where no role has it.
func (v variables) last(name string) *yaml.Node {
	if list := v[name]; len(list) > 0 {
		return list[len(list)-1].node
	}
	return nil
}

func (v variables) file(name string) string {
	if list := v[name]; len(list) > 0 {
		return list[len(list)-1].file
	}
	return ""
}

// reading evaluates the expressions in which Kubespray writes its versions. What it does not know it leaves empty: these are
// a few forms, not Jinja.
type reading struct {
	vars  variables
	kube  string // the version of Kubernetes installed, where it is known already
	depth int
}

var (
	braces    = regexp.MustCompile(`\{\{\s*(.*?)\s*\}\}`)
	aWord     = regexp.MustCompile(`^\w+$`)
	keyAt     = regexp.MustCompile(`^\(?\s*(\w+)(?:\['(\w+)'\]|\.(\w+))\s*\|\s*dict2items\s*\)?\[(-?\d+)\]\.key$`)
	keyBelow  = regexp.MustCompile(`^\(?\s*(\w+)(?:\['(\w+)'\]|\.(\w+))\.keys\(\)\s*\|\s*select\('version',\s*('[\d.]+'|\w+),\s*'<'\)\s*\)?\s*\[0\]$`)
	lookedUp  = regexp.MustCompile(`^(\w+)\[(\w+)\]$`)
	eitherOr  = regexp.MustCompile(`^'([^']*)'\s+if\s+\(?\s*(\w+) is version\('v?([\d.]+)',\s*'(>=|<|>|<=)'\)\s*\)?\s+else\s+'([^']*)'$`)
	whether   = regexp.MustCompile(`^'([^']*)'\s+if\s+(\w+)\s+else\s+(?:'([^']*)'|\(.*\))$`)
	undefined = regexp.MustCompile(`^(\w+) is (not )?defined$`)
	branches  = regexp.MustCompile(`(?s)^\{%-? if .*?%\}.*\{%-? else -?%\}\s*(.*?)\s*\{%-? endif -?%\}$`)
	textPlus  = regexp.MustCompile(`^'([^']*)' ?\+ ?(\w+)$`)
)

// of is the text of a variable, "" where it is none or is not known.
func (r reading) of(name string) string {
	if r.depth > 8 {
		return ""
	}
	r.depth++
	switch {
	case name == "kube_version" && r.kube != "":
		return r.kube
	case r.kube != "" && (name == "kube_major_version" || name == "kube_major_next_version"):
		v, err := semver.NewVersion(r.kube)
		if err != nil {
			return ""
		}
		minor := v.Minor()
		if name == "kube_major_next_version" {
			minor++
		}
		return fmt.Sprintf("%d.%d", v.Major(), minor)
	}
	n := r.vars.last(name)
	if n == nil || n.Kind != yaml.ScalarNode {
		return ""
	}
	return r.text(n.Value)
}

func (r reading) text(s string) string {
	if m := branches.FindStringSubmatch(strings.TrimSpace(s)); m != nil {
		return r.text(m[1]) // what other systems get
	}
	known := true
	out := braces.ReplaceAllStringFunc(s, func(m string) string {
		v := r.expr(braces.FindStringSubmatch(m)[1])
		known = known && v != ""
		return v
	})
	if !known || strings.Contains(out, "{%") {
		return ""
	}
	return strings.TrimSpace(out)
}

func (r reading) expr(e string) string {
	if m := keyAt.FindStringSubmatch(e); m != nil {
		keys := r.keys(m[1], m[2]+m[3])
		i := 0
		if _, err := fmt.Sscan(m[4], &i); err != nil || len(keys) == 0 {
			return ""
		}
		if i < 0 {
			i += len(keys)
		}
		if i < 0 || i >= len(keys) {
			return ""
		}
		return keys[i]
	}
	if m := keyBelow.FindStringSubmatch(e); m != nil {
		limit := strings.Trim(m[4], "'")
		if limit == m[4] {
			limit = r.of(limit)
		}
		for _, k := range r.keys(m[1], m[2]+m[3]) {
			if older(k, limit) {
				return k
			}
		}
		return ""
	}
	if m := lookedUp.FindStringSubmatch(e); m != nil {
		return r.lookUp(m[1], r.of(m[2]))
	}
	if m := eitherOr.FindStringSubmatch(e); m != nil {
		return r.either(m)
	}
	if m := whether.FindStringSubmatch(e); m != nil {
		switch strings.ToLower(r.of(m[2])) {
		case "true", "yes", "on":
			return m[1]
		case "":
			return ""
		}
		return m[3]
	}
	if m := undefined.FindStringSubmatch(e); m != nil {
		return fmt.Sprint((r.vars.last(m[1]) == nil) == (m[2] != ""))
	}
	if m := textPlus.FindStringSubmatch(e); m != nil {
		return m[1] + r.of(m[2])
	}
	if aWord.MatchString(e) {
		return r.of(e)
	}
	return ""
}

func (r reading) either(m []string) string {
	have, limit := r.of(m[2]), m[3]
	if have == "" {
		return ""
	}
	holds := map[string]bool{">=": !older(have, limit), "<": older(have, limit), ">": older(limit, have), "<=": !older(limit, have)}[m[4]]
	if holds {
		return m[1]
	}
	return m[5]
}

func (r reading) lookUp(table, key string) string {
	n := r.vars.last(table)
	for i := 0; n != nil && i+1 < len(n.Content); i += 2 {
		if k := n.Content[i].Value; key != "" && strings.TrimPrefix(k, "v") == strings.TrimPrefix(key, "v") {
			return r.text(n.Content[i+1].Value)
		}
	}
	return ""
}

// keys are the keys of a table of a variable, in their order.
func (r reading) keys(name, table string) []string {
	n := r.vars.last(name)
	for i := 0; n != nil && i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == table {
			var keys []string
			for j := 0; j+1 < len(n.Content[i+1].Content); j += 2 {
				keys = append(keys, n.Content[i+1].Content[j].Value)
			}
			return keys
		}
	}
	return nil
}

// older reports whether a version is older than another; false where one is no version.
func older(a, b string) bool {
	x, errA := semver.NewVersion(a)
	y, errB := semver.NewVersion(b)
	return errA == nil && errB == nil && x.LessThan(y)
}

func minorOf(version string) string {
	v, err := semver.NewVersion(version)
	if err != nil {
		return ""
	}
	return fmt.Sprintf("%d.%d", v.Major(), v.Minor())
}

// sortVersions sorts oldest first and drops what is no version.
func sortVersions(list []string) []string {
	list = slices.DeleteFunc(slices.Clone(list), func(s string) bool { _, err := semver.NewVersion(s); return err != nil })
	slices.SortFunc(list, func(a, b string) int { return semver.MustParse(a).Compare(semver.MustParse(b)) })
	return list
}

func withoutV(version string) string {
	if rest, ok := strings.CutPrefix(version, "v"); ok && rest != "" && rest[0] >= '0' && rest[0] <= '9' {
		return rest
	}
	return version
}
