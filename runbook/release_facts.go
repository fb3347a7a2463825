package runbook

import (
	"spraydeck/event"
)

// Ends gives the release that a runbook leads from, as a rule, and the one it leads to; nil for one that is not known. Of
// several it is the newest that is good to stop at, of the oldest minor: within a minor everything is known already.
func (rs Releases) Ends(b *Runbook) (from, to *Release) {
	for _, r := range rs {
		switch {
		case r.Name.Value == asTag(b.To.Value):
			to = r
		case b.From.Source == "" || !b.From.Has(r.Name.Value):
		case from == nil || sameMinor(from, r) && (r.Avoid == nil || from.Avoid != nil):
			from = r
		}
	}
	return from, to
}

// Since gives what came with a release and with those passed by on the way to it.
func (rs Releases) Since(from, to *Release) []Notice {
	var notes []Notice
	for _, r := range rs {
		if from != nil && r.version.GreaterThan(from.version) && !r.version.GreaterThan(to.version) {
			notes = append(notes, r.Notes...)
		}
	}
	return notes
}

// Facts is a release as expressions see it: texts in both languages, versions without a leading v but in the tag.
func (r *Release) Facts(notes []Notice) map[string]any {
	avoid := map[string]any{"en": "", "ja": ""}
	if r.Avoid != nil {
		avoid = textFacts(r.Avoid.Why.Text(NewScope()))
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

func noticeFacts(list []Notice) []any {
	facts := []any{}
	for _, n := range list {
		facts = append(facts, textFacts(n.Says.Text(NewScope())))
	}
	return facts
}

func textFacts(t event.Text) map[string]any { return map[string]any{"en": t.En, "ja": t.In("ja")} }
