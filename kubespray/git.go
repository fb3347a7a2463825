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
	cmd := gitCommand(ctx, env, dir, args...)
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

// gitCommand is a git child that only reads.
func gitCommand(ctx context.Context, env []string, dir string, args ...string) *exec.Cmd {
	// A partial clone fetches missing objects on its own, and a file system
	// monitor is a program the repository names: neither has a place in a
	// command that only reads.
	safe := []string{"-c", "protocol.allow=never", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-c", "core.quotePath=false"}
	cmd := exec.CommandContext(ctx, "git", append(safe, args...)...)
	cmd.Dir = dir
	cmd.Env = append(gitEnv(os.Environ()), env...)
	return cmd
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

// blobs reads rev:path for each path. A path that is not there is absent from the result.
func (c *Checkout) blobs(ctx context.Context, rev string, paths ...string) (map[string][]byte, error) {
	names := make([]string, len(paths))
	for i, p := range paths {
		names[i] = rev + ":" + p
	}
	found := make(map[string][]byte, len(paths))
	err := c.objects.read(ctx, names, func(i int, o object) error {
		if o.kind == "blob" {
			found[paths[i]] = o.text
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return found, nil
}

// object is one of a repository; without a kind it is not there.
type object struct {
	id, kind string
	text     []byte
}

// nextObject reads one answer of cat-file --batch for the object asked for.
func nextObject(r *bufio.Reader, asked string) (o object, err error) {
	header, err := r.ReadString('\n')
	if err != nil {
		return o, fmt.Errorf("read git's answer: %w", err)
	}
	header = strings.TrimSuffix(header, "\n")
	if header == asked+" missing" || header == asked+" ambiguous" {
		return o, nil
	}
	fields := strings.Fields(header)
	if len(fields) < 2 {
		return o, fmt.Errorf("read git's answer: unexpected %q", header)
	}
	size, err := strconv.Atoi(fields[len(fields)-1])
	if err != nil || size < 0 {
		return o, fmt.Errorf("read git's answer: unexpected %q", header)
	}
	o.text = make([]byte, size)
	if _, err := io.ReadFull(r, o.text); err != nil {
		return o, fmt.Errorf("read git's answer: %w", err)
	}
	if _, err := r.Discard(1); err != nil {
		return o, fmt.Errorf("read git's answer: %w", err)
	}
	if len(fields) == 3 {
		o.id, o.kind = fields[0], fields[1]
	}
	// Two fields are a symbolic link that leads nowhere in the tree; its
	// target was read above and is no file.
	return o, nil
}
