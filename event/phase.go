package event

import "slices"

// Phase is the steps of a plan that stand together under one title.
type Phase struct {
	Title Text
	Steps []*StepState
}

// Phases divides the plan, in order.
func (s *State) Phases() []Phase {
	var out []Phase
	for _, st := range s.Steps {
		if n := len(out); n == 0 || out[n-1].Title != st.Phase {
			out = append(out, Phase{Title: st.Phase})
		}
		p := &out[len(out)-1]
		p.Steps = append(p.Steps, st)
	}
	return out
}

// Has reports whether a step of this id is in the phase.
func (p Phase) Has(id string) bool {
	return slices.ContainsFunc(p.Steps, func(st *StepState) bool { return st.ID == id })
}

// Count returns how many steps have one of the statuses.
func (p Phase) Count(statuses ...Status) (n int) {
	for _, st := range p.Steps {
		if slices.Contains(statuses, st.Status) {
			n++
		}
	}
	return n
}

// Over reports whether nothing of the phase is to come.
func (p Phase) Over() bool { return p.Count(Waiting, Running) == 0 }

// NoReturn reports whether the point of no return is in the phase.
func (p Phase) NoReturn() bool {
	return slices.ContainsFunc(p.Steps, func(st *StepState) bool { return st.NoReturn })
}

// Unseen returns the steps that ended one after the other before step id, since the operator last decided something. The
// operator had no time to read them.
func (s *State) Unseen(id string) []*StepState {
	at := slices.IndexFunc(s.Steps, func(st *StepState) bool { return st.ID == id })
	from := at
	for from > 0 {
		st := s.Steps[from-1]
		if len(st.Decisions) > 0 || st.Status == Waiting || st.Status == Running {
			break
		}
		from--
	}
	if at < 0 {
		return nil
	}
	return s.Steps[from:at]
}
