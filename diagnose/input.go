package diagnose

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Text gives the text of a log that is kept as something else: the output of an asciicast (version 2 or 3), what ansible-navigator
// printed, or the failed results of its artifact. Any other log is its own text. Lines are those of the text.
func Text(r *bufio.Reader) io.Reader {
	head, _ := r.Peek(1024)
	first, _, _ := bytes.Cut(head, []byte("\n"))
	switch {
	case isCast(first):
		_, _ = r.ReadBytes('\n')
		return &cast{from: r}
	case isArtifact.Match(head):
		return artifact(r)
	}
	return r
}

func isCast(line []byte) bool {
	var head struct {
		Version int
		Width   int
		Term    map[string]any
	}
	return bytes.HasPrefix(line, []byte("{")) && json.Unmarshal(line, &head) == nil && (head.Version == 2 && head.Width > 0 || head.Version == 3 && head.Term != nil)
}

// cast reads what was printed out of an asciicast.
type cast struct {
	from *bufio.Reader
	rest []byte
	err  error
}

func (c *cast) Read(p []byte) (int, error) {
	for len(c.rest) == 0 {
		if c.err != nil {
			return 0, c.err
		}
		var line []byte
		line, c.err = c.from.ReadBytes('\n')
		var event [3]json.RawMessage
		var kind, data string
		if json.Unmarshal(line, &event) != nil || json.Unmarshal(event[1], &kind) != nil || kind != "o" || json.Unmarshal(event[2], &data) != nil {
			continue
		}
		c.rest = []byte(data)
	}
	n := copy(p, c.rest)
	c.rest = c.rest[n:]
	return n, nil
}

// isArtifact is how an artifact of ansible-navigator begins.
var isArtifact = regexp.MustCompile(`^\s*\{\s*"(?:version": ?"\d+\.\d+\.\d+"|plays": ?\[\s*\{\s*"__play_name")`)

// maxArtifact is how large an artifact may be to be read as one.
const maxArtifact = 32 << 20

// artifact gives what ansible-navigator printed, or else the failed results of its plays.
func artifact(r io.Reader) io.Reader {
	text, err := io.ReadAll(io.LimitReader(r, maxArtifact))
	var doc struct {
		Plays []struct {
			Name  string
			Tasks []map[string]any
		}
		Stdout []string
	}
	if err != nil || json.Unmarshal(text, &doc) != nil || doc.Plays == nil {
		return io.MultiReader(bytes.NewReader(text), r)
	}
	if len(doc.Stdout) > 0 {
		return strings.NewReader(strings.Join(doc.Stdout, "\n") + "\n")
	}
	var out bytes.Buffer
	for _, p := range doc.Plays {
		for _, t := range p.Tasks {
			kind := map[any]string{"Failed": "runner_on_failed", "Unreachable": "runner_on_unreachable"}[t["__result"]]
			if kind == "" {
				kind = "runner_on_ok"
			}
			name, _ := t["task"].(string)
			if role, _ := t["role"].(string); role != "" {
				name = role + " : " + name
			}
			fmt.Fprintf(&out, "TASK [%s] ***\n", name)
			line, err := json.Marshal(map[string]any{"event": kind, "event_data": t})
			if err == nil {
				out.Write(append(line, '\n'))
			}
		}
	}
	return &out
}

// JobEvents gives the directories below a directory in which ansible-runner keeps its events, the oldest run first.
func JobEvents(dir fs.FS) []string {
	var found []string
	_ = fs.WalkDir(dir, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return nil
		}
		if strings.Count(name, "/") > 3 {
			return fs.SkipDir
		}
		if files, _ := fs.Glob(dir, path.Join(name, "1-*.json")); len(files) > 0 {
			found = append(found, name)
			return fs.SkipDir
		}
		return nil
	})
	return found
}

// Events gives the events of such a directory as lines of JSON, in the order in which they came.
func Events(dir fs.FS, name string) (io.Reader, error) {
	entries, err := fs.ReadDir(dir, name)
	if err != nil {
		return nil, err
	}
	number := func(e fs.DirEntry) int {
		n, _, _ := strings.Cut(e.Name(), "-")
		i, err := strconv.Atoi(n)
		if err != nil || !strings.HasSuffix(e.Name(), ".json") {
			return -1 // one that is being written, or another file
		}
		return i
	}
	entries = slices.DeleteFunc(entries, func(e fs.DirEntry) bool { return number(e) < 0 })
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return number(a) - number(b) })
	return &events{dir: dir, name: name, entries: entries}, nil
}

// events reads one file after the other.
type events struct {
	dir     fs.FS
	name    string
	entries []fs.DirEntry
	line    bytes.Buffer
}

func (e *events) Read(p []byte) (int, error) {
	for e.line.Len() == 0 {
		if len(e.entries) == 0 {
			return 0, io.EOF
		}
		text, err := fs.ReadFile(e.dir, path.Join(e.name, e.entries[0].Name()))
		e.entries = e.entries[1:]
		if err != nil {
			return 0, err
		}
		if json.Compact(&e.line, text) != nil {
			e.line.Reset()
			continue
		}
		e.line.WriteByte('\n')
	}
	return e.line.Read(p)
}
