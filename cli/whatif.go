package cli

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/spf13/cobra"

	"spraydeck/event"
	"spraydeck/kubespray"
	"spraydeck/release"
	"spraydeck/runbook"
	"spraydeck/whatif"
)

// whatifCommand says what a hop changes on the nodes before it is made.
func whatifCommand(o *options) *cobra.Command {
	var hop, facts, format string
	var nodes bool
	cmd := &cobra.Command{
		Use: "whatif [FILE...]", Short: "Show what a hop would change in the files of each node",
		Long: "Render the files that two releases of Kubespray write on each node, and show what differs: settings, images, and\n" +
			"checks of the new release that would fail. Kubespray's own templates are rendered with your inventory, by the Ansible\n" +
			"of the checkout's virtual environment or the installed one. No node is reached, no task runs, nothing is written.\n" +
			"With --nodes, the same files are read from the nodes over SSH, and what somebody changed in them by hand is named.\n" +
			"With FILE, every change of the files with that in their path is shown.",
		Example: "  spraydeck whatif --checkout ~/kubespray\n  spraydeck whatif --hop v2.27.1..v2.28.1 --inventory inventory/mycluster/hosts.yaml\n" +
			"  spraydeck whatif --hop v2.27.1..v2.28.1 config.toml\n  spraydeck whatif --nodes",
		RunE: func(cmd *cobra.Command, args []string) error {
			if format != "table" && format != "json" {
				return &runbook.UsageError{Message: fmt.Sprintf("-o cannot be %q", format), Way: "it is table or json"}
			}
			report, err := makeWhatif(cmd.Context(), o, hop, facts, nodes)
			if err != nil {
				return err
			}
			if format == "json" {
				e := json.NewEncoder(cmd.OutOrStdout())
				e.SetIndent("", "  ")
				err = e.Encode(report)
			} else {
				_, err = fmt.Fprint(cmd.OutOrStdout(), whatifTable(report, args, o.lang))
			}
			if err == nil && report.Blocks() {
				return &coded{code: exitBlocked}
			}
			return err
		},
	}
	cmd.Flags().StringVar(&hop, "hop", "", "the two releases, as v2.27.1..v2.28.1 (default: from the checkout's release over the next hop)")
	cmd.Flags().StringVar(&facts, "facts", "", "a directory or file of facts that Ansible gathered (default: the fact cache of the checkout's ansible.cfg)")
	cmd.Flags().BoolVar(&nodes, "nodes", false, "read the files from the nodes, and name what was changed by hand and would be overwritten")
	_ = cmd.RegisterFlagCompletionFunc("hop", completeHops)
	output(cmd, &format)
	return cmd
}

// completeHops offers two releases that follow each other.
func completeHops(cmd *cobra.Command, args []string, start string) ([]string, cobra.ShellCompDirective) {
	names, directive := completeReleases(cmd, args, start)
	if from, _, ok := strings.Cut(start, ".."); ok {
		for i := range names {
			names[i] = from + ".." + names[i]
		}
		return names, directive
	}
	for i := range names {
		names[i] += ".."
	}
	return names, directive | cobra.ShellCompDirectiveNoSpace
}

func makeWhatif(ctx context.Context, o *options, hop, factsPath string, nodes bool) (*whatif.Report, error) {
	checkout, err := kubespray.Open(o.checkout)
	if err != nil {
		return nil, usage(err)
	}
	from, to, err := whatifHop(ctx, o, checkout, hop)
	if err != nil {
		return nil, err
	}
	inventory, err := whatifInventory(checkout.Dir(), o.inventory)
	if err != nil {
		return nil, err
	}
	python, err := whatif.FindPython(checkout.Dir())
	if err != nil {
		return nil, err
	}
	facts, source, err := whatif.ReadFacts(checkout.Dir(), factsPath)
	if err != nil {
		return nil, usage(err)
	}
	key := make([]byte, 16)
	if _, err := rand.Read(key); err != nil {
		return nil, err
	}
	both, err := exportBoth(ctx, checkout, []string{from, to})
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(both.dir)
	both.python = python
	both.request = whatif.Request{Playbook: "upgrade-cluster.yml", Inventory: inventory, Facts: facts, Key: hex.EncodeToString(key)}
	renderings, err := both.render(ctx)
	if err != nil {
		return nil, err
	}
	report := whatif.Compare(renderings[0], renderings[1])
	report.From, report.To, report.Facts = from, to, source
	report.Inventory = inventory
	if rel, err := filepath.Rel(checkout.Dir(), inventory); err == nil && filepath.IsLocal(rel) {
		report.Inventory = rel
	}
	if nodes {
		err = whatifNodes(ctx, o, both, renderings, report)
	}
	return report, err
}

// releasePair is two releases, each in a directory of its own; the checkout is not touched.
type releasePair struct {
	dir     string
	tags    []string
	python  string
	request whatif.Request
}

func exportBoth(ctx context.Context, checkout *kubespray.Checkout, tags []string) (*releasePair, error) {
	dir, err := os.MkdirTemp("", "spraydeck-releases-")
	if err != nil {
		return nil, err
	}
	p := &releasePair{tags: tags}
	if p.dir, err = filepath.EvalSymlinks(dir); err == nil {
		for i, tag := range tags {
			if err = os.Mkdir(p.tree(i), 0o700); err == nil {
				err = checkout.Export(ctx, tag, p.tree(i))
			}
			if err != nil {
				break
			}
		}
	}
	if err != nil {
		_ = os.RemoveAll(dir)
		return nil, err
	}
	return p, nil
}

// tree is the directory of the old release, 0, or of the new one, 1.
func (p *releasePair) tree(i int) string { return filepath.Join(p.dir, fmt.Sprint(i)) }

// render renders both releases at the same time.
func (p *releasePair) render(ctx context.Context) ([]*whatif.Rendering, error) {
	renderings, errs := make([]*whatif.Rendering, len(p.tags)), make([]error, len(p.tags))
	var wait sync.WaitGroup
	for i := range p.tags {
		wait.Go(func() { renderings[i], errs[i] = p.renderOne(ctx, i, nil) })
	}
	wait.Wait()
	return renderings, errors.Join(errs...)
}

// renderOne renders a release, with settings of hosts beside those of the inventory.
func (p *releasePair) renderOne(ctx context.Context, i int, settings map[string]map[string]any) (*whatif.Rendering, error) {
	r := p.request
	r.Checkout, r.Settings = p.tree(i), settings
	if i > 0 {
		r.OldSample = filepath.Join(p.tree(0), "inventory/sample")
	}
	rendering, err := whatif.Render(ctx, p.python, r)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", p.tags[i], err)
	}
	return rendering, nil
}

// whatifHop is the two releases: those given, else the checkout's and the next stop on the way to the newest.
func whatifHop(ctx context.Context, o *options, checkout *kubespray.Checkout, hop string) (from, to string, err error) {
	if hop != "" {
		var ok bool
		if from, to, ok = strings.Cut(hop, ".."); !ok || to == "" {
			return "", "", &runbook.UsageError{Message: fmt.Sprintf("--hop cannot be %q", hop), Way: "it is two releases: v2.27.1..v2.28.1, or ..v2.28.1"}
		}
	}
	if from == "" {
		if from, _, err = checkout.Tag(ctx); err != nil {
			return "", "", err
		}
	}
	if to != "" {
		return from, to, nil
	}
	l, err := load(o)
	if err != nil {
		return "", "", err
	}
	rs, err := l.releases()
	if err != nil {
		return "", "", err
	}
	newest := rs.Newest()
	if newest == nil {
		return "", "", errors.New("choose a target: the catalogue has no good release")
	}
	chain, err := release.NewChain(rs, from, newest.Name.Value, release.ChainOptions{})
	if err != nil {
		return "", "", err
	}
	if len(chain.Hops) == 0 {
		return "", "", &runbook.UsageError{Message: from + " is the newest release that is known", Way: "name two with --hop v2.27.1..v2.28.1"}
	}
	return chain.Hops[0].From, chain.Hops[0].To, nil
}

func whatifInventory(dir, given string) (string, error) {
	if given == "" {
		given = (&world{dir: dir}).inventoryInUse()
	}
	if given == "" {
		return "", &runbook.UsageError{Message: "no inventory was found in the checkout", Way: "name one with --inventory"}
	}
	path := given
	if !filepath.IsAbs(path) {
		path = filepath.Join(dir, path)
	}
	if _, err := os.Stat(path); err != nil {
		return "", &runbook.UsageError{Message: "there is no inventory " + path, Way: "name one with --inventory"}
	}
	return path, nil
}

// whatifScreen is how many lines the table may have, where it can be brought to that: a screen of 40 with a prompt.
const whatifScreen = 38

// whatifTable shows a report to a person: what changes on one screen, all of it for the files that are named.
func whatifTable(r *whatif.Report, named []string, lang string) string {
	for lines := 3; ; lines-- {
		text := whatifText(r, named, lang, lines)
		if lines == 1 || len(named) > 0 || strings.Count(text, "\n") <= whatifScreen {
			return text
		}
	}
}

// whatifText is the table with so many changes of each file, unless files are named.
func whatifText(r *whatif.Report, named []string, lang string, lines int) string {
	var b strings.Builder
	say := func(en, ja string, args ...any) string { return event.Textf(en, ja, args...).In(lang) }
	wanted := func(dest string) bool {
		for _, n := range named {
			if strings.Contains(dest, n) {
				return true
			}
		}
		return len(named) == 0
	}
	fmt.Fprintln(&b, say("%s to %s, %d nodes of %s, ansible-core %s", "%s から %s へ、%[4]s の %[3]d ノード、ansible-core %[5]s", r.From, r.To, len(r.Hosts), r.Inventory, r.Ansible))
	if len(r.Invented) > 0 {
		fmt.Fprintln(&b, say("The facts of %s are invented (Ubuntu 22.04): gather them with Ansible, or name them with --facts.",
			"%s のファクトは仮のもの (Ubuntu 22.04) です。Ansible で収集するか、--facts で指定してください。", r.NodesOf(r.Invented)))
	}
	if len(named) == 0 {
		whatifChecks(&b, r, say)
	}
	whatifEdits(&b, r, wanted, say)
	shown := 0
	for _, f := range r.Files {
		if wanted(f.Dest) {
			shown++
			whatifFile(&b, r, f, len(named) > 0, lines, say)
		}
	}
	if len(named) > 0 {
		if shown == 0 {
			fmt.Fprintln(&b, say("No file with that in its path changes.", "その名前を含むファイルは変わりません。"))
		}
		return b.String()
	}
	whatifImages(&b, r, say)
	whatifRestarts(&b, r, say)
	whatifRest(&b, r, say)
	return b.String()
}

func followed(r *whatif.Report) string {
	var list []string
	for _, key := range slices.Sorted(maps.Keys(r.Followed)) {
		if before, after := r.Followed[key][0], r.Followed[key][1]; len(before)+len(after) < 40 {
			list = append(list, key+" "+before+" -> "+cmp.Or(after, "-"))
		} else {
			list = append(list, key)
		}
	}
	return strings.Join(list, ", ")
}

type sayFunc = func(en, ja string, args ...any) string

func whatifChecks(b *strings.Builder, r *whatif.Report, say sayFunc) {
	for _, c := range r.Checks {
		if c.Verdict == "fails" {
			fmt.Fprintf(b, "%s\n  %s\n", say("WOULD FAIL on %s: %s (%s)", "%s で失敗します: %s (%s)", r.NodesOf(c.Nodes), c.Task, c.Where), shortened(c.Message, 110))
		}
	}
}

func whatifFile(b *strings.Builder, r *whatif.Report, f whatif.FileChange, all bool, most int, say sayFunc) {
	head := f.Dest + "  " + r.NodesOf(f.Nodes)
	if what := map[string]string{"added": say("new file", "新規"), "removed": say("no longer written", "書かれなくなる")}[f.What]; what != "" {
		head += "  " + what
	}
	if f.Assumed {
		head += "  " + say("(if the node needs it)", "(ノードの状態による)")
	}
	moved, lines := 0, []string{}
	for _, c := range f.Changes {
		if c.What == "moved" && !all {
			n, _ := strconv.Atoi(c.Path)
			moved += n
			continue
		}
		line := changeLine(c, all, say)
		if !all {
			line = shortened(line, 116)
		}
		lines = append(lines, line)
	}
	if !all && len(lines) == 1 && moved == 0 && len([]rune(head+lines[0])) < 116 {
		fmt.Fprintf(b, "%s  %s\n", head, lines[0])
		return
	}
	if !all && len(lines) > most+1 {
		head += "  " + say("(and %d more: spraydeck whatif %s)", "(ほか %d 件: spraydeck whatif %s)", len(lines)-most, filepath.Base(f.Dest))
		lines = lines[:most]
	}
	fmt.Fprintln(b, head)
	for _, line := range lines {
		fmt.Fprintf(b, "  %s\n", line)
	}
	if moved > 0 {
		fmt.Fprintf(b, "  = %s\n", say("%d settings moved to other tables and keep their values", "%d 件の設定は別のテーブルに移り、値は同じ", moved))
	}
}

func changeLine(c whatif.Change, all bool, say sayFunc) string {
	width := 44
	if all {
		width = 2000
	}
	old, new := shortened(c.Old, width), shortened(c.New, width)
	path := c.Path
	if !all {
		path = strings.Replace(path, ".spec.template.spec.", " ", 1)
	}
	if path != "" {
		path += "  "
	}
	switch c.What {
	case "added":
		return "+ " + path + new
	case "removed":
		return "- " + path + old
	case "moved":
		return say("= %s settings moved: %s -> %s", "= %s 件の設定が移動: %s -> %s", c.Path, c.Old, c.New)
	}
	return "~ " + path + old + " -> " + new
}

// shortened is a text on one line, cut where it is too long.
func shortened(text string, width int) string {
	text = strings.Join(strings.Fields(text), " ")
	if text == "" {
		return `""`
	}
	if runes := []rune(text); len(runes) > width {
		return string(runes[:width-3]) + "..."
	}
	return text
}

// whatifRestarts names what restarts where: what is certain, and what depends on the node.
func whatifRestarts(b *strings.Builder, r *whatif.Report, say sayFunc) {
	for _, line := range []struct {
		may  bool
		name string
	}{{false, say("Restarts, at least:", "再起動 (少なくとも):")}, {true, say("May restart, as the node needs it:", "再起動の可能性 (ノードの状態による):")}} {
		on, order := map[string][]string{}, []string{}
		for _, x := range r.Restarts {
			if x.May != line.may {
				continue
			}
			nodes := r.NodesOf(x.Nodes)
			if on[nodes] == nil {
				order = append(order, nodes)
			}
			on[nodes] = append(on[nodes], strings.TrimPrefix(x.What, "unit "))
		}
		text := line.name
		for i, nodes := range order {
			part := " " + strings.Join(on[nodes], ", ") + " (" + nodes + ")"
			if i < len(order)-1 {
				part += ";"
			}
			if last := text[strings.LastIndexByte(text, '\n')+1:]; len([]rune(last+part)) > 118 {
				text += "\n "
			}
			text += part
		}
		if len(order) > 0 {
			fmt.Fprintln(b, text)
		}
	}
}

// whatifImages names the images that change, those of one place and version on one line.
func whatifImages(b *strings.Builder, r *whatif.Report, say sayFunc) {
	if len(r.Images) == 0 {
		return
	}
	fmt.Fprintln(b, say("Images", "イメージ"))
	names, order := map[string]string{}, []string{}
	for _, i := range r.Images {
		id := path.Dir(i.Name) + " " + i.Old + " -> " + i.New
		if names[id] == "" {
			names[id] = i.Name
			order = append(order, id)
		} else {
			names[id] += ", " + path.Base(i.Name)
		}
	}
	for _, id := range order {
		_, versions, _ := strings.Cut(id, " ")
		fmt.Fprintf(b, "  ~ %s  %s\n", names[id], versions)
	}
}

func whatifRest(b *strings.Builder, r *whatif.Report, say sayFunc) {
	unknown, failing := 0, 0
	for _, c := range r.Checks {
		if c.Verdict == "fails" {
			failing++
		} else {
			unknown++
		}
	}
	fmt.Fprintf(b, "\n%s\n", say("%d files do not change. Checks of %s: %d hold, %d would fail, %d need the live node.",
		"変わらないファイル: %d。%s の検査: 合格 %d、失敗 %d、ノードでのみ判定 %d。", r.Same, r.To, r.Passed, failing, unknown))
	whatifFailed(b, r, say)
	if len(r.Followed) > 0 {
		fmt.Fprintln(b, shortened(say("%d settings as the old sample has them follow the new sample: %s", "旧サンプルのままの設定 %d 件は新サンプルに従います: %s", len(r.Followed), followed(r)), 118))
	}
	if len(r.NotRun) > 0 {
		fmt.Fprintln(b, say("Not run, with a placeholder in its place: %s", "実行せず仮の値で置き換えたもの: %s", strings.Join(r.NotRun, ", ")))
	}
}

// whatifFailed names the files that could not be rendered, those of one cause on one line. Tasks that write none are only
// counted: what depends on them is named.
func whatifFailed(b *strings.Builder, r *whatif.Report, say sayFunc) {
	lines, others := map[string][]string{}, 0
	var order []string
	for _, f := range r.Failed {
		if f.Kind != "template" && f.Kind != "copy" {
			others++
			continue
		}
		line := r.NodesOf(f.Nodes) + ": " + shortened(f.Reason, 114-len(r.NodesOf(f.Nodes)))
		if lines[line] == nil {
			order = append(order, line)
		}
		if !slices.Contains(lines[line], f.Task) {
			lines[line] = append(lines[line], f.Task)
		}
	}
	if len(order)+others == 0 {
		return
	}
	fmt.Fprintln(b, say("NOT RENDERED (and %d tasks that write no file)", "描画できなかったもの (ほかにファイルを書かないタスク %d 件)", others))
	for i, line := range order {
		if i == 6 {
			fmt.Fprintln(b, "  "+say("and %d more: see -o json", "ほか %d 件: -o json を参照", len(order)-i))
			break
		}
		fmt.Fprintf(b, "  %s\n    %s\n", line, shortened(strings.Join(lines[line], ", "), 110))
	}
}
