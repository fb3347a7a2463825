package doctor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"spraydeck/event"
)

// Console is the terminal as the program finds it.
type Console struct {
	Width, Height int // in cells, 0 where there is no terminal
	Term          string
	Locale        string // of LC_ALL, LC_CTYPE or LANG, the first that is set
}

// The smallest screen that shows everything, and the space that a night's record may need: 200 MB of output and its index.
const (
	minWidth, minHeight = 80, 24
	minSpace            = 1 << 30
)

// OnWorkstation checks the terminal, the programs that steps start, and the place of the record. run runs a line of shell
// and returns what it printed.
func OnWorkstation(ctx context.Context, c Console, state string, run func(ctx context.Context, line string) (string, error)) []Check {
	list := []Check{c.size(), c.charset(), record(state)}
	for _, p := range programs {
		list = append(list, p.check(ctx, run))
	}
	return list
}

func (c Console) size() Check {
	wide := event.Text{En: "Make the window larger. Smaller ones work, and show less.", Ja: "ウィンドウを広げてください。小さいままでも使えますが、表示される情報が減ります。"}
	switch {
	case c.Width == 0 || c.Term == "dumb":
		return notice(workstation, "terminal", event.Text{En: "no terminal for the console here: lines are printed instead", Ja: "コンソールを表示できる端末ではないため、行単位で出力します"},
			event.Text{En: "Start it in a terminal, over SSH with ssh -t.", Ja: "端末から起動してください。SSH 経由なら ssh -t を使います。"})
	case c.Width < minWidth || c.Height < minHeight:
		return notice(workstation, "terminal", event.Textf("the terminal has %[1]dx%[2]d cells, %[3]dx%[4]d show everything", "端末は %[1]dx%[2]d です。すべて表示するには %[3]dx%[4]d が必要です",
			c.Width, c.Height, minWidth, minHeight), wide)
	}
	said := fmt.Sprintf("%s, %dx%d", c.Term, c.Width, c.Height)
	return pass(workstation, "terminal", "terminal "+said, "端末 "+said)
}

func (c Console) charset() Check {
	if l := strings.ToUpper(c.Locale); strings.Contains(l, "UTF-8") || strings.Contains(l, "UTF8") {
		return pass(workstation, "locale", "locale "+c.Locale, "ロケール "+c.Locale)
	}
	name := c.Locale
	if name == "" {
		name = "C"
	}
	return notice(workstation, "locale", event.Textf("the locale %s is not UTF-8: lines and other languages cannot be drawn", "ロケール %s は UTF-8 ではないため、罫線や日本語を表示できません", name),
		event.Text{En: "export LC_ALL=C.UTF-8", Ja: "export LC_ALL=ja_JP.UTF-8 (または C.UTF-8)"})
}

// record checks that transcripts can be written, and that there is space for a long one.
func record(dir string) Check {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fail(workstation, "record", event.T(err.Error()), event.Text{En: "Set XDG_STATE_HOME to a directory of yours. A run without a record does not start.", Ja: "XDG_STATE_HOME に書き込み可能なディレクトリーを指定してください。記録できない場合、実行は開始されません。"})
	}
	f, err := os.CreateTemp(dir, ".doctor-")
	if err != nil {
		return fail(workstation, "record", event.T(err.Error()), event.Textf("Make %s writable, or set XDG_STATE_HOME.", "%s を書き込み可能にするか、XDG_STATE_HOME を指定してください。", dir))
	}
	_ = f.Close()
	_ = os.Remove(f.Name())
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err == nil {
		if free := s.Bavail * uint64(s.Bsize); free < minSpace {
			return notice(workstation, "record", event.Textf("%[2]d MB are free at %[1]s: the output of a long upgrade may not fit", "%[1]s の空きは %[2]d MB です。長いアップグレードの出力が収まらないおそれがあります", dir, free>>20),
				event.Text{En: "Make room: 1 GB is enough for a night. spraydeck sessions prune deletes old runs.", Ja: "空きを確保してください。一晩なら 1 GB で足ります。spraydeck sessions prune で古い実行を削除できます。"})
		}
	}
	return pass(workstation, "record", "transcripts are written to "+filepath.Clean(dir), "記録の保存先 "+filepath.Clean(dir))
}

// program is one that steps start on the workstation.
type program struct {
	name, line string
	needed     bool
	do         event.Text
}

var programs = []program{
	{"git", "git --version", true, event.Text{En: "Install git.", Ja: "git を導入してください。"}},
	{"ssh", "ssh -V 2>&1", true, event.Text{En: "Install the OpenSSH client: it is asked how each host is reached.", Ja: "OpenSSH クライアントを導入してください。各ホストへの接続設定の確認に使います。"}},
	{"python", "python3 --version", false, event.Text{En: "Install python3 with venv: the runbooks make a virtual environment for Ansible.", Ja: "python3 と venv を導入してください。手順書が Ansible の仮想環境を作成します。"}},
	{"venv", "python3 -c 'import ensurepip, venv' && echo python3 -m venv", false, event.Text{En: "Install python3-venv, or choose --set ansible=system.", Ja: "python3-venv を導入するか、--set ansible=system を指定してください。"}},
	{"ansible", "if [ -x venv/k8s/bin/ansible ]; then PATH=venv/k8s/bin:$PATH; fi; ansible --version", false, event.Text{En: "None is needed yet: the runbook makes the virtual environment of the release.", Ja: "まだ必要ありません。手順書がリリースに合った仮想環境を作成します。"}},
}

func (p program) check(ctx context.Context, run func(context.Context, string) (string, error)) Check {
	out, err := run(ctx, p.line)
	first, _, _ := strings.Cut(strings.TrimSpace(out), "\n")
	if err == nil && first != "" {
		return pass(workstation, p.name, first, first)
	}
	says := event.Textf("%s is not here", "%s がありません", p.name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) && first != "" {
		says = event.T(first)
	}
	if p.needed {
		return fail(workstation, p.name, says, p.do)
	}
	return notice(workstation, p.name, says, p.do)
}
