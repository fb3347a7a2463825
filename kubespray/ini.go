package kubespray

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

var (
	iniSection = regexp.MustCompile(`^\[([^:\]\s]+)(?::(\w+))?\]\s*(?:#.*)?$`)
	iniGroup   = regexp.MustCompile(`^([^:\]\s]+)\s*(?:#.*)?$`)
)

// parseINI reads Ansible's INI: [group], [group:children], [group:vars]. Groups
// may be named before they are declared, but must be declared somewhere.
func (s *source) parseINI(path string, text []byte) error {
	p := iniReader{source: s, file: path, name: "ungrouped", state: "hosts", declared: map[string]bool{}}
	for g := range s.tree.groups {
		p.declared[g] = true // by a file read before, or by Ansible itself
	}
	number := 0
	for line := range strings.Lines(string(text)) {
		number++
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' || line[0] == ';' {
			continue
		}
		if err := p.line(line, number); err != nil {
			return fmt.Errorf("%s:%d: read inventory: %w", path, number, err)
		}
	}
	for _, u := range p.used {
		if !p.declared[u.name] {
			return fmt.Errorf("%s:%d: read inventory: [%s] names a group that is declared nowhere: %s", path, u.line, u.section, u.name)
		}
	}
	return nil
}

type iniReader struct {
	*source
	file        string
	name, state string // the section being read
	declared    map[string]bool
	used        []usedGroup
}

type usedGroup struct {
	name, section string
	line          int
}

func (p *iniReader) line(line string, number int) error {
	if m := iniSection.FindStringSubmatch(line); m != nil {
		return p.section(m[1], m[2], number)
	}
	if strings.HasPrefix(line, "[") && strings.HasSuffix(line, "]") {
		return fmt.Errorf("understand section %s: want [group], [group:children] or [group:vars], without blanks", line)
	}
	switch p.state {
	case "children":
		m := iniGroup.FindStringSubmatch(line)
		if m == nil {
			return fmt.Errorf("understand %q: want a group name", line)
		}
		p.used = append(p.used, usedGroup{m[1], p.name + ":children", number})
		return p.tree.addChild(p.name, m[1])
	case "vars":
		key, value, ok := strings.Cut(line, "=")
		if !ok {
			return fmt.Errorf("understand %q: want key=value", line)
		}
		p.tree.group(p.name).set(strings.TrimSpace(key), pythonValue(strings.TrimSpace(value)), p.file, number)
		return nil
	}
	return p.hosts(line, number)
}

func (p *iniReader) section(name, state string, number int) error {
	switch state {
	case "", "hosts":
		state = "hosts"
		p.declared[name] = true
	case "children":
		p.declared[name] = true
	case "vars":
		p.used = append(p.used, usedGroup{name, name + ":vars", number})
	default:
		return fmt.Errorf("understand section [%s:%s]: want hosts, children or vars", name, state)
	}
	p.tree.group(name)
	p.name, p.state = name, state
	return nil
}

func (p *iniReader) hosts(line string, number int) error {
	words, err := shellWords(line)
	if err != nil {
		return err
	}
	if len(words) == 0 {
		return nil
	}
	names, port, err := expandHosts(words[0])
	if err != nil {
		return err
	}
	vars := map[string]any{}
	if port != 0 {
		vars["ansible_port"] = port
	}
	for _, w := range words[1:] {
		key, value, ok := strings.Cut(w, "=")
		if !ok {
			return fmt.Errorf("understand %q: want key=value after the host", w)
		}
		vars[key] = pythonValue(value)
	}
	for _, name := range names {
		h := p.tree.addHost(p.name, name)
		for k, v := range vars {
			h.vars[k], h.at[k] = v, Value{Value: v, File: p.file, Line: number}
		}
	}
	return nil
}

// shellWords splits as Python's shlex does, which Ansible uses: quotes and
// backslashes work as in a shell, and # starts a comment even inside a word.
func shellWords(line string) ([]string, error) {
	var words []string
	var word strings.Builder
	started := false
	end := func() {
		if started {
			words = append(words, word.String())
		}
		word.Reset()
		started = false
	}
	for i := 0; i < len(line); i++ {
		switch c := line[i]; c {
		case ' ', '\t', '\r', '\n':
			end()
		case '#':
			end()
			return words, nil
		case '\\':
			if i++; i == len(line) {
				return nil, errors.New("split words: nothing after the backslash")
			}
			started = true
			word.WriteByte(line[i])
		case '\'', '"':
			started = true
			n, err := quoted(&word, line[i+1:], c)
			if err != nil {
				return nil, err
			}
			i += n
		default:
			started = true
			word.WriteByte(c)
		}
	}
	end()
	return words, nil
}

// quoted copies up to the closing quote and returns how much it consumed.
func quoted(word *strings.Builder, rest string, quote byte) (int, error) {
	for i := 0; i < len(rest); i++ {
		switch {
		case rest[i] == quote:
			return i + 1, nil
		case rest[i] == '\\' && quote == '"' && i+1 < len(rest) && (rest[i+1] == '"' || rest[i+1] == '\\'):
			i++
		}
		word.WriteByte(rest[i])
	}
	return 0, fmt.Errorf("split words: no closing %c", quote)
}
