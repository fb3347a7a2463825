package release

import (
	"spraydeck/event"
	"spraydeck/runbook"
)

// Between returns what expressions see of the releases a runbook leads from and to, nil for an unknown one.
func (rs Releases) Between(b *runbook.Runbook) (from, to map[string]any) {
	left, reached := rs.ends(b)
	if left != nil {
		from = left.facts(nil)
	}
	if reached != nil {
		to = reached.facts(rs.since(left, reached))
		to["ignored"] = rs.Ignored(reached)
	}
	return from, to
}

// ends returns the release that a runbook leads from, as a rule, and the one it leads to; nil for one that is not known. Of
// several it is the newest that is good to stop at, of the oldest minor: within a minor everything is known already.
func (rs Releases) ends(b *runbook.Runbook) (from, to *Release) {
	for _, r := range rs {
		switch {
		case r.Name.Value == runbook.AsTag(b.To.Value):
			to = r
		case b.From.Source == "" || !b.From.Has(r.Name.Value):
		case from == nil || sameMinor(from, r) && (r.Avoid == nil || from.Avoid != nil):
			from = r
		}
	}
	return from, to
}

// since returns what came with a release and with those passed by on the way to it.
func (rs Releases) since(from, to *Release) []runbook.Notice {
	var notes []runbook.Notice
	for _, r := range rs {
		if from != nil && r.version.GreaterThan(from.version) && !r.version.GreaterThan(to.version) {
			notes = append(notes, r.Notes...)
		}
	}
	return notes
}

// facts is a release as expressions see it: texts in both languages, versions without a leading v but in the tag.
func (r *Release) facts(notes []runbook.Notice) map[string]any {
	avoid := map[string]any{"en": "", "ja": ""}
	if r.Avoid != nil {
		avoid = textFacts(r.Avoid.Why.Text(runbook.NewScope()))
	}
	playbooks := map[string]any{"facts": r.Playbooks.Facts.Value, "upgrade": r.Playbooks.Upgrade.Value}
	python := map[string]any{"min": r.Python.Min.Value, "max": r.Python.Max.Value}
	return map[string]any{
		"tag": r.Name.Value, "kubernetes": r.Kubernetes.Default.Value, "leadingV": r.LeadingV.Value,
		"ansible": r.Ansible.Package.Value, "python": python, "components": r.versions(),
		"playbooks": playbooks, "checksums": r.Checksums.Value,
		"notes": noticeFacts(notes), "faults": noticeFacts(r.Faults), "avoid": avoid,
	}
}

func (r *Release) versions() map[string]any {
	m := map[string]any{}
	for _, e := range r.Components {
		m[e.Name] = e.Value.Version.Value
	}
	return m
}

func noticeFacts(list []runbook.Notice) []any {
	facts := []any{}
	for _, n := range list {
		facts = append(facts, textFacts(n.Says.Text(runbook.NewScope())))
	}
	return facts
}

func textFacts(t event.Text) map[string]any { return map[string]any{"en": t.En, "ja": t.In("ja")} }
