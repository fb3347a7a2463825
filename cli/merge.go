package cli

import (
	"spraydeck/kubespray"
	"spraydeck/steps"
)

// carrying is what the step carry works with.
var carrying = steps.Carrying{
	Merge:  merge,
	Blobs:  kubespray.ParseBatch,
	Opaque: kubespray.Opaque,
	Plan: func(mine, sample []byte, except []string, moved map[string]string) ([]steps.CarriedFile, error) {
		plan, err := kubespray.CarryPlan(mine, sample, except, moved)
		var files []steps.CarriedFile
		for _, c := range plan {
			files = append(files, steps.CarriedFile{Path: c.Path, Base: c.Base, Mine: c.Mine, Theirs: c.Theirs, Mode: c.Mode, Remove: c.Remove, Why: c.Why})
		}
		return files, err
	},
}

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
