package memo

import (
	"regexp"
	"strings"
)

// command is one command of a code block.
type command struct {
	text    string
	host    string // the prompt, or the ssh before it, names it; "" where nothing does
	root    bool   // the prompt was that of root
	comment string // above it
}

var (
	shells = map[string]bool{"sh": true, "bash": true, "shell": true, "zsh": true, "console": true, "shell-session": true, "shellsession": true, "terminal": true, "sh-session": true, "commandline": true, "cmdline": true}
	// fullPrompt is user@host:path$ with or without brackets, or host# alone.
	fullPrompt   = regexp.MustCompile(`^\s*\[?(?:([A-Za-z_][\w.-]*)@)([A-Za-z0-9][\w.-]*)[:\s]?\s?([~/][^\s$#]*|[\w./~-]*)\]?\s?([$#])\s+(\S.*)$`)
	secondPrompt = regexp.MustCompile(`^\s*> ?(.*)$`)
	barePrompt   = regexp.MustCompile(`^\s*([$#%>])\s+(\S.*)$`)
	// known is how a command of a block without a language begins.
	known = regexp.MustCompile(`^(?:sudo |[A-Z_]+=\S+ )*(?:kubectl|helm|git|ansible\S*|ssh|scp|systemctl|journalctl|apt\S*|dnf|yum|crictl|ctr|nerdctl|docker|podman|etcdctl|kubeadm|kubelet|calicoctl|cilium|k3s|curl|wget|cat|cp|mv|rm|ls|cd|mkdir|tar|vim?|nano|export|source|\.|pip3?|python3?|virtualenv|sed|grep|diff|echo|openssl|reboot|shutdown|do-release-upgrade|watch|for|if|while|chmod|chown|sysctl|modprobe|swapoff|ip|ping|dig|ceph|rook|velero|kustomize|rke2|snap|dpkg|rsync|tee|uname|lsb_release|df|free|systemd-\S+)(?:\s|$)`)
)

// parseShell reads the commands of a code block, nil where it holds none.
func parseShell(lang, text string) []command {
	if lang != "" && !shells[lang] {
		return nil
	}
	raw := strings.Split(strings.TrimRight(text, "\n"), "\n")
	prompted := prompts(raw, lang)
	if lang == "" && !prompted {
		first := ""
		for _, l := range raw {
			if l = strings.TrimSpace(l); l != "" && !strings.HasPrefix(l, "#") {
				first = l
				break
			}
		}
		if !known.MatchString(first) {
			return nil
		}
	}
	var list []command
	host, comment := "", ""
	for i := 0; i < len(raw); {
		line := raw[i]
		c := command{host: host}
		switch p := fullPrompt.FindStringSubmatch(line); {
		case p != nil:
			c.host, c.root, line = p[2], p[4] == "#", p[5]
		case prompted:
			b := barePrompt.FindStringSubmatch(line)
			if b == nil || b[1] == ">" || b[1] == "#" && lang != "console" && lang != "shell-session" && hasDollar(raw) {
				if b != nil && b[1] == "#" {
					comment = b[2]
				}
				i++ // what the command printed
				continue
			}
			c.root, line = b[1] == "#", b[2]
		case strings.TrimSpace(line) == "":
			i++
			continue
		case strings.HasPrefix(strings.TrimSpace(line), "#"):
			if t := strings.TrimSpace(strings.TrimLeft(strings.TrimSpace(line), "#! ")); comment == "" || t != "" {
				comment = t
			}
			i++
			continue
		}
		whole, next := logical(line, raw, i)
		i = next
		c.text, c.comment = watch.ReplaceAllString(whole, ""), comment
		comment = ""
		if h, rest, ok := overSSH(c.text); ok {
			if rest == "" {
				host = h // what follows is typed there
				continue
			}
			c.host, c.text = h, rest
		}
		if c.text == "exit" || c.text == "logout" {
			host = ""
			continue
		}
		list = append(list, c)
	}
	return list
}

func prompts(raw []string, lang string) bool {
	for _, l := range raw {
		if fullPrompt.MatchString(l) {
			return true
		}
		if b := barePrompt.FindStringSubmatch(l); b != nil && (b[1] == "$" || b[1] == "#" && (lang == "console" || lang == "shell-session")) {
			return true
		}
	}
	return false
}

func hasDollar(raw []string) bool {
	for _, l := range raw {
		if b := barePrompt.FindStringSubmatch(l); b != nil && b[1] == "$" {
			return true
		}
	}
	return false
}

var (
	hereDoc = regexp.MustCompile(`<<-?\s*['"]?([A-Za-z_]\w*)['"]?`)
	opens   = regexp.MustCompile(`(?:^|[;&|]\s*)(?:for|while|until)\b|(?:^|[;&|]\s*)if\b|(?:^|[;&|]\s*)case\b`)
	closes  = regexp.MustCompile(`(?:^|[;\s])(?:done|fi|esac)\b`)
)

// logical is a command with the lines that belong to it: after a backslash, in a here-document, in a loop, in open quotes.
func logical(line string, raw []string, i int) (string, int) {
	lines := []string{line}
	i++
	depth := len(opens.FindAllString(line, -1)) - len(closes.FindAllString(line, -1))
	end := ""
	if h := hereDoc.FindStringSubmatch(line); h != nil {
		end = h[1]
	}
	for i < len(raw) {
		last := lines[len(lines)-1]
		open := strings.HasSuffix(strings.TrimRight(last, " "), `\`) || strings.HasSuffix(strings.TrimSpace(last), "|") || strings.HasSuffix(strings.TrimSpace(last), "&&")
		if end == "" && depth <= 0 && !open && !openQuote(strings.Join(lines, "\n")) {
			break
		}
		next := raw[i]
		if b := secondPrompt.FindStringSubmatch(next); b != nil && end == "" {
			next = b[1]
		}
		lines = append(lines, next)
		i++
		if end != "" {
			if strings.TrimSpace(next) == end {
				end = ""
			}
			continue
		}
		depth += len(opens.FindAllString(next, -1)) - len(closes.FindAllString(next, -1))
	}
	return strings.TrimSpace(strings.Join(lines, "\n")), i
}

func openQuote(s string) bool {
	var quote rune
	escaped := false
	for _, c := range s {
		switch {
		case escaped:
			escaped = false
		case c == '\\' && quote != '\'':
			escaped = true
		case quote == 0 && (c == '\'' || c == '"'):
			quote = c
		case c == quote:
			quote = 0
		case quote == 0 && c == '#':
			return false // a comment may hold an apostrophe
		}
	}
	return quote != 0
}

// watch repeats a command for somebody who looks on; a step runs it once.
var watch = regexp.MustCompile(`^watch\s+(?:-n\s*\S+\s+|-\S+\s+)*`)

var ssh = regexp.MustCompile(`^ssh\s+((?:-\S+\s+(?:[^\s@-][^\s@]*\s+)?)*)(?:([\w.-]+)@)?([A-Za-z0-9<$][\w.<>{}$-]*)(?:\s+(\S[\s\S]*))?$`)

// overSSH takes the host and the command out of a line that begins with ssh.
func overSSH(line string) (host, rest string, ok bool) {
	m := ssh.FindStringSubmatch(line)
	if m == nil {
		return "", "", false
	}
	rest = strings.TrimSpace(m[4])
	if len(rest) > 1 && (rest[0] == '\'' || rest[0] == '"') && rest[len(rest)-1] == rest[0] && strings.Count(rest, rest[:1]) == 2 {
		rest = rest[1 : len(rest)-1]
	}
	return m[3], rest, true
}
