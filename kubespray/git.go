package kubespray

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
)

// gitError is a git child that ran and failed; stderr is its first line, which
// is what git wants the reader to see.
type gitError struct {
	command string
	code    int
	stderr  string
}

func (e *gitError) Error() string {
	if e.stderr == "" {
		return fmt.Sprintf("run git %s: exit status %d", e.command, e.code)
	}
	return fmt.Sprintf("run git %s: %s", e.command, e.stderr)
}

// git runs one git child in dir and returns its standard output.
func git(ctx context.Context, dir string, stdin io.Reader, args ...string) ([]byte, error) {
	return gitWith(ctx, nil, dir, stdin, args...)
}

// gitWith adds to the environment.
func gitWith(ctx context.Context, env []string, dir string, stdin io.Reader, args ...string) ([]byte, error) {
	// A partial clone fetches missing objects on its own, and a file system
	// monitor is a program the repository names: neither has a place in a
	// command that only reads.
	safe := []string{"-c", "protocol.allow=never", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-c", "core.quotePath=false"}
	cmd := exec.CommandContext(ctx, "git", append(safe, args...)...)
	cmd.Dir = dir
	cmd.Env = append(gitEnv(os.Environ()), env...)
	if args[0] == "status" || args[0] == "diff" { // they look into files, through filters that the repository names
		cmd.Env = append(cmd.Env, ReadEnv(ctx, dir, "")...)
	}
	cmd.Stdin = stdin
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err == nil {
		return stdout.Bytes(), nil
	}
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		line, _, _ := strings.Cut(strings.TrimSpace(stderr.String()), "\n")
		return stdout.Bytes(), &gitError{command: args[0], code: exit.ExitCode(), stderr: line}
	}
	return nil, fmt.Errorf("run git %s: %w", args[0], err)
}

// gitEnv drops what would point git at another repository (as inside a hook)
// and fixes the language, because messages are read.
func gitEnv(env []string) []string {
	kept := make([]string, 0, len(env)+4)
	for _, kv := range env {
		name, _, _ := strings.Cut(kv, "=")
		switch name {
		case "GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_OBJECT_DIRECTORY",
			"GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_NAMESPACE", "LC_ALL", "LANGUAGE":
		default:
			kept = append(kept, kv)
		}
	}
	return append(kept, "LC_ALL=C", "GIT_OPTIONAL_LOCKS=0", "GIT_TERMINAL_PROMPT=0", "GIT_NO_LAZY_FETCH=1")
}

// blobs reads rev:path for each path with one git child. A path that is not
// there is absent from the result.
func (c *Checkout) blobs(ctx context.Context, rev string, paths ...string) (map[string][]byte, error) {
	var request strings.Builder
	for _, p := range paths {
		if strings.ContainsAny(rev+p, "\n\x00") {
			return nil, fmt.Errorf("read %q: a revision or path can not hold a line break", rev+":"+p)
		}
		fmt.Fprintf(&request, "%s:%s\n", rev, p)
	}
	// The names go in on standard input, where a leading dash is only a dash.
	// Symbolic links are followed because Kubespray has some between roles.
	out, err := git(ctx, c.dir, strings.NewReader(request.String()), "cat-file", "--batch", "--follow-symlinks")
	if err != nil {
		return nil, err
	}
	r := bufio.NewReader(bytes.NewReader(out))
	found := make(map[string][]byte, len(paths))
	for _, p := range paths {
		text, kind, err := nextObject(r, rev+":"+p)
		if err != nil {
			return nil, fmt.Errorf("read %s:%s: %w", rev, p, err)
		}
		if kind == "blob" {
			found[p] = text
		}
	}
	return found, nil
}

// nextObject reads one answer of cat-file --batch for the object asked for.
func nextObject(r *bufio.Reader, asked string) (text []byte, kind string, err error) {
	header, err := r.ReadString('\n')
	if err != nil {
		return nil, "", fmt.Errorf("read git's answer: %w", err)
	}
	header = strings.TrimSuffix(header, "\n")
	if header == asked+" missing" || header == asked+" ambiguous" {
		return nil, "", nil
	}
	fields := strings.Fields(header)
	if len(fields) < 2 {
		return nil, "", fmt.Errorf("read git's answer: unexpected %q", header)
	}
	size, err := strconv.Atoi(fields[len(fields)-1])
	if err != nil || size < 0 {
		return nil, "", fmt.Errorf("read git's answer: unexpected %q", header)
	}
	text = make([]byte, size)
	if _, err := io.ReadFull(r, text); err != nil {
		return nil, "", fmt.Errorf("read git's answer: %w", err)
	}
	if _, err := r.Discard(1); err != nil {
		return nil, "", fmt.Errorf("read git's answer: %w", err)
	}
	if len(fields) == 3 {
		kind = fields[1]
	}
	// Two fields are a symbolic link that leads nowhere in the tree; its
	// target was read above and is no file.
	return text, kind, nil
}
