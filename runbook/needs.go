package runbook

// apiUser is an Action or a Probe that asks the Kubernetes API.
type apiUser interface{ UsesAPI() bool }

// UsesAPI says whether a runbook needs the Kubernetes API: what its own steps do, what its gates and facts ask. A runbook
// that does not can be walked while the API is down. What remedies of pitfalls might ask does not count: they are offered,
// and say so themselves.
func (b *Runbook) UsesAPI() bool {
	uses := false
	asks := func(x any) {
		if a, ok := x.(apiUser); ok && a.UsesAPI() {
			uses = true
		}
	}
	facts := func(list Named[Fact]) {
		for _, f := range list {
			asks(f.Value.Probe)
		}
	}
	facts(b.Facts)
	b.EachStep(func(in *Runbook, s *Step) {
		asks(s.Action)
		facts(in.Facts)
		facts(s.Facts)
		for i, g := range s.Gates() {
			facts(in.FillGate(g, i).Facts)
		}
	})
	return uses
}
