package event

import (
	"fmt"
	"strings"
	"testing"
)

// TestTail: however output is cut, its last lines are kept, neither too many nor too long ones.
func TestTail(t *testing.T) {
	var all strings.Builder
	for i := range 3*tailLimit + 7 {
		fmt.Fprintf(&all, "line %d\r\n", i)
	}
	all.WriteString("the last\nand a prompt? ")
	lines := strings.Split(strings.ReplaceAll(all.String(), "\r\n", "\n"), "\n")
	for _, size := range []int{1, 7, 4096, all.Len()} {
		var tail Tail
		for rest := all.String(); rest != ""; {
			n := min(size, len(rest))
			tail.add(rest[:n])
			rest = rest[n:]
		}
		got := tail.All()
		if n := len(tail.Lines); n < tailLimit || n > 2*tailLimit || tail.Dropped+len(got) != len(lines) {
			t.Errorf("in pieces of %d: %d lines kept, %d dropped, of %d", size, n, tail.Dropped, len(lines))
		}
		for i, line := range got {
			if want := lines[tail.Dropped+i]; line != want {
				t.Fatalf("in pieces of %d: line %d is %q, want %q", size, i, line, want)
			}
		}
	}
	var long Tail
	for range 200 {
		long.add(strings.Repeat("x", 32<<10))
	}
	size := 0
	for _, line := range long.All() {
		size += len(line)
	}
	if size < tailSize || size > 2*tailSize+2*LongLine {
		t.Errorf("%d bytes of long lines are kept", size)
	}
}
