package whatif

import (
	"bufio"
	"context"
	"encoding/base64"
	"fmt"
	"path"
	"slices"
	"strings"
	"sync"
)

// NodeFile is a file as it lies on a node. It is not masked.
type NodeFile struct {
	There   bool
	Mode    string
	Content string
}

// OnNodes is what was read of the nodes: files by node and path, and the nodes that could not be read, with the reason.
type OnNodes struct {
	Files  map[string]map[string]NodeFile
	Failed map[string]string
}

// Shell runs a command line that only reads on a node and returns its standard output.
type Shell func(ctx context.Context, host, line string) (string, error)

// readScript prints a line for each file: its number, its mode, and its content in base64; or why there is none. What is larger
// than 4 MiB is no file that a template writes.
const readScript = `i=0; for f; do
if [ ! -e "$f" ]; then echo "$i absent"
elif [ ! -f "$f" ] || [ "$(wc -c <"$f")" -gt 4194304 ]; then echo "$i other"
else echo "$i $(stat -c %a "$f") $(base64 -w0 <"$f")"; fi
i=$((i+1)); done`

// ReadNodes reads the files that the releases write from the nodes, all nodes at once.
func ReadNodes(ctx context.Context, run Shell, renderings ...*Rendering) *OnNodes {
	wanted := map[string][]string{}
	for _, r := range renderings {
		for _, f := range r.Files {
			if slices.Contains(r.Hosts, f.Host) && path.IsAbs(f.Dest) && !strings.ContainsAny(f.Dest, "<\n") && !slices.Contains(wanted[f.Host], f.Dest) {
				wanted[f.Host] = append(wanted[f.Host], f.Dest)
			}
		}
	}
	all := &OnNodes{Files: map[string]map[string]NodeFile{}, Failed: map[string]string{}}
	var wait sync.WaitGroup
	var mu sync.Mutex
	for host, paths := range wanted {
		wait.Go(func() {
			found, err := readNode(ctx, run, host, paths)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				all.Failed[host] = err.Error()
				return
			}
			all.Files[host] = found
		})
	}
	wait.Wait()
	return all
}

func readNode(ctx context.Context, run Shell, host string, paths []string) (map[string]NodeFile, error) {
	line := "sudo -n sh -c " + quoted(readScript) + " sh"
	for _, p := range paths {
		line += " " + quoted(p)
	}
	printed, err := run(ctx, host, line)
	if err != nil {
		return nil, err
	}
	found := map[string]NodeFile{}
	lines := bufio.NewScanner(strings.NewReader(printed))
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		fields := strings.Split(lines.Text(), " ")
		number := len(found)
		if len(fields) < 2 || fields[0] != fmt.Sprint(number) || number >= len(paths) {
			return nil, fmt.Errorf("read files: unexpected %.60q", lines.Text())
		}
		f := NodeFile{}
		if len(fields) == 3 {
			text, err := base64.StdEncoding.DecodeString(fields[2])
			if err != nil {
				return nil, fmt.Errorf("read %s: %w", paths[number], err)
			}
			f = NodeFile{There: true, Mode: fields[1], Content: string(text)}
		}
		found[paths[number]] = f
	}
	if len(found) != len(paths) {
		return nil, fmt.Errorf("read files: %d of %d came", len(found), len(paths))
	}
	return found, nil
}

func quoted(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }
