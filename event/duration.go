package event

import (
	"fmt"
	"time"
)

// Duration writes a span of time with its units, the same everywhere: 0.4s, 42s, 11m05s, 1h40m. A clock that went back
// gives none.
func Duration(d time.Duration) string {
	d = max(d, 0)
	s := int(d.Round(time.Second) / time.Second)
	switch {
	case d > 0 && d < 950*time.Millisecond:
		return fmt.Sprintf("%.1fs", d.Seconds())
	case s < 60:
		return fmt.Sprintf("%ds", s)
	case s < 3600:
		return fmt.Sprintf("%dm%02ds", s/60, s%60)
	}
	m := int(d.Round(time.Minute) / time.Minute)
	return fmt.Sprintf("%dh%02dm", m/60, m%60)
}
