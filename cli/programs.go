package cli

import (
	"context"
	"fmt"
	"io"

	"spraydeck/event"
	"spraydeck/kubespray"
)

// programs names what the configuration of a checkout has git and Ansible run. Nothing is read before they are named.
func programs(ctx context.Context, checkout *kubespray.Checkout) (list []event.Text) {
	if checkout == nil {
		return nil
	}
	for _, p := range checkout.Programs(ctx) {
		runs := event.Text{En: "Ansible runs it whenever it reads the configuration", Ja: "Ansible が設定を読むたびに実行します"}
		switch p.Runs {
		case "never":
			runs = event.Text{En: "not run by what only reads", Ja: "読み取りだけの処理では実行しません"}
		case "commit":
			runs = event.Text{En: "git runs it at commits and checkouts", Ja: "git がコミットや切り替えの際に実行します"}
		}
		list = append(list, event.Text{
			En: fmt.Sprintf("the checkout names a program: %s: %s (%s)", p.Where, p.What, runs.En),
			Ja: fmt.Sprintf("チェックアウトがプログラムを指定しています: %s: %s (%s)", p.Where, p.What, runs.Ja),
		})
	}
	return list
}

func tellPrograms(ctx context.Context, w io.Writer, lang string, checkout *kubespray.Checkout) {
	for _, p := range programs(ctx, checkout) {
		fmt.Fprintf(w, "spraydeck: %s\n", p.In(lang))
	}
}
