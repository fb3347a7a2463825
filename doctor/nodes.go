package doctor

import (
	"context"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"spraydeck/event"
)

// Shell runs a line of shell on a host and returns what it printed.
type Shell func(ctx context.Context, host, line string) (string, error)

// script asks a node for all at once: one connection, one command.
const script = `echo "time $(date +%s)"; if [ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null; then echo "sudo yes"; else echo "sudo no"; fi
echo "python $(command -v python3)"; df -Pk /var | awk 'NR==2 {print "free " $4}'`

// minFree is what an upgrade downloads and unpacks on a node, in KiB: binaries and images of one minor version.
const minFree = 5 << 20

// OnNodes checks that each host is reached, that sudo asks nothing there, its clock, Python and space. Hosts of which all is well
// are not listed one by one.
func OnNodes(ctx context.Context, hosts []string, shell Shell) []Check {
	if len(hosts) == 0 {
		return []Check{unknown(nodes, "ssh", event.Text{En: "no node is known: there is no inventory, and no API that lists them", Ja: "ノードが分かりません (インベントリーがなく、API からも取得できません)"}, event.Text{})}
	}
	found := make([][]Check, len(hosts))
	var all sync.WaitGroup
	for i, host := range hosts {
		all.Go(func() { found[i] = onNode(ctx, host, shell) })
	}
	all.Wait()
	var list []Check
	well := 0
	for _, checks := range found {
		if len(checks) == 0 {
			well++
		}
		list = append(list, checks...)
	}
	if well > 0 {
		all := event.Textf("%[1]d of %[2]d nodes are reached, with sudo, Python, space and the right time", "%[2]d 台中 %[1]d 台は、接続、sudo、Python、空き容量、時刻に問題ありません", well, len(hosts))
		list = append([]Check{{Area: nodes, Name: "ssh", Verdict: event.Pass, Says: all}}, list...)
	}
	return list
}

// onNode returns what is wrong with a node.
func onNode(ctx context.Context, host string, shell Shell) (list []Check) {
	began := time.Now()
	out, err := shell(ctx, host, script)
	took := time.Since(began)
	add := func(c Check) {
		if c.Verdict != event.Pass {
			c.On = host
			list = append(list, c)
		}
	}
	if err != nil {
		add(broken(nodes, "ssh", err))
		return list
	}
	said := map[string]string{}
	for line := range strings.Lines(out) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		said[key] = value
	}
	if at, err := strconv.ParseInt(said["time"], 10, 64); err == nil {
		add(skew(nodes, time.Unix(at, 0).Sub(began.Add(took/2)), took/2+time.Second))
	}
	if said["sudo"] != "yes" {
		add(fail(nodes, "sudo", event.Text{En: "sudo asks for a password", Ja: "sudo がパスワードを要求します"},
			event.Text{En: "Allow it without one (NOPASSWD) for this user, or give ansible_become_password: the checks read files of root.", Ja: "このユーザーに NOPASSWD を許可するか、ansible_become_password を設定してください。root のファイルを読み取る確認があります。"}))
	}
	if said["python"] == "" {
		add(notice(nodes, "python", event.Text{En: "there is no python3: Ansible cannot work there", Ja: "python3 がなく、Ansible を実行できません"}, event.Text{En: "Install python3.", Ja: "python3 を導入してください。"}))
	}
	if free, err := strconv.ParseInt(said["free"], 10, 64); err == nil && free < minFree {
		add(notice(nodes, "space", event.Textf("%d MB are free below /var", "/var の空きは %d MB です", free>>10), event.Text{En: "Make room for the images of the new version: 5 GB.", Ja: "新しいバージョンのイメージ用に 5 GB を確保してください。"}))
	}
	return list
}

var number = regexp.MustCompile(`\d+`)

// Fold puts together the checks of nodes that found the same: the same text but for names and numbers. The order stays.
func Fold(list []Check) (groups [][]Check) {
	at := map[string]int{}
	for _, c := range list {
		key := string(c.Area) + c.Name + string(c.Verdict) + number.ReplaceAllString(strings.ReplaceAll(c.Says.En, c.On, ""), "")
		i, known := at[key]
		if c.On == "" || !known {
			at[key] = len(groups)
			groups = append(groups, []Check{c})
			continue
		}
		groups[i] = append(groups[i], c)
	}
	return groups
}
