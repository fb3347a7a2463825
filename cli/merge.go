package cli

import (
	"spraydeck/kubespray"
	"spraydeck/steps"
)

// merge is the three-way merge that the steps carry out.
func merge(base, mine, theirs []byte) (steps.Merged, error) {
	m, err := kubespray.Merge(base, mine, theirs)
	if err != nil {
		return nil, err
	}
	return carried{m}, nil
}

type carried struct{ *kubespray.Merged }

func (c carried) Hunks() []steps.Hunk {
	var hunks []steps.Hunk
	for _, h := range c.Merged.Hunks {
		hunks = append(hunks, steps.Hunk{ID: h.ID, Conflict: h.Conflict, Line: h.NewStart, Base: h.Base, Mine: h.Mine, Theirs: h.Theirs})
	}
	return hunks
}

func (c carried) Apply(take func(id int) string) []byte {
	return c.Merged.Apply(func(h kubespray.Hunk) string { return take(h.ID) })
}
