// Package diagnose finds the known pitfalls that a log shows, and its first failure that was not recovered.
//
// New prepares what is known, once; Knowledge.Read reads a log to its end and returns a Report. A finding is a verdict if
// an unrecovered failure and text that only its cause prints support it, else a hint with the reason (Finding.Why). The
// error of Read is that of the reader or of the context; a log in which nothing is known is no error.
//
//   - input.go: logs that are kept as something else: recordings, artifacts, directories of events.
//   - diagnose.go: one pass over a text: symptoms, what Ansible says, generic failures.
//   - evidence.go: which hits are verdicts, which are hints, which were recovered.
//   - system.go: what installed the cluster that a text is of.
//   - generic.go: failures of common programs, without a known pitfall.
//   - checks.go: Kubespray's own checks, by data learned from its releases.
//   - failure.go: the summary of the first failure that was not recovered.
//
// It prints nothing. Memory does not grow with the text.
package diagnose

import (
	"bytes"
	"cmp"
	"context"
	"io"
	"iter"
	"slices"
	"strings"

	"spraydeck/ansible"
	"spraydeck/event"
	"spraydeck/runbook"
	"spraydeck/symptom"
)

// Knowledge is all that is looked for.
type Knowledge struct {
	symptoms *runbook.Symptoms
	pitfalls map[string]*runbook.Pitfall
	checks   *checks
}

// New prepares the symptoms of pitfalls, which must have passed the linter, and Kubespray's own checks.
func New(pitfalls []*runbook.Pitfall, checks []ansible.Check) *Knowledge {
	k := &Knowledge{symptoms: runbook.NewSymptoms(pitfalls, asides()...), pitfalls: map[string]*runbook.Pitfall{}, checks: newChecks(checks)}
	for _, p := range pitfalls {
		k.pitfalls[p.Name.Value] = p
	}
	return k
}

// Finding is something known that a text shows.
type Finding struct {
	event.Hit
	File    string
	At      int // its line, from 1
	Play    string
	Also    []string // symptoms that match the same line and count less
	Why     string   // why it is a hint only: one of the Why constants, or empty
	Others  []Sibling
	Sources []string
	Hits    symptom.Hit
	Check   *ansible.Check // it is one of Kubespray's own checks
	Note    event.Text
}

// Why a finding is a hint, besides that its symptom says so.
const (
	WhyNoTimes   = "no-times"   // its condition over time could not be checked
	WhyRecovered = "recovered"  // the log shows that it was over, and failed all the same
	WhyVersion   = "version"    // the log is of versions that the pitfall does not affect
	WhyNoVersion = "no-version" // the line proves its cause only in some versions, and the log tells none of them
	WhySystem    = "system"     // the log is of another system, such as K3s
	WhySiblings  = "siblings"   // the line has several known causes
	WhyTable     = "table"      // a state in a table proves no cause
)

// Sibling is another pitfall that shows in the same line.
type Sibling struct {
	Pitfall string     `json:"pitfall"`
	Title   event.Text `json:"title"`
	If      event.Text `json:"if"` // what tells that it is this one
}

// Report is what one text shows.
type Report struct {
	Findings []Finding
	Failure  *Failure // nil where nothing failed, or a verdict says why
	Dropped  int      // hits of a symptom that shows too often to be kept
}

// Verdict says whether one of the findings is more than a hint.
func (r *Report) Verdict() bool {
	return slices.ContainsFunc(r.Findings, func(f Finding) bool { return !f.Hint })
}

// maxHits is how many hits of one symptom are kept.
const maxHits = 500

// reading is what one pass over a text collects.
type reading struct {
	k         *Knowledge
	file      string
	hits      []symptom.Hit
	count     map[string]int
	dropped   int
	generic   []seen // failures that everybody's programs tell
	over      []seen // what tells that something has come right
	versions  versions
	systems   map[string]bool // that the text shows
	story     ansible.Story
	plainSeen []seen // by the goroutine that reads lines
	replayed  []replay
	tail      []byte // the end of the text
	lines     int
}

// seen is a line that one of the patterns aside matches.
type seen struct {
	id   string
	line int
	hit  symptom.Hit
}

// Read reads a text to its end and says what it shows. File names it in the findings.
func (k *Knowledge) Read(ctx context.Context, r io.Reader, file string) (*Report, error) {
	rd := &reading{k: k, file: file, count: map[string]int{}, systems: map[string]bool{}}
	lines := newLines(rd)
	err := k.symptoms.Set.Scan(ctx, io.TeeReader(r, lines), file, func(h symptom.Hit) error {
		rd.take(h)
		return nil
	})
	lines.close()
	return rd.report(), err
}

// take sorts a hit.
func (rd *reading) take(h symptom.Hit) {
	rd.count[h.ID]++
	if rd.count[h.ID] > maxHits {
		rd.dropped++
		return
	}
	kind, id, aside := strings.Cut(h.ID, ":")
	switch {
	case !aside:
		rd.hits = append(rd.hits, h)
	case kind == "over":
		rd.over = append(rd.over, seen{id, h.Line, h})
	case kind == "system":
		rd.systems[id] = true
	case kind == "version":
		rd.versions.see(h)
	default:
		rd.generic = append(rd.generic, seen{id, h.Line, h})
	}
}

// report weighs what was collected.
func (rd *reading) report() *Report {
	rd.story.End()
	rd.generic = append(rd.generic, rd.plainSeen...)
	slices.SortStableFunc(rd.generic, func(a, b seen) int { return cmp.Compare(a.line, b.line) })
	rd.merge()
	out := &Report{Dropped: rd.dropped}
	failed := rd.story.First() != nil
	for _, h := range rd.hits {
		if f, ok := rd.weigh(h, failed); ok {
			out.Findings = append(out.Findings, f)
		}
	}
	for _, r := range rd.story.Failures {
		if r.Status != ansible.Failed {
			continue
		}
		if f, ok := rd.check(r, out.Findings); ok {
			out.Findings = append(out.Findings, f)
		}
	}
	out.Findings = rd.telling(out.Findings)
	slices.SortStableFunc(out.Findings, func(a, b Finding) int { return cmp.Compare(a.At, b.At) })
	if !out.Verdict() {
		out.Failure = rd.failure()
	}
	return out
}

// lines gives a text, which is being scanned, to what reads it line by line, in a goroutine of its own.
type lines struct {
	chunks chan []byte
	free   chan []byte   // chunks that were read, to be filled again
	stop   chan struct{} // closed when no more chunks are needed
	done   chan struct{}
}

func newLines(rd *reading) *lines {
	l := &lines{chunks: make(chan []byte, 2), free: make(chan []byte, 4), stop: make(chan struct{}), done: make(chan struct{})}
	go l.read(rd)
	return l
}

func (l *lines) read(rd *reading) {
	defer close(l.done)
	r := &ansible.Reader{Each: rd.event, Behind: symptom.Behind}
	p := plain{rd: rd}
	var rest []byte
	each := func(line []byte) {
		if r.Quick(line) {
			p.n++
			return
		}
		r.Line(line)
		p.line(line)
	}
	for whole := range l.all() {
		chunk := whole
		rd.keepTail(chunk)
		for {
			i := bytes.IndexByte(chunk, '\n')
			if i < 0 {
				break
			}
			line := chunk[:i]
			if len(rest) > 0 {
				rest = append(rest, line...)
				line = rest
			}
			each(line)
			rest, chunk = rest[:0], chunk[i+1:]
		}
		if len(rest)+len(chunk) < maxLine {
			rest = append(rest, chunk...)
		}
		select {
		case l.free <- whole[:0]:
		default:
		}
	}
	if len(rest) > 0 {
		each(rest)
	}
	rd.lines = p.n
	r.Close()
}

// maxLine is how much of a line is read; of a longer one the beginning is enough.
const maxLine = 1 << 20

// all gives the chunks until no more come.
func (l *lines) all() iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for {
			select {
			case c := <-l.chunks:
				yield(c)
				continue
			default:
			}
			select {
			case c := <-l.chunks:
				yield(c)
			case <-l.stop:
				if len(l.chunks) == 0 {
					return
				}
			}
		}
	}
}

// Write takes the next piece of the text. After close, as where a scan was given up, it drops it.
func (l *lines) Write(p []byte) (int, error) {
	var buf []byte
	select {
	case buf = <-l.free:
	default:
	}
	select {
	case l.chunks <- append(buf, p...):
	case <-l.stop:
	}
	return len(p), nil
}

func (l *lines) close() {
	close(l.stop)
	<-l.done
}
