package regular_test

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"spraydeck/regular"
)

func TestRefused(t *testing.T) {
	dir := t.TempDir()
	pipe, socket, huge := filepath.Join(dir, "pipe"), filepath.Join(dir, "socket"), filepath.Join(dir, "huge")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if err := os.WriteFile(huge, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(huge, 1<<40); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(dir, "link")
	if err := os.Symlink("/dev/zero", link); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		pipe:        "open " + pipe + ": it is a named pipe, not a regular file",
		socket:      "open " + socket + ": it is a socket, not a regular file",
		"/dev/zero": "open /dev/zero: it is a device, not a regular file",
		link:        "open " + link + ": it is a device, not a regular file",
		huge:        "read " + huge + ": it is larger than 64 MB",
		dir:         "open " + dir + ": is a directory",
	} {
		if _, err := regular.Read(name); err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", name, err, want)
		}
	}
	if _, err := regular.Read(filepath.Join(dir, "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	if b, err := regular.Read(os.DevNull); err != nil || len(b) != 0 {
		t.Errorf("%q, %v", b, err)
	}
}

// TestGiven: a pipe that the caller has opened is read to its end.
func TestGiven(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	text := strings.Repeat("line\n", 10000)
	go func() { fmt.Fprint(w, text); w.Close() }()
	if b, err := regular.Read(fmt.Sprintf("/dev/fd/%d", r.Fd())); err != nil || string(b) != text {
		t.Errorf("%d bytes, %v", len(b), err)
	}
}

// allowed are the functions that open a file whose name nobody chooses, or a directory.
var allowed = map[string]string{
	"cli/secrets.go typedOnTerminal":          "the operator's terminal",
	"sshx/sshtest/node.go write":              "of tests",
	"cli/run.go plain":                        "the operator's terminal",
	"cli/terminal.go takeOver":                "the operator's terminal",
	"plain/terminal_handover.go Edit":         "the operator's terminal",
	"workstation/stop.go alive":               "/proc",
	"workstation/supervise.go bootID":         "/proc",
	"workstation/supervise.go forgetStdin":    "the null device",
	"workstation/tty.go startTTY":             "the null device",
	"workstation/job.go dial":                 "a directory",
	"workstation/spool.go syncDir":            "a directory",
	"transcript/writer.go syncDir":            "a directory",
	"runbook/runbooktest/runbooktest.go Read": "of tests",
}

// TestNobodyOpensOtherwise: files are opened for reading by this package alone.
func TestNobodyOpensOtherwise(t *testing.T) {
	met := map[string]bool{}
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, _ := filepath.Rel("..", path)
		switch {
		case d.IsDir() && (name == "lab" || name == "e2e" || name == "regular" || d.Name() == "testdata" || strings.HasPrefix(name, ".") && name != "."):
			return filepath.SkipDir
		case d.IsDir(), !strings.HasSuffix(name, ".go"), strings.HasSuffix(name, "_test.go"):
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			return err
		}
		for _, decl := range f.Decls {
			in := name
			if fn, ok := decl.(*ast.FuncDecl); ok {
				in += " " + fn.Name.Name
			}
			ast.Inspect(decl, func(n ast.Node) bool {
				if call, ok := n.(*ast.CallExpr); ok && opens(call) {
					if met[in] = true; allowed[in] == "" {
						t.Errorf("%s: use regular.Open or regular.Read: another file may never end", in)
					}
				}
				return true
			})
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for name := range allowed {
		if !met[name] {
			t.Errorf("%s opens nothing any more: take it off the list", name)
		}
	}
}

// opens reports whether a call opens a file by its name to read from it. Directories and files of our own, opened to write, are not meant.
func opens(call *ast.CallExpr) bool {
	sel, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	if pkg, ok := sel.X.(*ast.Ident); !ok || pkg.Name != "os" {
		return false
	}
	switch sel.Sel.Name {
	case "ReadFile", "Open", "DirFS":
		return true
	case "OpenFile":
		return !writes(call.Args[1])
	}
	return false
}

// writes reports whether the flags of an open create or append.
func writes(flags ast.Expr) (yes bool) {
	ast.Inspect(flags, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok && (id.Name == "O_WRONLY" || id.Name == "O_CREATE") {
			yes = true
		}
		return true
	})
	return yes
}
