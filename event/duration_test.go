package event

import (
	"testing"
	"time"
)

func TestDuration(t *testing.T) {
	for d, want := range map[time.Duration]string{
		-time.Second: "0s", 0: "0s", 40 * time.Millisecond: "0.0s", 400 * time.Millisecond: "0.4s", 999 * time.Millisecond: "1s", 42 * time.Second: "42s",
		11*time.Minute + 5*time.Second: "11m05s", 59*time.Minute + 59600*time.Millisecond: "1h00m", 100 * time.Minute: "1h40m", 26 * time.Hour: "26h00m",
	} {
		if got := Duration(d); got != want {
			t.Errorf("%s: %s, not %s", d, got, want)
		}
	}
}
