package transcript_test

import (
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"testing"
	"time"

	"spraydeck/engine"
	"spraydeck/transcript"
	"spraydeck/transcript/transcripttest"
)

// benchSize is how much the commands of the large run printed. SPRAYDECK_BENCH_MB makes it smaller.
func benchSize() int64 {
	if mb, err := strconv.ParseInt(os.Getenv("SPRAYDECK_BENCH_MB"), 10, 64); err == nil {
		return mb << 20
	}
	return 1 << 30
}

func BenchmarkRecording(b *testing.B) {
	for _, spooled := range []bool{false, true} {
		b.Run(map[bool]string{false: "inline", true: "spooled"}[spooled], func(b *testing.B) {
			benchRecording(b, spooled)
		})
	}
}

func benchRecording(b *testing.B, spooled bool) {
	dir, err := transcripttest.Large(b.TempDir(), benchSize(), spooled)
	if err != nil {
		b.Fatal(err)
	}
	info, err := os.Stat(filepath.Join(dir, transcript.FileName))
	if err != nil {
		b.Fatal(err)
	}
	b.Run("index", func(b *testing.B) {
		b.SetBytes(info.Size())
		for b.Loop() {
			whole(b, dir, 32<<20)
		}
	})
	c := whole(b, dir, 32<<20)
	c.Save()
	marks := c.Marks(transcript.MarkStep)
	b.Run("open", func(b *testing.B) { // with the index that was kept
		for b.Loop() {
			whole(b, dir, 32<<20)
		}
	})
	look := func(b *testing.B, c *transcript.Recording, at transcript.Place) {
		s := c.State(at)
		if st := s.Step(s.Current); st != nil {
			if err := c.Print(at, st.Commands); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.Run("resume", func(b *testing.B) { // what a console that takes the run up reads, and what of it stays
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		before := m.HeapAlloc
		b.SetBytes(info.Size())
		for b.Loop() {
			c, err := transcript.RecordWhole(dir)
			if err != nil {
				b.Fatal(err)
			}
			past := engine.NewPriorRun(c.Events(), c.Printed, func(s string) string { return s })
			state, err := c.Recall(64)
			if err != nil {
				b.Fatal(err)
			}
			runtime.GC()
			runtime.ReadMemStats(&m)
			b.ReportMetric(float64(m.HeapAlloc-before)/1e6, "heap-MB")
			runtime.KeepAlive(past)
			runtime.KeepAlive(state)
			c.Close()
		}
	})
	b.Run("end-at-once", func(b *testing.B) { // the first jump after opening
		for b.Loop() {
			c := whole(b, dir, 32<<20)
			look(b, c, c.End())
		}
	})
	b.Run("end", func(b *testing.B) {
		for b.Loop() {
			look(b, c, c.End())
		}
	})
	b.Run("steps", func(b *testing.B) {
		i := 0
		for b.Loop() {
			look(b, c, c.At(marks[i%len(marks)].Pos))
			i += 7
		}
	})
	b.Run("anywhere", func(b *testing.B) {
		i := 0
		for b.Loop() {
			look(b, c, c.AtElapsed(c.End().Elapsed/97*time.Duration(i%97)))
			i += 13
		}
	})
	b.Run("search", func(b *testing.B) { // for what is there once, and for what is not
		b.SetBytes(info.Size())
		for b.Loop() {
			s, n := c.Search(transcripttest.Needle, c.End()), 0
			for done := false; !done; {
				var found []transcript.Found
				found, done, err = s.Next(8 << 20)
				n += len(found)
			}
			if n != 1 || err != nil {
				b.Fatal(n, err)
			}
		}
	})
	b.Run("memory", func(b *testing.B) {
		var before, after runtime.MemStats
		for b.Loop() {
			runtime.GC()
			runtime.ReadMemStats(&before)
			c := whole(b, dir, 32<<20)
			look(b, c, c.End())
			runtime.GC()
			runtime.ReadMemStats(&after)
			b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/1e6, "MB")
			runtime.KeepAlive(c)
		}
	})
}
