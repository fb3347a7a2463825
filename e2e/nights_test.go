package e2e

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"spraydeck/event"
	"spraydeck/runbook"
	"spraydeck/runbooks"
	"spraydeck/steps"
)

// A night is one runbook, executed from its start to its end in a lab by the real binary, with an answers file
// (testdata/nights) for an operator. Where a part is missing in the lab, a stand-in is on the PATH: each says that it is one.
type night struct {
	book    string
	set     []string // inputs; $NIGHTS is testdata/nights
	typed   []string // what is typed, line by line, where a program asks on the terminal
	answers []string // files of testdata/nights; without any that of the book

	prepare func(l *lab)                   // what the cluster has before
	after   func(t *testing.T, l *lab)     // what must be true at the end, beside what every night must show
	unit    func(step, host string) string // the node that a changing command works on; nil: by the step's id
	health  []string                       // gates that must pass after the work on each node, before the work on the next
	skipped []string                       // steps that are not needed in this night, as patterns; after a "?" those that may not be
	open    []string                       // gates that do not pass here and are read or let through, as patterns
	mended  []string                       // questions that this night answers by a remedy
}

// nights has every runbook of the catalogue. TestEveryRunbookHasANight holds it to that.
func nights() map[string][]night {
	return map[string][]night{
		"TestNightsToV2.21":   oldNights(),
		"TestNightsToV2.24":   middleNights(),
		"TestNightsFromV2.24": newNights(),
		"TestNightsOfKubeadm": kubeadmNights,
		"TestRealNodes":       realNights(),
		"TestNightsOfUbuntu":  ubuntuNights,
		"TestNightsOfK3s":     k3sNights,
	}
}

// through are runbooks that are executed within the night of another: it includes them, or is like them.
var through = map[string]string{
	"kubespray-hop": "kubespray-v2.28.1", "kubespray-hop-conversion": "kubespray-v2.27.1", "kubespray-hop-hosts-yaml": "kubespray-v2.26.1",
	"kubeadm-upgrade-node": "kubeadm-upgrade", "os-release-upgrade-node": "os-release-upgrade", "kubespray-api-loopback": "kubespray-api-endpoint",
	"kubespray-inventory-ini": "kubespray-v2.27.1", "kubespray-calico-pool": "kubespray-v2.19.1", "kubespray-engine-settings": "kubespray-v2.19.1",
	"kubespray-ceph-health": "kubespray-v2.21.0",
}

// TestEveryRunbookHasANight: a runbook of the catalogue without a night fails, and so does a night without a runbook.
func TestEveryRunbookHasANight(t *testing.T) {
	has := map[string]bool{}
	for _, list := range nights() {
		for _, n := range list {
			has[n.book] = true
		}
	}
	there := map[string]bool{}
	for _, f := range catalogue(t) {
		if f.Runbook == nil {
			continue
		}
		name := f.Runbook.Name.Value
		there[name] = true
		by := through[name]
		switch {
		case by == "" && !has[name]:
			t.Errorf("%s is executed by no night", name)
		case by != "" && has[name]:
			t.Errorf("%s has a night of its own, and is listed as executed through %s", name, by)
		case by != "" && !has[by]:
			t.Errorf("%s is executed through %s, which no night executes", name, by)
		}
	}
	for name := range has {
		if !there[name] {
			t.Errorf("a night executes %s, which is no runbook", name)
		}
	}
	for name := range through {
		if !there[name] {
			t.Errorf("%s is listed and is no runbook", name)
		}
	}
}

// catalogue is every file of the catalogue, linked.
func catalogue(t *testing.T) []runbook.File {
	t.Helper()
	lang := &runbook.Language{Kinds: steps.Kinds(), Probes: steps.Probes()}
	var files []runbook.File
	err := fs.WalkDir(runbooks.FS, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := runbooks.FS.ReadFile(name)
		if err != nil {
			return err
		}
		f, problems := runbook.Parse(name, text, lang)
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		files = append(files, f)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	runbook.Link(files)
	return files
}

// hopsOld, hopsMiddle and hopsNew are the hops of the catalogue, in the order in which one cluster takes them.
var (
	hopsOld    = []string{"v2.19.1", "v2.20.0", "v2.21.0"}
	hopsMiddle = []string{"v2.22.0", "v2.22.1", "v2.22.2", "v2.23.3", "v2.24.1", "v2.24.2", "v2.24.3"}
	hopsNew    = []string{"v2.25.1", "v2.26.1", "v2.27.1", "v2.28.1", "v2.29.1", "v2.30.0", "v2.31.0"}
)

// never are the steps of a hop that no night needs: where etcdctl answers no snapshot is taken by hand, and a branch that was just
// made is not entered once more, and an inventory in the checkout is made anew.
var never = []string{"take-snapshot/save-kubeadm", "take-snapshot/copy-by-hand", "etcd-snapshot", "enter-branch", "inventory-stays"}

func hopNights(from string, hops []string) []night {
	var list []night
	for i, to := range hops {
		n := night{
			book: "kubespray-" + to, set: []string{"ansible=system", "previous_tag=" + from}, answers: []string{"kubespray-hop.yaml"},
			prepare: func(l *lab) {
				l.shell("git tag -d " + to)
				if own := beforeHop[to]; own != nil {
					own(l)
				}
			},
			health: []string{"nodes-ready", "pods-settled", "ceph-ok"}, unit: theCluster,
			skipped: append([]string{"python", "remove-venv", "make-venv", "install-requirements",
				"limit-ready", "gather-facts", "upgrade-control-plane", "upgrade-worker*", "worker-well*", "finish-run"}, never...),
		}
		if to < "v2.27" { // all tags here have two digits
			n.skipped = append(n.skipped, "install-builder")
		}
		n.skipped, n.open, n.mended = append(n.skipped, hopSkips[to]...), hopOpen[to], hopMended[to]
		if i == 0 {
			hop := n.prepare
			n.prepare = func(l *lab) {
				hop(l)
				l.shell("mkdir -p inventory/mycluster/credentials && echo key >inventory/mycluster/credentials/kubeadm_certificate_key.creds")
				l.apply("ceph.yaml", "ceph-cluster.yaml")
				l.shell("sed -i 's/^.defaults.$/&\\nforks = 7/' ansible.cfg && git commit -q -a -m 'More forks'")
			}
		}
		if _, err := os.Stat(filepath.Join("testdata/nights", n.book+".yaml")); err == nil {
			n.answers = append(n.answers, n.book+".yaml")
		}
		list = append(list, n)
		from = to
	}
	return list
}

func TestNightsToV221(t *testing.T) {
	runNights(t, "TestNightsToV2.21", "--from", "v2.18.1", "--nodes", "3")
}
func TestNightsToV224(t *testing.T) {
	runNights(t, "TestNightsToV2.24", "--from", "v2.21.0", "--nodes", "3")
}
func TestNightsFromV224(t *testing.T) {
	runNights(t, "TestNightsFromV2.24", "--from", "v2.24.3", "--nodes", "3")
}

// runNights executes the nights of a list one after the other in one lab.
func runNights(t *testing.T, name string, options ...string) {
	l := up(t, options...)
	l.standIns()
	l.shell("git fetch -q --tags origin")
	for _, n := range nights()[name] {
		done := true // where -run leaves it out
		t.Run(n.book, func(t *testing.T) { done = false; done = n.run(t, l) })
		if !done {
			return // the next one begins where this one should have ended
		}
	}
}

// nights is where the answers and the stand-ins of the workstation are.
func (l *lab) nights() string {
	l.t.Helper()
	here, err := filepath.Abs("testdata/nights")
	if err != nil {
		l.t.Fatal(err)
	}
	return here
}

// apply applies files of testdata/nights, each once the kinds of the one before are known.
func (l *lab) apply(files ...string) {
	l.t.Helper()
	for _, f := range files {
		l.shell("for i in 1 2 3 4 5; do KUBECONFIG=" + l.vars["KUBECONFIG"] + " " + filepath.Join(l.bin, "kubectl") + " apply -f " + filepath.Join(l.nights(), f) + " && exit; sleep 1; done; exit 1")
	}
}

// standIns puts those of the workstation before everything else on the PATH.
func (l *lab) standIns() {
	l.t.Helper()
	here := l.nights()
	bin := filepath.Join(l.t.TempDir(), "bin")
	l.bin = bin
	if err := os.MkdirAll(bin, 0o755); err != nil {
		l.t.Fatal(err)
	}
	links := map[string]string{"kubectl": filepath.Join(l.dir, "bin", "lab")}
	entries, err := os.ReadDir(filepath.Join(here, "bin"))
	if err != nil {
		l.t.Fatal(err)
	}
	for _, e := range entries {
		links[e.Name()] = filepath.Join(here, "bin", e.Name())
	}
	for name, to := range links {
		if err := os.Symlink(to, filepath.Join(bin, name)); err != nil {
			l.t.Fatal(err)
		}
	}
	l.env = append(l.env, "PATH="+bin+":"+os.Getenv("PATH"), "NIGHTS="+here, "LAB_DIR="+l.dir, "LAB_SSH_CONFIG="+l.vars["LAB_SSH_CONFIG"])
}

// run executes the night and holds its transcript to what a night must show.
func (n night) run(t *testing.T, l *lab) (done bool) {
	start := time.Now()
	state := t.TempDir()
	if n.prepare != nil {
		n.prepare(l)
	}
	var answers strings.Builder
	if n.answers == nil {
		n.answers = []string{n.book + ".yaml"}
	}
	for _, name := range n.answers {
		text, err := os.ReadFile(filepath.Join("testdata/nights", name))
		if err != nil {
			t.Fatal(err)
		}
		answers.Write(text)
	}
	args := []string{"run", n.book, "--plain", "--answers", write(t, "answers.yaml", answers.String())}
	for _, s := range n.set {
		args = append(args, "--set", strings.ReplaceAll(s, "$NIGHTS", l.nights()))
	}
	if r := sitting(t, l.environ(state), n.typed, spraydeck, args...); r.exit != 0 {
		t.Fatalf("exit %d\n%s\n%s", r.exit, tail(r.out, 40), r.err)
	}
	done = true
	n.prove(t, newest(t, state))
	for _, node := range l.nodes() {
		if !strings.Contains(node, " Ready ") {
			t.Errorf("at the end: %s", node)
		}
	}
	if n.after != nil {
		n.after(t, l)
	}
	t.Logf("%s in %s, slowest: %s", n.book, time.Since(start).Round(time.Second), slowest(newest(t, state)))
	return done
}

// prove holds a transcript to what every night must show: all steps were done, but for those that the night says are not
// needed; every gate of a step that was done was checked and passed; after the work on each node its health was checked
// before the work on the next; and never were two nodes out of use at once.
func (n night) prove(t *testing.T, events []event.Event) {
	t.Helper()
	gates := gatesOf(t, n.book)
	danger := map[string]event.Danger{}
	ended := map[string]event.Status{}
	verdicts := map[string]map[string]event.Verdict{} // by step and gate, the last
	read := map[string]bool{}                         // gates that want to be read and no more
	skips, opens := map[string]bool{}, map[string]bool{}
	var planned []string
	for _, e := range events {
		switch d := e.Data.(type) {
		case event.Planned:
			for _, s := range d.Steps {
				planned = append(planned, s.ID)
				danger[s.ID] = s.Danger
			}
		case event.StepEnded:
			ended[e.Step] = d.Status
			if d.Status == event.Overridden {
				t.Errorf("%s was let through: %s", e.Step, d.Why.En)
			}
			if d.Status == event.Skipped {
				if p := match(n.skipped, e.Step); p != "" {
					skips[p] = true
				} else {
					t.Errorf("%s was skipped: %s", e.Step, d.Why.En)
				}
			}
		case event.GateChecked:
			if verdicts[e.Step] == nil {
				verdicts[e.Step] = map[string]event.Verdict{}
			}
			verdicts[e.Step][d.Gate] = d.Verdict
			read[e.Step+"/"+d.Gate] = d.Required == event.Acknowledge
			if d.Verdict != event.Pass && d.Required == event.Advisory {
				verdicts[e.Step][d.Gate] = event.Pass
			}
		}
	}
	if len(planned) == 0 {
		t.Fatal("nothing was planned")
	}
	for _, id := range planned {
		switch ended[id] {
		case event.Skipped:
			continue
		case event.Passed, event.Overridden:
		default:
			t.Errorf("%s ended %q", id, ended[id])
		}
		alternatives := gates[bare(id)] // a step of this id may stand in several of the runbooks that are included
		checked := func(list []string) bool {
			return !slices.ContainsFunc(list, func(gate string) bool { return verdicts[id][gate] == "" })
		}
		if len(alternatives) > 0 && !slices.ContainsFunc(alternatives, checked) {
			t.Errorf("%s: of its gates %v were checked: %v", id, alternatives, slices.Sorted(maps.Keys(verdicts[id])))
		}
		for gate, v := range verdicts[id] {
			if v == event.Pass || read[id+"/"+gate] && !slices.ContainsFunc(alternatives, func(list []string) bool { return slices.Contains(list, gate) }) {
				continue // of all else that is known of a hop the operator reads what is to be read
			}
			if p := match(n.open, id+"/"+gate); p != "" {
				opens[p] = true
			} else {
				t.Errorf("%s: the gate %s ended %s", id, gate, v)
			}
		}
	}
	for _, p := range n.skipped {
		if !skips[p] && p[0] != '?' {
			t.Errorf("the night says that %s is skipped, and nothing was", p)
		}
	}
	for _, p := range n.open {
		if !opens[p] {
			t.Errorf("the night says that %s does not pass, and it did", p)
		}
	}
	n.proveMended(t, events)
	n.proveHealth(t, events, danger)
	oneAtATime(t, events)
}

// proveMended: what the night is to meet was met, and answered by the remedy for it.
func (n night) proveMended(t *testing.T, events []event.Event) {
	t.Helper()
	by := map[string]bool{}
	for _, e := range events {
		if a, ok := e.Data.(event.Answered); ok && strings.HasPrefix(a.Choice, "remedy:") {
			by[a.Question] = true
		}
	}
	for _, q := range n.mended {
		if !by[q] {
			t.Errorf("%s was not asked, or not answered by a remedy", q)
		}
	}
}

// proveHealth: between the last command that changes a node and the first that changes the next one, and before the end,
// each gate of its health passed.
func (n night) proveHealth(t *testing.T, events []event.Event, danger map[string]event.Danger) {
	t.Helper()
	at := ""
	passed := map[string]bool{}
	worked := map[string]bool{}
	settled := func(next string) {
		for _, gate := range n.health {
			ok := false
			for _, name := range strings.Split(gate, "|") {
				ok = ok || passed[name]
			}
			if at != "" && !ok {
				t.Errorf("after the work on %s and before %s, %s was not seen to pass", at, next, gate)
			}
		}
	}
	for _, e := range events {
		switch d := e.Data.(type) {
		case event.CommandStarted:
			if !d.Changes || danger[e.Step] != event.Disrupts && danger[e.Step] != event.Destroys {
				continue
			}
			unit := nodeOf(e.Step)
			if n.unit != nil {
				unit = n.unit(e.Step, d.Host)
			}
			if unit == "" {
				continue
			}
			if unit != at {
				settled(unit)
				at = unit
			}
			worked[unit] = true
			clear(passed)
		case event.GateChecked:
			if d.Verdict == event.Pass {
				passed[d.Gate] = true
			}
		}
	}
	settled("the end")
	if len(n.health) > 0 && len(worked) == 0 {
		t.Error("no node was worked on")
	}
}

// nodeOf is the node that a step's id names; "" where it names none.
func nodeOf(step string) string {
	i, j := strings.IndexByte(step, '['), strings.IndexByte(step, ']')
	if i < 0 || j < i {
		return ""
	}
	return step[i+1 : j]
}

// bare is a step's id without nodes, and without the steps that include it.
func bare(id string) string {
	id = id[strings.LastIndexByte(id, '/')+1:]
	id, _, _ = strings.Cut(id, "[")
	return id
}

// gatesOf gives, by the id of a step of the runbook or of one it includes, the gates that are always checked. A gate with a
// condition may not be.
func gatesOf(t *testing.T, book string) map[string][][]string {
	t.Helper()
	gates := map[string][][]string{}
	for _, f := range catalogue(t) {
		if f.Runbook == nil || f.Runbook.Name.Value != book {
			continue
		}
		f.Runbook.EachStep(func(in *runbook.Runbook, s *runbook.Step) {
			var own []string
			for i, g := range s.Gates() {
				if p := f.Runbook.Pitfall(g.Pitfall.Value); p != nil && f.Runbook.Excludes(p) {
					continue
				}
				g := in.FillGate(g, i)
				if !g.When.Set() && g.ID.Value != "" {
					own = append(own, g.ID.Value)
				}
			}
			gates[s.ID.Value] = append(gates[s.ID.Value], own)
		})
	}
	return gates
}

// match gives the first of these patterns that a text fits; * stands for any characters.
func match(patterns []string, text string) string {
	for _, p := range patterns {
		parts := strings.Split(strings.TrimPrefix(p, "?"), "*")
		rest, ok := strings.CutPrefix(text, parts[0])
		for _, part := range parts[1:] {
			i := strings.Index(rest, part)
			if ok = ok && i >= 0; !ok {
				break
			}
			rest = rest[i+len(part):]
		}
		if ok && (rest == "" || strings.HasSuffix(p, "*")) {
			return p
		}
	}
	return ""
}

// slowest names the steps that took longest.
func slowest(events []event.Event) string {
	began, took := map[string]time.Time{}, map[string]time.Duration{}
	var ids []string
	for _, e := range events {
		switch e.Data.(type) {
		case event.StepStarted:
			began[e.Step] = e.Time
		case event.StepEnded:
			if at, ok := began[e.Step]; ok {
				took[e.Step] = e.Time.Sub(at)
				ids = append(ids, e.Step)
			}
		}
	}
	slices.SortStableFunc(ids, func(a, b string) int { return int(took[b] - took[a]) })
	var words []string
	for _, id := range ids[:min(5, len(ids))] {
		words = append(words, fmt.Sprintf("%s %s", id, took[id].Round(time.Second)))
	}
	return strings.Join(words, ", ")
}
