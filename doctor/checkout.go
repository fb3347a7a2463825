package doctor

import (
	"context"
	"fmt"
	"strings"

	"spraydeck/event"
)

// Repository is a Kubespray checkout.
type Repository interface {
	Dir() string
	Tag(ctx context.Context) (tag string, exact bool, err error)
	Clean(ctx context.Context) (clean bool, changed []string, err error)
}

// Inventory is what was read of the inventory in use.
type Inventory struct {
	Path  string
	Hosts []string
	Err   error
}

// OnCheckout checks that the release is known, that nothing is uncommitted, that git knows who commits, and that the inventory
// can be read. repo is nil where the directory is no Kubespray checkout, for the reason in none: then only Kubespray's runbooks
// are out of reach. run runs a line of shell in the checkout.
func OnCheckout(ctx context.Context, repo Repository, none error, inv Inventory, run func(ctx context.Context, line string) (string, error)) []Check {
	if repo == nil {
		return []Check{notice(checkout, "checkout", event.T(none.Error()), event.Text{
			En: "For Kubespray, name it with --checkout. Runbooks for kubeadm, K3s, operating systems and add-ons need none.",
			Ja: "Kubespray の場合は --checkout で指定してください。kubeadm、K3s、OS、アドオンの手順書には不要です。"})}
	}
	list := []Check{release(ctx, repo), committed(ctx, repo)}
	if out, err := run(ctx, "git var GIT_COMMITTER_IDENT"); err != nil {
		list = append(list, fail(checkout, "committer", event.T(lastLine(out)), event.Text{En: "Set user.name and user.email with git config: each change of a runbook is a commit.", Ja: "git config で user.name と user.email を設定してください。手順書の変更はすべてコミットします。"}))
	}
	return append(list, inv.check())
}

func release(ctx context.Context, repo Repository) Check {
	tag, exact, err := repo.Tag(ctx)
	if err != nil {
		return broken(checkout, "release", err)
	}
	said := fmt.Sprintf("%s in %s", tag, repo.Dir())
	if exact {
		return pass(checkout, "release", said, said)
	}
	return pass(checkout, "release", said+", with commits of your own", said+" (独自のコミットあり)")
}

func committed(ctx context.Context, repo Repository) Check {
	switch clean, changed, err := repo.Clean(ctx); {
	case err != nil:
		return broken(checkout, "committed", err)
	case !clean:
		return notice(checkout, "committed", event.Textf("%[1]d files are not committed, such as %[2]s", "%[2]s など %[1]d 個のファイルが未コミットです", len(changed), changed[0]),
			event.Text{En: "Commit or stash them before the window: runbooks switch branches.", Ja: "手順書はブランチを切り替えるため、作業前にコミットまたは stash してください。"})
	}
	return pass(checkout, "committed", "nothing is uncommitted", "未コミットの変更はありません")
}

func (i Inventory) check() Check {
	switch {
	case i.Err != nil:
		return broken(checkout, "inventory", i.Err)
	case i.Path == "":
		return fail(checkout, "inventory", event.Text{En: "no inventory was found below inventory/mycluster", Ja: "inventory/mycluster にインベントリーが見つかりません"},
			event.Text{En: "Name it with --inventory.", Ja: "--inventory で指定してください。"})
	case len(i.Hosts) == 0:
		return fail(checkout, "inventory", event.Textf("%s names no host", "%s にホストがありません", i.Path), event.Text{En: "Name the inventory in use with --inventory.", Ja: "使用中のインベントリーを --inventory で指定してください。"})
	}
	said := fmt.Sprintf("%s: %s", i.Path, strings.Join(i.Hosts[:min(len(i.Hosts), 6)], ", "))
	if more := len(i.Hosts) - 6; more > 0 {
		said += fmt.Sprintf(" +%d", more)
	}
	return pass(checkout, "inventory", said, said)
}

func lastLine(text string) string {
	text = strings.TrimSpace(text)
	return text[strings.LastIndexByte(text, '\n')+1:]
}
