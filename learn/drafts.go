package learn

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/Masterminds/semver/v3"
)

// Draft is a pitfall for a person to finish.
type Draft struct {
	Name string
	Text []byte
}

// Hop is the runbook of the hop to a release, nil where the release before is not known.
func Hop(f *Facts, before string) []byte {
	to, err := semver.NewVersion(f.Tag)
	if err != nil || before == "" {
		return nil
	}
	from, err := semver.NewVersion(before)
	if err != nil {
		return nil
	}
	minor := to.Minor()
	if from.Minor() < minor || from.Major() < to.Major() {
		minor = from.Minor()
	} else if minor > 0 {
		minor-- // a patch takes the clusters of the minor before as well
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "apiVersion: spraydeck/v1\nkind: Runbook\nname: kubespray-%s\n", f.Tag)
	fmt.Fprintf(&b, "title: {en: \"Kubespray v%d.%d to %s: Kubernetes %s\", ja: \"Kubespray v%d.%d から %s へ: Kubernetes %s\"}\n",
		from.Major(), minor, f.Tag, f.Kubernetes.Default, from.Major(), minor, f.Tag, f.Kubernetes.Default)
	fmt.Fprintf(&b, "version: 1.0.0\nextends: kubespray-hop\nfrom: \">=%d.%d.0 <%s\"\nto: %s\n", from.Major(), minor, strings.TrimPrefix(f.Tag, "v"), f.Tag)
	return b.Bytes()
}

// Drafts begins a pitfall for each default that changed or went and for each new refusal. Defaults that went are together by
// role, for they went together.
func Drafts(d *Diff) []Draft {
	var list []Draft
	for _, k := range d.Defaults.Changed {
		if !k.Version {
			list = append(list, d.changed(k))
		}
	}
	byRole := map[string][]string{}
	var roles []string
	for _, k := range d.Defaults.Removed {
		role := roleOf(k.File)
		if byRole[role] == nil {
			roles = append(roles, role)
		}
		byRole[role] = append(byRole[role], k.Key)
	}
	for _, role := range roles {
		list = append(list, d.removed(role, byRole[role]))
	}
	byTask := map[string][]Refusal{}
	var tasks []string
	for _, r := range d.Refusals.New {
		if byTask[r.Task] == nil {
			tasks = append(tasks, r.Task)
		}
		byTask[r.Task] = append(byTask[r.Task], r)
	}
	for _, task := range tasks {
		list = append(list, d.refused(task, byTask[task]))
	}
	seen := map[string]int{}
	for i, one := range list {
		if seen[one.Name]++; seen[one.Name] > 1 {
			name := fmt.Sprintf("%s-%d", one.Name, seen[one.Name])
			list[i] = Draft{name, bytes.Replace(one.Text, []byte("name: "+one.Name+"\n"), []byte("name: "+name+"\n"), 1)}
		}
	}
	return list
}

func roleOf(file string) string {
	role, _, _ := strings.Cut(strings.TrimPrefix(file, "roles/"), "/defaults/")
	return role
}

var notName = regexp.MustCompile(`[^a-z0-9]+`)

func slug(s string) string {
	s = strings.Trim(notName.ReplaceAllString(strings.ToLower(s), "-"), "-")
	if len(s) > 48 {
		s = strings.TrimRight(s[:48], "-")
	}
	return s
}

// affects are the hops that lead over the border between two releases.
func (d *Diff) affects() string {
	to := strings.TrimPrefix(d.To, "v")
	return fmt.Sprintf("affects: {from: \"<%s\", to: \">=%s\"}", to, to)
}

// begin writes the head that every draft has.
func (d *Diff) begin(name, comment, en, ja string) *bytes.Buffer {
	b := &bytes.Buffer{}
	fmt.Fprintf(b, "# Draft by spraydeck releases learn, for a person to finish: %s\n", comment)
	fmt.Fprintf(b, "apiVersion: spraydeck/v1\nkind: Pitfall\nname: %s\n", name)
	fmt.Fprintf(b, "title: {en: %s, ja: %s}\n", quoted("Draft: "+en), quoted("下書き: "+ja))
	fmt.Fprintf(b, "severity: nuisance\n%s\n", d.affects())
	return b
}

func (d *Diff) changed(k Key) Draft {
	name := "draft-default-" + slug(k.Key)
	b := d.begin(name, "say what the change does to a running cluster, and choose severity and required.",
		fmt.Sprintf("The default of %s changes", k.Key), fmt.Sprintf("%s の既定値が変わる", k.Key))
	fmt.Fprintf(b, "why:\n  en: %s\n  ja: %s\n",
		quoted(fmt.Sprintf("The default is %s up to %s and %s from %s on.", value(k.Old), d.From, value(k.New), d.To)),
		quoted(fmt.Sprintf("既定値は %s まで %s、%s から %s です。", d.From, value(k.Old), d.To, value(k.New))))
	fmt.Fprintf(b, "before:\n  title: {en: %s, ja: %s}\n  required: advisory\n", quoted(k.Key+" is set in the inventory"), quoted(k.Key+" がインベントリーで設定されている"))
	fmt.Fprintf(b, "  rule: 'settings.isSet(\"%s\")'\n", k.Key)
	fmt.Fprintf(b, "  says: {en: %s, ja: %s}\n", quoted("Set it to the value you want to keep."), quoted("維持したい値を設定してください。"))
	fmt.Fprintf(b, "  evidence: 'settings.inForce(\"%s\")'\n", k.Key)
	fmt.Fprintf(b, "sources: [%s]\n", quoted(k.File+" @"+d.To))
	return Draft{name, b.Bytes()}
}

func (d *Diff) removed(role string, keys []string) Draft {
	name := "draft-removed-" + slug(role)
	b := d.begin(name, "say what took the place of these settings, or that nothing did.",
		fmt.Sprintf("Settings of %s are no longer there", path.Base(role)), fmt.Sprintf("%s の設定がなくなる", path.Base(role)))
	fmt.Fprintf(b, "why:\n  en: %s\n  ja: %s\n",
		quoted(fmt.Sprintf("%s has no default for them any more. A value in the inventory may be without effect.", d.To)),
		quoted(fmt.Sprintf("%s には既定値がありません。インベントリーの値は効かない可能性があります。", d.To)))
	fmt.Fprintf(b, "before:\n  title: {en: \"None of them is set\", ja: \"どれも設定されていない\"}\n  required: advisory\n")
	fmt.Fprintf(b, "  let:\n    removed: '%s'\n", celList(keys))
	fmt.Fprintf(b, "  rule: '!removed.exists(k, settings.isSet(k) && !reads(k))'\n")
	fmt.Fprintf(b, "  says: {en: \"Take the lines away, or set what took their place.\", ja: \"行を取り除くか、代わりの設定をしてください。\"}\n")
	fmt.Fprintf(b, "  evidence: 'settings.show(removed)'\n")
	fmt.Fprintf(b, "sources: [%s]\n", quoted("roles/"+role+" @"+d.From))
	return Draft{name, b.Bytes()}
}

func (d *Diff) refused(task string, list []Refusal) Draft {
	what := task
	if what == "" {
		what = path.Base(list[0].Path)
	}
	name := "draft-refused-" + slug(what)
	b := d.begin(name, "write a rule that sees it before the window; diagnose knows the message already.",
		"Kubespray refuses more: "+plainText(what), "Kubespray の拒否条件が増える: "+plainText(what))
	var says []string
	for _, r := range list {
		if c := plainText(r.That + r.When); c != "" {
			says = append(says, c)
		}
	}
	fmt.Fprintf(b, "why:\n  en: %s\n  ja: %s\n",
		quoted(fmt.Sprintf("From %s on the play stops by this condition: %s. %s", d.To, strings.Join(says, "; "), plainText(list[0].Message))),
		quoted(fmt.Sprintf("%s から、次の条件でプレイが停止します: %s。%s", d.To, strings.Join(says, "; "), plainText(list[0].Message))))
	keys := settingsIn(strings.Join(says, " "))
	if len(keys) == 0 {
		fmt.Fprintf(b, "sources: [%s]\n", quoted(list[0].Path+" @"+d.To))
		return Draft{name, b.Bytes()}
	}
	fmt.Fprintf(b, "before:\n  title: {en: \"None of the settings in the condition is set\", ja: \"条件にある設定がどれも設定されていない\"}\n  required: advisory\n")
	fmt.Fprintf(b, "  let:\n    asked: '%s'\n  rule: '!asked.exists(k, settings.isSet(k))'\n  evidence: 'settings.show(asked)'\n", celList(keys))
	fmt.Fprintf(b, "  says: {en: \"Compare your inventory with the condition.\", ja: \"インベントリーを条件と照らし合わせてください。\"}\n")
	fmt.Fprintf(b, "sources: [%s]\n", quoted(list[0].Path+" @"+d.To))
	return Draft{name, b.Bytes()}
}

var (
	quotedPart = regexp.MustCompile(`'[^']*'|"[^"]*"`)
	mayBeKey   = regexp.MustCompile(`\b[a-z][a-z0-9]*_[a-z0-9_]+\b`)
)

// notSettings are words of conditions that Ansible and the play provide.
var notSettings = regexp.MustCompile(`^(?:ansible_|inventory_|play_|group_names|type_debug|hostvars|.*_result$|is_)`)

// settingsIn are the settings that a condition may ask for.
func settingsIn(condition string) []string {
	var keys []string
	for _, k := range mayBeKey.FindAllString(quotedPart.ReplaceAllString(condition, " "), -1) {
		if !notSettings.MatchString(k) && !slices.Contains(keys, k) {
			keys = append(keys, k)
		}
	}
	return keys
}

// value is a default on one line.
func value(v any) string {
	s, ok := v.(string)
	if !ok {
		text, err := json.Marshal(v)
		if err != nil {
			return fmt.Sprint(v)
		}
		s = string(text)
	}
	if s = plainText(s); s == "" {
		return "empty"
	}
	return s
}

// plainText is a text on one line that holds no template.
func plainText(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	s = strings.ReplaceAll(s, "${", "$ {")
	if r := []rune(s); len(r) > 300 {
		s = string(r[:297]) + "..."
	}
	return s
}

func celList(keys []string) string { return `["` + strings.Join(keys, `", "`) + `"]` }

func quoted(s string) string { return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"` }
