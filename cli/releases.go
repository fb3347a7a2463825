package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/adrg/xdg"
	"github.com/spf13/cobra"

	"spraydeck/ansible"
	"spraydeck/event"
	"spraydeck/kubespray"
	"spraydeck/learn"
	"spraydeck/regular"
	"spraydeck/runbook"
	"spraydeck/runbooks"
)

// learnCommand reads releases out of a checkout.
func learnCommand(o *options) *cobra.Command {
	var as, format, drafts string
	var write bool
	cmd := &cobra.Command{
		Use: "learn TAG...", Short: "Make the release file of a tag, branch or commit that the catalogue does not have",
		Long: "Read a release out of the checkout, which may be a fork, and print it as a file of kind Release: versions, defaults,\n" +
			"allowed values, playbooks, keys no longer read, and refusals that no built-in release has. Nothing is checked out. With\n" +
			"-o json it prints everything that was read: every default, sample key, refusal, prompt, template and what it notifies.\n\n" +
			"--write puts the file and a runbook for the hop to it into the catalogue: the first --runbooks directory, or\n" +
			"~/.config/spraydeck/runbooks. plan, check and run know the release from then on. What stands there by hand (notes,\n" +
			"faults, avoid, renamed keys) stays. --drafts writes a draft of a pitfall for each default that changed or went and for\n" +
			"each new refusal, to be finished by a person.\n\n" +
			"A branch or commit takes the version of its galaxy.yml; --as names another. Checks read the tag of that name, so the\n" +
			"checkout must get one: git tag NAME COMMIT.",
		Example:           "  spraydeck releases learn v2.32.0 --checkout ~/kubespray --write\n  spraydeck releases learn master --as v2.32.0 --drafts ~/drafts",
		Args:              cobra.MinimumNArgs(1),
		ValidArgsFunction: completeReleases,
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case format != "yaml" && format != "json":
				return &runbook.UsageError{Message: fmt.Sprintf("-o cannot be %q", format), Way: "it is yaml or json"}
			case len(args) > 1 && (!write || as != ""):
				return &runbook.UsageError{Message: "several releases are learned into the catalogue alone, by their own names", Way: "add --write and leave out --as, or name one release"}
			}
			l, err := newLearner(cmd.Context(), o)
			if err != nil {
				return err
			}
			for _, rev := range args {
				f, err := l.read(cmd.Context(), rev, as)
				if err != nil {
					return err
				}
				l.sayTag(cmd.Context(), cmd.ErrOrStderr(), f)
				if err := l.put(cmd, f, format, write, drafts); err != nil {
					return err
				}
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&as, "as", "", "name the release is known by, where the revision is no tag of a release")
	cmd.Flags().BoolVar(&write, "write", false, "write the release and the runbook of the hop into the catalogue")
	cmd.Flags().StringVar(&drafts, "drafts", "", "directory for drafts of pitfalls of what changed")
	cmd.Flags().StringVarP(&format, "output", "o", "yaml", "yaml (a release file) or json (all that was read)")
	_ = cmd.RegisterFlagCompletionFunc("output", cobra.FixedCompletions([]string{"yaml", "json"}, cobra.ShellCompDirectiveNoFileComp))
	_ = cmd.MarkFlagDirname("drafts")
	return cmd
}

// learner reads releases out of a checkout.
type learner struct {
	o        *options
	checkout *kubespray.Checkout
	history  *learn.History
	known    []ansible.Check
}

func newLearner(ctx context.Context, o *options) (*learner, error) {
	c, err := kubespray.Open(o.checkout)
	if err != nil {
		return nil, usage(err)
	}
	l := &learner{o: o, checkout: c}
	if l.history, err = learn.NewHistory(ctx, c); err != nil {
		return nil, err
	}
	l.history.Since = builtInReleases()[0]
	if err := json.Unmarshal(runbooks.Checks, &l.known); err != nil {
		return nil, fmt.Errorf("the built-in checks of Kubespray: %w", err)
	}
	return l, nil
}

var tagOfRelease = regexp.MustCompile(`^v\d+\.\d+\.\d+$`)

// read reads a revision and finds its name.
func (l *learner) read(ctx context.Context, rev, as string) (*learn.Facts, error) {
	if as == "" && tagOfRelease.MatchString(rev) {
		as = rev
	}
	if as == "" {
		version, err := l.checkout.Version(ctx, rev)
		if err != nil {
			return nil, usage(err)
		}
		if as = runbook.AsTag(version); version == "" || slices.Contains(l.history.Tags(), as) {
			return nil, &runbook.UsageError{Message: fmt.Sprintf("%s is no tag of a release, and its galaxy.yml names no new one", rev), Way: "name it: --as v2.32.0"}
		}
	}
	if _, err := runbook.ParseTag(as); err != nil {
		return nil, &runbook.UsageError{Message: err.Error(), Way: "--as takes a name such as v2.32.0"}
	}
	f, err := learn.Read(ctx, l.checkout, rev, as, l.history)
	if err != nil {
		return nil, usage(err)
	}
	return f, nil
}

// sayTag says how the checkout gets a tag of the name, where it has none.
func (l *learner) sayTag(ctx context.Context, stderr io.Writer, f *learn.Facts) {
	if commit, err := l.checkout.Commit(ctx, f.Tag); err == nil && commit == f.Commit {
		return
	}
	says := event.Text{
		En: fmt.Sprintf("checks and the hop read the tag %s, which is not this commit in the checkout: git tag %s %s", f.Tag, f.Tag, f.Commit),
		Ja: fmt.Sprintf("確認とアップグレードはタグ %s を読みますが、チェックアウトではこのコミットを指していません: git tag %s %s", f.Tag, f.Tag, f.Commit),
	}
	fmt.Fprintf(stderr, "spraydeck: %s\n", says.In(l.o.lang))
}

// put prints a release, or writes it where it was asked to.
func (l *learner) put(cmd *cobra.Command, f *learn.Facts, format string, write bool, drafts string) error {
	catalogue := l.catalogue()
	known := l.known
	if slices.Contains(builtInReleases(), f.Tag) {
		known = f.Checks // those of built-in releases stand together, in a file of their own
	}
	text, err := learn.File(f, l.byHand(catalogue, f.Tag), known)
	if err != nil {
		return usage(err)
	}
	before := l.before(f.Tag)
	switch {
	case write:
		if err := l.write(cmd.OutOrStdout(), filepath.Join(catalogue, "releases", f.Tag+".yaml"), text); err != nil {
			return err
		}
		if hop := learn.Hop(f, before); hop != nil && !slices.Contains(builtInReleases(), f.Tag) {
			name := filepath.Join(catalogue, "kubespray", f.Tag+".yaml")
			if isFile(name) {
				l.stays(cmd.OutOrStdout(), name) // somebody may have added to it
			} else if err := l.write(cmd.OutOrStdout(), name, hop); err != nil {
				return err
			}
		}
	case format == "json":
		e := json.NewEncoder(cmd.OutOrStdout())
		e.SetIndent("", "  ")
		if err := e.Encode(f); err != nil {
			return err
		}
	case drafts == "":
		if _, err := cmd.OutOrStdout().Write(text); err != nil {
			return err
		}
	}
	if drafts == "" {
		return nil
	}
	return l.drafts(cmd, f, drafts)
}

// drafts writes the pitfalls that a person finishes.
func (l *learner) drafts(cmd *cobra.Command, f *learn.Facts, dir string) error {
	before := l.history.Before(f.Tag)
	if before == "" {
		return &runbook.UsageError{Message: "the checkout has no release before " + f.Tag, Way: "git fetch --tags brings them"}
	}
	old, err := learn.Read(cmd.Context(), l.checkout, before, before, nil)
	if err != nil {
		return err
	}
	list := learn.Drafts(learn.Compare(old, f))
	for _, d := range list {
		name := filepath.Join(dir, d.Name+".yaml")
		if isFile(name) {
			l.stays(cmd.OutOrStdout(), name)
			continue
		}
		if err := l.write(cmd.OutOrStdout(), name, d.Text); err != nil {
			return err
		}
	}
	return nil
}

// catalogue is the operator's directory that releases are written to.
func (l *learner) catalogue() string {
	if len(l.o.runbooks) > 0 {
		return l.o.runbooks[0]
	}
	return filepath.Join(xdg.ConfigHome, "spraydeck", "runbooks")
}

// byHand is what people wrote of a release: in the operator's own file, or else in what comes with the program.
func (l *learner) byHand(catalogue, tag string) []byte {
	if text, err := regular.Read(filepath.Join(catalogue, "releases", tag+".yaml")); err == nil {
		return text
	}
	text, err := learn.Judgement(tag)
	if err != nil {
		return nil
	}
	return text
}

// before is the release before a tag, in the catalogue or in the checkout.
func (l *learner) before(tag string) string {
	before := l.history.Before(tag)
	for _, t := range builtInReleases() {
		if newer(tag, t) && (before == "" || newer(t, before)) {
			before = t
		}
	}
	return before
}

func (l *learner) write(stdout io.Writer, name string, text []byte) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return fmt.Errorf("write the catalogue: %w", err)
	}
	if err := os.WriteFile(name, text, 0o644); err != nil {
		return fmt.Errorf("write the catalogue: %w", err)
	}
	_, err := fmt.Fprintln(stdout, event.Text{En: "written: " + name, Ja: "書き込みました: " + name}.In(l.o.lang))
	return err
}

func (l *learner) stays(stdout io.Writer, name string) {
	fmt.Fprintln(stdout, event.Text{En: "there already, not changed: " + name, Ja: "既にあるため変更しません: " + name}.In(l.o.lang))
}

// builtInReleases are the tags of the releases that come with the program, oldest first.
func builtInReleases() []string {
	entries, _ := fs.Glob(runbooks.Releases, "releases/*.yaml")
	var tags []string
	for _, e := range entries {
		tags = append(tags, strings.TrimSuffix(filepath.Base(e), ".yaml"))
	}
	slices.SortFunc(tags, func(a, b string) int {
		if newer(b, a) {
			return -1
		}
		return 1
	})
	return tags
}
