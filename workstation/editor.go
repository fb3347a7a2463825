package workstation

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// Editor returns the command that opens a file in $VISUAL or $EDITOR, which may hold arguments, or else in vi. It opens at
// the line where the editor is known to take +line; 0 is no line.
func Editor(ctx context.Context, path string, line int) *exec.Cmd {
	name := os.Getenv("VISUAL")
	if name == "" {
		name = os.Getenv("EDITOR")
	}
	if name == "" {
		name = "vi"
	}
	args := []string{"-c", name + ` "$@"`, name}
	program, _, _ := strings.Cut(name, " ")
	switch filepath.Base(program) {
	case "vi", "vim", "nvim", "view", "nano", "emacs", "emacsclient", "micro", "kak", "joe", "mg", "less":
		if line > 0 {
			args = append(args, "+"+strconv.Itoa(line))
		}
	}
	return exec.CommandContext(ctx, "sh", append(args, path)...)
}
