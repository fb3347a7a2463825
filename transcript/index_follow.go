package transcript

// Live says whether a console is writing the run in a directory.
func Live(dir string) bool { return locked(dir) }
