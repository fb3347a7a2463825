package cli

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	if line := os.Getenv("TAKE_OVER"); line != "" {
		takeOverInChild(line) // see terminal_test.go
	}
	if address := os.Getenv("AS_LARGE_CLUSTER"); address != "" {
		serveLargeCluster(address) // see large_bench_test.go
	}
	if os.Getenv("AS_SPRAYDECK") != "" {
		os.Exit(Main())
	}
	testscript.Main(m, map[string]func(){"spraydeck": func() { os.Exit(Main()) }})
}

// TestScripts runs the command line as a user would. Every script is one thing a user can do or get wrong. Those that mostly
// read are in testdata/read.
func TestScripts(t *testing.T) { scripts(t, "testdata/script") }

// scripts runs the scripts of a directory.
func scripts(t *testing.T, dir string) {
	t.Helper()
	pitfalls, err := filepath.Abs("testdata/pitfalls")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 dir,
		RequireExplicitExec: true,
		Cmds:                map[string]func(*testscript.TestScript, bool, []string){"exits": exits},
		Setup: func(env *testscript.Env) error {
			env.Setenv("XDG_STATE_HOME", env.WorkDir+"/state")
			env.Setenv("XDG_CONFIG_HOME", env.WorkDir+"/config")
			env.Setenv("HOME", env.WorkDir)
			env.Setenv("PITFALLS", pitfalls)
			env.Setenv("LANG", "C.UTF-8")
			env.Setenv("GORACE", os.Getenv("GORACE")) // see test.sh
			for _, name := range []string{"GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM"} {
				env.Setenv(name, "/dev/null")
			}
			return nil
		},
	})
}
