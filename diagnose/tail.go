package diagnose

import (
	"bytes"
	"regexp"
	"strings"

	"spraydeck/symptom"
)

// tailSize is how much of the end of a text is searched for the error that it ends in.
const tailSize = 32 << 10

// keepTail keeps the end of a text.
func (rd *reading) keepTail(chunk []byte) {
	if len(chunk) >= tailSize {
		rd.tail = append(rd.tail[:0], chunk[len(chunk)-tailSize:]...)
		return
	}
	rd.tail = append(rd.tail, chunk...)
	if over := len(rd.tail) - tailSize; over > 0 {
		rd.tail = append(rd.tail[:0], rd.tail[over:]...)
	}
}

// level is a way in which programs say how bad a line is. Where bad does not match, the line is no error.
type level struct {
	any, bad *regexp.Regexp
	latest   bool // of several, the last one tells the state
	bare     bool // people's own programs write it too: it counts only where the text names one of ours
}

var levels = []level{
	{any: re(`\blevel=\w+ `), bad: re(`\blevel=(?:error|fatal|panic) .*?msg="(?P<message>(?:[^"\\]|\\.)+)"(?:.*? error="(?P<error>(?:[^"\\]|\\.)+))?`), bare: true},
	{any: re(`"level": ?"\w+"`), bad: re(`"level": ?"(?:error|fatal|panic)".*?"msg": ?"(?P<message>(?:[^"\\]|\\.)+)(?:.*?"error": ?"(?P<error>(?:[^"\\]|\\.)+))?`), bare: true},
	{any: re(`^\d{4}-\d\d-\d\d[ T][\d:.]+Z? [DIWEC] \| `), bad: re(`^\d{4}-\d\d-\d\d[ T][\d:.]+Z? [EC] \| (?P<message>.+)`)},
	{any: re(`\t(?:DEBUG|INFO|WARN|ERROR)\t`), bad: re(`\tERROR\t(?P<message>[^\t]+)(?:\t.*?"error": ?"(?P<error>(?:[^"\\]|\\.)+))?`), bare: true},
	{any: re(`(?:^|\s)[IWEF][01]\d[0-3]\d \d\d:\d\d:\d\d\.\d+ +\d+ `), bad: re(`(?:^|\s)[EF][01]\d[0-3]\d \d\d:\d\d:\d\d\.\d+ +\d+ [\w./-]+:\d+\] (?P<message>.+)`)},
	{any: re(`(?:^|\s)(?:DEBU|INFO|WARN|ERRO|FATA)\[\d+\] `), bad: re(`(?:^|\s)(?:ERRO|FATA)\[\d+\] (?P<message>.+)`), bare: true},
	{any: re(`\[(?i:debug|info|notice|warn(?:ing)?|error|crit|alert|emerg|fatal|panic)\]`), bad: re(`\[(?i:error|crit|alert|emerg|fatal|panic)\](?:\[\d+\])? (?:[\w/.-]+ \d+: |\d+#\d+: )?(?:\*\d+ )?(?P<message>.+)`), bare: true},
	{any: re(`^ *(?:\S+ +)?(?:Normal|Warning) +[A-Z]\w+ +`), bad: re(`^ *(?:\S+ +)?Warning +(?:Failed\w*|Unhealthy|DeadlineExceeded|BackoffLimitExceeded) +(?:\S+(?: \([^)]*\))? {2,}\S+(?:, \S+)? {2,})?(?P<message>.+)`), bare: true, latest: true},
	{any: re(`^(?:Error|error|ERROR|FATAL|Fatal): `), bad: re(`^(?:Error|error|ERROR|FATAL|Fatal): (?P<message>.+)`), bare: true},
	{any: re(`^Helm (?:install|upgrade) (?:failed|succeeded)`), bad: re(`^(?P<message>Helm (?:install|upgrade) failed.+)`), bare: true},
	{any: re(`is forbidden: violates PodSecurity`), bad: re(`(?P<message>\S+ "[^"]+" is forbidden: violates PodSecurity.+)`)},
}

// ours are words of the programs that an upgrade is about; theirs is what people's own applications are refused, which the
// API server tells in one form. Right is what an ending well sounds like, wrong what turns such words into their opposite.
var (
	ours = re(`(?i)(?:\b|_|\d)(?:rook|ceph|csi|metallb|calico|tigera|felix|ippool|cilium|rke2|containerd|crio|cri-o|etcd\w*|kube\w*|k[038][sd]\w*|` +
		`apiserver|system-upgrade|ingress|nginx|upstream|coredns|plugin/\w+|longhorn|loadbalancer\w*|traefik|helm_v3|cattle|fleet|pods?|namespaces?|nodes are available|` +
		`failure policy|termination-log|ipaddresspools?|bgppeers?|clusterroles?)(?:\b|[-_./\d])|/apis?/|\.svc\b|k8s\.io|:(?:6443|9345|10250|2379)\b`)
	theirs = re(` is forbidden: User `)
	right  = re(`(?i)\b(?:success\w*|ready|healthy|acquired|became leader|leader elected|joined|recovered|connected|synced|in quorum|completed?|up-to-date|reloaded|established|well|NodeReady|Started container)\b`)
	wrong  = re(`(?i)\bnot \w*\b|\bun\w+|\bfail|error|false|never|\bno\b|waiting`)
)

// tailError is the error that a program's log ends in, where nothing else failed. Errors in the middle of a log do not count:
// the program went on. One counts that stands in the last lines, with nothing behind it that tells of a good end.
func (rd *reading) tailError() *Failure {
	if rd.story.Results > 0 {
		return nil
	}
	text := bytes.TrimRight(rd.tail, "\n")
	named := ours.Match(text)
	lines := bytes.Split(text, []byte("\n"))
	var first *seen
	since := 0 // lines with a level since the last error
	for i, raw := range lines {
		line := string(bytes.TrimRight(raw, "\r"))
		for _, l := range levels {
			if !l.any.MatchString(line) {
				continue
			}
			m := l.bad.FindStringSubmatch(line)
			switch {
			case m != nil && (named || !l.bare) && !theirs.MatchString(line) && !quoted(line):
				since = 0
				if first == nil || l.latest {
					at := rd.lines - len(lines) + i + 1
					first = &seen{"last-error", at, symptom.Hit{Line: at, Text: line, Groups: groupsOf(l.bad, m)}}
				}
			case m == nil:
				since++
				if since > maxSince || right.MatchString(line) && !wrong.MatchString(line) {
					first = nil
				}
			}
			break
		}
	}
	if first == nil && named {
		first = rd.lastWords(lines)
	}
	if first == nil {
		return nil
	}
	return rd.genericFailure(first)
}

// failing is what a line without a level says that tells of a failure.
var (
	failing  = re(`(?i)\b(?:error|fail(?:ed|ure)|fatal|denied|refused|forbidden|unauthorized|cannot|can't|could not|unable to|timed? ?out|not found|no such|not available|invalid|exceeded|no route|unschedulable|operator intervention|panic)\b`)
	nothing  = re(`(?i)\b(?:0|no|without|zero) (?:\w+ )?(?:errors?|failures?|failed|invalid)\b|\b(?:errors?|failed|failures?|unreachable)\b[=:] ?0\b|\b(?:if|warnings?|already)\b`)
	levelled = re(`(?i)\blevel=|"level":|\[(?:info|debug|notice|warn(?:ing)?)\]|(?:^|\s)[IW][01]\d[0-3]\d \d\d:`)
)

// lastWords is what the last line with words says, where no program told how bad it is: an excerpt that a person took ends in
// what went wrong.
func (rd *reading) lastWords(lines [][]byte) *seen {
	for i := len(lines) - 1; i >= max(0, len(lines)-4); i-- {
		line := strings.TrimSpace(string(lines[i]))
		if levelled.MatchString(line) || right.MatchString(line) && !wrong.MatchString(line) {
			return nil
		}
		if failing.MatchString(line) && !nothing.MatchString(line) && !theirs.MatchString(line) && !quoted(line) {
			at := rd.lines - len(lines) + i + 1
			return &seen{"last-error", at, symptom.Hit{Line: at, Text: line, Groups: map[string]string{"message": line}}}
		}
	}
	return nil
}

// maxSince is behind how many lines without an error the error before them no longer counts.
const maxSince = 6

func groupsOf(e *regexp.Regexp, m []string) map[string]string {
	groups := map[string]string{}
	for k, name := range e.SubexpNames() {
		if name != "" && m[k] != "" {
			groups[name] = strings.TrimSpace(m[k])
		}
	}
	return groups
}
