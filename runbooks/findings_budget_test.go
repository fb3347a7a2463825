package runbooks

import (
	"testing"

	"spraydeck/runbook"
)

// TestLoosenBudget: the remedy takes no budget that an operator sets, and its undo is the exact patch back.
func TestLoosenBudget(t *testing.T) {
	p := pitfalls(t)["pdb-blocks-drain"]
	var step *runbook.Step
	for i := range p.Remedies {
		if p.Remedies[i].ID.Value == "loosen" {
			step = &p.Remedies[i].Steps[0]
		}
	}
	if step == nil || !step.Temporary.Value {
		t.Fatal("loosening a budget is not temporary")
	}
	rook := `{"namespace": "rook-ceph", "name": "rook-ceph-osd-host-n1", "manager": "Rook", "minAvailable": "N/A", "maxUnavailable": "0", "allowed": 0, "pods": [{"name": "osd"}]}`
	for _, c := range []struct{ name, budgets, undo string }{
		{"rook alone", rook, ""},
		{"number", rook + `, {"namespace": "a", "name": "b", "manager": "", "minAvailable": "2", "maxUnavailable": "N/A", "allowed": 0, "pods": [{"name": "p"}]}`,
			`kubectl -n a patch pdb b --type merge -p '{"spec": {"minAvailable": 2, "maxUnavailable": null}}'`},
		{"percentage, of an older record", `{"namespace": "a", "name": "b", "minAvailable": "N/A", "maxUnavailable": "10%", "allowed": 0, "pods": [{"name": "p"}]}`,
			`kubectl -n a patch pdb b --type merge -p '{"spec": {"minAvailable": null, "maxUnavailable": "10%"}}'`},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := runbook.NewScope()
			for _, f := range p.Before.Facts {
				s.Set(f.Name, f.Value.Probe.Type(), objects(t, c.budgets))
			}
			offered, err := s.True(step.When)
			if err != nil || offered != (c.undo != "") {
				t.Fatalf("loosened: %v, %v", offered, err)
			}
			if !offered {
				return
			}
			if undo := step.Undo.Text(s); undo.En != c.undo || undo.In("ja") != c.undo {
				t.Errorf("undo %q, want %q", undo.En, c.undo)
			}
		})
	}
}
