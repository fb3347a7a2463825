package steps

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"spraydeck/event"
	"spraydeck/runbook"
)

type set struct {
	Values    runbook.Data     `yaml:"values" doc:"settings and their values, or an expression that gives them; a name with dots leads into a mapping"`
	Unset     runbook.Data     `yaml:"unset" doc:"names of settings to take away from every file, or an expression that gives them"`
	Rename    runbook.Data     `yaml:"rename" doc:"settings to rename, {old: new}, or an expression that gives them"`
	File      runbook.Template `yaml:"file" doc:"where a setting goes that no file has, below the directory of the inventory; default: the file in which the sample has it"`
	Inventory runbook.Template `yaml:"inventory" doc:"the inventory, as ansible -i takes it; default: inputs.inventory, or inputs.inventory_dir"`
	Commit    runbook.Template `yaml:"commit" doc:"commit the files with this message"`
}

// asks is the program that a command line asks: this one.
const asks = `"${SPRAYDECK:-spraydeck}" inventory `

// outdated is the exit code of inventory patch where a file is another than the one that was shown.
const outdated = 3

// Wrong: a step does something.
func (s *set) Wrong(bool) (message, way string) {
	if !s.Values.Set() && !s.Unset.Set() && !s.Rename.Set() {
		return "set changes nothing", "give it settings, unset or rename"
	}
	return "", ""
}

// SettingNames are the settings that it gives a value, as far as they are written.
func (s *set) SettingNames() (names []string) {
	for _, k := range s.Values.Keys {
		names = append(names, k.Name)
	}
	return names
}

// Prepare asks which lines of which files would change. The difference is what the step shows and runs; it is empty where all is
// as required.
func (s *set) Prepare(ctx context.Context, t *runbook.Task) (any, error) {
	cmd, err := s.ask(t)
	if err != nil {
		return nil, err
	}
	r, err := t.Exec(ctx, cmd)
	if err != nil {
		return nil, err
	}
	if r.Exit != 0 {
		return nil, errors.New(r.Says())
	}
	return r.Stdout()
}

// ask is the command that prints the difference. It only reads.
func (s *set) ask(t *runbook.Task) (event.Command, error) {
	words, err := s.words(t)
	if err != nil {
		return event.Command{}, err
	}
	inventory, err := s.inventory(t)
	if err != nil {
		return event.Command{}, err
	}
	line := asks + "set --inventory " + runbook.Quote(inventory)
	if tag, ok := t.Values["inputs.target_tag"].(string); ok && tag != "" {
		line += " --sample " + runbook.Quote(tag)
	}
	file, err := s.File.Prose(t.Scope)
	if err != nil {
		return event.Command{}, err
	}
	if file != "" {
		line += " --file " + runbook.Quote(file)
	}
	for _, w := range words {
		line += " " + runbook.Quote(w)
	}
	return event.Command{Host: event.Workstation, Line: line, Probe: true, Reads: true}, nil
}

// words are the changes as words of the command line.
func (s *set) words(t *runbook.Task) (words []string, err error) {
	names, err := s.Rename.Map(t.Scope)
	if err != nil {
		return nil, err
	}
	for _, old := range slices.Sorted(maps.Keys(names)) {
		now, ok := names[old].(string)
		if !ok {
			return nil, fmt.Errorf("rename %s: %v is no name", old, names[old])
		}
		words = append(words, "--rename="+old+"="+now)
	}
	gone, err := s.Unset.List(t.Scope)
	if err != nil {
		return nil, err
	}
	for _, key := range gone {
		words = append(words, "--unset="+key)
	}
	values, err := s.Values.Map(t.Scope)
	if err != nil {
		return nil, err
	}
	for _, key := range slices.Sorted(maps.Keys(values)) {
		text, err := settingText(values[key])
		if err != nil {
			return nil, fmt.Errorf("set %s: %w", key, err)
		}
		words = append(words, key+"="+text)
	}
	return words, nil
}

// bareWord is a text that YAML reads as that text.
var bareWord = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9]{3,}[A-Za-z0-9_./-]*$`)

// settingText writes a value as YAML in one line.
func settingText(v any) (string, error) {
	if s, ok := v.(string); ok && bareWord.MatchString(s) && !slices.Contains([]string{"true", "false", "null"}, strings.ToLower(s)) {
		return s, nil
	}
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return strings.TrimSuffix(b.String(), "\n"), err
}

func (s *set) inventory(t *runbook.Task) (string, error) {
	if s.Inventory.Set() {
		return s.Inventory.Prose(t.Scope)
	}
	for _, name := range []string{"inputs.inventory", "inputs.inventory_dir"} {
		if text, ok := t.Values[name].(string); ok && text != "" {
			return text, nil
		}
	}
	return "", fmt.Errorf("step %s does not know the inventory: %w", t.Step, runbook.ErrNotKnownYet)
}

// Commands gives the difference as the command that puts it into the files, and the commit. As long as the files were not looked
// at, it is the command that does so.
func (s *set) Commands(t *runbook.Task) ([]event.Command, error) {
	diff, read := t.Prepared.(string)
	if !read {
		cmd, err := s.ask(t)
		return []event.Command{cmd}, err
	}
	if diff == "" {
		return nil, nil
	}
	cmds := []event.Command{{Host: event.Workstation, Line: asks + "patch <<'EOF'\n" + strings.TrimSuffix(diff, "\n") + "\nEOF", Changes: true}}
	message, err := s.Commit.Prose(t.Scope)
	if err != nil || message == "" {
		return cmds, err
	}
	return append(cmds, event.Command{Host: event.Workstation, Line: commitLine(changedFiles(diff), message), Changes: true}), nil
}

// changedFiles are the files that a difference changes.
func changedFiles(diff string) (files []string) {
	for line := range strings.Lines(diff) {
		if name, ok := strings.CutPrefix(line, "+++ "); ok {
			name, _, _ = strings.Cut(strings.TrimSuffix(name, "\n"), "\t")
			files = append(files, name)
		}
	}
	return files
}

// commitLine commits these files and no others, in the repository in which they lie.
func commitLine(files []string, message string) string {
	dir := path.Dir(files[0])
	for _, f := range files[1:] {
		for dir != "." && dir != "/" && !strings.HasPrefix(f, dir+"/") {
			dir = path.Dir(dir)
		}
	}
	var names string
	for _, f := range files {
		names += " " + runbook.Quote(strings.TrimPrefix(strings.TrimPrefix(f, dir), "/"))
	}
	git := "git -C " + runbook.Quote(dir)
	return git + " add --" + names + " && " + git + " commit -m " + runbook.Quote(message) + " --" + names
}

// Run puts the difference into the files. Where one of them was changed since the difference was shown, the step shows the
// difference anew and asks again.
func (s *set) Run(ctx context.Context, t *runbook.Task) (any, error) {
	cmds, err := s.Commands(t)
	if err != nil {
		return nil, err
	}
	for _, c := range cmds {
		r, err := t.Exec(ctx, c)
		if err != nil {
			return nil, err
		}
		if r.Exit == outdated {
			return nil, runbook.ErrOutdated
		}
		if r.Exit != 0 {
			return nil, fmt.Errorf("exit code %d: %s", r.Exit, r.Says())
		}
	}
	return nil, nil
}

// Accepts: Run tells what an exit code means.
func (s *set) Accepts(int) bool { return true }

// Changing says that it always changes something.
func (s *set) Changing() bool { return true }
