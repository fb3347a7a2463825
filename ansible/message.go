package ansible

import (
	"regexp"
	"strings"
)

// hollow are messages that say only that something failed.
var hollow = regexp.MustCompile(`(?i)^(?:non-zero return code|MODULE FAILURE.*|One or more items failed|All items completed|Task failed: .*Module (?:failed|execution).*|Failure when executing \w+ command\..*|Assertion failed|Failed as requested from task|)$`)

// epilogue are lines that follow an error and say nothing of it.
var epilogue = regexp.MustCompile(`(?i)exiting with failure status|to see the stack trace|if you know what you are doing|^see "?systemctl|^try '.*--help'|^make: \*\*\*|^\s*\^+\s*$`)

// telling finds the line of an output that says why; the earlier the expression, the more it tells.
var telling = []*regexp.Regexp{
	regexp.MustCompile(`\[ERROR [\w.-]+\]`),
	regexp.MustCompile(`(?i)would violate the pod's disruption budget|error execution phase|FATAL: `),
	regexp.MustCompile(`^(?:\w*Error|\w*Exception|[\w.]+Error): `),
	regexp.MustCompile(`(?i)^(?:e: |error|fatal|err:)|\berror:|: fatal|denied|forbidden|refused|no such file|not found|timed? ?out|unable to|failed to|cannot|invalid|impossible`),
}

// Innermost gives the message that tells most of why a task failed: that of the module, or what its command printed, or the
// condition that did not hold.
func (res *Result) Innermost() string {
	message := res.Message
	if i := strings.Index(message, ") command (rc="); i > 0 { // of the kube module: "error running kubectl (...) command (rc=1), out='', err='...'"
		if _, inner, ok := strings.Cut(message, "err='"); ok {
			message = strings.TrimSuffix(inner, "'")
		}
	}
	if !hollow.MatchString(firstLine(message)) {
		return short(best(message, true))
	}
	_, behind, _ := strings.Cut(strings.TrimSpace(message), "\n")
	for _, output := range []string{res.Stderr, res.Stdout, behind} {
		if line := best(output, false); line != "" {
			return short(line)
		}
	}
	if res.Assert != "" {
		return short("the condition does not hold: " + res.Assert)
	}
	if message != "" {
		return short(message)
	}
	return short(best(res.Raw, false))
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(s), "\n")
	return strings.TrimSpace(line)
}

// best gives the line that tells most: the first that one of the telling expressions fits, else the last one of an output
// or the first one of a message.
func best(output string, first bool) string {
	var lines []string
	for line := range strings.Lines(output) {
		if line = strings.TrimSpace(line); line != "" && !epilogue.MatchString(line) {
			lines = append(lines, line)
		}
	}
	if len(lines) == 0 {
		return ""
	}
	if first {
		if len(lines) > 1 && undefined.MatchString(lines[0]) { // which value is not defined stands behind
			return lines[0] + " " + lines[1]
		}
		if len(lines) > 1 && strings.HasSuffix(lines[0], ":") { // the error stands behind what it announces
			return lines[0] + " " + best(strings.Join(lines[1:], "\n"), false)
		}
		return lines[0]
	}
	for _, re := range telling {
		for _, line := range lines {
			if re.MatchString(line) {
				return line
			}
		}
	}
	return lines[len(lines)-1]
}

var undefined = regexp.MustCompile(`Unable to look up a name or access an attribute in template string`)

const maxMessage = 600

func short(s string) string {
	if r := []rune(s); len(r) > maxMessage {
		return string(r[:maxMessage-1]) + "…"
	}
	return s
}

var errorPlace = regexp.MustCompile(`[Ee]rror (?:appears to be in|was:.*?in|.*? in) '([^']+\.ya?ml)': line (\d+)`)

// Place gives the file and line of the task, where the output tells them, as "roles/etcd/tasks/main.yml:12".
func (res *Result) Place() string {
	path := res.Path
	if path == "" {
		if m := errorPlace.FindStringSubmatch(res.Message); m != nil {
			path = m[1] + ":" + m[2]
		}
	}
	for _, root := range []string{"/roles/", "/playbooks/"} {
		if i := strings.Index(path, root); i >= 0 {
			return path[i+1:]
		}
	}
	return path
}

// Role gives the role of a task that is named "role : task".
func (res *Result) Role() string {
	role, _, ok := strings.Cut(res.Task, " : ")
	if !ok {
		return ""
	}
	return role
}

// Name gives the name of the task without its role.
func (res *Result) Name() string {
	if role := res.Role(); role != "" {
		return strings.TrimPrefix(res.Task, role+" : ")
	}
	return res.Task
}
