package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"spraydeck/engine"
	"spraydeck/event"
	"spraydeck/kube"
	"spraydeck/kubespray"
	"spraydeck/release"
	"spraydeck/runbook"
	"spraydeck/transcript"
	"spraydeck/ui"
)

// home runs the Home screen, the default command, and what is chosen there, until the operator leaves it.
// Without a terminal it is the help.
func home(cmd *cobra.Command, o *options) error {
	if !onScreen() {
		return cmd.Help()
	}
	var notice event.Text
	for {
		data := homeData(o)
		data.Notice = notice
		choice, err := ui.Home(cmd.Context(), data, consoleOptions(o))
		if err != nil || choice.Act == ui.HomeQuit {
			return err
		}
		err = chosen(cmd, o, choice)
		if e := cmd.Context().Err(); e != nil {
			return e
		}
		// an error without text has been told already, on the screen of the run
		if notice = (event.Text{}); err != nil && err.Error() != "" {
			tell(cmd.ErrOrStderr(), err)
			notice = noticeOf(err)
		}
	}
}

// chosen does what was chosen; its end leads back to Home.
func chosen(cmd *cobra.Command, o *options, choice ui.HomeChoice) error {
	switch choice.Act {
	case ui.HomeRun:
		return run(cmd, o, frontEnd{}, choice.Name, map[string]string{}, false)
	case ui.HomeReplay:
		return ui.Replay(cmd.Context(), choice.Name, ui.ReplayOptions{Options: consoleOptions(o)})
	case ui.HomeResume:
		return resume(cmd, o, frontEnd{}, choice.Name)
	case ui.HomeDemo:
		return demo(cmd, o, frontEnd{}, 4)
	}
	return nil
}

// noticeOf returns an error in one line; the terminal shows all of it once Home is closed.
func noticeOf(err error) event.Text {
	line, _, _ := strings.Cut(err.Error(), "\n")
	if hint := event.HintOf(err); hint != "" {
		line += "  → " + hint
	}
	return event.T(line)
}

func homeData(o *options) ui.HomeData {
	return ui.HomeData{
		Checkout: func(ctx context.Context) (ui.HomeCheckout, error) { return homeCheckout(ctx, o) },
		Cluster:  func(ctx context.Context) (ui.HomeCluster, error) { return homeCluster(ctx, o) },
		Next:     func(_ context.Context, seen ui.HomeSeen) (ui.HomeNext, error) { return homeNext(o, seen) },
		Runbooks: func(context.Context) ([]ui.HomeRunbook, error) { return homeRunbooks(o) },
		Runs:     homeRuns,
		Findings: func(ctx context.Context, name string) ([]runbook.Finding, error) { return homeFindings(ctx, o, name) },
	}
}

func homeCheckout(ctx context.Context, o *options) (ui.HomeCheckout, error) {
	var c ui.HomeCheckout
	checkout, err := kubespray.Open(o.checkout)
	if err != nil {
		return c, err
	}
	c.Dir = tilde(checkout.Dir())
	if c.Branch, err = checkout.Branch(ctx); err != nil {
		return c, err
	}
	if c.Tag, c.Exact, err = checkout.Tag(ctx); err != nil && !errors.Is(err, kubespray.ErrNoTag) {
		return c, err
	}
	_, changes, err := checkout.Clean(ctx)
	c.Changes = len(changes)
	return c, err
}

// tilde shortens a path below the operator's home.
func tilde(path string) string {
	home, err := os.UserHomeDir()
	if err != nil || home == "/" {
		return path
	}
	if rest, ok := strings.CutPrefix(path, home+string(filepath.Separator)); ok {
		return filepath.Join("~", rest)
	}
	return path
}

// homeCluster asks for the nodes. Without an answer it still says what the kubeconfig names.
func homeCluster(ctx context.Context, o *options) (ui.HomeCluster, error) {
	cluster, err := kube.Open(o.kubeconfig, o.context)
	if err != nil {
		return ui.HomeCluster{}, err
	}
	c := ui.HomeCluster{Name: cluster.Name(), Context: o.context, Server: cluster.Server()}
	if c.Version, err = cluster.Ping(ctx); err != nil {
		return c, err
	}
	nodes, err := cluster.Get(ctx, "nodes", "", "", "", "", "metadata.name", "spec.unschedulable", "status.nodeInfo", "status.conditions")
	for _, n := range nodes {
		c.Nodes = append(c.Nodes, homeNode(n))
	}
	slices.SortFunc(c.Nodes, func(a, b event.Node) int { return strings.Compare(a.Name, b.Name) })
	return c, err
}

// homeNode reads of a node object what Home shows.
func homeNode(object map[string]any) event.Node {
	status := under(object, "status")
	info := under(status, "nodeInfo")
	n := event.Node{Ready: "Unknown"}
	n.Name, _ = under(object, "metadata")["name"].(string)
	n.Unschedulable, _ = under(object, "spec")["unschedulable"].(bool)
	n.Version, _ = info["kubeletVersion"].(string)
	n.OS, _ = info["osImage"].(string)
	conditions, _ := status["conditions"].([]any)
	for _, c := range conditions {
		if c, ok := c.(map[string]any); ok && c["type"] == "Ready" {
			n.Ready, _ = c["status"].(string)
		}
	}
	return n
}

// homeNext finds the way on from what was seen. What failed has been said in its own place and is only hinted at here.
func homeNext(o *options, seen ui.HomeSeen) (ui.HomeNext, error) {
	if seen.CheckoutErr != nil && seen.ClusterErr != nil {
		return ui.HomeNext{}, &runbook.UsageError{Message: "not known without a checkout or a cluster",
			Way: "start it in a checkout or with --checkout DIR, and with --kubeconfig FILE; d needs neither"}
	}
	l, err := load(o)
	if err != nil {
		return ui.HomeNext{}, err
	}
	rs, err := l.releases()
	if err != nil {
		return ui.HomeNext{}, err
	}
	s := sighting{tag: seen.Checkout.Tag, systems: map[string]string{}}
	if s.tag == "" {
		s.noTag = errors.New("no release tag")
	}
	for _, n := range seen.Cluster.Nodes {
		s.kubelets = append(s.kubelets, n.Version)
		s.systems[n.Name] = n.OS
	}
	if seen.ClusterErr != nil || len(s.kubelets) == 0 {
		s.kubelets, s.noKubelets = nil, errors.New("no answer")
	}
	start, err := s.start(rs)
	if err != nil {
		return ui.HomeNext{}, err
	}
	return homeWay(l, rs, start)
}

// homeWay is the chain from a start to the newest good release, and the runbooks for it.
func homeWay(l *library, rs release.Releases, start planStart) (ui.HomeNext, error) {
	to := start.Release
	if newest := rs.Newest(); newest != nil && newer(newest.Name.Value, to) {
		to = newest.Name.Value
	}
	chain, err := release.NewChain(rs, start.Release, to, release.ChainOptions{Kubernetes: start.Kubernetes, Nodes: start.systems})
	if err != nil {
		return ui.HomeNext{}, err
	}
	next := ui.HomeNext{Chain: chain, Kubernetes: start.Kubernetes, Source: foundIn(start.Source), Warnings: start.warnings}
	if next.Kubernetes == "" {
		next.Kubernetes = chain.Stops[0].Kubernetes.Version
	}
	runs := passedRuns()
	for _, h := range chain.Hops {
		var hop ui.HomeHop
		if b := l.between(h); b != nil {
			hop.Runbook = b.Name.Value
			if e := runs.estimate(b.Name.Value); e != nil {
				hop.Estimate = time.Duration(e.Seconds * float64(time.Second))
			}
		}
		next.Hops = append(next.Hops, hop)
	}
	next.Fits = l.leadingOn(start.Release)
	if len(next.Hops) > 0 && next.Hops[0].Runbook != "" {
		exact := next.Hops[0].Runbook
		next.Fits = append([]string{exact}, slices.DeleteFunc(next.Fits, func(s string) bool { return s == exact })...)
	}
	return next, nil
}

// leadingOn names the runbooks that lead on from a release, the one that leads furthest first.
func (l *library) leadingOn(from string) []string {
	var books []*runbook.Runbook
	for _, f := range l.files {
		if b := f.Runbook; b != nil && b.From.Source != "" && b.From.Has(from) && newer(b.To.Value, from) {
			books = append(books, b)
		}
	}
	slices.SortStableFunc(books, func(a, b *runbook.Runbook) int {
		switch {
		case newer(a.To.Value, b.To.Value):
			return -1
		case newer(b.To.Value, a.To.Value):
			return 1
		}
		return strings.Compare(a.Name.Value, b.Name.Value)
	})
	var names []string
	for _, b := range books {
		names = append(names, b.Name.Value)
	}
	return names
}

// foundIn says how the start of a plan is known.
func foundIn(source string) event.Text {
	switch source {
	case "checkout":
		return event.Text{En: "found in the checkout", Ja: "チェックアウトから"}
	case "cluster":
		return event.Text{En: "found in the cluster", Ja: "クラスターから"}
	}
	return event.Text{En: "found in checkout and cluster", Ja: "チェックアウトとクラスターから"}
}

func homeRunbooks(o *options) ([]ui.HomeRunbook, error) {
	l, err := load(o)
	if err != nil {
		return nil, err
	}
	runs := passedRuns()
	var list []ui.HomeRunbook
	for _, f := range l.files {
		b := f.Runbook
		if b == nil {
			continue
		}
		r := ui.HomeRunbook{Name: b.Name.Value, Title: b.Title.Text(runbook.NewScope()), From: b.From.Source, To: b.To.Value}
		if e := runs.estimate(b.Name.Value); e != nil {
			r.Estimate = time.Duration(e.Seconds * float64(time.Second))
		}
		list = append(list, r)
	}
	slices.SortFunc(list, func(a, b ui.HomeRunbook) int { return strings.Compare(a.Name, b.Name) })
	return list, nil
}

// homeRunsShown is how many of the saved runs Home shows; sessions list --limit 0 lists all.
const homeRunsShown = 200

// homeRuns lists the saved runs, and those of which a command goes on though no console is there.
func homeRuns(context.Context) ([]ui.HomeSaved, error) {
	root, err := transcript.Root()
	if err != nil {
		return nil, err
	}
	found, err := transcript.Newest(root)
	if err != nil {
		return nil, err
	}
	var list []ui.HomeSaved
	for f := range found {
		if len(list) == homeRunsShown {
			break
		}
		s := sessionOf(f)
		list = append(list, ui.HomeSaved{Summary: f, Runs: len(s.Running) > 0, MayRun: len(s.MayRun) > 0, Due: len(s.Due) > 0})
	}
	return list, nil
}

// homeFindings looks for the pitfalls of a runbook, as the check command does.
func homeFindings(ctx context.Context, o *options, name string) ([]runbook.Finding, error) {
	_, book, err := loadRunbook(o, name)
	if err != nil {
		return nil, err
	}
	out, err := connect(o, book.System.Value)
	if err != nil {
		return nil, err
	}
	defer out.close()
	inputs := map[string]string{}
	giveInventory(o, book, out.dir, inputs)
	out.leaves(ctx, book, "", inputs)
	found, err := engine.Checkup(ctx, book, out.checkEnv(inputs))
	if errors.Is(err, event.ErrUnanswered) {
		return nil, fmt.Errorf("%s asks for what has no default: %w", name, err)
	}
	return found, err
}
