package ansible

import (
	"regexp"
	"slices"
)

// Story is the failures of a text, and how it ended: a fold over the events. Which failures were recovered is known once End
// was called.
type Story struct {
	Failures []*Result // failed, unreachable, ignored and rescued, in the order of the text
	Recaps   []Recap
	Tasks    int // begun
	Results  int // of any kind

	spans []*Result // in whose lines text stands that others may look at
	hosts map[string]*hostStory
}

// hostStory is what is open on one host.
type hostStory struct {
	failures []*Result // not settled yet
	after    int       // results in other tasks since the last of them
	before   int       // results between the last two of them
	task     string
}

const (
	maxFailures = 3_000
	// After so many results in other tasks a host has evidently not been given up. A rescue block that ends in a failure of
	// its own has fewer.
	rescuedAfter = 3
)

// Add takes the next event.
func (s *Story) Add(e Event) {
	switch {
	case e.Task != "":
		s.Tasks++
	case e.Recap != nil:
		s.Recaps = append(s.Recaps, *e.Recap)
		s.recap(*e.Recap)
	case e.Result != nil:
		s.Results++
		s.result(e.Result)
	}
}

func (s *Story) result(r *Result) {
	var h *hostStory
	if len(s.hosts) > 0 {
		h = s.hosts[r.Host]
	}
	switch {
	case h != nil:
	case r.Status.Bad():
		h = s.opened(r.Host)
	case r.Status == Ignored || r.Status == Retrying || r.Last > r.First:
		h = &hostStory{}
	default:
		return // nothing is open on the host
	}
	switch {
	case r.Status == Ignored: // and so are the items before it
		for _, f := range h.failures {
			if f.Task == r.Task && f.Status.Bad() {
				f.Status = Ignored
			}
		}
		s.keep(r)
	case r.Status.Bad():
		if len(h.failures) > 0 && h.task != r.Task {
			h.before = h.after
		}
		s.keep(r)
		h.failures, h.after = append(h.failures, r), 0
	case r.Status == Retrying:
	case len(h.failures) > 0 && (h.task != r.Task || r.Task == ""):
		h.after++
	}
	h.task = r.Task
	if (r.Last > r.First || r.Status.Bad() || r.Status == Ignored || r.Status == Retrying) && len(s.spans) < 4*maxFailures {
		s.spans = append(s.spans, r)
	}
}

// opened gives what is open on a host, which has been nothing.
func (s *Story) opened(host string) *hostStory {
	h := &hostStory{}
	if s.hosts == nil {
		s.hosts = map[string]*hostStory{}
	}
	s.hosts[host] = h
	return h
}

func (s *Story) keep(r *Result) {
	if len(s.Failures) < maxFailures {
		s.Failures = append(s.Failures, r)
	}
}

// recap settles the failures of a host. Where everything ended well, they were recovered, also those of an earlier run.
func (s *Story) recap(c Recap) {
	if c.Good() {
		for _, f := range s.Failures {
			if f.Host == c.Host && f.Status.Bad() {
				f.Status = Rescued
			}
		}
		delete(s.hosts, c.Host)
		return
	}
	if h := s.hosts[c.Host]; h != nil {
		h.settle(true)
		delete(s.hosts, c.Host)
	}
}

// End settles what no recap has settled.
func (s *Story) End() {
	for _, h := range s.hosts {
		h.settle(false)
	}
	s.hosts = nil
}

var afterRescue = regexp.MustCompile(`(?i)fail|rescue|abort|give up`)

// settle marks the failures of a host that were recovered: all but the last, and the last too where the host went on. What
// a task like "Fail after rescue" follows is not recovered.
func (h *hostStory) settle(failed bool) {
	var open []*Result
	for _, f := range h.failures {
		if f.Status.Bad() {
			open = append(open, f)
		}
	}
	if len(open) == 0 {
		return
	}
	last := open[len(open)-1]
	limit := rescuedAfter
	if last.Task == "" {
		limit = 0 // minimal tells no tasks, so each result is one of its own
	}
	if !failed && h.after > limit {
		last.Status = Rescued
	}
	for i := len(open) - 2; i >= 0; i-- {
		f := open[i]
		if f.Task == last.Task && f.Task != "" { // another item of the same loop
			f.Status = last.Status
			continue
		}
		if h.before <= rescuedAfter && last.Status.Bad() && afterRescue.MatchString(last.Name()) {
			break
		}
		f.Status = Rescued
	}
}

// First gives the first failure that was not recovered, or nil. A host that did not answer counts after one on which a task
// failed.
func (s *Story) First() *Result {
	for _, status := range []Status{Failed, Unreachable} {
		i := slices.IndexFunc(s.Failures, func(f *Result) bool { return f.Status == status })
		if i >= 0 {
			return s.Failures[i]
		}
	}
	return nil
}

// At gives the result in whose text a line stands, or nil. Results of a single line without a failure are not known.
func (s *Story) At(line int) *Result {
	i, found := slices.BinarySearchFunc(s.spans, line, func(r *Result, line int) int {
		switch {
		case r.Last < line:
			return -1
		case r.First > line:
			return 1
		}
		return 0
	})
	if !found {
		return nil
	}
	return s.spans[i]
}
