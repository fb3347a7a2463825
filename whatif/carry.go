package whatif

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// guess is a setting of the inventory that may keep a change of a node.
type guess struct {
	file     *threeWay
	key      string
	value    any
	old, now string // what the template writes for it, before and on the node
}

// carry finds for each change the setting of the inventory that keeps it. The lines of a template say which variables stand
// where; whether a setting does what it should is tried: the new release is rendered with it.
func carry(s *secrets, found []*threeWay, templates func(string) string, try func(map[string]map[string]any) (*Rendering, error)) error {
	var guesses []guess
	settings := map[string]map[string]any{}
	for _, e := range found {
		if e.fate != "overwritten" || e.source == "" {
			continue
		}
		for _, g := range guessesOf(e, templates(e.source)) {
			if settings[e.host] == nil {
				settings[e.host] = map[string]any{}
			}
			if before, twice := settings[e.host][g.key]; twice && before != g.value {
				continue
			}
			settings[e.host][g.key] = g.value
			guesses = append(guesses, g)
		}
	}
	if len(guesses) == 0 || try == nil {
		return nil
	}
	tried, err := try(settings)
	if err != nil {
		return err
	}
	written := lastWritten(tried)
	for _, g := range guesses {
		got := settingsOf(g.file.dest, written[g.file.place].Content)
		s.pair(got, g.file.now)
		if !g.file.onlyEdits(got) {
			continue
		}
		for i := range g.file.settings {
			x := &g.file.settings[i]
			now, there := got[x.Path]
			keeps := x.What == "removed" && !there || x.What != "removed" && there && s.same(now, x.Node)
			if keeps && (strings.Contains(x.Node, g.now) || strings.Contains(x.Old, g.old)) {
				x.Carry = &Carry{Key: g.key, Value: g.value}
			}
		}
	}
	return nil
}

// onlyEdits says whether a rendering differs from that without further settings in nothing but what was changed on the node.
func (e *threeWay) onlyEdits(got map[string]string) bool {
	edited := map[string]bool{}
	for _, x := range e.settings {
		edited[x.Path] = true
	}
	for key, value := range got {
		if before, there := e.new[key]; !edited[key] && (!there || before != value) {
			return false
		}
	}
	for key := range e.new {
		if _, there := got[key]; !edited[key] && !there {
			return false
		}
	}
	return true
}

var (
	expression = regexp.MustCompile(`\{\{-?(.*?)-?\}\}`)
	leading    = regexp.MustCompile(`^\s*\(*\s*([A-Za-z_][A-Za-z0-9_]*)\s*(\||\)|$|\s(if|or|and)\s)`)
)

// guessesOf holds the lines of a template against those lines of a file that differ on the node.
func guessesOf(e *threeWay, template string) []guess {
	removed, added := onlyIn(e.texts[0], e.texts[1]), onlyIn(e.texts[1], e.texts[0])
	var out []guess
	for line := range strings.Lines(template) {
		line = strings.TrimSpace(line)
		exprs := expression.FindAllStringSubmatch(line, -1)
		fixed := expression.ReplaceAllString(line, "")
		if exprs == nil || strings.Contains(line, "{%") || len(strings.Trim(fixed, ` :="'-,`)) < 3 {
			continue
		}
		var pattern strings.Builder
		at := 0
		for _, m := range expression.FindAllStringIndex(line, -1) {
			pattern.WriteString(regexp.QuoteMeta(line[at:m[0]]) + "(.*?)")
			at = m[1]
		}
		form, err := regexp.Compile("^" + pattern.String() + regexp.QuoteMeta(line[at:]) + "$")
		if err != nil {
			continue
		}
		for _, n := range added {
			now := form.FindStringSubmatch(n)
			if now == nil {
				continue
			}
			replaced := false
			for _, b := range removed {
				old := form.FindStringSubmatch(b)
				if old == nil || strings.Contains(b, "<secret ") {
					continue
				}
				replaced = true
				if i := onlyDifference(old, now); i > 0 {
					if name := leading.FindStringSubmatch(exprs[i-1][1]); name != nil {
						out = append(out, guess{e, name[1], typed(now[i]), old[i], now[i]})
					}
				}
			}
			if name := leading.FindStringSubmatch(exprs[0][1]); !replaced && len(exprs) == 1 && name != nil {
				out = append(out, guess{e, name[1], typed(now[1]), "", now[1]}) // a line that the template writes on a condition
			}
		}
	}
	return out
}

// onlyDifference is the one place at which two lists differ, 0 where they do at several.
func onlyDifference(a, b []string) int {
	at := 0
	for i := 1; i < len(a); i++ {
		if a[i] != b[i] {
			if at > 0 {
				return 0
			}
			at = i
		}
	}
	return at
}

// onlyIn are the lines of a text that another does not have.
func onlyIn(text, other string) []string {
	var out []string
	there := map[string]bool{}
	for line := range strings.Lines(other) {
		there[strings.TrimSpace(line)] = true
	}
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" && !there[line] && !slices.Contains(out, line) {
			out = append(out, line)
		}
	}
	return out
}

// typed is a value as it stands in an inventory.
func typed(text string) any {
	if n, err := strconv.Atoi(text); err == nil && strconv.Itoa(n) == text {
		return n
	}
	switch text {
	case "true", "True":
		return true
	case "false", "False":
		return false
	}
	return text
}
