package diagnose

import (
	"regexp"
	"strings"
)

// near returns the lines before and behind a line, as far as the end of the text is kept: the closest first.
func (rd *reading) near(line, most int) (before, behind []string) {
	lines := strings.Split(strings.TrimRight(string(rd.tail), "\n"), "\n")
	at := line - 1 - (rd.lines - len(lines))
	for i := 1; i <= most; i++ {
		if k := at - i; k >= 0 && k < len(lines) {
			before = append(before, strings.TrimRight(lines[k], "\r"))
		}
		if k := at + i; k >= 0 && k < len(lines) {
			behind = append(behind, strings.TrimRight(lines[k], "\r"))
		}
	}
	return before, behind
}

// begins is what a line of its own begins with: it continues none.
var begins = regexp.MustCompile(`^\s*(?:TASK|PLAY|RUNNING HANDLER|(?:fatal|failed|ok|changed|skipping|included|unreachable): ?|\[|\$ |# |● |To see|See ['"]|time=|level=|\{"|` +
	`(?:Normal|Warning) |[A-Z][a-z]{2} +\d+ \d\d:|\d{4}[-/]\d\d|\d\d:\d\d:|[IWEF]\d{4} |\S+\.service|\.\.\.)`)

// wrapsAt is the length from which a line may have been wrapped by a terminal.
const wrapsAt = 55

// whole adds to a message the lines in which it goes on: because it announces them with a colon, or because a terminal or a person
// wrapped it in the middle of a sentence.
func (rd *reading) whole(line int, text, message string) string {
	_, behind := rd.near(line, 3)
	for _, next := range behind {
		words := strings.TrimSpace(next)
		announced := strings.HasSuffix(message, ":")
		wrapped := len(strings.TrimSpace(text)) >= wrapsAt && inSentence.MatchString(message) && goesOn.MatchString(words)
		if words == "" || begins.MatchString(next) || !announced && (!wrapped || named.MatchString(words)) {
			break
		}
		if strings.Contains(words, `\"`) {
			words = clean(words)
		}
		message, text = message+" "+words, next
	}
	return message
}

var (
	inSentence = regexp.MustCompile(`[\w,]$`)
	named      = regexp.MustCompile(`^[\w.-]+: `) // says who speaks, so it is a line of its own
	goesOn     = regexp.MustCompile(`^[a-z0-9"'/]`)
)

var (
	// systemd's own words on a unit that ended, which say nothing of why
	ofSystemd = regexp.MustCompile(`\.service: (?:Main process exited|Failed with result|Scheduled restart|Start request|Consumed|Deactivated|Unit process|Control process)|systemd\[1\]: (?:Start|Stop|Failed to start|Reload)|^\s*(?:●|Active:|Loaded:|Process:|Main PID:)`)
	// of a journal or a syslog: time, host and program
	journal = regexp.MustCompile(`^[A-Z][a-z]{2} +\d+ [\d:]+ \S+ (?:\([^)]*\)|[\w.-]+)(?:\[\d+\])?: `)
)

// unitWords finds what the program of a unit said around the line in which systemd tells its end: the failure closest before it,
// else the first one behind, else the last thing it said. "" where it said nothing.
func (rd *reading) unitWords(g *seen) string {
	program := strings.TrimSuffix(g.hit.Groups["unit"], ".service")
	before, behind := rd.near(g.line, 12)
	say := func(back bool, i int, line string) string {
		at := g.line + i + 1
		if back {
			at = g.line - i - 1
		}
		return rd.whole(at, line, clean(journal.ReplaceAllString(strings.TrimSpace(line), "")))
	}
	for k, list := range [][]string{before, behind} {
		for i, line := range list {
			if !ofSystemd.MatchString(line) && failing.MatchString(line) && !nothing.MatchString(line) && !quoted(line) {
				return say(k == 0, i, line)
			}
		}
	}
	for i, line := range before {
		if !ofSystemd.MatchString(line) && (strings.HasPrefix(strings.TrimSpace(line), program+": ") || strings.Contains(line, " "+program+"[")) {
			return say(true, i, line)
		}
	}
	return ""
}

// announced is what kubectl drain says before it says why.
var announced = regexp.MustCompile(`^(?:aborting|continuing) command`)

// announcedError finds the error that a program tells in one of the lines behind, or gives "".
func (rd *reading) announcedError(line int) string {
	_, behind := rd.near(line, 12)
	for _, text := range behind {
		if rest, ok := strings.CutPrefix(strings.TrimSpace(text), "error: "); ok {
			return clean(rest)
		}
	}
	return ""
}
