package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/charmbracelet/x/term"
	"github.com/spf13/cobra"

	"spraydeck/doctor"
	"spraydeck/event"
	"spraydeck/kubespray"
	"spraydeck/runbook"
	"spraydeck/transcript"
)

func doctorCommand(o *options) *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use: "doctor", Short: "Check what every window needs: this workstation, the checkout, the cluster, the nodes",
		Long: "Check what every window needs, and say how to mend what is missing: terminal, locale, programs and space for the record on\n" +
			"this workstation; the checkout and its inventory; kubeconfig, rights and clock of the cluster; SSH, sudo, Python, space and\n" +
			"clock of each node. Nothing is changed, and no part requires another.\n\n" +
			"The exit code is 0 when all is there, 3 when something is missing, 4 when something could not be checked.",
		Example: "  spraydeck doctor --checkout ~/kubespray\n  spraydeck doctor -o json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if format != "table" && format != "json" {
				return &runbook.UsageError{Message: fmt.Sprintf("-o cannot be %q", format), Way: "it is table or json"}
			}
			return examine(cmd, o, format)
		},
	}
	cmd.Flags().StringVarP(&format, "output", "o", "table", "output format: table or json")
	_ = cmd.RegisterFlagCompletionFunc("output", cobra.FixedCompletions([]string{"table", "json"}, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

func examine(cmd *cobra.Command, o *options, format string) error {
	ctx := cmd.Context()
	_, notKubespray := kubespray.Open(o.checkout)
	out, err := connect(o, "kubernetes")
	if err != nil {
		return err
	}
	defer out.close()
	out.askedOnTerminal(o.lang)
	state, err := transcript.Root()
	if err != nil {
		return err
	}
	list := doctor.OnWorkstation(ctx, thisConsole(), state, out.shell)

	inv := out.readInventory(ctx, o.inventory)
	var repo doctor.Repository
	if out.checkout != nil {
		repo = out.checkout
	}
	list = append(list, doctor.OnCheckout(ctx, repo, notKubespray, inv, out.shell)...)

	var api doctor.API
	if out.cluster != nil {
		api = out.cluster
	}
	cluster := doctor.OnCluster(ctx, api, out.noCluster)
	list = append(list, cluster...)

	hosts := inv.Hosts
	if len(hosts) == 0 && out.cluster != nil && cluster[0].Verdict == event.Pass {
		hosts = out.nodesOfCluster(cmd, o)
	}
	list = append(list, doctor.OnNodes(ctx, hosts, out.nodeShell)...)
	if format == "json" {
		e := json.NewEncoder(cmd.OutOrStdout())
		e.SetIndent("", "  ")
		if err := e.Encode(list); err != nil {
			return err
		}
	} else {
		writeChecks(cmd.OutOrStdout(), list, o.lang)
	}
	return verdictOfChecks(list)
}

func thisConsole() doctor.Console {
	c := doctor.Console{Term: os.Getenv("TERM")}
	if onScreen() {
		c.Width, c.Height, _ = term.GetSize(os.Stdout.Fd())
	}
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if c.Locale = os.Getenv(name); c.Locale != "" {
			break
		}
	}
	return c
}

// shell runs a line that only reads in the checkout.
func (o *world) shell(ctx context.Context, line string) (string, error) {
	return o.output(ctx, event.Command{Host: event.Workstation, Line: line, Probe: true, Timeout: 20 * time.Second})
}

func (o *world) nodeShell(ctx context.Context, host, line string) (string, error) {
	return o.output(ctx, event.Command{Host: host, Line: line, Probe: true, Timeout: 30 * time.Second})
}

// output returns what a command printed on both streams; an exit code other than 0 is an error.
func (o *world) output(ctx context.Context, c event.Command) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	var printed bytes.Buffer
	exit, err := o.exec()(ctx, c, func(_ string, b []byte) { printed.Write(b) })
	if err == nil && exit != 0 {
		err = fmt.Errorf("exit code %d", exit)
	}
	return printed.String(), err
}

// readInventory lists the hosts of the inventory that is named, or else in use, and learns how each is reached.
func (o *world) readInventory(ctx context.Context, named string) doctor.Inventory {
	inv := doctor.Inventory{Path: named}
	if inv.Path == "" {
		inv.Path = o.inventoryInUse()
	}
	if inv.Path == "" {
		return inv
	}
	path := kubespray.Absolute(o.dir, inv.Path)
	l, err := o.read.list(ctx, path)
	if err == nil && l.list == nil { // without Ansible
		l.list, _, err = kubespray.ListWithoutAnsible(path)
	}
	if inv.Err = err; err != nil {
		return inv
	}
	parsed, err := kubespray.ParseList(l.list)
	if inv.Err = err; err == nil {
		inv.Hosts = parsed.Groups["all"]
		o.learn(runbook.Inventory{Groups: parsed.Groups, Vars: parsed.Vars})
	}
	return inv
}

// nodesOfCluster lists the nodes of a cluster without an inventory.
func (o *world) nodesOfCluster(cmd *cobra.Command, opts *options) []string {
	inv := nodeInventory{vars: map[string]map[string]string{}}
	if err := inv.ask(cmd, opts); err != nil {
		return nil
	}
	vars := map[string]map[string]any{}
	for host, of := range inv.vars {
		vars[host] = map[string]any{}
		for k, v := range of {
			vars[host][k] = v
		}
	}
	o.learn(runbook.Inventory{Vars: vars})
	return slices.Concat(inv.control, inv.workers)
}

// verdictOfChecks returns the exit code of a list of checks.
func verdictOfChecks(list []doctor.Check) error {
	code := exitDone
	for _, c := range list {
		switch {
		case c.Verdict == event.Fail && !c.Notice:
			return &coded{code: exitBlocked}
		case c.Verdict == event.Unknown:
			code = exitUnreachable
		}
	}
	if code == exitDone {
		return nil
	}
	return &coded{code: code}
}

func writeChecks(w io.Writer, list []doctor.Check, lang string) {
	say := func(en, ja string) string { return event.Text{En: en, Ja: ja}.In(lang) }
	words := map[event.Verdict]string{event.Pass: say("ok", "正常"), event.Fail: say("MISSING", "要対応"), event.Unknown: say("UNKNOWN", "不明")}
	var area doctor.Area
	notices := 0
	count := map[event.Verdict]int{}
	for _, group := range doctor.Fold(list) {
		c := group[0]
		if c.Area != area {
			if area != "" {
				fmt.Fprintln(w)
			}
			area = c.Area
			fmt.Fprintln(w, area.Title().In(lang))
		}
		word := words[c.Verdict]
		if c.Verdict == event.Fail && c.Notice {
			word = say("notice", "注意")
			notices += len(group)
		} else {
			count[c.Verdict] += len(group)
		}
		on := ""
		if c.On != "" {
			on = c.On + ": "
		}
		fmt.Fprintf(w, "  %s %s %s%s\n", padded(word, 8), padded(c.Name, 10), on, c.Says.In(lang))
		if do := c.Do.In(lang); do != "" && c.Verdict != event.Pass {
			fmt.Fprintf(w, "%s %s\n", strings.Repeat(" ", 21), do)
		}
		if len(group) > 1 {
			var others []string
			for _, c := range group[1:] {
				others = append(others, c.On)
			}
			fmt.Fprintf(w, "%s %s %s\n", strings.Repeat(" ", 21), say("the same on", "同様:"), strings.Join(others, ", "))
		}
	}
	fmt.Fprintf(w, say("\n%d missing, %d unknown, %d notices, %d ok\n", "\n要対応 %d、不明 %d、注意 %d、正常 %d\n"), count[event.Fail], count[event.Unknown], notices, count[event.Pass])
}
