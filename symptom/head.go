package symptom

import "regexp"

// HeadOnly says whether an expression asks for nothing but that a task failed: its line is evidence of no cause, so any
// expression that asks for a message counts more.
func HeadOnly(line *regexp.Regexp) bool {
	for _, head := range []string{"fatal: [n1]: FAILED! => {", "fatal: [n1]: UNREACHABLE! => {", "changed: [n1]"} {
		if line.MatchString(head) {
			return true
		}
	}
	return false
}

// FixedText gives how many bytes of fixed text every match of an expression holds at least.
func FixedText(line *regexp.Regexp) int { return requiredBy(line.String()).fixed }
