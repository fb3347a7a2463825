package cli

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"spraydeck/event"
	"spraydeck/learn"
	"spraydeck/runbook"
)

// diffCommand says what changed between two releases.
func diffCommand(o *options) *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use: "diff OLD NEW", Short: "Show what changed between two releases: versions, defaults, sample, refusals, prompts",
		Long: "Compare two releases of the checkout: tags, branches or commits. It shows versions, defaults of roles that went, came and\n" +
			"changed, keys of the sample, keys that nothing reads any more, refusals, prompts, playbooks and what templates notify.\n" +
			"Defaults of versions and images are counted; -o json lists them too.",
		Example:           "  spraydeck releases diff v2.27.1 v2.28.1 --checkout ~/kubespray\n  spraydeck releases diff v2.31.0 master -o json",
		Args:              cobra.ExactArgs(2),
		ValidArgsFunction: completeReleases,
		RunE: func(cmd *cobra.Command, args []string) error {
			if format != "table" && format != "json" {
				return &runbook.UsageError{Message: fmt.Sprintf("-o cannot be %q", format), Way: "it is table or json"}
			}
			l, err := newLearner(cmd.Context(), o)
			if err != nil {
				return err
			}
			var sides [2]*learn.Facts
			for i, rev := range args {
				if sides[i], err = learn.Read(cmd.Context(), l.checkout, rev, rev, nil); err != nil {
					return usage(err)
				}
			}
			d := learn.Compare(sides[0], sides[1])
			if format == "json" {
				e := json.NewEncoder(cmd.OutOrStdout())
				e.SetIndent("", "  ")
				return e.Encode(d)
			}
			_, err = fmt.Fprint(cmd.OutOrStdout(), diffTable(d, o.lang))
			return err
		},
	}
	output(cmd, &format)
	return cmd
}

// diffTable writes a difference for people.
func diffTable(d *learn.Diff, lang string) string {
	var b strings.Builder
	head := func(n int, en, ja string) bool {
		if n > 0 {
			fmt.Fprintf(&b, "\n%s (%d)\n", event.Text{En: en, Ja: ja}.In(lang), n)
		}
		return n > 0
	}
	fmt.Fprintf(&b, "%s -> %s\n", d.From, d.To)
	changes := func(list []learn.Change, en, ja string) {
		head(len(list), en, ja)
		for _, c := range list {
			fmt.Fprintf(&b, "  %-34s %s -> %s\n", c.What, orDash(c.Old), orDash(c.New))
		}
	}
	keys := func(list []learn.Key, en, ja string, line func(learn.Key) string) {
		head(len(list), en, ja)
		for _, k := range list {
			fmt.Fprintf(&b, "  %-34s %s\n", k.Key, line(k))
		}
	}
	old := func(k learn.Key) string { return short(k.Old) }
	now := func(k learn.Key) string { return short(k.New) }
	both := func(k learn.Key) string { return short(k.Old) + " -> " + short(k.New) }
	changes(d.Versions, "Versions", "バージョン")
	behaviour, versions := split(d.Defaults.Changed)
	keys(behaviour, "Defaults changed", "変わった既定値", both)
	keys(d.Defaults.Removed, "Defaults removed", "なくなった既定値", old)
	keys(d.Defaults.Added, "Defaults added", "加わった既定値", now)
	head(versions, "Defaults of versions, images and downloads changed: see -o json", "バージョン・イメージ・取得元の既定値の変更: -o json で表示")
	keys(d.Sample.Changed, "Sample changed", "sample の変更", both)
	keys(d.Sample.Removed, "Sample keys removed", "sample からなくなったキー", old)
	keys(d.Sample.Added, "Sample keys added", "sample に加わったキー", now)
	if head(len(d.Unread), "Keys that nothing reads any more", "読まれなくなったキー") {
		fmt.Fprintf(&b, "  %s\n", strings.Join(d.Unread, "\n  "))
	}
	changes(d.Allowed, "Allowed values", "設定できる値")
	refusals := func(list []learn.Refusal, en, ja string) {
		head(len(list), en, ja)
		for _, r := range list {
			fmt.Fprintf(&b, "  %s\n    %s\n", orDash(r.Task), orDash(short(r.That+r.When)))
		}
	}
	refusals(d.Refusals.New, "New refusals", "新しい拒否条件")
	refusals(d.Refusals.Gone, "Refusals that went", "なくなった拒否条件")
	prompts := func(list []learn.Prompt, en, ja string) {
		head(len(list), en, ja)
		for _, p := range list {
			fmt.Fprintf(&b, "  %s: %s\n", orDash(p.Task), short(p.Says))
		}
	}
	prompts(d.Prompts.New, "New prompts", "新しい入力待ち")
	prompts(d.Prompts.Gone, "Prompts that went", "なくなった入力待ち")
	names := func(list []string, en, ja string) {
		if head(len(list), en, ja) {
			fmt.Fprintf(&b, "  %s\n", strings.Join(list, "\n  "))
		}
	}
	names(d.Playbooks.New, "New playbooks", "新しいプレイブック")
	names(d.Playbooks.Gone, "Playbooks that went", "なくなったプレイブック")
	names(d.Templates.New, "New templates", "新しいテンプレート")
	names(d.Templates.Gone, "Templates that went", "なくなったテンプレート")
	changes(d.Notifies, "What templates notify", "テンプレートの通知先")
	return b.String()
}

// split gives the keys that are no version, and counts the others.
func split(list []learn.Key) (behaviour []learn.Key, versions int) {
	for _, k := range list {
		if k.Version {
			versions++
		} else {
			behaviour = append(behaviour, k)
		}
	}
	return behaviour, versions
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// short is a value on one line of at most 70 characters.
func short(v any) string {
	s, ok := v.(string)
	if !ok {
		text, err := json.Marshal(v)
		if err != nil {
			text = fmt.Append(nil, v)
		}
		s = string(text)
	}
	if s == "" {
		return `""`
	}
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > 70 {
		s = string(r[:67]) + "..."
	}
	return s
}
