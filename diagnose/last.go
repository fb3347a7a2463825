package diagnose

import (
	"bytes"
	"regexp"
	"strings"

	"spraydeck/symptom"
)

// tailSize is how much of the end of a text is looked at for the error that it ends in.
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

// levels are the ways in which programs say how bad a line is.
var levels = []struct{ any, bad *regexp.Regexp }{
	{re(`\blevel=\w+ `), re(`\blevel=error .*?msg="(?P<message>(?:[^"\\]|\\.)+)"(?:.*? error="(?P<error>(?:[^"\\]|\\.)+))?`)},
	{re(`"level":"\w+"`), re(`"level":"error".*?"msg":"(?P<message>(?:[^"\\]|\\.)+)(?:.*?"error":"(?P<error>(?:[^"\\]|\\.)+))?`)},
	{re(`^\d{4}-\d\d-\d\d[ T][\d:.]+Z? [DIWEC] \| `), re(`^\d{4}-\d\d-\d\d[ T][\d:.]+Z? [EC] \| (?P<message>.+)`)},
	{re(`\t(?:DEBUG|INFO|WARN|ERROR)\t`), re(`\tERROR\t(?P<message>[^\t]+)(?:\t.*?"error": ?"(?P<error>(?:[^"\\]|\\.)+))?`)},
	{re(`(?:^|\s)[IWEF][01]\d[0-3]\d \d\d:\d\d:\d\d\.\d+ +\d+ `), re(`(?:^|\s)E[01]\d[0-3]\d \d\d:\d\d:\d\d\.\d+ +\d+ [\w./-]+:\d+\] (?P<message>.+)`)},
}

// ours are the programs that an upgrade is about; theirs is what people's own applications are refused, which the API server
// tells in one form.
var (
	ours   = re(`(?i)(?:\b|_)(?:rook|ceph|csi|metallb|calico|tigera|ippool|cilium|k3s|rke2|containerd|crio|cri-o|etcd|kubelet|kube-\w+|apiserver|system-upgrade|ingress-nginx|coredns|longhorn)`)
	theirs = re(` is forbidden: User `)
)

// lastError tells the error that a program's log ends in, where nothing else failed: of errors in the middle the program
// went on.
func (rd *reading) lastError() *Failure {
	if rd.story.Results > 0 {
		return nil
	}
	var last *seen
	lines := bytes.Split(bytes.TrimRight(rd.tail, "\n"), []byte("\n"))
	for i, raw := range lines {
		line := string(bytes.TrimRight(raw, "\r"))
		for _, l := range levels {
			if !l.any.MatchString(line) {
				continue
			}
			last = nil
			if m := l.bad.FindStringSubmatch(line); m != nil && ours.MatchString(line) && !theirs.MatchString(line) && !quoted(line) {
				groups := map[string]string{}
				for k, name := range l.bad.SubexpNames() {
					if name != "" && m[k] != "" {
						groups[name] = strings.TrimSpace(m[k])
					}
				}
				last = &seen{"last-error", rd.lines - len(lines) + i + 1, symptom.Hit{Line: rd.lines - len(lines) + i + 1, Text: line, Groups: groups}}
			}
			break
		}
	}
	if last == nil {
		return nil
	}
	return genericFailure(last)
}
