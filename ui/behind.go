package ui

import (
	"runtime"
	"syscall"

	tea "charm.land/bubbletea/v2"
)

// behind does work that nobody waits for on a thread of its own that lets everything else go first: a key pressed
// meanwhile is answered as if it were not there. Only Linux has priorities for threads; elsewhere it is done as any other.
func behind(work tea.Cmd) tea.Cmd {
	return func() tea.Msg {
		if runtime.GOOS == "linux" {
			// never unlocked: the thread ends with the goroutine of this command, for its priority cannot be raised again
			runtime.LockOSThread()
			_ = syscall.Setpriority(syscall.PRIO_PROCESS, 0, 10)
		}
		return work()
	}
}
