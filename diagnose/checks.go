package diagnose

import (
	"regexp"
	"slices"
	"strings"

	"spraydeck/ansible"
	"spraydeck/event"
)

// checkPitfall is the pitfall of a failed check of Kubespray's own.
const checkPitfall = "kubespray-check"

// checks are Kubespray's own assert and fail tasks, found by the name of their task or by their message.
type checks struct {
	byName map[string][]*knownCheck
	all    []*knownCheck
}

type knownCheck struct {
	ansible.Check
	name    *regexp.Regexp // where it holds a template
	message *regexp.Regexp // nil where the task has none
	fixed   int            // bytes of fixed text in the message
	that    string
}

func newChecks(list []ansible.Check) *checks {
	c := &checks{byName: map[string][]*knownCheck{}}
	for _, check := range list {
		k := &knownCheck{Check: check, that: squeeze(check.That)}
		if check.Message != "" {
			k.message, k.fixed = templateExpr(check.Message)
		}
		if strings.Contains(check.Task, "{{") {
			k.name, _ = templateExpr(check.Task)
		} else {
			c.byName[check.Task] = append(c.byName[check.Task], k)
		}
		c.all = append(c.all, k)
	}
	return c
}

var jinja = regexp.MustCompile(`(?s)\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}`)

// templateExpr makes an expression of a template: any text may stand for a value. White space and quotes may differ, as
// callbacks fold them.
func templateExpr(t string) (*regexp.Regexp, int) {
	var b strings.Builder
	b.WriteString(`(?is)^\W*`)
	fixed, last := 0, 0
	literal := func(s string) {
		for i, word := range strings.FieldsFunc(s, func(r rune) bool { return r == ' ' || r == '\n' || r == '\t' || r == '\'' || r == '"' || r == '\\' }) {
			if i > 0 {
				b.WriteString(`[\s'"\\]+`)
			}
			b.WriteString(regexp.QuoteMeta(word))
			fixed += len(word)
		}
	}
	for _, m := range jinja.FindAllStringIndex(t, -1) {
		literal(t[last:m[0]])
		b.WriteString(`.*`)
		last = m[1]
	}
	literal(t[last:])
	b.WriteString(`\W*$`)
	return regexp.MustCompile(b.String()), fixed
}

// squeeze gives a condition without what callbacks and releases write differently.
func squeeze(s string) string {
	return strings.Map(func(r rune) rune {
		switch r {
		case ' ', '\n', '\t', '\'', '"', '\\':
			return -1
		}
		return r
	}, s)
}

// find gives the check that a failed result is one of, the newest release's wording first.
func (c *checks) find(r *ansible.Result) *ansible.Check {
	name := r.Name()
	candidates := c.byName[name]
	if name != "" && len(candidates) == 0 {
		for _, k := range c.all {
			if k.name != nil && k.name.MatchString(name) {
				candidates = append(candidates, k)
			}
		}
	}
	anywhere := name == "" // minimal tells no task
	if anywhere {
		candidates = c.all
	}
	message, that := strings.TrimSpace(r.Message), squeeze(r.Assert)
	var best *knownCheck
	score := 0
	for _, k := range candidates {
		s := 0
		if that != "" && k.that == that {
			s += 1000
		}
		if k.message != nil && k.fixed >= 6 && k.message.MatchString(message) {
			s += 100 + k.fixed
		} else if k.message != nil && k.fixed > 0 && s > 0 {
			s -= 500
		}
		if anywhere && k.fixed < 20 && s < 1000 {
			s = 0
		}
		if s == 0 && !anywhere && k.That == "" && k.message != nil && k.fixed < 6 && k.message.MatchString(message) {
			s = 1 // a message that is all value, under the name of the task
		}
		if s > score || s == score && best != nil && s > 0 && newer(k.Last, best.Last) {
			best, score = k, s
		}
	}
	if best == nil {
		return nil
	}
	return &best.Check
}

// newer says whether one tag comes after another.
func newer(a, b string) bool { return slices.Compare(numbers(a), numbers(b)) > 0 }

func numbers(tag string) []int {
	var list []int
	for part := range strings.SplitSeq(strings.TrimPrefix(tag, "v"), ".") {
		n := 0
		for _, c := range part {
			if c < '0' || c > '9' {
				break
			}
			n = n*10 + int(c-'0')
		}
		list = append(list, n)
	}
	return list
}

// check tells a failed result that is one of Kubespray's own checks, unless a pitfall says more about it.
func (rd *reading) check(r *ansible.Result, found []Finding) (Finding, bool) {
	known := rd.k.checks.find(r)
	if known == nil || slices.ContainsFunc(found, func(f Finding) bool { return !f.Hint && f.At >= r.First && f.At <= r.Last }) {
		return Finding{}, false
	}
	f := Finding{File: rd.file, At: r.First, Play: r.Play, Check: known, Sources: []string{known.Path + " @" + known.Last}}
	f.Hit = event.Hit{Pitfall: checkPitfall, Symptom: "check", Severity: "blocks", Host: r.Host, Task: r.Task, Line: r.Innermost()}
	name := known.Task
	if name == "" {
		name = known.Path
	}
	f.Title = text2("Kubespray refuses: "+name, "Kubespray のチェックが不合格: "+name)
	since := known.First
	if known.Last != known.First {
		since += " to " + known.Last
	}
	en, ja := "Kubespray says: "+r.Innermost()+".", "Kubespray のメッセージ: "+r.Innermost()+"。"
	if known.That != "" {
		en += " It requires: " + oneLine(known.That) + "."
		ja += " 必要な条件: " + oneLine(known.That) + "。"
	}
	f.Cause = text2(en+" The check is in "+known.Path+" ("+since+").", ja+" 場所: "+known.Path+" ("+strings.Replace(since, " to ", "～", 1)+")。")
	if settings := settingsOf(*known); len(settings) > 0 {
		list := strings.Join(settings, ", ")
		f.Do = text2("Look at these settings in your inventory: "+list+".", "インベントリーの次の設定を確認してください: "+list+"。")
	} else {
		f.Do = text2("Mend what the message names, then run the playbook again.", "メッセージが示す点を直してから、プレイブックを再実行してください。")
	}
	return f, true
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

var notSettings = map[string]bool{"ansible_facts": true, "inventory_hostname": true, "ansible_memtotal_mb": true, "hostvars": true, "play_hosts": true}

// settingsOf gives the settings that a check is about: the names in its condition.
func settingsOf(c ansible.Check) []string {
	var names []string
	for _, n := range identifier.FindAllString(c.That+" "+c.When, -1) {
		if !notSettings[n] && !strings.HasPrefix(n, "ansible_") && !slices.Contains(names, n) && len(names) < 6 {
			names = append(names, n)
		}
	}
	return names
}
