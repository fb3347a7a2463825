package ui

import (
	"context"
	"errors"
	"fmt"
	"time"

	tea "charm.land/bubbletea/v2"

	"spraydeck/event"
	"spraydeck/release"
	"spraydeck/runbook"
	"spraydeck/transcript"
)

// HomeData is where the Home screen learns what it shows. Each function runs in a goroutine of its own and may take as
// long as its context lets it; the screen never waits for one. A value that comes with an error is shown as far as it goes.
type HomeData struct {
	Checkout func(context.Context) (HomeCheckout, error)
	Cluster  func(context.Context) (HomeCluster, error)
	Next     func(context.Context, HomeSeen) (HomeNext, error) // where to go from what was seen
	Runbooks func(context.Context) ([]HomeRunbook, error)
	Runs     func(context.Context) ([]HomeSaved, error)               // newest first
	Findings func(context.Context, string) ([]runbook.Finding, error) // of a runbook, by its name; only reads
	Notice   event.Text                                               // what became of the last choice
}

// HomeCheckout is the working tree.
type HomeCheckout struct {
	Dir, Branch string // no branch: HEAD is detached
	Tag         string // the nearest release, "" if there is none
	Exact       bool   // HEAD is that release and nothing more
	Changes     int    // files changed or untracked
}

// HomeCluster is what the kubeconfig leads to. Without an answer only Name, Context and Server are known.
type HomeCluster struct {
	Name, Context, Server string
	Version               string // of the API server
	Nodes                 []event.Node
}

// HomeSeen is what checkout and cluster said.
type HomeSeen struct {
	Checkout    HomeCheckout
	CheckoutErr error
	Cluster     HomeCluster
	ClusterErr  error
}

// HomeNext is the way on from here.
type HomeNext struct {
	Chain      *release.Chain
	Kubernetes string       // what runs now, at the start of the chain
	Source     event.Text   // how the start is known
	Warnings   []event.Text // what makes the start doubtful
	Hops       []HomeHop    // as many as the chain has
	Fits       []string     // runbooks that lead on from here, the best first
}

// HomeHop is what this machine knows of a hop.
type HomeHop struct {
	Runbook  string // that leads just there, "" for none
	Estimate time.Duration
}

// HomeRunbook is a runbook in the list.
type HomeRunbook struct {
	Name     string
	Title    event.Text
	From, To string
	Estimate time.Duration // 0: no run of it is recorded
}

// HomeSaved is a saved run in the list.
type HomeSaved struct {
	transcript.Summary
	Runs   bool // a command of it still runs here, without a console
	Due    bool // it has loosened something and not put it back
	MayRun bool // one was left on a node, where it may still run
}

// HomeAct is what the operator wants.
type HomeAct int

// What can be chosen on the Home screen. What needs no other screen is done there and is no choice.
const (
	HomeQuit   HomeAct = iota
	HomeRun            // the runbook that Name names
	HomeReplay         // the saved run in the directory Name
	HomeResume         // the saved run in the directory Name
	HomeDemo
)

// HomeChoice is what the operator chose.
type HomeChoice struct {
	Act  HomeAct
	Name string
}

// Home shows where the operator is and what could be done, until something is chosen or ctx ends. Lookups that are
// still under way are cancelled then.
func Home(ctx context.Context, data HomeData, o Options) (HomeChoice, error) {
	return showHome(ctx, data, o)
}

func showHome(ctx context.Context, data HomeData, o Options, more ...tea.ProgramOption) (HomeChoice, error) {
	fetcher := newFetcher(ctx)
	defer fetcher.end()
	m := newHomeModel(data, o, fetcher)
	_, err := program(ctx, m, more...).Run()
	switch {
	case ctx.Err() != nil:
		return HomeChoice{}, ctx.Err()
	case errors.Is(err, tea.ErrProgramPanic):
		return HomeChoice{}, fmt.Errorf("the home screen broke down: %w", err)
	case err != nil:
		return HomeChoice{}, fmt.Errorf("show the home screen: %w", err)
	}
	return m.choice, nil
}
