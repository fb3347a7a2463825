package symptom

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

// fuzzSet has an expression of each sort: plain, in any case, anchored, with a task, without fixed text, over time.
func fuzzSet(tb testing.TB) *Set {
	re := regexp.MustCompile
	s, err := New([]Pattern{
		{ID: "plain", Line: re(`connection refused`)},
		{ID: "fold", Line: re(`(?i)^fatal: (?P<what>\w+)`)},
		{ID: "anchored", Line: re(`^node/(?P<node>\S+) cordoned$`)},
		{ID: "task", Line: re(`^fatal: \[(?P<node>[^\]]+)\]`), Task: re(`^drain`)},
		{ID: "bare", Line: re(`^\d+$`)},
		{ID: "twice", Line: re(`(?P<node>\w+) is late`), Condition: Condition{Count: 2, By: []string{"node"}, Within: time.Minute}},
		{ID: "then", Line: re(`saving (?P<file>\w+)`), Condition: Condition{Unless: []Relation{{Then: "saved", Within: time.Minute, By: []string{"file"}}}}},
		{ID: "saved", Line: re(`saved (?P<file>\w+)`), Quiet: true},
		{ID: "across", Line: re(`begins here.*ends there`)},
	})
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

func seeds(f *testing.F) {
	for _, s := range []string{
		"", "\n", "\r\n\r\n", "\x1b[31mfatal: [n1]\x1b[0m: FAILED! => {\"msg\": \"dial: connection refused\\n\"}\n",
		"TASK [drain : a] ***\nfatal: [n1]: FAILED!\nPLAY RECAP ***\nfatal: [n1]: x\n",
		strings.Repeat("fatal: [n1]: FAILED!\n", 40) + "TASK [drain : a] ***\n" + strings.Repeat("fatal: [n2]: FAILED!\n", 40) + "RUNNING HANDLER [b] ***\nfatal: [n3]: FAILED!\n",
		"/ TASK [drain : a     \\\n\\ b]                  /\nfatal: [n1]\n",
		"  msg: 'begins here\n    and ''ends'' there\n    ends there'\nnode/a cordoned\n",
		"  msg: >-\n    begins here\n    ends there\n",
		strings.Repeat("x", 68) + "begins here \nends there\n",
		"Sep  1 06:06:47 n1 a[1]: n2 is late\nSep  1 06:07:47 n1 a[1]: n2 is late\nsaving x\n2025-09-01T06:06:47Z saved x\n",
		"[pod/a/b] 2025-09-01T06:06:47Z stderr F saving y\n", "\\", "\\u00", "\"\\\"", "''''", "\x1b", "\x1b]0;", "\xef\xbb\xbf42\n", "\xff\xfe\n",
		`{"a":"{\"b\":\"{\\\"c\\\":\\\"connection refused\\\"}\"}"}`, strings.Repeat("\\\"", 400), strings.Repeat("| ", 60) + "|\n| x |\n",
	} {
		f.Add(s)
	}
}

// FuzzFeed: no input makes it panic, or take longer than its length allows.
func FuzzFeed(f *testing.F) {
	seeds(f)
	set := fuzzSet(f)
	f.Fuzz(func(t *testing.T, text string) {
		start := time.Now()
		stream := set.Stream()
		now := time.Date(2025, 9, 1, 0, 0, 0, 0, time.UTC)
		for line := range strings.Lines(text) {
			now = now.Add(time.Second)
			for _, h := range stream.Feed(Input{}, strings.TrimSuffix(line, "\n"), now) {
				if h.ID == "" || h.Line < 1 {
					t.Fatalf("%+v", h)
				}
			}
		}
		stream.Next()
		stream.End(now)
		// 100 times what it takes, and some for a busy machine
		if d, most := time.Since(start), 2*time.Second+time.Duration(len(text))*20*time.Microsecond; d > most {
			t.Fatalf("%d bytes took %v", len(text), d)
		}
	})
}

// FuzzScan: a file read in parts by several goroutines shows what its lines show one after the other.
func FuzzScan(f *testing.F) {
	seeds(f)
	set := fuzzSet(f)
	f.Fuzz(func(t *testing.T, text string) {
		for _, size := range []int{64, 300, blockSize} {
			compareScan(t, set, text, size)
		}
	})
}

// TestLongLines: the same for lines that go over several blocks.
func TestLongLines(t *testing.T) {
	set := fuzzSet(t)
	for _, n := range []int{100, maxLine - 30, maxLine, maxLine + 1, 2*maxLine - overlap, 2*maxLine - overlap + 1, 3 * maxLine, 600_000} {
		long := strings.Repeat("x", n/2) + "connection refused" + strings.Repeat("y", n-n/2) + " saving a"
		for _, text := range []string{long, long + "\n", "node/a cordoned\n" + long + "\nnode/b cordoned\n", long + "\n" + long} {
			for _, size := range []int{1000, blockSize} {
				compareScan(t, set, text, size)
			}
		}
	}
}

func compareScan(t *testing.T, set *Set, text string, size int) {
	t.Helper()
	want := feedAll(set, text, 1)
	if together := feedAll(set, text, 1+size%7); !slices.Equal(together, want) {
		t.Fatalf("fed in parts of %d lines %q, line by line %q", 1+size%7, together, want)
	}
	var got []string
	r := iotest.HalfReader(strings.NewReader(text))
	if len(text) < 4096 {
		r = iotest.OneByteReader(r)
	}
	err := set.scan(context.Background(), r, "", func(h Hit) error { got = append(got, fmt.Sprintf("%+v", h)); return nil }, size, 3)
	if err != nil {
		t.Fatal(err)
	}
	for i := range max(len(got), len(want)) {
		if i >= len(got) || i >= len(want) || got[i] != want[i] {
			t.Fatalf("hit %d of %d and %d\nscan %.500s\nfeed %.500s", i, len(got), len(want), at(got, i), at(want, i))
		}
	}
}

func at(list []string, i int) string {
	if i < len(list) {
		return list[i]
	}
	return "none"
}

// feedAll does with a stream what Scan does with a file: the time of a line is what it tells itself. The stream gets n lines
// at once.
func feedAll(set *Set, text string, n int) []string {
	var list []string
	add := func(hits []Hit) {
		for _, h := range hits {
			list = append(list, fmt.Sprintf("%+v", h))
		}
	}
	stream := set.Stream()
	lines := slices.Collect(strings.Lines(text))
	for part := range slices.Chunk(lines, n) {
		add(stream.FeedLines(Input{}, strings.TrimSuffix(strings.Join(part, ""), "\n"), time.Time{}))
	}
	add(stream.End(lastTime([]byte(text[max(0, len(text)-tailSize):]))))
	return list
}
