package whatif

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"spraydeck/regular"
)

// maxFacts bounds what is read as the facts of one node.
const maxFacts = 32 << 20

// ReadFacts reads what Ansible gathered: from a directory with a file for each node (a fact cache, or what ansible -m setup
// --tree wrote), or from one file with all nodes. Without a path it is the fact cache that the checkout's ansible.cfg names.
// The second result says where they come from.
func ReadFacts(checkout, path string) (facts map[string]map[string]any, source string, err error) {
	if path == "" {
		if path = factCache(checkout); path == "" {
			return nil, "none", nil
		}
		if facts, err = factsBelow(path); err != nil {
			facts = nil // no cache yet
		}
		return facts, path, nil
	}
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, "", fmt.Errorf("read facts: %w", err)
	case info.IsDir():
		facts, err = factsBelow(path)
	default:
		var text []byte
		if text, err = readFacts(path); err == nil {
			err = json.Unmarshal(text, &facts)
		}
	}
	if err != nil {
		return nil, "", fmt.Errorf("read facts %s: %w", path, err)
	}
	return facts, path, nil
}

// factsBelow reads each file of a directory that holds facts; a fact cache may lie among other files.
func factsBelow(dir string) (map[string]map[string]any, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	out := map[string]map[string]any{}
	for _, e := range entries {
		if !e.Type().IsRegular() {
			continue
		}
		text, err := readFacts(filepath.Join(dir, e.Name()))
		if err != nil || len(text) == 0 || text[0] != '{' {
			continue
		}
		var one map[string]any
		if json.Unmarshal(text, &one) != nil {
			continue
		}
		if inner, ok := one["ansible_facts"].(map[string]any); ok {
			one = inner
		}
		if _, ok := one["ansible_distribution"]; ok {
			out[e.Name()] = one
		}
	}
	return out, nil
}

func readFacts(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > maxFacts {
		return nil, errors.New("no regular file below 32 MiB")
	}
	return regular.Read(path)
}

// factCache is the directory of the fact cache of a checkout, "" where ansible.cfg names none.
func factCache(checkout string) string {
	text, err := regular.Read(filepath.Join(checkout, "ansible.cfg"))
	if errors.Is(err, fs.ErrNotExist) {
		return ""
	}
	for line := range strings.Lines(string(text)) {
		if key, value, ok := strings.Cut(line, "="); ok && strings.TrimSpace(key) == "fact_caching_connection" {
			dir := strings.TrimSpace(value)
			if !filepath.IsAbs(dir) {
				dir = filepath.Join(checkout, dir)
			}
			return dir
		}
	}
	return ""
}
