package memo

import (
	"regexp"
	"strings"

	"spraydeck/event"
)

// what a command can do, by how it begins; the first that matches counts. What matches none of them changes something.
var dangers = []struct {
	event.Danger
	match *regexp.Regexp
}{
	{event.Destroys, begins(
		`kubectl\s+(?:-\S+\s+(?:\S+\s+)?)*delete\s+(?:--\S+\s+)*(?:node|nodes|no|ns|namespace|namespaces|pv|pvc|persistentvolume\S*|crd|crds|customresourcedefinition\S*|\S+\.\S+\.\S+|-f)\b`,
		`kubectl\s.*\bdelete\s`, `rm\s+(?:-\S*[rRf]\S*\s)`, `kubeadm\s+reset`, `helm\s+(?:-\S+\s+(?:\S+\s+)?)*(?:uninstall|delete|del)\b`,
		`etcdctl\s.*\b(?:del|snapshot restore|member remove)\b`, `etcdutl\s.*\brestore\b`, `(?:docker|nerdctl|podman|ctr|crictl)\s.*\b(?:prune|rm|rmi|rmp)\b`,
		`(?:mkfs|wipefs|sgdisk|dd|vgremove|lvremove|pvremove)\b`, `ansible-playbook\s.*\b(?:reset|remove-node|recover-control-plane)\.yml`, `do-release-upgrade`,
		`ceph\s.*\b(?:destroy|purge|rm|delete)\b`, `(?:k3s|rke2)-(?:agent-)?uninstall\.sh`, `git\s+clean\b`)},
	{event.Disrupts, begins(
		`kubectl\s.*\b(?:drain|rollout\s+(?:restart|undo)|scale|replace)\b`, `(?:systemctl|service)\s.*\b(?:restart|stop|try-restart|reload|kill|reboot|poweroff|isolate)\b`,
		`reboot\b`, `shutdown\b`, `poweroff\b`, `init\s+6`, `kubeadm\s+(?:upgrade\s+(?:apply|node)|init|join)`, `ansible-playbook\s.*\b(?:cluster|upgrade-cluster|upgrade_cluster|scale)\.yml`,
		`helm\s.*\b(?:upgrade|install|rollback)\b`, `apt(?:-get)?\s.*\b(?:upgrade|dist-upgrade|full-upgrade|autoremove|remove|purge)\b`, `(?:dnf|yum)\s.*\b(?:update|upgrade|remove)\b`,
		`(?:docker|nerdctl|crictl)\s.*\b(?:stop|stopp|restart|kill)\b`, `(?:pkill|kill|killall)\b`, `swapoff\b`, `iptables\s+-[FXDP]`, `cilium\s+(?:upgrade|install|uninstall)`)},
	{event.ReadOnly, begins(
		`kubectl\s+(?:-\S+\s+(?:[^-\s]\S*\s+)??)*(?:get|describe|logs?|top|version|config\s+(?:view|get-contexts|current-context)|cluster-info|api-resources|api-versions|auth\s+can-i|diff|explain|events|rollout\s+(?:status|history)|wait)\b`,
		`(?:systemctl|service)\s.*\b(?:status|is-active|is-enabled|list-units|list-unit-files|cat|show|list-timers)\b`, `journalctl\b`, `helm\s.*\b(?:list|ls|status|get|history|template|search|version|diff)\b`,
		`(?:cat|less|ls|grep|egrep|head|tail|df|du|free|uname|lsb_release|date|uptime|hostname|which|whoami|id|test|find|stat|md5sum|sha256sum|wc|lsblk|blkid|lscpu|ps|ss|netstat|ping|dig|nslookup|host|nc|traceroute|lsmod|env|diff|type|pwd|watch)\b`,
		`git\s+(?:-\S+\s+)*(?:status|log|diff|show|branch(?:\s+-[avr]+)?\s*$|tag(?:\s+-l\S*)?\s*$|describe|remote(?:\s+-v)?\s*$|ls-files|grep)`, `(?:crictl|docker|nerdctl|podman|ctr)\s.*\b(?:ps|images|info|inspect|inspecti|inspectp|logs|stats|version|pods|ls|list)\b`,
		`etcdctl\s.*\b(?:endpoint|member\s+list|get|snapshot\s+status|version|alarm\s+list)\b`, `etcdutl\s.*\bstatus\b`, `kubeadm\s+(?:version|upgrade\s+plan|upgrade\s+diff|certs\s+check-expiration|config\s+(?:images\s+list|print|view)|token\s+list)`,
		`ansible-inventory\b`, `ansible\s.*-m\s+ping\b`, `ansible-playbook\s.*--(?:list-\S+|syntax-check)`, `ansible(?:-playbook)?\s+--version`, `openssl\s+(?:x509|s_client|verify|req\s.*-noout)\b`, `ip\s+(?:-\S+\s+)*(?:a|addr|address|r|route|link|l|n|neigh)(?:\s+(?:show|ls|list).*)?$`,
		`iptables(?:-save|\s+(?:-t\s+\S+\s+)?-[LS])`, `nft\s+list`, `sysctl\s+(?:-a|-n|[a-z.]+$)`, `apt(?:-cache|\s+(?:list|show|policy|search))\b`, `apt-mark\s+showhold`, `dpkg\s+-[lLsS]`, `ceph\s.*\b(?:status|health|df|versions|tree|stat|-s)\b`,
		`calicoctl\s.*\b(?:get|version|node\s+status|ipam\s+(?:show|check))\b`, `cilium\s+(?:status|version|connectivity)`, `velero\s.*\b(?:get|describe|logs)\b`, `curl\s+(?:-[sSkLIvf]+\s+|--(?:silent|head|fail|insecure)\s+)*['"]?https?://\S+['"]?\s*$`, `echo\s[^>]*$`, `(?:for\s+\w+\s+in\s|done$|fi$|esac$|case\s|true$|false$|sleep\s|cd\s|read\s|set\s+-|break$|continue$)`, `k3s\s+(?:check-config|--version|kubectl\s+get)`, `(?:kubelet|containerd|runc|etcd|k3s|rke2|python3?|pip3?|helm)\s+(?:-V|--version|version)`)},
}

func begins(patterns ...string) *regexp.Regexp {
	return regexp.MustCompile(`^(?:` + strings.Join(patterns, "|") + `)`)
}

var (
	wrapper   = regexp.MustCompile(`^(?:(?:do|then|else|if|while|until)\s+|(?:sudo|nohup|time|nice|timeout\s+\S+)(?:\s+-\S+)*\s+|[A-Za-z_]\w*=\S*\s+|watch\s+(?:-n\s*\S+\s+|-\S+\s+)*)`)
	separator = regexp.MustCompile(`\s*(?:&&|\|\||[;\n|])\s*`)
	redirects = regexp.MustCompile(`[^<>&0-9=-]>{1,2}\s*[^&\s]`)
)

// bare is a command without sudo, watch and variables in front.
func bare(line string) string {
	line = strings.TrimSpace(line)
	for {
		rest := wrapper.ReplaceAllString(line, "")
		if rest == line {
			return line
		}
		line = rest
	}
}

// dangerOf is the worst of what the parts of a command can do. sure is false where a part is not known.
func dangerOf(text string) (worst event.Danger, sure bool) {
	worst, sure = event.ReadOnly, true
	joined := strings.ReplaceAll(text, "\\\n", " ")
	for _, part := range separator.Split(joined, -1) {
		part = bare(part)
		if part == "" || strings.HasPrefix(part, "#") {
			continue
		}
		d, ok := event.Changes, false
		for _, k := range dangers {
			if k.match.MatchString(part) {
				d, ok = k.Danger, true
				break
			}
		}
		if !ok && changesOnly.MatchString(part) {
			ok = true
		}
		if d == event.ReadOnly && redirects.MatchString(part) && !strings.Contains(part, "/dev/null") {
			d = event.Changes
		}
		sure = sure && ok
		if rank(d) > rank(worst) {
			worst = d
		}
	}
	return worst, sure
}

// changesOnly is what is known to change something and to stop nothing.
var changesOnly = begins(`kubectl\s.*\b(?:apply|create|patch|edit|label|annotate|cordon|uncordon|taint|set|cp|exec|run)\b`, `git\s`, `(?:cp|mv|mkdir|ln|touch|tee|chmod|chown|sed|tar|wget|curl|scp|rsync|install|export|source|\.|pip3?|python3?|virtualenv|vim?|nano)(?:\s|$)`,
	`apt(?:-get)?\s.*\b(?:update|install|download|hold|unhold)\b`, `apt-mark\b`, `helm\s+repo\b`, `etcdctl\s.*\bsnapshot\s+save\b`, `systemctl\s.*\b(?:start|enable|disable|daemon-reload|mask|unmask)\b`, `ansible\S*\s`, `modprobe\b`, `sysctl\b`, `kubeadm\s`, `[A-Za-z_]\w*=`, `rm\s`)

func rank(d event.Danger) int {
	switch d {
	case event.Changes:
		return 1
	case event.Disrupts:
		return 2
	case event.Destroys:
		return 3
	}
	return 0
}
