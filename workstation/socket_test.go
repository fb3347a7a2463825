package workstation

import (
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
)

const nobody = 65534

// dialAs connects to a socket as another user and sends a request.
func dialAs(uid uintptr, name string, request string) error {
	failed := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread ends with the goroutine
		if _, _, errno := syscall.RawSyscall(syscall.SYS_SETRESUID, ^uintptr(0), uid, ^uintptr(0)); errno != 0 {
			failed <- errno
			return
		}
		conn, err := net.Dial("unix", name)
		if err == nil {
			_, _ = io.WriteString(conn, request)
			_, err = io.Copy(io.Discard, conn) // until it is closed there
			conn.Close()
		}
		failed <- err
	}()
	return <-failed
}

// TestOtherUsers: nobody else types into a command, stops it or gets what it printed: the socket, its directory and the files
// are the owner's alone, and where somebody has opened them up, the supervisor looks at who connects.
func TestOtherUsers(t *testing.T) {
	if os.Getuid() != 0 {
		if os.Getenv("CI") == "true" {
			t.Fatal("wants root, to become another user")
		}
		t.Skip("wants root, to become another user")
	}
	parent, err := os.MkdirTemp("/tmp", "spool")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(parent) })
	dir := filepath.Join(parent, "spool")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	typed, _ := io.Pipe()
	j, err := Start(dir, 1, "read a; echo got $a", Options{TTY: true}, typed, Secrets{})
	if err != nil {
		t.Fatal(err)
	}
	defer end(j)
	files, _ := filepath.Glob(dir + "/*")
	for _, f := range files {
		if info, err := os.Stat(f); err != nil || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s: %v %v", f, info.Mode(), err)
		}
	}
	for _, request := range []string{`{"stop":"cancelled"}`, `{"keys":"Zm9vCg=="}`, `{"give":true}`} {
		if err := dialAs(nobody, j.names.sock, request); !errors.Is(err, os.ErrPermission) {
			t.Errorf("another user connects: %v", err)
		}
	}
	for path, mode := range map[string]os.FileMode{parent: 0o777, dir: 0o777, j.names.sock: 0o666} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
	}
	for _, request := range []string{`{"stop":"cancelled"}`, `{"keys":"Zm9vCg=="}`, `{"give":true}`} {
		_ = dialAs(nobody, j.names.sock, request) // it may be closed before all is sent
	}
	if s := j.state(); s != Running {
		t.Errorf("it is %s", s)
	}
	r, w := io.Pipe()
	go io.WriteString(w, "mine\n")
	again, err := Attach(dir, 1)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	exit, err := again.Follow(t.Context(), Offsets{}, r, &out, nil)
	if exit != 0 || err != nil || !strings.Contains(out.String(), "got mine") || strings.Contains(out.String(), "foo") {
		t.Errorf("exit %d, %v, %q", exit, err, &out)
	}
}

// TestLongDirectory: a state directory whose name is longer than the address of a socket may be.
func TestLongDirectory(t *testing.T) {
	dir := filepath.Join(t.TempDir(), strings.Repeat("d", 200), strings.Repeat("e", 200))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	typed, _ := io.Pipe()
	j, err := Start(dir, 1, "read a; echo got $a", Options{TTY: true}, typed, Secrets{})
	if err != nil {
		t.Fatal(err)
	}
	defer end(j)
	again, err := Attach(dir, 1)
	if err != nil || again.conn == nil {
		t.Fatalf("%v, connected %v", err, again.conn != nil)
	}
	r, w := io.Pipe()
	go io.WriteString(w, "mine\n")
	var out strings.Builder
	exit, err := again.Follow(t.Context(), Offsets{}, r, &out, nil)
	if exit != 0 || err != nil || !strings.Contains(out.String(), "got mine") {
		t.Errorf("exit %d, %v, %q", exit, err, &out)
	}
}
