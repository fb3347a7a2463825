package cli

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/adrg/xdg"

	"spraydeck/event"
	"spraydeck/kubespray"
)

// hostile is a checkout whose own configuration names a program wherever git and Ansible know one. Each leaves its name in
// ran when it is run.
func hostile(t *testing.T) (dir string, ran func() string) {
	t.Helper()
	dir = t.TempDir()
	marks, cache := filepath.Join(t.TempDir(), "ran"), t.TempDir()
	for _, e := range []string{"GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM"} {
		t.Setenv(e, os.DevNull)
	}
	for _, who := range []string{"AUTHOR", "COMMITTER"} {
		t.Setenv("GIT_"+who+"_NAME", "t")
		t.Setenv("GIT_"+who+"_EMAIL", "t@example.org")
	}
	was := xdg.CacheHome
	xdg.CacheHome = cache
	t.Cleanup(func() { xdg.CacheHome = was })
	git := func(args ...string) {
		t.Helper()
		cmd := exec.Command("git", args...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %q: %v\n%s", args, err, out)
		}
	}
	program := func(name string) string {
		t.Helper()
		file := filepath.Join(dir, ".git", "programs", name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte("#!/bin/sh\necho "+name+" >>"+marks+"\ncat \"$@\" 2>/dev/null\n"), 0o755); err != nil {
			t.Fatal(err)
		}
		return file
	}
	put := func(name, text string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	git("init", "-q", "-b", "master")
	put("upgrade-cluster.yml", "a\n")
	put("roles/x.yml", "a\n")
	put("plain.txt", "a\n")
	put(".gitattributes", "*.yml diff=evil filter=evil\n")
	put("ansible.cfg", "[defaults]\nvault_password_file = .git/programs/vault\nlibrary = ./library\n")
	git("add", "-A")
	git("commit", "-qm", "a")
	git("tag", "v2.27.0")
	put("roles/x.yml", "b\n")
	put("plain.txt", "b\n")
	git("commit", "-qam", "b")
	for key, name := range map[string]string{
		"core.fsmonitor": "fsmonitor", "core.pager": "pager", "diff.external": "external", "diff.evil.textconv": "textconv",
		"filter.evil.clean": "clean", "filter.evil.smudge": "smudge", "gpg.program": "gpg", "core.alternateRefsCommand": "alternates",
	} {
		git("config", key, program(name))
	}
	git("config", "filter.evil.required", "true")
	git("config", "log.showSignature", "true")
	program("vault")
	for _, hook := range []string{"post-index-change", "reference-transaction", "pre-commit"} {
		if err := os.MkdirAll(filepath.Join(dir, ".git/hooks"), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(program(hook), filepath.Join(dir, ".git/hooks", hook)); err != nil {
			t.Fatal(err)
		}
	}
	put("roles/x.yml", "c\n")
	put("plain.txt", "c\n")
	return dir, func() string {
		b, _ := os.ReadFile(marks)
		_ = os.Remove(marks)
		return strings.Join(strings.Fields(string(b)), " ")
	}
}

// TestCheckoutRunsNothing: a command that only reads runs no program that the checkout's configuration names, and prints
// what git would print without them.
func TestCheckoutRunsNothing(t *testing.T) {
	dir, ran := hostile(t)
	for name, driver := range map[string]string{"without": "", "with": "diff.evil.command"} {
		if driver != "" {
			cmd := exec.Command("git", "config", driver, filepath.Join(dir, ".git/programs/textconv"))
			cmd.Dir = dir
			if err := cmd.Run(); err != nil {
				t.Fatal(err)
			}
		}
		t.Run(name+" a diff driver", func(t *testing.T) {
			for _, c := range []struct{ line, prints string }{
				{"git diff -U0 refs/tags/v2.27.0 -- roles", "+c"},
				{"git diff -U0 refs/tags/v2.27.0 -- plain.txt", "+c"},
				{"touch roles/x.yml; git status --porcelain", " M roles/x.yml"},
				{"git show HEAD", "+b"},
				{"git --no-pager -C . -c color.ui=never log -p --stat", "+b"},
				{"git grep -h b HEAD -- roles", "b"},
				{"git blame HEAD -- roles/x.yml", "b"},
				{"printf 'HEAD\\n' | xargs git show", "+b"},
				{"sh -c 'cd roles && git diff HEAD'", "+c"},
				{"git update-index --refresh || true", ""},
				{"git diff --quiet; echo $?", "1"},
				{`git log -1 --format='a  b "%s"'`, `a  b "b"`},
			} {
				for _, cmd := range []event.Command{{Probe: true}, {Reads: true}} {
					cmd.Host, cmd.Line = event.Workstation, c.line
					var out, failed bytes.Buffer
					exit, err := (&world{dir: dir}).local(t.Context(), cmd, &out, &failed)
					if err != nil || exit != 0 || !strings.Contains(out.String(), c.prints) {
						t.Errorf("%s: %d, %v\n%s%s", c.line, exit, err, &out, &failed)
					}
					if got := ran(); got != "" {
						t.Errorf("%s ran %s", c.line, got)
					}
				}
			}
		})
	}
	// what it guards from is real
	cmd := exec.Command("git", "status")
	cmd.Dir = dir
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	if got := ran(); !strings.Contains(got, "fsmonitor") || !strings.Contains(got, "clean") {
		t.Errorf("git alone ran only %q", got)
	}
	// in a directory that cannot be written git runs no configured program, and nothing that requires one is printed
	xdg.CacheHome = "/proc"
	_, _ = (&world{dir: dir}).local(t.Context(), event.Command{Host: event.Workstation, Line: "git diff HEAD; git status; git log -p", Probe: true}, &bytes.Buffer{}, &bytes.Buffer{})
	if got := ran(); got != "" {
		t.Errorf("without a git of ours ran %s", got)
	}
}

// TestCheckoutNamesPrograms: they are named without any of them being run.
func TestCheckoutNamesPrograms(t *testing.T) {
	dir, ran := hostile(t)
	checkout, err := kubespray.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	var told strings.Builder
	for _, lang := range []string{"en", "ja"} {
		tellPrograms(t.Context(), &told, lang, checkout)
	}
	for _, want := range []string{"core.fsmonitor", "diff.external", "diff.evil.textconv", "filter.evil.clean", "hook pre-commit", "ansible.cfg vault_password_file: .git/programs/vault"} {
		if strings.Count(told.String(), want) != 2 {
			t.Errorf("%s is not named once in each language:\n%s", want, &told)
		}
	}
	if !strings.Contains(told.String(), "git がコミットや切り替えの際に実行します") {
		t.Errorf("not in Japanese:\n%s", &told)
	}
	if strings.Contains(told.String(), "library") {
		t.Errorf("Kubespray's own library is named:\n%s", &told)
	}
	if _, _, err := checkout.Clean(t.Context()); err != nil {
		t.Error(err)
	}
	if got := ran(); got != "" {
		t.Errorf("ran %s", got)
	}
}
