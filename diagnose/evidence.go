package diagnose

import (
	"regexp"
	"slices"
	"strings"

	"spraydeck/ansible"
	"spraydeck/event"
	"spraydeck/runbook"
	"spraydeck/symptom"
)

// weigh decides what a hit is worth. A verdict needs a failure that was not recovered, in a log of versions that the pitfall
// affects. What was recovered is a hint where the log ends in a failure, and otherwise absent.
func (rd *reading) weigh(h symptom.Hit, failed bool) (Finding, bool) {
	p, own := rd.k.symptoms.Of(h.ID)
	f := Finding{Hit: rd.k.symptoms.Hit(h), File: rd.file, At: h.Line, Play: h.Play, Also: h.Also, Hits: h}
	for _, s := range p.Sources {
		f.Sources = append(f.Sources, s.Value)
	}
	if len(f.Remedies) == 0 && p.Note.Set() {
		f.Note = p.Note.Text(runbook.NewScope())
	}
	for _, s := range own.Siblings {
		other := Sibling{Pitfall: s.Pitfall.Value, If: s.If.Text(runbook.NewScope())}
		if q := rd.k.pitfalls[other.Pitfall]; q != nil {
			other.Title = q.Title.Text(runbook.NewScope())
		}
		f.Others = append(f.Others, other)
	}
	hint := func(why string) {
		f.Hint = true
		if f.Why == "" {
			f.Why = why
		}
	}
	if h.Untold {
		hint(WhyNoTimes)
	}
	if len(f.Others) > 0 {
		hint(WhySiblings)
	}
	if quoted(h.Text) {
		return f, false
	}
	if own.Stream.Value == "nodes" {
		hint(WhyTable)
	}
	if rd.versions.outside(p) {
		hint(WhyVersion)
	}
	if rd.otherSystem(p) {
		hint(WhySystem)
	}
	if own.Versions.Value && !rd.versions.inside(p) {
		hint(WhyNoVersion)
	}
	if rd.recovered(h) {
		if !failed {
			return f, false
		}
		hint(WhyRecovered)
	}
	return f, true
}

// recovered says whether what a hit shows was over before the text ended.
func (rd *reading) recovered(h symptom.Hit) bool {
	if r := rd.story.At(h.Line); r != nil {
		switch r.Status {
		case ansible.Ignored, ansible.Rescued:
			return true
		case ansible.Retrying:
			return rd.triedWell(r)
		}
	}
	return rd.cameRight(h.Line, h.Text, h.Groups)
}

// triedWell says whether a task that was tried again has not failed in the end.
func (rd *reading) triedWell(r *ansible.Result) bool {
	return !slices.ContainsFunc(rd.story.Failures, func(f *ansible.Result) bool {
		return f.First > r.First && f.Task == r.Task && (f.Host == r.Host || r.Host == "") && f.Status.Bad()
	})
}

var (
	draining = regexp.MustCompile(`(?i)evict|\bdrain|disruption budget`)
	kubeadms = regexp.MustCompile(`\[(?:upgrade|preflight|kubelet|control-plane|etcd)[\w/-]*\]|error execution phase|\[ERROR `)
)

// cameRight says whether a later line tells that it is over: the pod was evicted, the node drained or ready again, the
// upgrade done.
func (rd *reading) cameRight(line int, text string, groups map[string]string) bool {
	for _, o := range rd.over {
		if o.line <= line {
			continue
		}
		switch o.id {
		case "evicted":
			if pod := groups["pod"]; pod != "" && base(o.hit.Groups["pod"]) == base(pod) || strings.Contains(text, base(o.hit.Groups["pod"])) && draining.MatchString(text) {
				return true
			}
		case "drained":
			if draining.MatchString(text) && (groups["node"] == "" || groups["node"] == o.hit.Groups["node"]) && !rd.refusedAfter(o.line) {
				return true
			}
		case "ready":
			if groups["node"] != "" && groups["node"] == o.hit.Groups["node"] && strings.Contains(text, "NotReady") {
				return true
			}
		case "upgraded":
			if kubeadms.MatchString(text) {
				return true
			}
		}
	}
	return false
}

// refusedAfter says whether evictions were refused after a line: the drain that was done was an earlier one.
func (rd *reading) refusedAfter(line int) bool {
	return slices.ContainsFunc(rd.hits, func(h symptom.Hit) bool {
		return h.Line > line && draining.MatchString(h.Text) && strings.Contains(h.Text, "error when evicting")
	})
}

// base gives the name of a pod without its namespace.
func base(pod string) string {
	if i := strings.LastIndexByte(pod, '/'); i >= 0 {
		pod = pod[i+1:]
	}
	return pod
}

var (
	chat  = regexp.MustCompile(`^\s*(?:\[?\d\d:\d\d(?::\d\d)?\]?\s*)?<[@+]?[\w-]+> `)
	prose = regexp.MustCompile(`\b(?:I|[Ww]e) (?:\w+ )?(?:hit|saw|see|had|got|get|fixed|ran|run|remember)\b|\blast (?:year|week|month|time)\b|\b(?:was |is |got )?fixed (?:by|with|it)\b`)
)

// quoted says whether a line is a person's words, who may quote an error of another day.
func quoted(text string) bool { return chat.MatchString(text) || prose.MatchString(text) }

// versions are those a text tells of Kubernetes and of Kubespray.
type versions struct{ kubernetes, kubespray []string }

func (v *versions) see(h symptom.Hit) {
	if k := h.Groups["kubernetes"]; k != "" && !slices.Contains(v.kubernetes, k) && len(v.kubernetes) < 32 {
		v.kubernetes = append(v.kubernetes, k)
	}
	if k := h.Groups["kubespray"]; k != "" && !slices.Contains(v.kubespray, k) && len(v.kubespray) < 32 {
		v.kubespray = append(v.kubespray, k)
	}
}

// outside says whether a text tells versions and the pitfall affects none of them. A version that is only a step away, such
// as that of a kubelet before its upgrade, does not exclude: the text need not name the version gone to.
func (v *versions) outside(p *runbook.Pitfall) bool {
	none := func(r runbook.Range, seen []string) bool {
		return r.Source != "" && len(seen) > 0 && !slices.ContainsFunc(seen, func(s string) bool { return r.Has(s) || r.Has(next(s)) })
	}
	return none(p.Affects.Kubernetes, v.kubernetes) || none(p.Affects.To, v.kubespray) && none(p.Affects.From, v.kubespray) ||
		p.Affects.From.Source == "" && none(p.Affects.To, v.kubespray)
}

// inside says whether a text tells a version that the pitfall affects.
func (v *versions) inside(p *runbook.Pitfall) bool {
	some := func(r runbook.Range, seen []string) bool { return r.Source != "" && slices.ContainsFunc(seen, r.Has) }
	return some(p.Affects.Kubernetes, v.kubernetes) || some(p.Affects.To, v.kubespray)
}

// next gives the next minor version: 1.29.3 gives 1.30.0.
func next(version string) string {
	parts := strings.Split(strings.TrimPrefix(version, "v"), ".")
	if len(parts) < 2 {
		return version
	}
	minor := 0
	for _, c := range parts[1] {
		if c < '0' || c > '9' {
			return version
		}
		minor = minor*10 + int(c-'0')
	}
	return parts[0] + "." + itoa(minor+1) + ".0"
}

// asides are the patterns that tell the end of a story, the versions it is of, and failures of programs.
func asides() []symptom.Pattern {
	list := []symptom.Pattern{
		{ID: "over:evicted", Line: regexp.MustCompile(`^pod/(?P<pod>\S+) evicted`)},
		{ID: "over:drained", Line: regexp.MustCompile(`^node/(?P<node>\S+) (?:drained|evicted)`)},
		{ID: "over:ready", Line: regexp.MustCompile(`^(?:node/)?(?P<node>[a-z0-9][a-z0-9.-]*)(?: condition met| +Ready(?:,SchedulingDisabled)? )`)},
		{ID: "over:upgraded", Line: regexp.MustCompile(`SUCCESS! (?:Your cluster|A control plane node|Congratulations)`)},
		{ID: "version:kubernetes", Line: regexp.MustCompile(`(?:[Kk]ubernetes (?:version )?"?v|kube_version\W{1,6}v?|upgrade apply v|to version "v|GitVersion:"v|kubelet:v|hyperkube:v|kube-apiserver:v|kubeadm version "?v|version of this cluster is v|Kubelet Version: +v)(?P<kubernetes>1\.\d\d\.\d+)`)},
		{ID: "version:kubespray", Line: regexp.MustCompile(`(?i:kubespray)(?:-| |/|@|:|: | version | release-| tag | release )v?(?P<kubespray>2\.\d\d\.\d+)\b`)},
	}
	list = append(list, systemPatterns()...)
	for _, g := range generics {
		list = append(list, symptom.Pattern{ID: "generic:" + g.id, Line: g.line})
	}
	for i := range list {
		list[i].Aside = true
	}
	return list
}

func itoa(n int) string {
	if n < 10 {
		return string(rune('0' + n))
	}
	return itoa(n/10) + string(rune('0'+n%10))
}

// text2 is a text in both languages.
func text2(en, ja string) event.Text { return event.Text{En: en, Ja: ja} }
