package runbook

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// Returned is what a command gave. Its output is a value only if every byte of it is known. A masked copy, which is all that
// the record of another console holds of a secret, is for people to read: there is no way from it to a value.
type Returned struct {
	Host    string
	Exit    int64
	Outcome string
	Error   string

	stdout, stderr string
	lines          []string     // of stdout, where that is of several commands
	masked         *MaskedError // nil: byte for byte
}

// Gave makes the return of a command whose output is known byte for byte.
func Gave(host string, exit int, stdout, stderr string) Returned {
	return Returned{Host: host, Exit: int64(exit), stdout: stdout, stderr: stderr}
}

// Masked gives the return with its output known to be a masked copy of what line printed.
func (r Returned) Masked(line string) Returned {
	r.masked = &MaskedError{r.Host, line}
	return r
}

// Lost says why the output is no value: it is a [*MaskedError], or nil.
func (r Returned) Lost() error {
	if r.masked != nil {
		return r.masked
	}
	return nil
}

// Retraced gives the result with a masked copy in it. It is only for going once more the way that a finished step went, on
// which nothing is done.
func (r Returned) Retraced() Result {
	r.masked = nil
	res, _ := r.Result()
	return res
}

// Stdout gives what the command printed, byte for byte.
func (r Returned) Stdout() (string, error) {
	if r.masked != nil {
		return "", r.masked
	}
	return r.stdout, nil
}

// Says is what the command said on stderr, for a message. It may be masked.
func (r Returned) Says() string { return strings.TrimSpace(r.stderr) }

// Result gives the return as expressions see it. Bytes that are no text become U+FFFD.
func (r Returned) Result() (Result, error) {
	res := r.Ending()
	if r.masked != nil {
		return res, r.masked
	}
	res.Stdout, res.Stderr = valid(r.stdout), valid(r.stderr)
	if res.Lines = r.lines; r.lines == nil {
		res.Lines = splitLines(res.Stdout)
	}
	return res, nil
}

// Add joins what another command gave at the same time.
func (r *Returned) Add(other Returned) {
	r.stdout += other.stdout
	r.lines = append(r.lines, splitLines(valid(other.stdout))...)
	r.masked = cmp.Or(r.masked, other.masked)
	r.Exit = max(r.Exit, other.Exit)
}

// Ending is the result without the output.
func (r Returned) Ending() Result {
	return Result{Host: r.Host, Exit: r.Exit, Outcome: r.Outcome, Error: r.Error}
}

func valid(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return string([]rune(s))
}

// MaskedError says that a value is asked for of which only a masked copy is left.
type MaskedError struct{ Host, Line string }

func (e *MaskedError) Error() string {
	return fmt.Sprintf("the output of %q on %s is needed, and the record has it only with its secrets masked", e.Line, e.Host)
}

// Hint says how to fix it.
func (e *MaskedError) Hint() string {
	return "the console that ran it went away: find out what it printed, then run the step again or go on with a reason"
}

// StateUnknown is true: what the command gave is not known any more.
func (e *MaskedError) StateUnknown() bool { return true }

// lost is a result in a scope without its output.
type lost struct {
	uses *regexp.Regexp // uses of the result; the first group is a field that is known
	err  error
}

// SetLost declares the result of a command, of which all but the output is known. An expression that uses the output gives
// err.
func (s *Scope) SetLost(name string, r Result, err error) {
	s.Set(name, ResultType, r)
	words := strings.Split(name, ".")
	for i := range words {
		words[i] = regexp.QuoteMeta(words[i])
	}
	s.lost[name] = lost{regexp.MustCompile(`\b` + strings.Join(words, `\s*\.\s*`) + `\b(\s*\.\s*(?:exit|outcome|host|error)\b)?`), err}
}

// needs gives the error of a lost output that an expression uses.
func (s *Scope) needs(e Expr) error {
	for _, l := range s.lost {
		if slices.ContainsFunc(l.uses.FindAllStringSubmatch(e.Source, -1), func(m []string) bool { return m[1] == "" }) {
			return l.err
		}
	}
	return nil
}
