package event

import (
	"slices"
	"time"
)

// TaskSpan is a task of a playbook and when it ran.
type TaskSpan struct {
	Play, Task string
	Number     int // of the task in the playbook, from 1
	Begun      time.Time
	Ended      time.Time // zero while it runs
}

// Took is how long the task took until now.
func (t TaskSpan) Took(now time.Time) time.Duration {
	if !t.Ended.IsZero() {
		now = t.Ended
	}
	return max(0, now.Sub(t.Begun))
}

// progress folds how far a playbook is. A number that goes down is that of another playbook.
func (st *StepState) progress(p Progress, at time.Time) {
	if p.Tasks < st.Progress.Tasks {
		st.Tasks = nil
	}
	if p.Tasks > st.Progress.Tasks || p.Task == "" || p.Tasks < st.Progress.Tasks {
		st.endTask(at)
	}
	if p.Task != "" && p.Tasks > 0 && (len(st.Tasks) == 0 || st.Tasks[len(st.Tasks)-1].Number != p.Tasks) {
		st.Tasks = append(st.Tasks, TaskSpan{Play: p.Play, Task: p.Task, Number: p.Tasks, Begun: at})
	}
	st.Progress = p
}

func (st *StepState) endTask(at time.Time) {
	if n := len(st.Tasks); n > 0 && st.Tasks[n-1].Ended.IsZero() {
		st.Tasks[n-1].Ended = at
	}
}

// Slowest returns the n tasks that took longest, the slowest first.
func (st *StepState) Slowest(n int, now time.Time) []TaskSpan {
	list := slices.Clone(st.Tasks)
	slices.SortStableFunc(list, func(a, b TaskSpan) int { return int(b.Took(now) - a.Took(now)) })
	return list[:min(n, len(list))]
}

// Tasks returns the median of how many tasks the playbook of a step had where the step passed, 0 where no run knows it.
func (e Earlier) Tasks(id string) int {
	var list []int
	for _, s := range e {
		if st := s.Step(id); st != nil && st.Status == Passed && st.Progress.Tasks > 0 {
			list = append(list, st.Progress.Tasks)
		}
	}
	if len(list) == 0 {
		return 0
	}
	slices.Sort(list)
	return list[len(list)/2]
}
