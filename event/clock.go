package event

import "time"

// slewed is how far the clock may differ from the measured time between two events and not have been set: NTP turns it slowly.
const slewed = time.Second

// measured is the last event whose place on both clocks is known.
type measured struct {
	time    time.Time
	elapsed time.Duration
}

// clockSet keeps durations true where the clock was set between two events: what runs then began that much later, or earlier,
// by the new clock.
func (s *State) clockSet(e Event) {
	last := s.measured
	if e.Elapsed <= 0 || e.Time.IsZero() {
		return
	}
	s.measured = measured{e.Time, e.Elapsed}
	by := e.Time.Sub(last.time) - (e.Elapsed - last.elapsed)
	if last.time.IsZero() || by.Abs() <= slewed {
		return
	}
	s.Last = s.Last.Add(by)
	if !s.Started.At.IsZero() {
		s.Started.At = s.Started.At.Add(by)
	}
	for _, st := range s.steps {
		if st.Status == Running {
			st.Begun = st.Begun.Add(by)
		}
		for _, c := range st.Commands {
			if c.Outcome == "" {
				c.Begun = c.Begun.Add(by)
			}
		}
	}
}
