package lint

import "spraydeck/runbook"

// noInventory: without an inventory there are no nodes to name.
var noInventory = Rule{
	Name: "no-inventory",
	Doc:  "A runbook that names nodes says where its inventory comes from.",
	check: check{
		phase: func(p pass, ph phase) {
			if ph.Each != nil {
				needInventory(p, ph.book, ph.Each.In.Pos, "the phase")
			}
		},
		step: func(p pass, s step) {
			if s.book != nil && (s.Kind != nil && s.Kind.Nodes || s.On.Hosts.Set() || s.On.Each != nil) {
				needInventory(p, s.book, placeOf(s.Step), "step "+s.ID.Value)
			}
		},
	},
}

func needInventory(p pass, b *runbook.Runbook, at runbook.Pos, who string) {
	if !b.Inventory.Set() && !p.Included[b] {
		p.report(at, who+" names nodes, and the runbook has no inventory to find them in",
			`add inventory: a command, such as ansible-inventory -i hosts.ini --list, or any that prints {"workers": {"hosts": ["n1", "n2"]}}`)
	}
}
