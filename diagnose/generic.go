package diagnose

import (
	"bytes"
	"regexp"
	"strings"

	"spraydeck/event"
	"spraydeck/symptom"
)

// generic is a failure that a program tells in words of its own, whether or not a pitfall is known. {name} stands for a
// value of the line.
type generic struct {
	id    string
	line  *regexp.Regexp
	soft  bool // it need not be the end: it counts where nothing else does
	title event.Text
	next  []string // commands to look next
}

func re(s string) *regexp.Regexp { return regexp.MustCompile(s) }

// generics are in no order: the first in the text counts.
var generics = []generic{
	{id: "kubeadm-phase", line: re(`error execution phase (?P<phase>[\w/-]+): (?P<message>.+)`),
		title: text2("kubeadm stopped in the phase {phase}", "kubeadm がフェーズ {phase} で停止"),
		next:  []string{"journalctl -u kubelet -n 100 --no-pager", "crictl ps -a | head", "kubectl -n kube-system get cm kubeadm-config -o yaml"}},
	{id: "kubeadm-check", line: re(`\[ERROR (?P<check>[A-Z][\w./-]+)\]:? (?P<message>.+)`),
		title: text2("kubeadm's preflight check {check} failed", "kubeadm の事前チェック {check} が失敗")},
	{id: "kubeadm-fatal", line: re(`^\[(?P<phase>[a-z-]+(?:/[a-z-]+)*)\] (?:FATAL|Failed[^:]*): (?P<message>.+)`),
		title: text2("kubeadm stopped in {phase}", "kubeadm が {phase} で停止"),
		next:  []string{"journalctl -u kubelet -n 100 --no-pager", "crictl ps -a | head"}},
	{id: "kubeadm-kubelet", line: re(`\[kubelet-check\] (?P<message>(?:The kubelet is (?:not running|unhealthy)|The HTTP call equal to|Initial timeout).*)`), soft: true,
		title: text2("kubeadm waits for a kubelet that does not answer", "kubelet が応答しないまま kubeadm が待機"),
		next:  []string{"systemctl status kubelet", "journalctl -u kubelet -n 100 --no-pager"}},
	{id: "component-failed", line: re(`"command failed" err="(?P<message>(?:[^"\\]|\\.)+)`),
		title: text2("A Kubernetes component does not start", "Kubernetes のコンポーネントが起動しない"),
		next:  []string{"journalctl -u kubelet -n 100 --no-pager", "crictl ps -a | head"}},
	{id: "kubelet-failed", line: re(`[Ff]ailed to (?P<message>(?:run Kubelet|parse kubelet flag|validate kubelet flags|load kubelet config file|validate kubelet configuration|initialize kubelet)\b.*)`),
		title: text2("The kubelet does not start", "kubelet が起動しない"),
		next:  []string{"journalctl -u kubelet -n 100 --no-pager", "cat /var/lib/kubelet/config.yaml /var/lib/kubelet/kubeadm-flags.env"}},
	{id: "flag-refused", line: re(`^(?:Error: |error: )?(?P<message>(?:unknown flag: --|unknown shorthand flag|invalid argument ")\S*.*)`),
		title: text2("A component refuses an option", "コンポーネントがオプションを拒否")},
	{id: "level-fatal", line: re(`level=(?:fatal|panic) msg="(?P<message>(?:[^"\\]|\\.)+)"?(?:.*? error="(?P<error>(?:[^"\\]|\\.)+))?`),
		title: text2("A program gave up", "プログラムが異常終了")},
	{id: "zap-fatal", line: re(`"level":"(?:fatal|panic)".*?"msg":"(?P<message>(?:[^"\\]|\\.)+)(?:.*"error":"(?P<error>(?:[^"\\]|\\.)+))?`),
		title: text2("A program gave up", "プログラムが異常終了")},
	{id: "k3s-fatal", line: re(`^FATA\[\d+\] (?P<message>.+)`), title: text2("K3s gave up", "K3s が異常終了"),
		next: []string{"systemctl status k3s k3s-agent", "journalctl -u k3s -n 100 --no-pager"}},
	{id: "cri-plugin", line: re(`msg="failed to load plugin(?: io\.containerd\.grpc\.v1\.cri)?" error="(?P<message>(?:[^"\\]|\\.)+)"(?: id=io\.containerd\.(?:grpc\.v1\.cri|cri\.v1)| *$)`),
		title: text2("containerd runs without its CRI plugin", "containerd の CRI プラグインが読み込まれていない"),
		next:  []string{"containerd --version", "containerd config dump | head -60", "ctr plugins ls | grep -i cri"}},
	{id: "go-flag", line: re(`^(?P<message>flag provided but not defined: -(?P<flag>[\w-]+))`),
		title: text2("A program does not know its option -{flag}: its image or binary is not of the version that its manifest was written for", "プログラムがオプション -{flag} を認識しない (イメージまたはバイナリーとマニフェストのバージョンが異なる)"),
		next:  []string{"kubectl get pods -A -o custom-columns=NS:.metadata.namespace,POD:.metadata.name,IMAGE:.spec.containers[*].image,ARGS:.spec.containers[*].args | grep -e -{flag}"}},
	{id: "nginx-emerg", line: re(`\[emerg\] (?:\d+#\d+: )?(?P<message>.+)`), title: text2("nginx refuses its configuration", "nginx が設定を拒否"),
		next: []string{"kubectl get ingress -A -o yaml | grep -n snippet"}},
	{id: "invalid-object", line: re(`^The (?P<kind>[A-Z]\w+) "(?P<name>[^"]+)" is invalid: (?P<message>.+)`), title: text2("The API server refuses {kind} {name}", "API サーバーが {kind} {name} を拒否")},
	{id: "go-fatal", line: re(`^fatal error: (?P<message>(?:newosproc|runtime: |out of memory|all goroutines|concurrent map|unexpected signal|stack overflow).*)`), title: text2("A program gave up", "プログラムが異常終了"),
		next: []string{"ulimit -u", "free -m"}},
	{id: "panic", line: re(`^panic: (?P<message>[^(].+)`), title: text2("A program panicked", "プログラムがパニックで終了")},
	{id: "panic-observed", line: re(`Observed a panic: (?P<message>.+)`), title: text2("A program panicked", "プログラムがパニックで終了")},
	{id: "bracket-fatal", line: re(`\[(?:FATAL|PANIC)\]\[\d+\] (?:\S+ \d+: )?(?P<message>.+)`), title: text2("A program gave up", "プログラムが異常終了")},
	{id: "coredns-fatal", line: re(`\[FATAL\] (?P<message>plugin/.+)`), title: text2("CoreDNS gave up", "CoreDNS が異常終了"),
		next: []string{"kubectl -n kube-system get cm coredns -o yaml", "cat /etc/resolv.conf"}},
	{id: "ansible-error", line: re(`^ERROR! (?P<message>.+)`), title: text2("Ansible could not run the playbook", "Ansible がプレイブックを実行できない")},
	{id: "ansible-error-new", line: re(`^\[ERROR\]: (?P<message>.+)`), title: text2("Ansible could not run the playbook", "Ansible がプレイブックを実行できない")},
	{id: "installer", line: re(`^\[ERROR\]  ?(?P<message>[A-Z].+)`), title: text2("The installer stopped", "インストーラーが停止"),
		next: []string{"systemctl status k3s k3s-agent", "journalctl -u k3s -n 100 --no-pager"}},
	{id: "drain", line: re(`^error: unable to drain node "(?P<node>[^"]+)"(?: due to error:)?[ ,]*(?P<message>.+)`),
		title: text2("The node {node} could not be drained", "ノード {node} をドレインできない"),
		next:  []string{"kubectl get pods -A -o wide --field-selector spec.nodeName={node}", "kubectl get pdb -A"}},
	{id: "kubectl", line: re(`^Error from server(?: \((?P<reason>\w+)\))?: (?P<message>.+)`),
		title: text2("The API server refused a request", "API サーバーが要求を拒否")},
	{id: "kubectl-connect", line: re(`^(?P<message>Unable to connect to the server: .+)`),
		title: text2("kubectl could not connect to the API server", "kubectl が API サーバーに接続できない"),
		next:  []string{"kubectl config view --minify", "kubectl cluster-info"}},
	{id: "kubectl-wait", line: re(`^error: (?P<message>(?:timed out waiting for the condition|unable to recognize|You must be logged in|the server doesn't have|no matches for kind|resource mapping not found).*)`),
		title: text2("kubectl failed", "kubectl が失敗")},
	{id: "api-refused", line: re(`(?P<message>The connection to the server (?P<server>\S+) was refused)`), soft: true,
		title: text2("The API server at {server} does not answer", "API サーバー {server} が応答しない"),
		next:  []string{"crictl ps -a --name kube-apiserver", "journalctl -u kubelet -n 100 --no-pager"}},
	{id: "webhook", line: re(`failed calling webhook "(?P<webhook>[^"]+)": (?P<message>.+)`), soft: true,
		title: text2("The webhook {webhook} could not be asked", "webhook {webhook} を呼び出せない"),
		next:  []string{"kubectl get validatingwebhookconfigurations,mutatingwebhookconfigurations", "kubectl get endpointslices -A"}},
	{id: "webhook-denied", line: re(`admission webhook "(?P<webhook>[^"]+)" denied the request: (?P<message>.+)`), soft: true,
		title: text2("The webhook {webhook} refused an object", "webhook {webhook} がオブジェクトを拒否")},
	{id: "rbac", line: re(`(?P<message>\S+ is forbidden: User "(?P<user>system:(?:serviceaccount:(?:kube-[\w-]+|[\w-]+-system|ingress-nginx|rook-ceph|cert-manager|cattle-[\w-]+|calico-apiserver|metallb|cilium\S*):|node:|kube-)[^"]*)" cannot (?P<verb>\w+) resource "(?P<resource>[^"]+)".*)`), soft: true,
		title: text2("{user} may not {verb} {resource}", "{user} に {resource} の {verb} の権限がない"),
		next:  []string{"kubectl auth can-i {verb} {resource} --as={user}", "kubectl get clusterrolebindings,rolebindings -A -o wide | grep {user}"}},
	{id: "event", line: re(`\bWarning +(?P<reason>Failed\w*|BackOff|ErrImagePull|NetworkNotReady|SystemOOM|EvictionThresholdMet|FreeDiskSpaceFailed) +\S+(?: \([^)]*\))? +(?P<from>\S+(?:, \S+)?) +(?P<message>.+)`), soft: true,
		title: text2("Warning event {reason}", "警告イベント {reason}"),
		next:  []string{"kubectl get events -A --field-selector type=Warning --sort-by=.lastTimestamp"}},
	{id: "image-pull", line: re(`[Ff]ailed to pull (?:and unpack )?image \\?"(?P<image>[^"\\]+)\\?": (?P<message>.+)`), soft: true,
		title: text2("The image {image} could not be pulled", "イメージ {image} を取得できない"),
		next:  []string{"crictl pull {image}"}},
	{id: "sandbox", line: re(`(?P<message>[Ff]ailed to (?:create (?:pod )?sandbox|setup network for sandbox|set up sandbox).+)`), soft: true,
		title: text2("A pod gets no sandbox", "Pod のサンドボックスを作成できない"),
		next:  []string{"ls /etc/cni/net.d /opt/cni/bin", "journalctl -u containerd -u kubelet -n 100 --no-pager"}},
	{id: "oci", line: re(`OCI runtime (?:create|exec) failed: (?P<message>.+)`), soft: true,
		title: text2("A container could not be started", "コンテナーを起動できない")},
	{id: "unit", line: re(`(?P<message>(?P<unit>(?:kubelet|containerd|docker|cri-docker|crio|etcd|k3s|k3s-agent|rke2-server|rke2-agent|kube[\w-]*)\.service): (?:Main process exited, code=exited, status=\S+|Failed with result '[^']+'|Start request repeated too quickly).*)`), soft: true,
		title: text2("{unit} does not stay up", "{unit} が停止する"),
		next:  []string{"systemctl status {unit}", "journalctl -u {unit} -n 100 --no-pager"}},
	{id: "unit-job", line: re(`Job for (?P<unit>\S+\.service) failed because (?P<message>.+)`),
		title: text2("{unit} could not be started", "{unit} を起動できない"),
		next:  []string{"systemctl status {unit}", "journalctl -u {unit} -n 100 --no-pager"}},
	{id: "etcd", line: re(`"level":"error".*"caller":"etcd\w*/.*?"msg":"(?P<message>(?:[^"\\]|\\.)+)`), soft: true,
		title: text2("etcd tells an error", "etcd のエラー"), next: []string{"etcdctl endpoint status --cluster -w table", "journalctl -u etcd -n 100 --no-pager"}},
	{id: "disk-full", line: re(`(?P<message>.*[Nn]o space left on device.*)`), soft: true,
		title: text2("A disk is full", "ディスクの空き容量がない"), next: []string{"df -h", "du -xsh /var/lib/* | sort -h | tail"}},
	{id: "last-error", line: nil, title: text2("The log ends in an error", "ログの最後がエラー")},
	{id: "apt", line: nil, title: text2("apt stopped", "apt が停止"), next: []string{"apt-get update", "apt-mark showhold"}},
	{id: "klog-fatal", line: nil, title: text2("A Kubernetes component gave up", "Kubernetes のコンポーネントが異常終了"),
		next: []string{"journalctl -u kubelet -n 100 --no-pager", "crictl ps -a | head"}},
}

func init() {
	// those that are read without an expression over every line
	genericByID = map[string]*generic{}
	with := generics[:0:0]
	for i := range generics {
		genericByID[generics[i].id] = &generics[i]
		if generics[i].line != nil {
			with = append(with, generics[i])
		}
	}
	generics = with
}

var genericByID map[string]*generic

// plain finds what no fixed text of three bytes tells: apt's "E: " and the F of klog.
type plain struct {
	rd *reading
	n  int
}

var klogFatal = regexp.MustCompile(`(?:^|[\s:])F[01]\d[0-3]\d \d\d:\d\d:\d\d\.\d+ +\d+ [\w./-]+:\d+\] (?P<message>.+)`)

func (p *plain) line(line []byte) {
	p.n++
	if len(p.rd.story.Failures) > 1000 {
		return
	}
	if len(line) > 4 && line[0] == 'E' && line[1] == ':' && line[2] == ' ' {
		p.see("apt", string(line[3:min(len(line), 2048)]))
		return
	}
	for at := 0; ; {
		i := bytes.IndexByte(line[at:], 'F')
		if i < 0 || at+i+6 > len(line) {
			return
		}
		at += i
		if c := line[at+1]; (c == '0' || c == '1') && line[at+5] == ' ' {
			if m := klogFatal.FindSubmatch(line); m != nil {
				p.see("klog-fatal", string(m[1][:min(len(m[1]), 2048)]))
			}
			return
		}
		at++
	}
}

func (p *plain) see(id, message string) {
	p.rd.plainSeen = append(p.rd.plainSeen, seen{id, p.n, symptom.Hit{Line: p.n, Text: message, Groups: map[string]string{"message": strings.TrimSpace(message)}}})
}
