package runbook

import (
	"fmt"
	"maps"
	"regexp"
	"slices"

	"github.com/Masterminds/semver/v3"
)

// affectedBy says whether a pitfall says of itself that it applies to this hop. Its ranges are releases of Kubespray, so
// a runbook of another system meets only the pitfalls it names; and so does every runbook those that give no release.
func (b *Runbook) affectedBy(p *Pitfall) bool {
	return b.System.Value == "kubespray" && p.ofReleases() && b.HasInputsOf(p) && b.goesThrough(p)
}

// Excludes says whether a pitfall says of itself that it does not apply to this hop. A gate that names it is not checked
// then: a procedure can name those of all its releases, each where it is best looked for.
func (b *Runbook) Excludes(p *Pitfall) bool {
	return b.System.Value == "kubespray" && b.To.Value != "" && p.ofReleases() && !b.goesThrough(p)
}

// ForOtherKubernetes says whether a pitfall is one of other versions of Kubernetes than the one this run goes to. Where the
// run goes to none, or to one that cannot be read, it is looked for.
func (p *Pitfall) ForOtherKubernetes(s *Scope) bool {
	text, _ := s.Values["inputs.kube_version"].(string)
	v, err := semver.NewVersion(text)
	if err != nil {
		return false
	}
	final, _ := v.SetPrerelease("") // a range leaves previews out, which have the changes all the same
	return !p.Affects.Kubernetes.Has(final.String())
}

func (p *Pitfall) ofReleases() bool { return p.Affects.From.Source != "" || p.Affects.To.Source != "" }

// goesThrough: the hop leads from any release that the pitfall affects, to one that it affects.
func (b *Runbook) goesThrough(p *Pitfall) bool {
	a := p.Affects
	if b.To.Value != "" && !a.To.Has(b.To.Value) {
		return false
	}
	return a.From.Source == "" || b.From.Source == "" || slices.ContainsFunc(b.left(), a.From.Has)
}

// left gives the releases of Kubespray that a runbook may lead from. No minor has had ten patches, and no hop goes over
// more than one minor.
func (b *Runbook) left() []string {
	to, err := semver.NewVersion(b.To.Value)
	if err != nil {
		to = MustVersion(lowestVersion.FindString(b.From.Source))
	}
	var releases []string
	for minor := max(to.Minor(), 1) - 1; minor <= to.Minor(); minor++ {
		for patch := range 10 {
			if v := fmt.Sprintf("%d.%d.%d", to.Major(), minor, patch); b.From.Has(v) {
				releases = append(releases, v)
			}
		}
	}
	return releases
}

var lowestVersion = regexp.MustCompile(`\d+\.\d+\.\d+`)

// InForce gives the ids of the pitfalls watched for: the runbook's own, then those that included runbooks bring in, then
// all that say themselves that they affect this hop. So a pitfall of an operator's own is met without being named. One
// that says it does not affect this hop is skipped, even if it is named: a procedure serves more than one release.
func (b *Runbook) InForce() []string {
	var ids []string
	add := func(list []Str) {
		for _, id := range list {
			p := b.known[id.Value]
			if !slices.Contains(ids, id.Value) && (p == nil || !b.Excludes(p)) {
				ids = append(ids, id.Value)
			}
		}
	}
	add(b.Pitfalls)
	b.EachStep(func(in *Runbook, _ *Step) { add(in.Pitfalls) })
	for _, id := range slices.Sorted(maps.Keys(b.known)) {
		if !slices.Contains(ids, id) && b.affectedBy(b.known[id]) {
			ids = append(ids, id)
		}
	}
	return ids
}
