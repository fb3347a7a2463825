package symptom

import (
	"bytes"
	"sync"
	"time"
)

// Input is where lines come from. Each keeps its own place in a playbook and its own joined lines; conditions look at all
// inputs of a Stream together.
type Input struct {
	Stream string // what Pattern.Stream is compared with; "" is "output"
	Host   string // the value of the group Host where the line names none
	Name   string // tells inputs apart, such as one command's from another's
	Pipe   string // which stream of one input, such as stdout: the two tell one story, in either order
}

// Stream looks at lines as they come. It may be used by several goroutines.
type Stream struct {
	mu     sync.Mutex
	set    *Set
	judge  *judge
	inputs map[Input]*scanner
	buf    []byte // the lines being read
	memo   memo
}

// Stream begins to look at lines as they come.
func (s *Set) Stream() *Stream {
	return &Stream{set: s, judge: newJudge(s), inputs: map[Input]*scanner{}}
}

// Feed takes a line, without its end, that came at a time, and gives what it shows. A hit that waits for what follows is
// given by a later call.
func (s *Stream) Feed(in Input, line string, at time.Time) []Hit {
	return s.feed(in, line, at, nil)
}

// FeedLines takes lines that came together, the last without its end. It gives what Feed would for one after the other.
func (s *Stream) FeedLines(in Input, lines string, at time.Time) []Hit {
	return s.feed(in, lines, at, newline)
}

var newline = []byte{'\n'}

func (s *Stream) feed(in Input, text string, at time.Time, sep []byte) []Hit {
	if in.Stream == "" {
		in.Stream = "output"
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.judge.from, in.Pipe = source{in.Name, in.Pipe}, ""
	sc := s.inputs[in]
	if sc == nil {
		sc = &scanner{set: s.set, memo: &s.memo}
		s.inputs[in] = sc
	}
	hits := s.judge.expire(at)
	s.buf = append(s.buf[:0], text...)
	for rest, more := s.buf, true; more; {
		line := rest
		if more = sep != nil; more {
			line, rest, more = bytes.Cut(rest, sep)
		}
		if matches := sc.read(line, false); len(matches) > 0 {
			hits = append(hits, s.judge.line(matches, at, in.Host, func(p *compiled) bool { return p.Stream == in.Stream })...)
		}
	}
	sc.keepPrev()
	return hits
}

// Done says that nothing more comes from the inputs of a name, and whether they ended well. What waited for more of them
// is settled: after a good end it is dropped, after a bad one it is a hit, as what it waited for has not come.
func (s *Stream) Done(name string, well bool) []Hit {
	s.mu.Lock()
	defer s.mu.Unlock()
	for in := range s.inputs {
		if in.Name == name {
			delete(s.inputs, in)
		}
	}
	return s.judge.done(name, well)
}

// Flush returns the hits whose time of waiting is over at a time.
func (s *Stream) Flush(at time.Time) []Hit {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.judge.expire(at)
}

// Next returns when Flush will have something to give if nothing else comes; zero means never.
func (s *Stream) Next() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.judge.next()
}

// End returns the hits that still wait, as nothing more comes.
func (s *Stream) End(at time.Time) []Hit {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.judge.end(at)
}
