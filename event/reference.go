package event

import "strings"

// Reference is an earlier run shown beside another, such as last week's on the test cluster.
type Reference struct {
	Name  string // id of the run
	State *State
}

// Same finds what the earlier run did at a step; nil if it has no such step.
func (r *Reference) Same(now *State, id string) *StepState {
	if r == nil || id == "" {
		return nil
	}
	return r.State.Same(now, id)
}

// Where names the cluster and the day of the earlier run.
func (r *Reference) Where() string {
	s := r.State.Started
	parts := []string{s.Cluster}
	if !s.At.IsZero() {
		parts = append(parts, s.At.Format("2006-01-02"))
	}
	return strings.TrimSpace(strings.Join(parts, " "))
}
