//go:build !race

// Half a gigabyte through each format in one goroutine: the race detector makes of it ten times the work.

package report

import (
	"runtime"
	"strings"
	"testing"

	"spraydeck/event"
	"spraydeck/transcript"
)

// TestLarge: what is kept of a large transcript does not grow with it.
func TestLarge(t *testing.T) {
	line := strings.Repeat("ok: [node1] => (item=a task that prints a lot) ", 20) + "\n"
	piece := strings.Repeat(line, 32)
	src := Source{Entries: func(yield func(transcript.Entry, error) bool) {
		emit := func(d event.Data) bool {
			return yield(transcript.Entry{Event: event.Event{Step: "a", Data: d}}, nil)
		}
		ok := emit(event.Started{}) && emit(event.Planned{Steps: []event.PlannedStep{{ID: "a"}}}) && emit(event.StepStarted{Attempt: 1})
		for n := 1; ok && n <= 35; n++ {
			ok = emit(event.CommandStarted{Number: n, Host: "n", Line: "x"})
			for i := 0; ok && i < 100; i++ {
				ok = emit(event.Output{Number: n, Stream: "stdout", Text: piece})
			}
			ok = ok && emit(event.CommandEnded{Number: n, Outcome: event.Done})
		}
	}}
	for _, format := range Formats() {
		var before runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		w := &peak{base: before.HeapAlloc}
		if err := Write(w, format, src, "en"); err != nil {
			t.Fatal(err)
		}
		w.look()
		if w.most > 48<<20 {
			t.Errorf("%s: the heap grew by %d MB over 100 MB of output", format, w.most>>20)
		}
		if (format == "html" || format == "md") && w.size > 8<<20 {
			t.Errorf("%s: %d MB", format, w.size>>20)
		}
	}
}

// peak counts what is written and looks at the heap now and then.
type peak struct {
	size, n    int
	base, most uint64
}

func (p *peak) Write(b []byte) (int, error) {
	p.size += len(b)
	if p.n++; p.n%200 == 0 {
		p.look()
	}
	return len(b), nil
}

func (p *peak) look() {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	if m.HeapAlloc > p.base {
		p.most = max(p.most, m.HeapAlloc-p.base)
	}
}
