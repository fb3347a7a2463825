package kubespray

import (
	"bytes"
	"context"
	"crypto/sha256"
	_ "embed"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strconv"
	"strings"

	"spraydeck/regular"
)

// setting is a line of git's configuration.
type setting struct{ key, value string }

// safeSettings hold for every git command that only reads, whatever the repository says. A program that a
// repository names runs with the rights of the operator.
var safeSettings = []setting{
	{"core.fsmonitor", "false"},
	{"core.hooksPath", "/dev/null"},
	{"core.pager", "cat"},
	{"log.showSignature", "false"},
	{"protocol.ext.allow", "never"},
}

// programSettings are the settings of a repository that name a program, each with a value that runs none. A pattern
// is one of path.Match over the lower-case key, in which the slash of a name counts as a dot.
var programSettings = []setting{
	{"core.fsmonitor", "false"},
	{"core.hookspath", "/dev/null"},
	{"core.pager", "cat"},
	{"core.sshcommand", "ssh"},
	{"core.gitproxy", ""},
	{"core.askpass", ""},
	{"core.alternaterefscommand", ""},
	{"credential.helper", ""},
	{"credential.*.helper", ""},
	{"diff.external", ""}, // git then fails where it would run one
	{"diff.*.command", ""},
	{"diff.*.textconv", "cat"},
	{"filter.*.clean", ""},
	{"filter.*.smudge", ""},
	{"filter.*.process", ""},
	{"gpg.program", "false"},
	{"gpg.*.program", "false"},
	{"pager.*", "false"},
	{"remote.*.uploadpack", "git-upload-pack"},
	{"remote.*.vcs", "none"},
}

// harmless gives the value that a setting of a repository is replaced by, if it names a program.
func harmless(key string) (value string, names bool) {
	key = strings.ReplaceAll(strings.ToLower(key), "/", ".")
	for _, p := range programSettings {
		if ok, _ := path.Match(p.key, key); ok {
			return p.value, true
		}
	}
	return "", false
}

// ReadEnv is the environment of a command that only reads the repository of dir, to be added to ours: whatever git
// commands it holds run no program that the repository's own configuration names, ask nothing and write nothing.
// bin is the directory of [ReadBin], which goes first in PATH; "" is none.
//
// Settings of the operator and of the machine stay in force, but for safeSettings.
func ReadEnv(ctx context.Context, dir, bin string) []string {
	list := append([]setting{}, safeSettings...)
	for _, s := range repositorySettings(ctx, dir) {
		if value, names := harmless(s.key); names {
			list = append(list, setting{s.key, value})
		}
		if driver, ok := strings.CutSuffix(s.key, ".required"); ok && strings.HasPrefix(driver, "filter.") {
			list = append(list, setting{s.key, "false"})
		}
	}
	env := append(settingsEnv(list), "GIT_OPTIONAL_LOCKS=0", "GIT_TERMINAL_PROMPT=0", "GIT_PAGER=cat", "GIT_EXTERNAL_DIFF=")
	if bin != "" {
		env = append(env, "PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	}
	return env
}

// settingsEnv gives git settings through the environment, after those that are in it already.
func settingsEnv(list []setting) []string {
	first, err := strconv.Atoi(os.Getenv("GIT_CONFIG_COUNT"))
	if err != nil || first < 0 {
		first = 0
	}
	env := []string{fmt.Sprintf("GIT_CONFIG_COUNT=%d", first+len(list))}
	for i, s := range list {
		env = append(env, fmt.Sprintf("GIT_CONFIG_KEY_%d=%s", first+i, s.key), fmt.Sprintf("GIT_CONFIG_VALUE_%d=%s", first+i, s.value))
	}
	return env
}

// repositorySettings lists what the configuration of the repository itself says, with the files that it includes.
// Where there is no repository it says nothing.
func repositorySettings(ctx context.Context, dir string) (list []setting) {
	out, err := git(ctx, dir, nil, "config", "--list", "--includes", "--show-scope", "-z")
	if err != nil {
		return nil
	}
	fields := bytes.Split(bytes.TrimSuffix(out, []byte{0}), []byte{0})
	for i := 0; i+1 < len(fields); i += 2 {
		if scope := string(fields[i]); scope != "local" && scope != "worktree" {
			continue
		}
		key, value, _ := strings.Cut(string(fields[i+1]), "\n")
		list = append(list, setting{key, value})
	}
	return list
}

//go:embed git_read.sh
var gitRead string

// ReadBin makes, below a directory of ours, one that holds a git for commands that only read; see [ReadEnv]. It is
// there already in most cases.
func ReadBin(below string) (string, error) {
	real, err := exec.LookPath("git")
	if err != nil {
		return "", err
	}
	if real, err = filepath.Abs(real); err != nil {
		return "", err
	}
	text := gitRead + "exec '" + strings.ReplaceAll(real, "'", `'\''`) + "' \"$@\"\n"
	dir := filepath.Join(below, fmt.Sprintf("git-%x", sha256.Sum256([]byte(text))))
	name := filepath.Join(dir, "git")
	if there, err := regular.Read(name); err == nil && string(there) == text {
		return dir, nil
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	f, err := os.CreateTemp(dir, "new")
	if err != nil {
		return "", err
	}
	defer os.Remove(f.Name())
	_, err = f.WriteString(text)
	if e := f.Chmod(0o700); err == nil {
		err = e
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Rename(f.Name(), name)
	}
	return dir, err
}
