package ui

import (
	"runtime"
	"syscall"

	tea "charm.land/bubbletea/v2"
)

// lowPriority runs work on a niced thread, so that key presses stay responsive. Only Linux has priorities for threads;
// elsewhere it is a command like any other.
func lowPriority(work tea.Cmd) tea.Cmd {
	return func() tea.Msg {
		if runtime.GOOS == "linux" {
			// never unlocked: the thread ends with the goroutine of this command, for its priority cannot be raised again
			runtime.LockOSThread()
			_ = syscall.Setpriority(syscall.PRIO_PROCESS, 0, 10)
		}
		return work()
	}
}
