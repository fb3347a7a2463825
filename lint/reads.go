package lint

import (
	"fmt"
	"reflect"
	"regexp"
	"strings"

	"spraydeck/event"
	"spraydeck/runbook"
)

var reads = Rule{
	Name: "reads",
	Doc:  "A step of danger none runs without a question, so that it changes nothing.",
	check: check{
		step: func(p pass, s step) { checkReads(p, s.Step) },
		remedies: func(p pass, cures []runbook.Cure) {
			for _, r := range cures {
				for i := range r.Steps {
					checkCure(p, &r.Steps[i])
				}
			}
		},
	},
}

// checkReads: a step that only reads changes nothing by its kind, nor by a command that is known to change something.
func checkReads(p pass, s *runbook.Step) {
	if event.Danger(s.Danger.Value) != event.ReadOnly || s.Action == nil {
		return
	}
	what := ""
	if a, ok := s.Action.(runbook.Changing); ok && a.Changing() {
		what = s.Kind.Name
	} else {
		what = changingCommand(s.Action)
	}
	reportChanges(p, s, what)
}

// checkCure: the playbook of a remedy fixes something, so that none of them only reads.
func checkCure(p pass, s *runbook.Step) {
	if event.Danger(s.Danger.Value) != event.ReadOnly || s.Action == nil {
		return
	}
	what := ""
	if s.Kind.Danger == event.Disrupts {
		what = s.Kind.Name
	} else if playbook.MatchString(shellOf(s.Action)) {
		what = "ansible-playbook"
	}
	reportChanges(p, s, what)
}

var playbook = regexp.MustCompile(`\bansible-playbook\b`)

func reportChanges(p pass, s *runbook.Step, what string) {
	if what != "" {
		p.report(placeOf(s), fmt.Sprintf("step %s says danger: none, and %s changes something", s.ID, what), "say danger: changes, so that it is asked for before it runs")
	}
}

// changingCommand gives the first command of a script that changes something, "" where none is known to.
func changingCommand(action runbook.Action) string {
	text := shellOf(action)
	for _, m := range changing.FindAllStringSubmatch(text, -1) {
		if m[2] != "" && strings.Contains(text, "mktemp") {
			continue // on files of its own
		}
		return strings.Join(strings.Fields(m[1]+m[2]+m[3]), " ")
	}
	return ""
}

// shellOf is what a step gives to a shell.
func shellOf(action runbook.Action) string {
	var lines []string
	v := reflect.ValueOf(action).Elem()
	for i := range v.NumField() {
		name := v.Type().Field(i)
		if !name.IsExported() || !isShell(name.Tag.Get("yaml")) {
			continue
		}
		if t, ok := v.Field(i).Interface().(runbook.Template); ok {
			lines = append(lines, t.Source)
		}
	}
	return strings.Join(lines, "\n")
}

// changing finds, where a command can begin: one that changes something; one on files, which may be files of the script's own;
// and a redirection into a file by its full name.
var changing = regexp.MustCompile(`(?m)` +
	`(?:^|[;&|({]|\b(?:sudo(?: -\S+)*|then|do|else|exec|xargs(?: -\S+)*|sh -c ['"]|bash -c ['"])\s?)\s*` +
	`(?:(` + strings.Join([]string{
	`systemctl\s+(?:-\S+\s+)*(?:start|stop|restart|try-restart|reload|reload-or-restart|enable|disable|mask|unmask|kill|daemon-reload|isolate|set-property|reboot|poweroff)\b`,
	`service\s+\S+\s+(?:start|stop|restart|reload)\b`,
	`sed\s+(?:-\S+\s+)*(?:-[nErsz]*i|--in-place)`,
	`kubectl\s+(?:-n\s+\S+\s+|-\S+\s+)*(?:apply|create|delete|patch|edit|replace|label|annotate|scale|cordon|uncordon|drain|taint|set|rollout\s+(?:restart|undo))\b`,
	`(?:apt|apt-get|dnf|yum|zypper|pip3?)\s+(?:-\S+\s+)*(?:install|remove|purge|upgrade|dist-upgrade|full-upgrade|autoremove|downgrade)\b`,
	`apt-mark\s+(?:hold|unhold|auto|manual)\b`,
	`git\s+(?:-\S+\s+)*(?:add|am|apply|checkout|cherry-pick|clean|commit|merge|mv|pull|push|rebase|reset|restore|revert|rm|switch)\b`,
	`kubeadm\s+(?:init|join|reset|upgrade\s+(?:apply|node)|certs\s+renew)\b`,
	`etcdctl\s+(?:-\S+\s+)*(?:put|del|defrag|compact|move-leader|member\s+(?:add|remove|update|promote))\b`,
	`crictl\s+(?:rm|rmi|rmp|stop|stopp)\b`,
	`(?:reboot|shutdown|poweroff|swapoff|swapon|sysctl\s+-w|modprobe|mount|umount)\s`,
}, "|") + `)|((?:mv|cp|ln|rm|chmod|chown|truncate|tee|install|touch|mkdir)\s)|(\S[^\n;&|]*?[^<>&0-9=-]>{1,2}\s*(?:/(?:[a-ce-z]|d[a-df-z])|~)\S*))`)
