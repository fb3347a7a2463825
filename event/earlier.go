package event

import (
	"slices"
	"strings"
	"time"
)

// Earlier are runs that a run can be held against: how long their steps took, and what happened there.
type Earlier []*State

// Took returns the median of how long a step took where it passed. A round of a loop that no run had, on a node of another
// name, takes the median of all rounds. 0 = no run knows it.
func (e Earlier) Took(id string) time.Duration {
	var same, rounds []time.Duration
	for _, s := range e {
		for _, st := range s.Steps {
			if st.Status != Passed && st.Status != Overridden || st.Finished.Before(st.Begun) {
				continue
			}
			took := st.Took()
			if st.ID == id {
				same = append(same, took)
			}
			if anyRound(st.ID) == anyRound(id) {
				rounds = append(rounds, took)
			}
		}
	}
	if len(same) == 0 {
		same = rounds
	}
	if len(same) == 0 {
		return 0
	}
	slices.Sort(same)
	return same[len(same)/2]
}

// Same finds the step of an earlier run that a step is to be held against: the one of the same id, or else the round of
// the same loop that came at the same place, since nodes have other names on another cluster. nil = there is none.
func (s *State) Same(now *State, id string) *StepState {
	if st := s.Step(id); st != nil {
		return st
	}
	place := slices.IndexFunc(roundsOf(now, id), func(st *StepState) bool { return st.ID == id })
	if then := roundsOf(s, id); place >= 0 && len(then) > 0 {
		return then[min(place, len(then)-1)]
	}
	return nil
}

func roundsOf(s *State, id string) []*StepState {
	var list []*StepState
	for _, st := range s.Steps {
		if anyRound(st.ID) == anyRound(id) {
			list = append(list, st)
		}
	}
	return list
}

// anyRound is a step's id without the nodes of its round.
func anyRound(id string) string {
	for {
		from := strings.IndexByte(id, '[')
		to := strings.IndexByte(id, ']')
		if from < 0 || to < from {
			return id
		}
		id = id[:from] + id[to+1:]
	}
}
