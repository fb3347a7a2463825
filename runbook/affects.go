package runbook

import "regexp"

var lowestVersion = regexp.MustCompile(`\d+\.\d+\.\d+`)

// affectedBy says whether a pitfall says of itself that it applies to this hop. Its ranges are releases of Kubespray, so
// a runbook of another system meets only the pitfalls it names; and so does every runbook those that give no release.
func (b *Runbook) affectedBy(p *Pitfall) bool {
	a := p.Affects
	if b.System.Value != "kubespray" || (a.From.Source == "" && a.To.Source == "") || !b.gives(p) {
		return false
	}
	// a range of releases to come from is as good as its oldest: the newer patches differ in nothing that pitfalls name
	if from := lowestVersion.FindString(b.From.Source); from != "" && !a.From.Has(from) {
		return false
	}
	return b.To.Value == "" || a.To.Has(b.To.Value)
}
