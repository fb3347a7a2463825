package workstation

import (
	"bytes"
	"sync"
	"testing"
	"time"
)

type marked struct {
	mark string
	mu   *sync.Mutex
	to   *bytes.Buffer
	n    *int
}

func (m marked) Write(p []byte) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	*m.n++
	m.to.WriteString(m.mark)
	return m.to.Write(p)
}

// TestGather: what comes after a silence is passed on at once, what comes in haste in few pieces, soon, and in the order of
// both streams.
func TestGather(t *testing.T) {
	var mu sync.Mutex
	var got bytes.Buffer
	pieces := 0
	is := func(want string) bool {
		mu.Lock()
		defer mu.Unlock()
		return got.String() == want
	}
	var all outputs
	out, errs := all.to(marked{"<1>", &mu, &got, &pieces}), all.to(marked{"<2>", &mu, &got, &pieces})
	out.Write([]byte("a"))
	if !is("<1>a") {
		t.Errorf("%q", got.String())
	}
	all.mu.Lock()
	all.passed = time.Now().Add(time.Second) // whatever the machine does meanwhile, this is haste
	all.mu.Unlock()
	for _, s := range []string{"b", "c", "d"} {
		out.Write([]byte(s))
	}
	errs.Write([]byte("e"))
	if !is("<1>a<1>bcd") {
		t.Errorf("%q", got.String())
	}
	if err := all.failure(); err != nil || !is("<1>a<1>bcd<2>e") {
		t.Errorf("%q %v", got.String(), err)
	}
	errs.Write([]byte("f"))
	for end := time.Now().Add(10 * time.Second); !is("<1>a<1>bcd<2>e<2>f") && time.Now().Before(end); {
		time.Sleep(time.Millisecond)
	}
	all.detach()
	out.Write([]byte("late"))
	if !is("<1>a<1>bcd<2>e<2>f") {
		t.Errorf("%q", got.String())
	}
	pieces = 0
	all = outputs{}
	out = all.to(marked{"", &mu, &got, &pieces})
	for range 256 {
		out.Write(bytes.Repeat([]byte("x"), 4095))
	}
	all.detach()
	if pieces < 16 || pieces > 200 {
		t.Errorf("%d pieces for 1 MB", pieces)
	}
}
