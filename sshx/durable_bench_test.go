package sshx

import (
	"context"
	"testing"
	"time"
)

// BenchmarkKeep is what surviving the connection costs a command of no length and one of ten milliseconds, as a ratio to a
// bare session on the same kept connection.
func BenchmarkKeep(b *testing.B) {
	for _, command := range []string{"true", "sleep 0.01"} {
		b.Run(command, func(b *testing.B) {
			k := startKeeper(b)
			ctx := context.Background()
			k.Run(ctx, "node", "true", nil, nil, nil)
			var bare, kept time.Duration
			for b.Loop() {
				for range 10 {
					begun := time.Now()
					if exit, err := k.Run(ctx, "node", command, nil, nil, nil); exit != 0 || err != nil {
						b.Fatal(exit, err)
					}
					middle := time.Now()
					if exit, err := k.keep(ctx, command, nil, nil, nil); exit != 0 || err != nil {
						b.Fatal(exit, err)
					}
					bare, kept = bare+middle.Sub(begun), kept+time.Since(middle)
				}
			}
			b.ReportMetric(float64(kept)/float64(bare), "x-bare")
			b.ReportMetric((kept-bare).Seconds()*1000/float64(10*b.N), "ms-more")
			b.ReportMetric(bare.Seconds()*1000/float64(10*b.N), "ms-bare")
		})
	}
}
