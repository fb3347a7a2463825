package diagnose

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"spraydeck/ansible"
	"spraydeck/event"
)

// Failure is the summary of the first failure that was not recovered, of a cause that is not known. It never says what to
// change: only where it failed, in what words, and where to look.
type Failure struct {
	Kind    string     `json:"kind"` // ansible-task, ansible-unreachable, or what a program told: kubeadm-phase, unit ...
	Title   event.Text `json:"title"`
	Line    int        `json:"line"` // of the text, from 1
	Play    string     `json:"play,omitempty"`
	Task    string     `json:"task,omitempty"`
	Host    string     `json:"host,omitempty"`
	Item    string     `json:"item,omitempty"`
	Message string     `json:"message"` // the innermost, unescaped
	RC      string     `json:"rc,omitempty"`
	Command string     `json:"command,omitempty"` // that failed
	Place   string     `json:"place,omitempty"`   // file and line of the task, where the text tells them
	Recap   []string   `json:"recap,omitempty"`   // of the hosts that failed
	More    int        `json:"more,omitempty"`    // further failures that were not recovered
	Next    []string   `json:"next,omitempty"`    // commands to look next
	GoOn    event.Text `json:"goOn"`
}

// failure makes the summary, or gives nil where nothing failed.
func (rd *reading) failure() *Failure {
	if r := rd.story.First(); r != nil {
		return rd.ansibleFailure(r)
	}
	var soft *seen
	for i := range rd.generic {
		g := &rd.generic[i]
		if rd.genericOver(g) {
			continue
		}
		if !genericByID[g.id].soft {
			return rd.genericFailure(g)
		}
		if soft == nil {
			soft = g
		}
	}
	if soft != nil {
		return rd.genericFailure(soft)
	}
	return rd.tailError()
}

// withChecks adds to a message that announces errors those of the preflight checks that follow.
func (rd *reading) withChecks(line int, message string) string {
	for _, g := range rd.generic {
		if g.id == "kubeadm-check" && g.line > line && g.line <= line+20 {
			message += " [" + g.hit.Groups["check"] + "] " + clean(g.hit.Groups["message"])
		}
	}
	return message
}

// genericOver reports whether a failure was recovered, or is a person's words.
func (rd *reading) genericOver(g *seen) bool {
	if quoted(g.hit.Text) {
		return true
	}
	if r := rd.story.At(g.line); r != nil && (r.Status == ansible.Ignored || r.Status == ansible.Rescued || r.Status == ansible.Retrying) {
		return true
	}
	return rd.cameRight(g.line, g.hit.Text, g.hit.Groups)
}

func (rd *reading) genericFailure(g *seen) *Failure {
	kind := genericByID[g.id]
	message := clean(g.hit.Groups["message"])
	if e := g.hit.Groups["error"]; e != "" {
		message += ": " + clean(e)
	}
	if strings.HasSuffix(message, ":") { // the errors stand in the lines behind
		message = rd.withChecks(g.line, message)
	}
	message = rd.whole(g.line, g.hit.Text, message)
	if announced.MatchString(message) {
		message = cmp.Or(rd.announcedError(g.line), message)
	}
	if g.id == "unit" {
		message = cmp.Or(rd.unitWords(g), message)
	}
	f := &Failure{Kind: g.id, Title: put(kind.title, g.hit.Groups), Line: g.line, Play: g.hit.Play, Task: g.hit.Task, Host: g.hit.Groups["host"], Message: message,
		GoOn: text2("Look at what the commands above show. When the cause is gone, run the same command again: nothing was changed by this summary.",
			"上のコマンドの結果を確認してください。原因を取り除いた後、同じコマンドを再実行します。この要約は何も変更しません。")}
	for _, n := range kind.next {
		f.Next = append(f.Next, fillIn(n, g.hit.Groups))
	}
	return f
}

// clean reads the backslashes that a quoted message has.
func clean(s string) string {
	s = strings.NewReplacer(`\n`, " ", `\t`, " ", `\"`, `"`, `\\`, `\`).Replace(s)
	s = strings.TrimRight(strings.TrimSpace(s), `"}`)
	if r := []rune(s); len(r) > 600 {
		s = string(r[:599]) + "…"
	}
	return s
}

func put(t event.Text, groups map[string]string) event.Text {
	return event.Text{En: fillIn(t.En, groups), Ja: fillIn(t.Ja, groups)}
}

var braces = regexp.MustCompile(`\{([a-z]+)\}`)

func fillIn(s string, groups map[string]string) string {
	return braces.ReplaceAllStringFunc(s, func(m string) string {
		if v := groups[m[1:len(m)-1]]; v != "" {
			return v
		}
		return m
	})
}

// ansibleFailure tells the first failed task.
func (rd *reading) ansibleFailure(r *ansible.Result) *Failure {
	f := &Failure{Kind: "ansible-task", Line: r.First, Play: r.Play, Task: r.Task, Host: r.Host, Item: r.Item, Message: r.Innermost(), RC: r.RC, Command: r.Cmd, Place: r.Place()}
	switch {
	case r.Status == ansible.Unreachable:
		f.Kind = "ansible-unreachable"
		f.Title = text2("The host "+r.Host+" could not be reached", "ホスト "+r.Host+" に接続できない")
	case r.Name() == "":
		f.Title = text2("A task failed on "+r.Host, r.Host+" でタスクが失敗")
	default:
		f.Title = text2("The task \""+r.Name()+"\" failed on "+r.Host, r.Host+" でタスク「"+r.Name()+"」が失敗")
	}
	for _, other := range rd.story.Failures {
		if other != r && other.Status.Bad() {
			f.More++
		}
	}
	for _, c := range rd.story.Recaps {
		if !c.Good() && len(f.Recap) < 8 && !slices.Contains(f.Recap, c.Text) {
			f.Recap = append(f.Recap, c.Text)
		}
	}
	f.Next = rd.nextOf(r, f)
	f.GoOn = text2("When the cause is gone, run the same playbook again: what is done stays as it is. With --limit, gather facts of all hosts first (playbooks/facts.yml, or facts.yml in old releases).",
		"原因を取り除いた後、同じプレイブックを再実行します。完了済みの部分は変わりません。--limit を使う場合は、先に全ホストのファクトを収集してください (playbooks/facts.yml、古いリリースでは facts.yml)。")
	return f
}

// asserts are the settings that a condition names.
var identifier = regexp.MustCompile(`\b[a-z][a-z0-9]*_[a-z0-9_]+\b`)

// nextOf gives the commands to look next: those of a program that the message is of, or what fits the way it failed.
func (rd *reading) nextOf(r *ansible.Result, f *Failure) []string {
	host := r.Host
	if r.Delegate != "" {
		host, _, _ = strings.Cut(r.Delegate, "(")
	}
	if r.Status == ansible.Unreachable {
		return []string{"ssh " + host + " true", "ansible -i INVENTORY " + host + " -m ping"}
	}
	for _, g := range rd.generic {
		if g.line < r.First || g.line > r.Last {
			continue
		}
		if kind := genericByID[g.id]; len(kind.next) > 0 {
			var list []string
			for _, n := range kind.next {
				list = append(list, onHost(host, fillIn(n, g.hit.Groups)))
			}
			return list
		}
	}
	if r.Assert != "" {
		if names := identifier.FindAllString(r.Assert, -1); len(names) > 0 {
			slices.Sort(names)
			names = slices.Compact(names)
			return []string{"ansible-inventory -i INVENTORY --host " + r.Host + " | grep -E '" + strings.Join(names[:min(len(names), 6)], "|") + "'"}
		}
	}
	if r.Cmd != "" && len(r.Cmd) < 400 && !strings.ContainsAny(r.Cmd, "\n'") {
		return []string{onHost(host, r.Cmd), onHost(host, "journalctl -p warning -n 50 --no-pager")}
	}
	return []string{onHost(host, "journalctl -p warning -n 50 --no-pager")}
}

// onHost gives a command as it is run on a host.
func onHost(host, command string) string {
	if host == "" || host == "localhost" || strings.HasPrefix(command, "kubectl ") {
		return command
	}
	return "ssh " + host + " '" + command + "'"
}
