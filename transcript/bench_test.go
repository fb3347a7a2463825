package transcript

import (
	"bytes"
	"fmt"
	"os"
	"testing"

	"spraydeck/event"
)

// ansible is output as a playbook prints it, with the colours of a terminal.
func ansible(size int) []byte {
	var b bytes.Buffer
	for i := 0; b.Len() < size; i++ {
		fmt.Fprintf(&b, "TASK [kubernetes/node : Install | Copy kubelet binary from download dir %d] ***\r\n", i)
		fmt.Fprintf(&b, "\x1b[0;33mchanged: [node%d] => {\"changed\": true, \"dest\": \"/usr/local/bin/kubelet\", \"mode\": \"0755\"}\x1b[0m\r\n", i%40)
	}
	return b.Bytes()[:size]
}

func BenchmarkAppendOutput(b *testing.B) {
	for _, size := range []int{100, 4 << 10, pieceSize} {
		for _, secrets := range []int{0, 8} {
			b.Run(fmt.Sprintf("%dB/secrets=%d", size, secrets), func(b *testing.B) {
				w, err := Create(b.TempDir(), testHeader)
				if err != nil {
					b.Fatal(err)
				}
				defer w.Close()
				for i := range secrets {
					w.Mask(fmt.Sprintf("secret-value-%d", i))
				}
				e := event.Event{Step: "upgrade", Data: event.NewOutput(1, "stdout", ansible(size))}
				b.SetBytes(int64(size))
				b.ReportAllocs()
				for b.Loop() {
					if _, err := w.Append(e); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(w.size)/float64(b.N)/float64(size), "file/output")
			})
		}
	}
}

func BenchmarkAppendDecision(b *testing.B) {
	w, err := Create(b.TempDir(), testHeader)
	if err != nil {
		b.Fatal(err)
	}
	defer w.Close()
	e := event.Event{Step: "upgrade", Data: event.Answered{Question: "q", Answer: event.Answer{Choice: "continue"}}}
	for b.Loop() {
		if _, err := w.Append(e); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRead(b *testing.B) {
	path, size := large(b)
	b.Run("events", func(b *testing.B) {
		b.SetBytes(size)
		for b.Loop() {
			readAll(b, path)
		}
	})
	b.Run("verify", func(b *testing.B) {
		b.SetBytes(size)
		for b.Loop() {
			if res, err := Verify(path); err != nil || !res.Verified() {
				b.Fatal(res, err)
			}
		}
	})
	b.Run("scan", func(b *testing.B) { // the floor: only lines
		b.SetBytes(size)
		for b.Loop() {
			f, err := os.Open(path)
			if err != nil {
				b.Fatal(err)
			}
			for s := newScanner(f); err == nil; {
				_, _, err = s.read()
			}
			f.Close()
		}
	})
}

func large(b *testing.B) (path string, size int64) {
	w, err := Create(b.TempDir(), testHeader)
	if err != nil {
		b.Fatal(err)
	}
	text := ansible(8 << 10)
	for range 8 << 10 { // 64 MB of output
		if _, err := w.Append(event.Event{Data: event.NewOutput(1, "stdout", text)}); err != nil {
			b.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		b.Fatal(err)
	}
	return w.Path(), w.size
}
