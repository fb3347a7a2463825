//go:build faults

package transcript

import (
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"syscall"

	"spraydeck/event"
)

// SPRAYDECK_KILL=after:3 kills the console, as kill -9 does, once it has written three events of steps; before:3 when it
// is about to write the third. Tests kill a run at every write with it. What precedes a step, such as the
// checks of a resume, is not counted: a console that is killed at its first event still comes further each time.
var (
	killWhen, killAt = killPoint()
	written          atomic.Int64
)

func killPoint() (when string, at int64) {
	when, n, _ := strings.Cut(os.Getenv("SPRAYDECK_KILL"), ":")
	_, _ = fmt.Sscan(n, &at)
	return when, at
}

func faultPoint(e event.Event, after bool) {
	if killAt == 0 || e.Step == "" {
		return
	}
	n := written.Load()
	if after {
		n = written.Add(1)
	}
	if after == (killWhen == "after") && (after && n == killAt || !after && n+1 == killAt) {
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	}
}
