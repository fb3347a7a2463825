package transcript

import (
	"fmt"
	"io"
	"regexp"
	"strings"
	"testing"
)

// BenchmarkMask is what masking costs on one core: of a playbook's output, and of ordinary lines of a log.
func BenchmarkMask(b *testing.B) {
	log := []byte(strings.Repeat("Nov 20 22:15:03 node3 kubelet[812]: I1120 22:15:03.471 pod_startup_latency_tracker.go:104] observed duration=1.52s\n", 300))
	for _, c := range []struct {
		name    string
		in      []byte
		secrets int
		own     []*regexp.Regexp
	}{
		{"ansible", ansible(32 << 10), 0, nil},
		{"ansible/secrets=8", ansible(32 << 10), 8, nil},
		{"log", log, 0, nil},
		{"log/secrets=8", log, 8, nil},
		{"log/secrets=8/own=2", log, 8, []*regexp.Regexp{regexp.MustCompile(`LIC-\d+`), regexp.MustCompile(`customer=(\S+)`)}},
	} {
		b.Run(c.name, func(b *testing.B) {
			var secrets []string
			for i := range c.secrets {
				secrets = append(secrets, fmt.Sprintf("secret-value-%d", i))
			}
			w := NewMasker(secrets, c.own...).Writer(io.Discard)
			b.SetBytes(int64(len(c.in)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := w.Write(c.in); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
