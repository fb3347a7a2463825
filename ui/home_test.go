package ui

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"spraydeck/event"
	"spraydeck/release"
	"spraydeck/runbook"
	"spraydeck/transcript"
)

// hinted is an error with a hint.
type hinted struct{ msg, hint string }

func (h hinted) Error() string { return h.msg }
func (h hinted) Hint() string  { return h.hint }

func homeRun(id, status, to string, at time.Time, took time.Duration) HomeSaved {
	return HomeSaved{Summary: transcript.Summary{ID: id, Dir: "/runs/" + id, Status: event.Status(status), Duration: took,
		Header: transcript.Header{Runbook: "kubespray-" + to, Cluster: "prod-4", From: "v2.26.0", To: to, Started: at}}}
}

func sampleFindings() []runbook.Finding {
	return []runbook.Finding{
		{Pitfall: "vip-notready-v2.28", Title: both("Nodes reach the API through the virtual address", "ノードが仮想アドレス経由で API に接続"), Severity: "outage",
			Required: event.Success, Verdict: event.Fail, Says: both("node2 and node3 turn NotReady when the address moves.", "アドレスの移動時に node2 と node3 が NotReady になります。"),
			Evidence: []string{"node2: server: https://lb-apiserver.kubernetes.local:6443", "node3: server: https://lb-apiserver.kubernetes.local:6443"},
			Why:      both("This very upgrade takes the address away while the kubelets still use it.", "このアップグレード中にアドレスが失われます。"),
			Remedies: []event.Remedy{{ID: "local", Title: both("Point them at 127.0.0.1, restart kubelet", "127.0.0.1 に変更して kubelet を再起動")}},
			Sources:  []string{"https://github.com/kubernetes-sigs/kubespray/issues/12345"}},
		{Pitfall: "dirty-worktree", Title: both("The working tree has changes", "作業ツリーに変更があります"), Severity: "nuisance",
			Required: event.Advisory, Verdict: event.Fail, Evidence: []string{" M inventory/mycluster/inventory.ini"}},
		{Pitfall: "etcd-even", Title: both("The number of etcd members is odd", "etcd のメンバー数は奇数"), Severity: "blocks",
			Required: event.Success, Verdict: event.Unknown, Evidence: []string{"node1: connection refused"}},
		{Pitfall: "strict-arp", Title: both("kube-proxy answers ARP strictly", "kube-proxy の strict ARP は有効"), Severity: "outage", Required: event.Success, Verdict: event.Pass},
	}
}

func sampleNext() HomeNext {
	stop := func(rel, k8s string) release.Stop {
		return release.Stop{Release: rel, Date: "2026-01-02", Kubernetes: release.StopKubernetes{Version: k8s}, Components: map[string]string{"etcd": "3.5.22", "calico": "3.29.5", "containerd": "2.0.6"},
			Ansible: release.StopAnsible{Package: "9.13.0"}, Python: &release.StopPython{Min: "3.10", Max: "3.12"}}
	}
	return HomeNext{Kubernetes: "1.31.4", Source: both("found in checkout and cluster", "チェックアウトとクラスターから"), Fits: []string{"kubespray-v2.28.0"},
		Hops: []HomeHop{{}, {Runbook: "site-v2.29.1", Estimate: 2 * time.Hour}},
		Chain: &release.Chain{KnownUpTo: "v2.31.0", Stops: []release.Stop{stop("v2.27.0", "1.31.4"), stop("v2.28.1", "1.32.8"), stop("v2.29.1", "1.33.7")},
			Hops: []release.Hop{
				{From: "v2.27.0", To: "v2.28.1", Avoided: []release.Avoided{{Release: "v2.28.0", Why: both("it breaks clusters with Cilium installed by older releases", "古いリリースで導入した Cilium が壊れる")}},
					Conditions: []release.Condition{{Says: both("leave Ubuntu 20.04", "Ubuntu 20.04 をやめる"), Unmet: true, Nodes: []string{"node3"}}, {Says: both("calico 3.27.0 or later", "calico 3.27.0 以降")}},
					Notes:      []release.Told{{Says: both("no version has a leading v any more", "バージョンの先頭の v がなくなる")}}},
				{From: "v2.28.1", To: "v2.29.1", Backwards: []release.Backwards{{Component: "cni", From: "1.5.0", To: "1.4.0"}}, Faults: []release.Told{{Says: both("nodes that join need a name", "追加ノードには名前が必要")}}},
			}},
	}
}

func sampleHome() HomeData {
	at := time.Date(2026, 11, 14, 22, 3, 0, 0, time.UTC)
	broken := HomeSaved{Summary: transcript.Summary{ID: "20261101-bad", Dir: "/runs/bad", Err: errors.New("no transcript")}}
	node := func(name, ready string) event.Node {
		return event.Node{Name: name, Ready: ready, Version: "v1.31.4"}
	}
	return HomeData{
		Checkout: func(context.Context) (HomeCheckout, error) {
			return HomeCheckout{Dir: "~/kubespray", Branch: "t_v2.27.0", Tag: "v2.27.0", Changes: 2}, nil
		},
		Cluster: func(context.Context) (HomeCluster, error) {
			return HomeCluster{Name: "prod-4", Server: "https://10.0.0.9:6443", Version: "v1.31.4",
				Nodes: []event.Node{node("node1", "True"), node("node2", "True"), node("node3", "Unknown")}}, nil
		},
		Next: func(context.Context, HomeSeen) (HomeNext, error) { return sampleNext(), nil },
		Runbooks: func(context.Context) ([]HomeRunbook, error) {
			return []HomeRunbook{{Name: "etcd-restore", Title: both("Restore etcd from a snapshot", "etcd をスナップショットから復元")},
				{Name: "kubespray-v2.28.0", Title: both("Kubespray v2.27 to v2.28", "Kubespray v2.27 から v2.28"), From: ">=2.27.0 <2.28.0", To: "v2.28.0", Estimate: 101 * time.Minute}}, nil
		},
		Runs: func(context.Context) ([]HomeSaved, error) {
			return []HomeSaved{homeRun("20261114-2203", "interrupted", "v2.28.0", at, 72*time.Minute),
				homeRun("20261010-2201", "passed", "v2.27.0", at.AddDate(0, -1, -4), 161*time.Minute), broken}, nil
		},
		Findings: func(context.Context, string) ([]runbook.Finding, error) { return sampleFindings(), nil },
	}
}

// homeStage drives Home without a terminal. Commands run when the test says so; clocks do not.
type homeStage struct {
	*homeModel
	t     *testing.T
	now   time.Time
	left  []tea.Cmd // sent for and not yet answered
	quit  bool
	ticks []tea.Msg // that time would bring
}

func newHomeStage(t *testing.T, data HomeData, lang string, w, h int) *homeStage {
	t.Helper()
	s := &homeStage{t: t, now: time.Date(2026, 11, 20, 21, 0, 0, 0, time.UTC)}
	e := newFetcher(t.Context())
	t.Cleanup(e.end)
	s.homeModel = newHomeModel(data, Options{Lang: lang, Version: "test", Clock: func() time.Time { return s.now }}, e)
	s.later = func(_ time.Duration, msg tea.Msg) tea.Cmd { s.ticks = append(s.ticks, msg); return nil }
	_ = s.View() // comes before any message
	s.left = append(s.left, s.Init())
	s.send(tea.WindowSizeMsg{Width: w, Height: h})
	return s
}

func (s *homeStage) send(msg tea.Msg) {
	_, cmd := s.Update(msg)
	s.left = append(s.left, cmd)
}

// settle answers everything that was sent for.
func (s *homeStage) settle() *homeStage {
	s.t.Helper()
	for len(s.left) > 0 {
		cmd := s.left[0]
		s.left = s.left[1:]
		if cmd == nil {
			continue
		}
		switch msg := cmd().(type) {
		case nil:
		case tea.BatchMsg:
			s.left = append(s.left, msg...)
		case tea.QuitMsg:
			s.quit = true
		default:
			s.now = s.now.Add(time.Second)
			s.send(msg)
		}
	}
	return s
}

func (s *homeStage) press(keys ...string) *homeStage {
	for _, k := range keys {
		s.send(press(k))
	}
	return s
}

func (s *homeStage) text() string { return ansi.Strip(s.View().Content) }

func TestHomeGolden(t *testing.T) {
	for _, size := range [][2]int{{80, 24}, {120, 40}, {40, 12}} {
		for _, lang := range []string{"en", "ja"} {
			w, h := size[0], size[1]
			s := newHomeStage(t, sampleHome(), lang, w, h)
			got := "──── the first frame\n" + drawn(t, s.View().Content, w, h)
			s.settle()
			for _, step := range []struct{ name, keys string }{
				{"everything is known", ""}, {"the saved runs", "tab j"}, {"filtering", "/ e t c d"}, {"findings", "enter esc 1 c"},
				{"one of them", "j enter"}, {"the whole plan", "esc esc p"}, {"a hop", "enter"},
			} {
				s.press(strings.Fields(step.keys)...).settle()
				got += "──── " + step.name + "\n" + drawn(t, s.View().Content, w, h)
			}
			sameAsGolden(t, fmt.Sprintf("home-%s-%dx%d", lang, w, h), got)
		}
	}
}

// What cannot be reached is reported in its place, with a hint.
func TestHomeWithoutAnything(t *testing.T) {
	data := sampleHome()
	data.Checkout = func(context.Context) (HomeCheckout, error) {
		return HomeCheckout{}, hinted{"open checkout .: not a git repository", "name the checkout with --checkout"}
	}
	data.Cluster = func(context.Context) (HomeCluster, error) {
		return HomeCluster{Name: "prod-4"}, hinted{"reach the API server https://10.0.0.9:6443: connection refused", "check that https://10.0.0.9:6443 answers from here"}
	}
	data.Next = func(context.Context, HomeSeen) (HomeNext, error) {
		return HomeNext{}, hinted{"not known without a checkout or a cluster", "start it in a checkout"}
	}
	data.Runs = func(context.Context) ([]HomeSaved, error) { return nil, nil }
	data.Findings = func(context.Context, string) ([]runbook.Finding, error) {
		t.Error("it looks for pitfalls where there is no cluster")
		return nil, nil
	}
	got := ""
	for _, size := range [][2]int{{80, 24}, {40, 12}} {
		got += drawn(t, newHomeStage(t, data, "en", size[0], size[1]).settle().View().Content, size[0], size[1])
	}
	sameAsGolden(t, "home-nothing", got)
	s := newHomeStage(t, data, "en", 80, 24).settle().press("p")
	if !strings.Contains(s.text(), "the route is not known yet") {
		t.Errorf("p is off and does not say why:\n%s", s.text())
	}
}

// A run of which a command goes on without a console says so instead of how it stands.
func TestHomeTellsWhatStillRuns(t *testing.T) {
	for _, lang := range []string{"en", "ja"} {
		data := sampleHome()
		data.Runs = func(context.Context) ([]HomeSaved, error) {
			here := homeRun("20261114-2203", "interrupted", "v2.28.0", time.Date(2026, 11, 14, 22, 3, 0, 0, time.UTC), time.Hour)
			there := here
			here.Runs, there.MayRun = true, true
			return []HomeSaved{here, there}, nil
		}
		text := newHomeStage(t, data, lang, 40, 12).settle().press("tab").text()
		for _, say := range []event.Text{sayStillRuns, sayMayRun} {
			if !strings.Contains(text, "! "+say.In(lang)) {
				t.Errorf("no %q:\n%s", say.In(lang), text)
			}
		}
	}
}

// Every key that a screen of Home advertises does something, or is off and says why.
func TestHomeKeys(t *testing.T) {
	for _, prepare := range []string{"", "tab", "tab j j", "/ k enter", "c", "c j enter", "c / v enter", "p", "p enter", "/ z z enter"} {
		prepared := func() *homeStage {
			return newHomeStage(t, sampleHome(), "en", 80, 24).settle().press(strings.Fields(prepare)...).settle().press("j")
		}
		for _, k := range prepared().keys() {
			for _, name := range k.Keys {
				s := prepared()
				before, choice := s.View().Content, s.choice
				s.press(name)
				sent := len(s.left) > 0 && s.left[len(s.left)-1] != nil
				s.settle()
				does := s.View().Content != before || s.choice != choice || s.quit || sent
				there := name == "1" || name == "2" || motionOf(press(name)) != noMotion // it may be there already
				if !does && !there {
					t.Errorf("after %q: %s (%s) does nothing", prepare, name, k.Help)
				}
				if !k.Enabled() && s.notice != s.look.say(k.Disabled) {
					t.Errorf("after %q: %s is off and does not say why but %q", prepare, name, s.notice)
				}
			}
		}
	}
}

func TestHomeMoves(t *testing.T) {
	for keys, want := range map[string]string{"": "kubespray-v2.28.0", "j": "etcd-restore", "G": "etcd-restore", "j k": "kubespray-v2.28.0",
		"pgdown pgup": "kubespray-v2.28.0", "end home": "kubespray-v2.28.0"} {
		if b, _ := newHomeStage(t, sampleHome(), "", 80, 24).settle().press(strings.Fields(keys)...).home.book(); b.Name != want {
			t.Errorf("%q leads to %s, not %s", keys, b.Name, want)
		}
	}
}

func TestHomeChoices(t *testing.T) {
	for keys, want := range map[string]HomeChoice{
		"enter": {HomeRun, "kubespray-v2.28.0"}, "j enter": {HomeRun, "etcd-restore"}, "tab enter": {HomeReplay, "/runs/20261114-2203"},
		"2 j enter": {HomeReplay, "/runs/20261010-2201"}, "2 1 enter": {HomeRun, "kubespray-v2.28.0"}, "d": {Act: HomeDemo}, "q": {}, "ctrl+c": {},
		"tab o":                 {HomeResume, "/runs/20261114-2203"},
		"/ e t c d enter enter": {HomeRun, "etcd-restore"},
	} {
		s := newHomeStage(t, sampleHome(), "", 80, 24).settle().press(strings.Fields(keys)...).settle()
		if s.choice != want || !s.quit {
			t.Errorf("%s: %+v, quit %v", keys, s.choice, s.quit)
		}
	}
	for _, keys := range []string{"2 j j enter", "/ z z enter enter", "/ q", "? q"} {
		if s := newHomeStage(t, sampleHome(), "", 80, 24).settle().press(strings.Fields(keys)...).settle(); s.quit {
			t.Errorf("%s leaves with %+v", keys, s.choice)
		}
	}
}

// The checkup starts by itself, once, for the runbook that fits; r looks again.
func TestHomeLooksBeforehand(t *testing.T) {
	var looked []string
	data := sampleHome()
	data.Findings = func(_ context.Context, name string) ([]runbook.Finding, error) {
		looked = append(looked, name)
		return sampleFindings(), nil
	}
	s := newHomeStage(t, data, "", 80, 24).settle()
	s.send(againTick{})
	s.settle().press("c").settle().press("esc")
	if fmt.Sprint(looked) != "[kubespray-v2.28.0]" {
		t.Errorf("looked for %v", looked)
	}
	s.press("r").settle().press("j", "c").settle()
	if fmt.Sprint(looked) != "[kubespray-v2.28.0 kubespray-v2.28.0 etcd-restore]" {
		t.Errorf("looked for %v", looked)
	}
}

// While a checkup is under way its time runs; its answer comes too late once another was started.
func TestHomeDropsLateAnswers(t *testing.T) {
	s := newHomeStage(t, sampleHome(), "", 120, 40)
	first := found[HomeCluster]{round: s.facts.cluster.round, value: HomeCluster{Name: "late"}}
	s.press("r").settle()
	s.send(first)
	if strings.Contains(s.text(), "late") {
		t.Error("an answer of an earlier round is shown")
	}
	s.send(tea.Msg(clockTick{}))
	s.press("c", "r") // not answered
	s.now = s.now.Add(75 * time.Second)
	if !strings.Contains(s.text(), "reading only ... 1m15s") || !strings.Contains(s.text(), "vip-notready") {
		t.Errorf("how long it has been looking is not shown, or what was found before has gone:\n%s", s.text())
	}
	if n := len(s.ticks); n == 0 || s.ticks[n-1] != (clockTick{}) {
		t.Errorf("nothing draws the time: %v", s.ticks)
	}
}

// A cluster that comes back is looked at without being asked to.
func TestHomeClusterComesBack(t *testing.T) {
	up, checkups := false, 0
	data := sampleHome()
	whole := data.Cluster
	data.Cluster = func(ctx context.Context) (HomeCluster, error) {
		if !up {
			return HomeCluster{Name: "prod-4"}, context.DeadlineExceeded
		}
		return whole(ctx)
	}
	data.Findings = func(context.Context, string) ([]runbook.Finding, error) { checkups++; return nil, nil }
	s := newHomeStage(t, data, "", 80, 24).settle()
	if !strings.Contains(s.text(), "no answer in time") || checkups != 0 {
		t.Errorf("%d checkups:\n%s", checkups, s.text())
	}
	up = true
	s.send(againTick{})
	if s.settle(); !strings.Contains(s.text(), "2 of 3 nodes Ready: not node3") || checkups != 1 {
		t.Errorf("%d checkups:\n%s", checkups, s.text())
	}
}

// A checkup that could not be made says why, all of it, and r tries again.
func TestFindingsFail(t *testing.T) {
	data, fails := sampleHome(), true
	data.Findings = func(context.Context, string) ([]runbook.Finding, error) {
		if fails {
			return nil, hinted{"the inventory could not be read", "check --inventory"}
		}
		return nil, nil
	}
	s := newHomeStage(t, data, "", 80, 24).settle().press("c", "j", "enter")
	for _, want := range []string{"could not be checked", "the inventory could not be read", "check --inventory"} {
		if s.notice = ""; !strings.Contains(s.text(), want) {
			t.Errorf("%q is not said:\n%s", want, s.text())
		}
	}
	fails = false
	if s.press("r").settle(); !strings.Contains(s.text(), "names no pitfall") || strings.Contains(s.text(), "nothing to fix") {
		t.Error(s.text())
	}
}

func TestHomeAtAnySize(t *testing.T) {
	for _, keys := range []string{"", "/ k", "c", "c enter", "p", "p enter", "?"} {
		s := newHomeStage(t, sampleHome(), "ja", 80, 24).settle().press(strings.Fields(keys)...).settle()
		for _, w := range []int{0, 1, 20, 39, 40, 59, 72, 99, 100, 130} {
			for _, h := range []int{0, 1, 5, 11, 12, 13, 16, 20, 21, 24, 44} {
				s.send(tea.WindowSizeMsg{Width: w, Height: h})
				content := s.View().Content
				checkSize(t, ansi.Strip(content), w, h)
				if got := strings.Count(content, "\n") + 1; got != max(h, 1) {
					t.Fatalf("%q: %d lines at %dx%d", keys, got, w, h)
				}
			}
		}
	}
}

func TestHomeWithoutColour(t *testing.T) {
	plain := newHomeStage(t, sampleHome(), "", 120, 40).settle()
	e := newFetcher(t.Context())
	defer e.end()
	m := newHomeModel(sampleHome(), Options{NoColor: true, Version: "test", Clock: plain.opts.Clock}, e)
	m.facts = plain.facts
	m.home.facts = plain.facts
	m.Update(tea.WindowSizeMsg{Width: 120, Height: 40})
	got := m.View().Content
	if ansi.Strip(got) != plain.text() {
		t.Error("it reads differently without colours")
	}
	for _, code := range []string{"[31m", "[32m", "[33m", "[36m", "[38;", "[1;31m"} {
		if strings.Contains(got, code) {
			t.Errorf("colour %s in spite of NoColor", code)
		}
	}
}

// Leaving cancels what is under way, waits for it, and starts nothing more.
func TestErrandsEnd(t *testing.T) {
	e := newFetcher(t.Context())
	begun, ended := make(chan struct{}), false
	var l lookup[int]
	cmd := l.start(e, time.Minute, time.Time{}, "", func(ctx context.Context) (int, error) {
		close(begun)
		<-ctx.Done()
		ended = true
		return 0, ctx.Err()
	})
	go cmd()
	<-begun
	if e.end(); !ended {
		t.Error("it was not waited for")
	}
	if msg := l.start(e, time.Minute, time.Time{}, "", func(context.Context) (int, error) { t.Error("it starts"); return 0, nil })(); msg != nil {
		t.Errorf("got %v", msg)
	}
}

// What comes from outside cannot drive the terminal.
func TestHomeIsClean(t *testing.T) {
	data := sampleHome()
	evil := "\x1b]0;owned\x07\x1b[2J"
	data.Cluster = func(context.Context) (HomeCluster, error) {
		return HomeCluster{Name: evil + "c", Server: evil}, hinted{evil + "e", evil + "h"}
	}
	data.Checkout = func(context.Context) (HomeCheckout, error) {
		return HomeCheckout{Dir: evil, Branch: evil, Tag: evil}, nil
	}
	data.Findings = func(context.Context, string) ([]runbook.Finding, error) {
		return []runbook.Finding{{Pitfall: evil, Title: event.T(evil + "t"), Evidence: []string{evil + "x"}, Sources: []string{evil}, Severity: evil, Says: event.T(evil), Verdict: event.Fail}}, nil
	}
	s := newHomeStage(t, data, "", 120, 40).settle()
	for _, keys := range []string{"", "c", "enter"} {
		s.press(strings.Fields(keys)...).settle()
		if c := s.View().Content; strings.Contains(c, "\x1b]0") || strings.Contains(c, "\x1b[2J") {
			t.Errorf("%q lets control sequences through", keys)
		}
	}
}

// The program as it runs: a lookup that never answers delays neither the screen nor the exit.
func TestHomeRuns(t *testing.T) {
	data := sampleHome()
	data.Cluster = func(ctx context.Context) (HomeCluster, error) { <-ctx.Done(); return HomeCluster{}, ctx.Err() }
	keys, typed := io.Pipe()
	go func() { _, _ = io.WriteString(typed, "d") }()
	choice, err := showHome(t.Context(), data, Options{}, tea.WithInput(keys), tea.WithOutput(io.Discard), tea.WithWindowSize(80, 24))
	if err != nil || choice.Act != HomeDemo {
		t.Errorf("got %+v, %v", choice, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := showHome(ctx, data, Options{}, tea.WithInput(keys), tea.WithOutput(io.Discard)); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// TestFindingsByCause: many checks that are unknown for one cause are one line, found by any of their names.
func TestFindingsByCause(t *testing.T) {
	facts := &homeFacts{findings: map[string]*lookup[[]runbook.Finding]{}}
	var list []runbook.Finding
	for i := range 70 {
		list = append(list, runbook.Finding{Pitfall: fmt.Sprintf("p%d", i), Title: event.T("check"), Severity: "outage", Required: event.Success,
			Verdict: event.Unknown, Cause: "SSH to node1 is refused", Evidence: []string{"node1: connection refused"}})
	}
	list = append(list, runbook.Finding{Pitfall: "other", Title: event.T("alone"), Verdict: event.Unknown, Cause: "no inventory"})
	f := facts.of("book")
	f.known, f.round, f.value = true, 1, list
	v := newFindingsView(newLook(Options{}), Options{}, facts, "book")
	v.SetSize(120, 40)
	screen := ansi.Strip(v.View())
	for _, want := range []string{"? 70 unknown  SSH to node1 is refused", "alone"} {
		if !strings.Contains(screen, want) {
			t.Errorf("no %q:\n%s", want, screen)
		}
	}
	if len(v.entries) != 2 {
		t.Errorf("%d entries", len(v.entries))
	}
}
