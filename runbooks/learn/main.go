// Learn makes runbooks/checks.json: every assert and fail task of the releases of Kubespray, out of a checkout that has
// their tags.
//
//	go run ./runbooks/learn ../kubespray >runbooks/checks.json
package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"spraydeck/ansible"
)

var (
	release = regexp.MustCompile(`^v2\.(1[89]|2\d|3\d)\.\d+$`)
	tasks   = regexp.MustCompile(`^(?:roles/.+/(?:tasks|handlers)/.+|(?:playbooks/)?(?:[\w-]+/)?[\w-]+)\.ya?ml$`)
	refuses = regexp.MustCompile(`\b(?:assert|fail):`)
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: learn CHECKOUT")
		os.Exit(2)
	}
	checks, err := learn(os.Args[1])
	if err == nil {
		fmt.Println("[")
		for i, c := range checks {
			line, _ := json.Marshal(c)
			sep := ","
			if i == len(checks)-1 {
				sep = ""
			}
			fmt.Printf("%s%s\n", line, sep)
		}
		fmt.Println("]")
	} else {
		fmt.Fprintln(os.Stderr, "learn:", err)
		os.Exit(1)
	}
}

func git(dir string, args ...string) (string, error) {
	out, err := exec.Command("git", append([]string{"-C", dir}, args...)...).Output()
	if err != nil {
		return "", fmt.Errorf("git %s: %w", strings.Join(args, " "), err)
	}
	return string(out), nil
}

// learn reads the tags in their order; a check that several of them have keeps the first and the last.
func learn(dir string) ([]ansible.Check, error) {
	list, err := git(dir, "tag")
	if err != nil {
		return nil, err
	}
	tags := slices.DeleteFunc(strings.Fields(list), func(t string) bool { return !release.MatchString(t) })
	slices.SortFunc(tags, func(a, b string) int { return slices.Compare(numbers(a), numbers(b)) })
	blobs := map[string][]ansible.Check{}
	known := map[ansible.Check]int{}
	var checks []ansible.Check
	for _, tag := range tags {
		files, err := git(dir, "ls-tree", "-r", tag)
		if err != nil {
			return nil, err
		}
		for line := range strings.Lines(files) {
			meta, path, _ := strings.Cut(strings.TrimSpace(line), "\t")
			hash := strings.Fields(meta)[2]
			if !tasks.MatchString(path) || strings.Contains(path, "molecule/") || strings.HasPrefix(path, "tests/") || strings.HasPrefix(path, "contrib/") {
				continue
			}
			found, read := blobs[hash]
			if !read {
				if found, err = checksOf(dir, hash); err != nil {
					return nil, fmt.Errorf("%s of %s: %w", path, tag, err)
				}
				blobs[hash] = found
			}
			for _, c := range found {
				i, there := known[c]
				if !there {
					i = len(checks)
					known[c] = i
					n := c
					n.First = tag
					checks = append(checks, n)
				}
				checks[i].Last, checks[i].Path = tag, path
			}
		}
	}
	slices.SortStableFunc(checks, func(a, b ansible.Check) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Task, b.Task), slices.Compare(numbers(a.First), numbers(b.First)))
	})
	return checks, nil
}

func checksOf(dir, hash string) ([]ansible.Check, error) {
	text, err := git(dir, "cat-file", "-p", hash)
	if err != nil || !refuses.MatchString(text) {
		return nil, err
	}
	return ansible.Checks([]byte(text))
}

func numbers(tag string) []int {
	var list []int
	for part := range strings.SplitSeq(strings.TrimPrefix(tag, "v"), ".") {
		n, _ := strconv.Atoi(part)
		list = append(list, n)
	}
	return list
}
