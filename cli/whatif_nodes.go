package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"spraydeck/event"
	"spraydeck/regular"
	"spraydeck/transcript"
	"spraydeck/whatif"
)

// whatifNodes reads the files that the releases write from the nodes, and puts what was changed by hand into the report.
func whatifNodes(ctx context.Context, o *options, both *releasePair, renderings []*whatif.Rendering, report *whatif.Report) error {
	out, err := connect(o, "kubespray")
	if err != nil {
		return err
	}
	defer out.close()
	out.still()
	out.askedOnTerminal(o.lang)
	if inv := out.readInventory(ctx, both.request.Inventory); inv.Err != nil {
		return inv.Err
	}
	nodes := whatif.ReadNodes(ctx, out.readFromNode, renderings...)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	template := func(source string) string {
		if !filepath.IsLocal(source) {
			return ""
		}
		text, err := regular.Read(filepath.Join(both.tree(1), source))
		if err != nil {
			return "" // a file that is no template
		}
		return string(text)
	}
	try := func(settings map[string]map[string]any) (*whatif.Rendering, error) {
		return both.renderOne(ctx, 1, settings)
	}
	if err := report.HandEdits(renderings[0], renderings[1], nodes, both.request.Key, template, try); err != nil {
		return err
	}
	maskEdits(report, transcript.NewMasker(nil))
	return nil
}

// maskEdits masks secrets of known forms in what was read from nodes.
func maskEdits(report *whatif.Report, m *transcript.Masker) {
	for _, e := range report.Edits {
		for i, x := range e.Settings {
			e.Settings[i].Node = m.Text(x.Node)
			if x.Carry != nil {
				if text, ok := x.Carry.Value.(string); ok {
					x.Carry.Value = m.Text(text)
				}
			}
		}
	}
}

// readFromNode returns the standard output of a line that only reads on a node.
func (o *world) readFromNode(ctx context.Context, host, line string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	var printed, said strings.Builder
	exit, err := o.exec()(ctx, event.Command{Host: host, Line: line, Probe: true}, func(stream string, b []byte) {
		if stream == "stdout" {
			printed.Write(b)
		} else {
			said.Write(b)
		}
	})
	if err == nil && exit != 0 {
		err = fmt.Errorf("exit code %d: %s", exit, shortened(said.String(), 100))
	}
	return printed.String(), err
}

// whatifEdits shows what was changed by hand on the nodes.
func whatifEdits(b *strings.Builder, r *whatif.Report, wanted func(string) bool, say sayFunc) {
	if r.Edits == nil {
		return
	}
	settings, files := r.Overwritten()
	if settings > 0 {
		fmt.Fprintln(b, say("CHANGED BY HAND on nodes: %d settings of %d files would be overwritten", "ノード上で手作業で変更: %[2]d ファイルの %[1]d 設定が上書きされます", settings, files))
	} else {
		fmt.Fprintln(b, say("%d files on nodes: nothing that was changed by hand would be overwritten.", "ノード上の %d ファイル: 上書きされる手作業の変更はありません。", r.Compared))
	}
	for _, e := range r.Edits {
		if wanted(e.Dest) {
			whatifEdit(b, r, e, say)
		}
	}
	if len(r.Missing) > 0 {
		var names []string
		for _, m := range r.Missing {
			names = append(names, filepath.Base(m.Dest)+" ("+r.NodesOf(m.Nodes)+")")
		}
		fmt.Fprintln(b, shortened(say("%d files of %s are not on the nodes: %s", "%[2]s が書くはずでノードにないファイル %[1]d 件: %[3]s", len(names), r.From, strings.Join(names, ", ")), 118))
	}
	for _, host := range slices.Sorted(maps.Keys(r.Unread)) {
		fmt.Fprintln(b, shortened(say("NOT READ: %s: %s", "読み取れなかったノード %s: %s", host, r.Unread[host]), 118))
	}
	fmt.Fprintln(b)
}

func whatifEdit(b *strings.Builder, r *whatif.Report, e whatif.Edit, say sayFunc) {
	fate := map[string]string{"stays": say("not written by %s: stays as it is", "%s は書かないため残ります", r.To),
		"unknown": say("%s could not be rendered", "%s は描画できず不明", r.To)}[e.Fate]
	fmt.Fprintln(b, strings.TrimRight(fmt.Sprintf("%s  %s  %s", e.Dest, r.NodesOf(e.Nodes), fate), " "))
	for _, x := range e.Settings {
		node, old, new := shortened(x.Node, 40), shortened(x.Old, 40), shortened(x.New, 40)
		if x.What == "removed" {
			node = say("removed", "削除")
		}
		if x.What == "added" {
			old = say("nothing", "なし")
		}
		line := strings.TrimSpace(x.Path + "  " + node)
		if e.Fate == "overwritten" {
			line += say("  (%s writes %s, %s: %s)", "  (%s では %s、%s では %s)", r.From, old, r.To, orNothing(x, new, say))
		} else {
			line += say("  (%s writes %s)", "  (%s では %s)", r.From, old)
		}
		fmt.Fprintln(b, "  ! "+line)
		switch {
		case x.Carry != nil:
			value, _ := json.Marshal(x.Carry.Value)
			fmt.Fprintln(b, "      "+say("carry: set %s: %s in the inventory", "引き継ぐには: インベントリーに %s: %s を設定", x.Carry.Key, value))
		case e.Fate == "overwritten":
			fmt.Fprintln(b, "      "+say("no setting is known that keeps it: put it back after the hop, or accept that it goes", "引き継ぐ設定は不明: 作業後に戻すか、失われることを了承"))
		}
	}
}

// orNothing is what the new release writes.
func orNothing(x whatif.Setting, new string, say sayFunc) string {
	if x.New == "" {
		return say("nothing", "なし")
	}
	return new
}
