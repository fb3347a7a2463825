package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/adrg/xdg"

	"spraydeck/kubespray"
	"spraydeck/lint"
	"spraydeck/regular"
	"spraydeck/release"
	"spraydeck/runbook"
	"spraydeck/runbooks"
	"spraydeck/steps"
)

// language returns what runbooks can say here. releases reads the known releases.
func language(releases func() (release.Releases, error)) *runbook.Language {
	return &runbook.Language{
		Kinds: steps.Kinds(carrying), Probes: steps.Probes(), Given: steps.Given(), Settings: runbooks.Settings,
		Inventory: func(list []byte) (runbook.Inventory, error) {
			inv, err := kubespray.ParseList(list)
			if err != nil {
				return runbook.Inventory{}, err
			}
			inv.AddGroups()
			control, err := inv.Hosts("kube_control_plane")
			if err != nil {
				control = nil // there is no such group
			}
			return runbook.Inventory{Groups: inv.Groups, Vars: inv.Vars, Dynamic: inv.Dynamic, Hosts: inv.Hosts, ControlPlane: control}, nil
		},
		OwnReader: ownReader,
		Releases:  releasesBetween(releases),
	}
}

// readsInventory finds the call of ansible-inventory in a command.
var readsInventory = regexp.MustCompile(`\bansible-inventory((?: -i (?:'[^']*'|"[^"]*"|[^\s'";])+)+) --list\b`)

// notInstalled is the exit code of a shell for a program that is not there.
const notInstalled = 127

// ownReader returns the command that reads an inventory where Ansible is not installed, or without its encrypted files where their
// password is missing.
func ownReader(line string, exit int64, says string) (again string, ok bool) {
	if exit != notInstalled && !kubespray.VaultRefused(says) {
		return "", false
	}
	again = readsInventory.ReplaceAllStringFunc(line, func(call string) string {
		sources := readsInventory.FindStringSubmatch(call)[1]
		return `"${SPRAYDECK:-spraydeck}" inventory list` + strings.ReplaceAll(sources, " -i ", " --inventory ")
	})
	return again, again != line
}

// builtinReleases reads the releases that come with the program.
func builtinReleases() (release.Releases, error) {
	return release.ReadReleases(runbooks.Releases, "releases")
}

// releasesBetween makes what the language needs to know about releases of a way to read them.
func releasesBetween(read func() (release.Releases, error)) func(*runbook.Runbook) (from, to map[string]any, err error) {
	return func(b *runbook.Runbook) (from, to map[string]any, err error) {
		if b.To.Value == "" || b.System.Value != "kubespray" {
			return nil, nil, nil
		}
		rs, err := read()
		if err != nil {
			return nil, nil, err
		}
		from, to = rs.Between(b)
		return from, to, nil
	}
}

// builtin is what the names of the files that come with the program begin with.
const builtin = "built-in:"

// library is all runbooks and pitfalls that can be named. What is read later takes precedence: an
// operator's own file takes the place of a built-in one of the same name.
type library struct {
	lang     *runbook.Language
	files    []runbook.File
	names    map[string]bool // of the files
	texts    map[string]string
	problems runbook.Problems
	kinds    []string                // the only ones to load; all, where it is empty
	replaced map[string]runbook.File // what an operator's own file stands in place of, by name

	releasesOnce sync.Once
	releasesRead release.Releases
	releasesErr  error
}

// newLibrary returns an empty library of files of some kinds, of all where kinds is empty. Its language knows the releases
// that are in the library when one is first asked for.
func newLibrary(kinds ...string) *library {
	l := &library{names: map[string]bool{}, texts: map[string]string{}, kinds: kinds}
	l.lang = language(sync.OnceValues(l.releases))
	return l
}

// load reads the built-in files, then the operator's directories; of some kinds alone, where kinds are named.
func load(o *options, kinds ...string) (*library, error) {
	l := newLibrary(kinds...)
	if err := l.add(runbooks.FS, "", builtin); err != nil {
		return nil, err
	}
	dirs := o.runbooks
	if own := filepath.Join(xdg.ConfigHome, "spraydeck", "runbooks"); isDir(own) {
		dirs = append([]string{own}, dirs...)
	}
	for _, dir := range dirs {
		if !isDir(dir) {
			return nil, &runbook.UsageError{Message: fmt.Sprintf("%s is no directory", dir), Way: "--runbooks names a directory of YAML files"}
		}
		if err := l.add(regular.Dir(dir), "", dir+string(filepath.Separator)); err != nil {
			return nil, usage(err)
		}
	}
	runbook.Link(l.files)
	return l, nil
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// kindLine says what a file is before it is parsed.
var kindLine = regexp.MustCompile(`(?m)^kind:[ \t]*["']?(\w+)`)

// add reads every YAML file below a directory of a file system.
func (l *library) add(fsys fs.FS, under, prefix string) error {
	if under == "" {
		under = "."
	}
	var files []*unread
	err := fs.WalkDir(fsys, under, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() || (!strings.HasSuffix(path, ".yaml") && !strings.HasSuffix(path, ".yml")) {
			return nil
		}
		text, err := fs.ReadFile(fsys, path)
		if kind := kindLine.FindSubmatch(text); kind == nil || len(l.kinds) == 0 || slices.Contains(l.kinds, string(kind[1])) {
			files = append(files, &unread{root: prefix, path: path, text: text})
		}
		return err
	})
	if err != nil {
		return err
	}
	// files do not know each other yet, so every core can read some
	var wg sync.WaitGroup
	var next atomic.Int64
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(files)); i = next.Add(1) - 1 {
				files[i].parse(l.lang)
			}
		})
	}
	wg.Wait()
	for _, u := range files {
		l.take(u)
	}
	return nil
}

// unread is a file on its way into the library, below a root which its includes may not leave.
type unread struct {
	root, path string
	text       []byte
	file       runbook.File
	problems   runbook.Problems
}

func (u *unread) parse(lang *runbook.Language) {
	u.file, u.problems = runbook.Parse(u.root+u.path, u.text, lang)
	if u.file.Runbook != nil {
		u.file.Runbook.Source.Root = u.root
	}
	if u.file.Pitfall != nil {
		u.file.Pitfall.Source.Root = u.root
	}
	if u.file.Release != nil {
		u.file.Release.Source.Root = u.root
	}
}

// addFile reads one file.
func (l *library) addFile(root, path string, text []byte) {
	u := &unread{root: root, path: path, text: text}
	u.parse(l.lang)
	l.take(u)
}

func (l *library) take(u *unread) {
	f := u.file
	l.texts[u.root+u.path] = string(u.text)
	l.problems = append(l.problems, u.problems...)
	if f.Runbook == nil && f.Pitfall == nil && f.Release == nil {
		return
	}
	name := nameOf(f)
	if !l.names[name] {
		l.names[name] = true
		l.files = append(l.files, f)
		return
	}
	l.files = slices.DeleteFunc(l.files, func(old runbook.File) bool {
		if nameOf(old) != name {
			return false
		}
		from := sourceOf(old)
		if from.File == u.root+u.path {
			return true // read again
		}
		// two of one name below one root are a mistake, which the linter reports
		if strings.HasPrefix(from.File, builtin) == strings.HasPrefix(u.root, builtin) && from.Root == u.root {
			return false
		}
		if l.replaced == nil {
			l.replaced = map[string]runbook.File{}
		}
		l.replaced[name] = old
		return true
	})
	l.files = append(l.files, f)
}

// addOne reads a file by its path, and the files that it includes by theirs: those beside it and below.
func (l *library) addOne(file string) error {
	root, _ := filepath.Split(file)
	for todo := []string{file}; len(todo) > 0; todo = todo[1:] {
		next := todo[0]
		if _, known := l.texts[next]; known && next != file {
			continue
		}
		text, err := regular.Read(next)
		if err != nil && next != file {
			continue // the linter says where it is named
		}
		if err != nil {
			return fmt.Errorf("read %s: %w", next, err)
		}
		l.addFile(root, strings.TrimPrefix(next, root), text)
		for _, f := range l.files {
			if f.Runbook != nil && f.Runbook.Source.File == next {
				todo = append(todo, f.Runbook.Includes()...)
			}
		}
	}
	return nil
}

func nameOf(f runbook.File) string {
	if f.Runbook != nil {
		return "runbook " + f.Runbook.Name.Value
	}
	if f.Release != nil {
		return "release " + f.Release.Name.Value
	}
	return "pitfall " + f.Pitfall.Name.Value
}

// runbook finds a runbook by its name or its file, and makes sure that it is sound: a runbook with a mistake in it is
// found out before the window and not inside it.
func (l *library) runbook(arg string) (*runbook.Runbook, error) {
	if isPath(arg) {
		if err := l.addOne(arg); err != nil {
			return nil, usage(err)
		}
		f := runbook.File{}
		for _, known := range l.files {
			if known.Runbook != nil && known.Runbook.Source.File == arg {
				f = known
			}
		}
		if f.Runbook == nil && len(l.problems) == 0 {
			return nil, usage(fmt.Errorf("%s is no runbook", arg))
		}
		return l.sound(f.Runbook)
	}
	var names []string
	for _, f := range l.files {
		if f.Runbook == nil {
			continue
		}
		if f.Runbook.Name.Value == arg {
			return l.sound(f.Runbook)
		}
		names = append(names, f.Runbook.Name.Value)
	}
	way := l.instead(arg)
	if near := runbook.DidYouMean(arg, names); way == "" && near != "" {
		way = near + " "
	}
	return nil, &runbook.UsageError{Message: fmt.Sprintf("there is no runbook %q", arg), Way: way + "spraydeck runbooks list names them; a path works too"}
}

// instead is a hint for a runbook that would be called by a release which has none: the one that serves it.
func (l *library) instead(name string) string {
	tag, ok := strings.CutPrefix(name, "kubespray-")
	if b := l.past(tag); ok && b != nil {
		return fmt.Sprintf("%s takes the same clusters past %s; ", b.Name.Value, tag)
	}
	return ""
}

// isPath reports whether an argument is the path of a runbook rather than its name.
func isPath(arg string) bool {
	return strings.HasSuffix(arg, ".yaml") || strings.HasSuffix(arg, ".yml") || strings.ContainsRune(arg, filepath.Separator)
}

func (l *library) sound(b *runbook.Runbook) (*runbook.Runbook, error) {
	if b == nil { // what is wrong with its file is all there is
		return nil, l.invalid(slices.Clip(l.problems))
	}
	// what comes with the program was checked when that was made, by its tests
	if l.builtIn() {
		return b, nil
	}
	if b == nil {
		return nil, l.invalid(l.problems) // nothing to look at more closely
	}
	problems := append(slices.Clip(l.problems), lint.CheckRunbook(l.files, b)...)
	if len(problems) > 0 {
		return nil, l.invalid(problems)
	}
	return b, nil
}

// builtIn reports whether all files come with the program, without a mistake.
func (l *library) builtIn() bool {
	return len(l.problems) == 0 && !slices.ContainsFunc(l.files, func(f runbook.File) bool { return !strings.HasPrefix(sourceOf(f).File, builtin) })
}

// invalid shows the problems with their source lines.
func (l *library) invalid(problems runbook.Problems) error {
	var b strings.Builder
	problems.Show(&b, func(file string) string { return l.texts[file] })
	return usage(errors.New(strings.TrimSuffix(b.String(), "\n")))
}
