package kubespray

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

var (
	bracketedPort = regexp.MustCompile(`^\[(.+)\]:([0-9]+)$`)
	trailingPort  = regexp.MustCompile(`^((?:[^:\[\]]|\[[^\]]*\])*):([0-9]+)$`)
)

// A range is a typing aid; more hosts than this is a typing mistake, and would
// fill the memory.
const maxRange = 100_000

// expandHosts unfolds node[1:3], node[01:10:3], db-[a:f] and returns the port
// of a trailing :22, 0 when there is none.
func expandHosts(pattern string) (names []string, port int64, err error) {
	for _, form := range []*regexp.Regexp{bracketedPort, trailingPort} {
		if m := form.FindStringSubmatch(pattern); m != nil {
			pattern = m[1]
			if port, err = strconv.ParseInt(m[2], 10, 32); err != nil {
				return nil, 0, fmt.Errorf("read port of %s: %w", pattern, err)
			}
			break
		}
	}
	if port == 0 && strings.HasSuffix(pattern, ":") && !strings.Contains(pattern, "[") {
		return nil, 0, fmt.Errorf("understand host %s: a port must follow the colon", pattern)
	}
	names = []string{pattern}
	for {
		unfolded, done, err := expandFirst(names)
		if err != nil {
			return nil, 0, err
		}
		if done {
			return names, port, nil
		}
		names = unfolded
	}
}

// expandFirst unfolds the first [range] of each name.
func expandFirst(names []string) (all []string, done bool, err error) {
	if !strings.Contains(names[0], "[") {
		return nil, true, nil
	}
	for _, name := range names {
		head, rest, _ := strings.Cut(name, "[")
		bounds, tail, closed := strings.Cut(rest, "]")
		if !closed {
			return nil, false, fmt.Errorf("expand host range %s: no closing ]", name)
		}
		values, err := rangeValues(bounds)
		if err != nil {
			return nil, false, fmt.Errorf("expand host range %s: %w", name, err)
		}
		if len(all)+len(values) > maxRange {
			return nil, false, fmt.Errorf("expand host range %s: more than %d hosts", name, maxRange)
		}
		for _, v := range values {
			all = append(all, head+v+tail)
		}
	}
	return all, len(all) == 0, nil
}

const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

func rangeValues(bounds string) ([]string, error) {
	parts := strings.Split(bounds, ":")
	if len(parts) != 2 && len(parts) != 3 {
		return nil, fmt.Errorf("want [begin:end] or [begin:end:step], not [%s]", bounds)
	}
	begin, end, step := parts[0], parts[1], 1
	if begin == "" {
		begin = "0"
	}
	if end == "" {
		return nil, fmt.Errorf("want an end in [%s]", bounds)
	}
	if len(parts) == 3 {
		var err error
		if step, err = strconv.Atoi(parts[2]); err != nil || step < 1 {
			return nil, fmt.Errorf("want a step of 1 or more, not %q", parts[2])
		}
	}
	if b, e := strings.Index(letters, begin), strings.Index(letters, end); len(begin) == 1 && len(end) == 1 && b >= 0 && e >= 0 {
		if b > e {
			return nil, fmt.Errorf("want begin before end in [%s]", bounds)
		}
		var list []string
		for i := b; i <= e; i += step {
			list = append(list, letters[i:i+1])
		}
		return list, nil
	}
	return numberRange(begin, end, step, bounds)
}

func numberRange(begin, end string, step int, bounds string) ([]string, error) {
	width := 0
	if begin[0] == '0' && len(begin) > 1 {
		if width = len(begin); width != len(end) {
			return nil, fmt.Errorf("want begin and end equally long in [%s]", bounds)
		}
	}
	b, err1 := strconv.Atoi(begin)
	e, err2 := strconv.Atoi(end)
	if err1 != nil || err2 != nil || b < 0 || e < b {
		return nil, fmt.Errorf("want two numbers or two letters, the smaller first, in [%s]", bounds)
	}
	if (e-b)/step >= maxRange {
		return nil, fmt.Errorf("more than %d hosts", maxRange)
	}
	var list []string
	for i := b; i <= e && i >= b; i += step {
		list = append(list, fmt.Sprintf("%0*d", width, i))
	}
	return list, nil
}
