package cli

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/Masterminds/semver/v3"
	"github.com/spf13/cobra"

	"spraydeck/engine"
	"spraydeck/event"
	"spraydeck/plain"
	"spraydeck/runbook"
)

func checkCommand(o *options) *cobra.Command {
	var format, hop string
	var set []string
	cmd := &cobra.Command{
		Use: "check [RUNBOOK]", Short: "Check for every known pitfall; changes nothing",
		Long: "Check the inventory, the cluster and the nodes for every pitfall of a runbook. Checks only read, and run in parallel.\n" +
			"Without a runbook or --hop, the next hop after the checkout's release is checked.\n\n" +
			"Each pitfall is passed, a finding, or unknown with the reason. What could not be probed never counts as passed. The\n" +
			"exit code is 0 when all pass, 3 when there are findings, 4 when a verdict is unknown.",
		Example:           "  spraydeck check --checkout ~/kubespray\n  spraydeck check --hop v2.27.0..v2.28.0 -o json",
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: completeRunbook(o, 0),
		RunE: func(cmd *cobra.Command, args []string) error {
			inputs, err := parseSet(set)
			if err != nil {
				return err
			}
			return check(cmd, o, args, hop, inputs, format)
		},
	}
	cmd.Flags().StringVarP(&format, "output", "o", "table", "output format: table, json or junit")
	cmd.Flags().StringVar(&hop, "hop", "", "check a hop from one release to another: A..B")
	cmd.Flags().StringArrayVar(&set, "set", nil, "set an input of the runbook: name=value; may be repeated")
	_ = cmd.RegisterFlagCompletionFunc("output", cobra.FixedCompletions([]string{"table", "json", "junit"}, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

func check(cmd *cobra.Command, o *options, args []string, hop string, inputs map[string]string, format string) error {
	if !slices.Contains([]string{"table", "json", "junit"}, format) {
		return &runbook.UsageError{Message: fmt.Sprintf("-o cannot be %q", format), Way: "it is table, json or junit"}
	}
	lib, err := load(o)
	if err != nil {
		return err
	}
	if err := hopForm(hop); err != nil {
		return err
	}
	var book *runbook.Runbook
	system := "kubespray"
	if len(args) == 1 {
		if book, err = lib.runbook(args[0]); err != nil {
			return err
		}
		system = book.System.Value
	}
	out, err := connect(o, system)
	if err != nil {
		return err
	}
	defer out.close()
	tellPrograms(cmd.Context(), cmd.ErrOrStderr(), o.lang, out.checkout)
	if book != nil {
		tellStandIns(cmd.ErrOrStderr(), o.lang, lib.standIns(book))
	}
	out.still()
	out.askedOnTerminal(o.lang)
	if out.noCluster != nil && (o.kubeconfig != "" || o.context != "") {
		return usage(out.noCluster) // what was named and is not there is a mistake, not a thing to do without
	}
	if book == nil {
		if book, err = lib.forHop(cmd, out, hop); err != nil {
			return err
		}
	}
	giveInventory(o, book, out.dir, inputs)
	if _, has := book.Inputs.Get("inventory"); has && inputs["inventory"] == "" {
		if now := out.inventoryInUse(); now != "" {
			inputs["inventory"] = now // the runbook's default may be a file that one of its steps makes
			giveInventoryDir(book, out.dir, inputs)
		}
	}
	from, _, _ := strings.Cut(hop, "..")
	out.leaves(cmd.Context(), book, from, inputs)
	if err := lib.fits(book, inputs, "check"); err != nil {
		return err
	}
	out.lookForCluster(cmd.Context())
	env := out.checkEnv(inputs)
	env.Sink = remarks(cmd.ErrOrStderr(), o.lang)
	found, err := engine.Checkup(cmd.Context(), book, env)
	if err != nil {
		return err
	}
	if err := giveFindings(cmd.OutOrStdout(), book, found, format, o.lang); err != nil {
		return err
	}
	return out.orUnanswered(verdictOf(found))
}

// remarks prints what the engine remarks before the checks, such as what cannot be read of the inventory.
func remarks(w io.Writer, lang string) func(event.Event) error {
	return func(e event.Event) error {
		if r, ok := e.Data.(event.Remark); ok {
			fmt.Fprintln(w, "spraydeck: "+strings.ReplaceAll(r.Text.In(lang), "\n", "\nspraydeck: "))
		}
		return nil
	}
}

// lookForCluster asks the API server once. Where it does not answer, no check waits for it again.
func (o *world) lookForCluster(ctx context.Context) {
	if o.cluster == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, askingTime)
	defer cancel()
	if _, err := o.cluster.Ping(ctx); err != nil {
		o.cluster, o.noCluster = nil, err
	}
}

// orUnanswered names the unanswered prompts where they made a check unknown.
func (o *world) orUnanswered(verdict error) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if verdict == nil || codeOf(context.Background(), verdict) != exitUnreachable || len(o.unanswered) == 0 {
		return verdict
	}
	return o.unanswered[0]
}

// leaves returns the input that names the release in use, where nobody gave it: the one named in from, or the checkout's.
// The default is the newest that the runbook leads from.
func (o *world) leaves(ctx context.Context, book *runbook.Runbook, from string, inputs map[string]string) {
	if _, has := book.Inputs.Get("previous_tag"); !has || inputs["previous_tag"] != "" || book.From.Source == "" {
		return
	}
	if from == "" && o.checkout != nil {
		from, _, _ = o.checkout.Tag(ctx)
	}
	if from != "" && book.From.Has(from) {
		inputs["previous_tag"] = from
	}
}

// verdictOf returns the exit code of a checkup.
func verdictOf(found []runbook.Finding) error {
	code := exitDone
	for _, f := range found {
		switch {
		case f.Verdict == event.Fail && f.Required != event.Advisory:
			return &coded{code: exitBlocked}
		case f.Verdict == event.Unknown:
			code = exitUnreachable
		}
	}
	if code == exitDone {
		return nil
	}
	return &coded{code: code}
}

// hopForm reports whether a hop is written as one.
func hopForm(hop string) error {
	from, to, ok := strings.Cut(hop, "..")
	if hop == "" || ok && from != "" && to != "" {
		return nil
	}
	return &runbook.UsageError{Message: fmt.Sprintf("--hop %s is no hop", hop), Way: "write it as --hop v2.27.0..v2.28.0"}
}

// forHop finds the runbook that is meant: by hop, or the one that leads on from the checkout's release.
func (l *library) forHop(cmd *cobra.Command, out *world, hop string) (*runbook.Runbook, error) {
	from, to, _ := strings.Cut(hop, "..")
	if hop == "" {
		var err error
		if from, _, err = out.checkout.Tag(cmd.Context()); err != nil {
			return nil, usage(err)
		}
	}
	var best *runbook.Runbook
	for _, f := range l.files {
		b := f.Runbook
		if b == nil || b.From.Source == "" || !b.From.Has(from) || (to != "" && b.To.Value != to) {
			continue
		}
		if best == nil || newer(b.To.Value, best.To.Value) {
			best = b
		}
	}
	if best == nil && to != "" {
		return l.lookAt(out, from, to)
	}
	if best == nil {
		return nil, &runbook.UsageError{Message: strings.TrimSpace(fmt.Sprintf("no runbook leads from %s %s", from, to)), Way: "spraydeck runbooks list names them; give one, or --hop A..B"}
	}
	return l.sound(best)
}

// fits reports whether the inputs fit the runbook, and where they ask for another release, what leads there.
func (l *library) fits(book *runbook.Runbook, inputs map[string]string, command string) error {
	for name := range inputs {
		if in, ok := book.Inputs.Get(name); ok && in.Secret.Value {
			return &runbook.UsageError{Message: fmt.Sprintf("input %s is secret: with --set every user of this machine could read it in the list of processes", name),
				Way: fmt.Sprintf("leave --set out and type it when it is asked for, or write it into a file that only you can read, as inputs.%s: ..., and name that with --answers", name)}
		}
	}
	tag, other := book.LeadsElsewhere(inputs)
	if !other {
		return book.CheckInputs(inputs)
	}
	e := &runbook.UsageError{Message: fmt.Sprintf("%s leads to %s, not to %s", book.Name.Value, book.To.Value, tag),
		Way: fmt.Sprintf("no runbook leads to %s; spraydeck plan --to %[1]s shows the known route", tag)}
	switch b := l.past(tag); {
	case b == nil:
	case b.To.Value == "v"+strings.TrimPrefix(tag, "v"):
		e.Way = fmt.Sprintf("spraydeck %s %s leads there, from %s", command, b.Name.Value, b.From.Source)
	default:
		e.Way = fmt.Sprintf("no runbook leads to %s; %s takes the same clusters past it, to %s", tag, b.Name.Value, b.To.Value)
	}
	return e
}

// past finds the runbook that leads to a release of Kubespray, or else past it, to the next patch of its minor that has one.
func (l *library) past(tag string) *runbook.Runbook {
	at, err := semver.NewVersion(tag)
	if err != nil {
		return nil
	}
	var best *runbook.Runbook
	for _, f := range l.files {
		b := f.Runbook
		if b == nil || b.System.Value != "kubespray" {
			continue
		}
		to, err := semver.NewVersion(b.To.Value)
		if err != nil || to.Major() != at.Major() || to.Minor() != at.Minor() || to.LessThan(at) {
			continue
		}
		if best == nil || newer(best.To.Value, b.To.Value) {
			best = b
		}
	}
	return best
}

func newer(a, b string) bool {
	x, errX := semver.NewVersion(a)
	y, errY := semver.NewVersion(b)
	return errX == nil && errY == nil && x.GreaterThan(y)
}

func giveFindings(w io.Writer, book *runbook.Runbook, found []runbook.Finding, format, lang string) error {
	switch format {
	case "json":
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		if found == nil {
			found = []runbook.Finding{}
		}
		return e.Encode(struct {
			Runbook  string            `json:"runbook"`
			From     string            `json:"from"`
			To       string            `json:"to"`
			Findings []runbook.Finding `json:"findings"`
		}{book.Name.Value, book.From.Source, book.To.Value, found})
	case "junit":
		return junit(w, book, found, lang)
	}
	writeTable(w, found, lang)
	return nil
}

func junit(w io.Writer, book *runbook.Runbook, found []runbook.Finding, lang string) error {
	type failure struct {
		Message string `xml:"message,attr"`
		Text    string `xml:",chardata"`
	}
	type testcase struct {
		Class   string   `xml:"classname,attr"`
		Name    string   `xml:"name,attr"`
		Failure *failure `xml:"failure,omitempty"`
		Error   *failure `xml:"error,omitempty"`
	}
	suite := struct {
		XMLName  xml.Name   `xml:"testsuite"`
		Name     string     `xml:"name,attr"`
		Tests    int        `xml:"tests,attr"`
		Failures int        `xml:"failures,attr"`
		Errors   int        `xml:"errors,attr"`
		Cases    []testcase `xml:"testcase"`
	}{Name: book.Name.Value, Tests: len(found)}
	for _, f := range found {
		c := testcase{Class: "pitfall", Name: f.Pitfall}
		told := &failure{f.Says.In(lang), strings.Join(f.Evidence, "\n")}
		switch {
		case f.Verdict == event.Fail && f.Required != event.Advisory:
			c.Failure = told
			suite.Failures++
		case f.Verdict == event.Unknown:
			c.Error = told
			suite.Errors++
		}
		suite.Cases = append(suite.Cases, c)
	}
	fmt.Fprint(w, xml.Header)
	e := xml.NewEncoder(w)
	e.Indent("", "  ")
	if err := e.Encode(suite); err != nil {
		return err
	}
	_, err := fmt.Fprintln(w)
	return err
}

// declined answers nothing: a check has nobody to ask.
var declined event.Asker = plain.RefuseAll()
