package sshx

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"time"

	"github.com/kevinburke/ssh_config"
)

// lookup answers what ssh_config says about one key: all values, strongest
// first, none if it is silent.
type lookup func(key string) []string

// first is the value in force for a key that has only one.
func (l lookup) first(key string) string {
	if v := l(key); len(v) > 0 {
		return v[0]
	}
	return ""
}

// readConfig reads ssh_config for one host.
//
// A file the library can not read (it knows neither Match exec nor Match final,
// which some distributions ship) is no reason to fail or, worse, to skip half
// of it: then ssh itself is asked, which prints what is in force with ssh -G.
func readConfig(ctx context.Context, file, alias string) (lookup, error) {
	files := []string{file}
	if file == "" {
		files = []string{filepath.Join(home(), ".ssh", "config"), "/etc/ssh/ssh_config"}
	}
	var configs []*ssh_config.Config
	for _, name := range files {
		data, err := os.ReadFile(name)
		if file == "" && errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, &configError{err: err, hint: "name another file, or none to use ~/.ssh/config"}
		}
		cfg, err := ssh_config.DecodeBytes(data)
		if err != nil {
			return askSSH(ctx, file, alias, fmt.Errorf("read %s: %w", name, err))
		}
		configs = append(configs, cfg)
	}
	return func(key string) []string {
		var all []string
		for _, cfg := range configs {
			values, err := cfg.GetAll(alias, key)
			if err == nil {
				all = append(all, values...)
			}
		}
		return all
	}, nil
}

// askSSH reads the output of ssh -G. Its complaint about a broken file names
// line and option, so it is shown as it is.
func askSSH(ctx context.Context, file, alias string, because error) (lookup, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	args := []string{"-G"}
	if file != "" {
		args = append(args, "-F", file)
	}
	cmd := exec.CommandContext(ctx, "ssh", append(args, "--", alias)...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if errors.Is(err, exec.ErrNotFound) {
		return nil, &configError{err: because, hint: "install the OpenSSH client, which can read it, or simplify the file"}
	}
	if err != nil {
		said := strings.Join(strings.Fields(stderr.String()), " ")
		if said == "" {
			said = err.Error()
		}
		return nil, &configError{err: errors.New("read ssh_config: " + said), hint: "correct the file; `ssh -G " + alias + "` must succeed"}
	}
	values := map[string][]string{}
	for lines := bufio.NewScanner(bytes.NewReader(out)); lines.Scan(); {
		key, value, _ := strings.Cut(lines.Text(), " ")
		values[strings.ToLower(key)] = append(values[strings.ToLower(key)], value)
	}
	return func(key string) []string { return values[strings.ToLower(key)] }, nil
}

// configError carries a hint up to where the host is known.
type configError struct {
	err  error
	hint string
}

func (e *configError) Error() string { return e.err.Error() }
func (e *configError) Unwrap() error { return e.err }

// home is the home directory as ssh sees it: that of the password database,
// whatever HOME says.
func home() string {
	if u, err := user.Current(); err == nil && u.HomeDir != "" {
		return u.HomeDir
	}
	dir, _ := os.UserHomeDir()
	return dir
}

func localUser() string {
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return os.Getenv("USER")
}

// words splits a value that may list several, some of them in double quotes.
func words(value string) []string {
	var all []string
	var word strings.Builder
	quoted, started := false, false
	for _, r := range value {
		switch {
		case r == '"':
			quoted, started = !quoted, true
		case !quoted && (r == ' ' || r == '\t'):
			if started {
				all = append(all, word.String())
				word.Reset()
			}
			started = false
		default:
			word.WriteRune(r)
			started = true
		}
	}
	if started {
		all = append(all, word.String())
	}
	return all
}
