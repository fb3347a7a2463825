package memo

import (
	"regexp"
	"strings"
)

// place is where a command runs.
type place struct {
	hosts string // a group, a host or an input; "" is the workstation
	sure  bool
}

const (
	allNodes      = "k8s_cluster"
	controlPlanes = "kube_control_plane"
	workers       = "kube_node:!kube_control_plane"
)

// told is how a sentence says where something is done. The first that matches counts.
var told = []struct {
	hosts string
	match *regexp.Regexp
}{
	{"", regexp.MustCompile(`(?i)\b(?:on|from|in|at) (?:your |the |a |my )?(?:workstation|bastion|jump ?host|local(?:host| machine)|laptop|deploy(?:ment)?(?:er)?(?: ?node| ?host| ?machine)?|ansible (?:host|controller|machine)|control machine|installer)\b|\blocally\b|作業端末|踏み台|ローカル|手元`)},
	{allNodes, regexp.MustCompile(`(?i)\b(?:on|for|to|across) (?:all|every|each)(?: of the| the)? (?:cluster )?(?:nodes?|machines?|hosts?|servers?)\b|全(?:て|)の?(?:ノード|サーバ)|すべてのノード|各ノード|全ノード`)},
	{controlPlanes, regexp.MustCompile(`(?i)\b(?:on|for|from|to|at|into) (?:a |an |the |each |every |all |any |one |one of the |first |the first |other |the other |remaining |the remaining )*(?:control[- ]planes?|masters?|server nodes?)(?: nodes?| hosts?| machines?)?\b|(?:コントロール ?プレーン|マスター?)(?:ノード)?(?:で|に|上)`)},
	{workers, regexp.MustCompile(`(?i)\b(?:on|for|from|to|at|into) (?:a |an |the |each |every |all |any |one |first |other |remaining )*(?:workers?|agents?)(?: nodes?| hosts?| machines?)?\b|ワーカー?(?:ノード)?(?:で|に|上)`)},
}

// named is a host by its name: "on node4", "log in to `node4`", "node4 で".
var named = regexp.MustCompile("(?:\\b(?i:on|log(?:ged)? ?in(?:to)?(?: to)?|ssh (?:in)?to|connect to)\\s+(?:(?i:the )?(?i:node|host|server|machine)\\s+)?[`*]*|^|[\\s、。(])([a-z][a-z-]*[a-z]?-?\\d[a-z0-9.-]*)[`*]*(?:\\s*(?:で|に|上で|へ)|\\b)")

var (
	onWorkstation = begins(`kubectl`, `helm`, `git`, `ansible`, `pip3?`, `virtualenv`, `python3? -m venv`, `calicoctl`, `cilium`, `k9s`, `velero`, `kustomize`, `flux`, `argocd`, `(?:source|\.)\s`, `cd\s`, `export\s`, `ssh-`, `scp\s`, `rsync\s`, `diff\s`, `rook`, `kubectx`, `kubens`, `terraform`, `make\b`, `vagrant`)
	onNode        = begins(`systemctl`, `service\s`, `journalctl`, `apt\S*\s`, `dnf\s`, `yum\s`, `snap\s`, `dpkg`, `crictl`, `ctr\s`, `nerdctl`, `docker\s`, `etcdctl`, `etcdutl`, `kubeadm`, `kubelet`, `reboot`, `shutdown`, `poweroff`, `do-release-upgrade`, `sysctl`, `modprobe`, `lsmod`, `swap(?:off|on)`, `ip\s`, `iptables`, `nft\s`, `ufw\s`, `firewall-cmd`, `containerd`, `k3s`, `rke2`, `uname`, `lsb_release`, `lsblk`, `mount`, `update-initramfs`, `update-grub`, `timedatectl`, `hostnamectl`, `chronyc`, `rpm\s`, `zypper`, `curl\s.*(?:get\.k3s\.io|get\.rke2\.io|pkgs\.k8s\.io)`)
	onNodeFiles   = regexp.MustCompile(`(?:^|[\s'"=])/(?:etc|var|opt|usr|boot|run|sys|proc)/`)
)

// where finds the host of a command: its prompt or ssh, then what the nearest text says, then what kind of command it is.
func where(c command, texts []string) place {
	if c.host != "" {
		return hostNamed(c.host)
	}
	line := bare(separator.Split(strings.ReplaceAll(c.text, "\\\n", " "), 2)[0])
	tool := onWorkstation.MatchString(line)
	if tool {
		return place{"", true} // wherever it is typed, it works on the cluster or the checkout
	}
	for _, t := range append([]string{c.comment}, texts...) {
		for _, w := range told {
			if w.match.MatchString(t) {
				return place{w.hosts, true}
			}
		}
		if m := named.FindStringSubmatch(t); m != nil && !versionLike.MatchString(m[1]) {
			return place{m[1], true}
		}
	}
	if onNode.MatchString(line) || onNodeFiles.MatchString(line) {
		return place{"${inputs.node}", false}
	}
	return place{"", false}
}

// versionLike is no host: v1.32, kubespray-2.28, etcd-3.5, ingress-nginx-4.10.
var versionLike = regexp.MustCompile(`^(?:v\d|k8s|k3s|h\d$|p\d|step-?\d|phase-?\d|ipv[46]|x86|amd64|arm64|utf-?8|http2|l[234]\b|s3|s390|.*-\d+\.\d+|.*\d\.\d+(?:\.\d+)?$)`)

var hostForm = regexp.MustCompile(`^[A-Za-z0-9][\w.-]*$`)

func hostNamed(h string) place {
	switch strings.ToLower(h) {
	case "localhost", "bastion", "laptop", "workstation", "deploy", "deployer", "ansible":
		return place{"", true}
	}
	if !hostForm.MatchString(h) {
		return place{"${inputs.node}", true} // a placeholder
	}
	return place{h, true}
}
