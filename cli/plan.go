package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"spraydeck/event"
	"spraydeck/lint"
	"spraydeck/release"
	"spraydeck/runbook"
	"spraydeck/runbooks"
)

// plan is the answer of the plan command. Its JSON is described in docs/plan.md, and scripts rely on it.
type plan struct {
	From      planStart      `json:"from"`
	To        string         `json:"to"`
	KnownUpTo string         `json:"knownUpTo"`
	Warnings  []event.Text   `json:"warnings"`
	Stops     []release.Stop `json:"stops"`
	Hops      []planHop      `json:"hops"`
}

// planHop is a hop with what this machine knows of it: the runbook for it, and what checks found.
type planHop struct {
	release.Hop
	Runbook  string        `json:"runbook,omitempty"`
	Past     string        `json:"past,omitempty"` // where none leads over it: the runbook that leads past its end
	Estimate *planEstimate `json:"estimate"`       // null where no run of the runbook is recorded
	Findings *hopFindings  `json:"findings"`       // null where nothing was checked
}

// planEstimate is how long a runbook took in the middle of its recorded runs.
type planEstimate struct {
	Seconds float64 `json:"seconds"`
	Runs    int     `json:"runs"` // it was taken from
}

// hopFindings counts what was found, by severity.
type hopFindings struct {
	Blocks   int `json:"blocks"`
	Outage   int `json:"outage"`
	Data     int `json:"data"`
	Nuisance int `json:"nuisance"`
	Unknown  int `json:"unknown"` // checks whose verdict is unknown
}

// findingsOf looks for the pitfalls of a hop. A plan without one shows no findings: nothing that was not checked counts
// as passed.
type findingsOf func(ctx context.Context, hop release.Hop) (*hopFindings, error)

func planCommand(o *options) *cobra.Command { return planCommandWith(o, nil) }

func planCommandWith(o *options, findings findingsOf) *cobra.Command {
	var from, to, format string
	cmd := &cobra.Command{
		Use: "plan", Short: "Show the route to a release: every hop, what it installs, what to know first", Args: cobra.NoArgs,
		Long: "Show the route from one release of Kubespray to another. No minor is skipped; releases known to be bad are\n" +
			"avoided, with the reason. Nothing is changed; with --from neither checkout nor cluster is needed.",
		Example: "  spraydeck plan --checkout ~/kubespray\n  spraydeck plan --from v2.24.1 --to v2.31.0 -o json",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if format != "table" && format != "json" {
				return &runbook.UsageError{Message: fmt.Sprintf("-o cannot be %q", format), Way: "it is table or json"}
			}
			p, err := makePlan(cmd.Context(), o, from, to, findings)
			if err != nil {
				return err
			}
			if format == "json" {
				e := json.NewEncoder(cmd.OutOrStdout())
				e.SetIndent("", "  ")
				return e.Encode(p)
			}
			for _, w := range p.Warnings {
				fmt.Fprintf(cmd.ErrOrStderr(), "spraydeck: %s\n", w.In(o.lang))
			}
			_, err = io.WriteString(cmd.OutOrStdout(), planTable(p, o.lang))
			return err
		},
	}
	cmd.Flags().StringVar(&from, "from", "", "the release the cluster runs (default: found in the checkout and the cluster)")
	cmd.Flags().StringVar(&to, "to", "", "the release to go to (default: the newest good one)")
	for _, name := range []string{"from", "to"} {
		_ = cmd.RegisterFlagCompletionFunc(name, completeReleases)
	}
	output(cmd, &format)
	return cmd
}

func makePlan(ctx context.Context, o *options, from, to string, findings findingsOf) (*plan, error) {
	l, err := load(o)
	if err != nil {
		return nil, err
	}
	rs, err := l.releases()
	if err != nil {
		return nil, err
	}
	start := planStart{Release: from, Source: "given"}
	if from == "" {
		if start, err = findStart(ctx, o, rs); err != nil {
			return nil, err
		}
		if findings == nil {
			findings = l.findings(o) // the start was found on this machine, so its cluster can be checked
		}
	}
	if to == "" {
		newest := rs.Newest()
		if newest == nil {
			return nil, errors.New("choose a target: the catalogue has no good release")
		}
		// a cluster on a release newer than the newest good one has no target; going back is not proposed
		if to = newest.Name.Value; newer(start.Release, to) {
			to = start.Release
		}
	}
	chain, err := release.NewChain(rs, start.Release, to, release.ChainOptions{Kubernetes: start.Kubernetes, Nodes: start.systems})
	if err != nil {
		return nil, err
	}
	start.Release = chain.Stops[0].Release
	p := &plan{From: start, To: chain.Stops[len(chain.Stops)-1].Release, KnownUpTo: chain.KnownUpTo, Warnings: []event.Text{}, Stops: chain.Stops, Hops: []planHop{}}
	p.Warnings = append(p.Warnings, start.warnings...)
	runs := passedRuns()
	for _, h := range chain.Hops {
		hop := planHop{Hop: h}
		if b := l.between(h); b != nil {
			hop.Runbook, hop.Estimate = b.Name.Value, runs.estimate(b.Name.Value)
		} else if b := l.past(h.To); b != nil && b.From.Has(h.From) {
			hop.Past = b.Name.Value
		}
		if findings != nil {
			if hop.Findings, err = findings(ctx, h); err != nil {
				return nil, err
			}
		}
		p.Hops = append(p.Hops, hop)
	}
	return p, nil
}

// releases returns the built-in releases, replaced or extended by those of the operator's own directories. They are read once.
func (l *library) releases() (release.Releases, error) {
	l.releasesOnce.Do(func() { l.releasesRead, l.releasesErr = l.readReleases() })
	return l.releasesRead, l.releasesErr
}

func (l *library) readReleases() (release.Releases, error) {
	rs, err := release.ReadReleases(runbooks.Releases, "releases")
	if err != nil {
		return nil, err
	}
	files, problems := rs.Files(), slices.Clone(l.problems)
	for _, f := range l.files {
		if f.Release != nil {
			problems = append(problems, lint.Check([]runbook.File{f})...)
			files = append(files, f.Release)
		}
	}
	// a mistake in a runbook is no reason to refuse a plan; one in a release is
	problems = slices.DeleteFunc(problems, func(p runbook.Problem) bool {
		return !slices.ContainsFunc(l.files, func(f runbook.File) bool { return f.Release != nil && f.Release.Source.File == p.File })
	})
	if len(problems) > 0 {
		return nil, l.invalid(problems)
	}
	return release.NewReleases(files...)
}

// between finds the runbook of a hop: the first by name that leads from the one release to the other.
func (l *library) between(h release.Hop) *runbook.Runbook {
	var found *runbook.Runbook
	for _, f := range l.files {
		b := f.Runbook
		if b == nil || b.System.Value != "kubespray" || b.From.Source == "" || !b.From.Has(h.From) {
			continue
		}
		if strings.TrimPrefix(b.To.Value, "v") == strings.TrimPrefix(h.To, "v") && (found == nil || b.Name.Value < found.Name.Value) {
			found = b
		}
	}
	return found
}

// completeReleases names the built-in releases without reading them.
func completeReleases(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	entries, _ := runbooks.Releases.ReadDir("releases")
	var names []string
	for _, e := range entries {
		names = append(names, strings.TrimSuffix(e.Name(), ".yaml"))
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}
