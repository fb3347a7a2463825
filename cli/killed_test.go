package cli

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

const killedBook = `apiVersion: spraydeck/v1
kind: Runbook
name: killed
version: 1.0.0
title: Four changes
system: os
phases:
  - title: All
    steps:
      - {id: a, title: A, danger: changes, command: "echo a >> effects; sleep 0.2"}
      - {id: b, title: B, danger: changes, command: "sleep 0.1; echo b >> effects; sleep 0.1"}
      - {id: c, title: C, danger: changes, command: {tty: true, run: "sleep 0.1; echo c >> effects; sleep 0.1"}}
      - {id: d, title: D, danger: changes, command: "sleep 0.2; echo d >> effects"}
`

const killedAnswers = `start: continue
"*/approve": continue
"*": {choice: continue, text: yes}
`

// TestKilledFromTheFirstCommandOn kills the console, the supervisor and both with SIGKILL at points spread over a run, from
// its first command on, and resumes it. No effect is lost, and none is done twice unless a question that names the unknown
// state was answered; no pattern answers that. KILLS is how many kills, SEED repeats them.
func TestKilledFromTheFirstCommandOn(t *testing.T) {
	kills, seed := 24, uint64(time.Now().UnixNano())
	if n, err := strconv.Atoi(os.Getenv("KILLS")); err == nil {
		kills = n
	}
	if n, err := strconv.ParseUint(os.Getenv("SEED"), 10, 64); err == nil {
		seed = n
	}
	t.Logf("SEED=%d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	var mu sync.Mutex
	tried, counted, unknown := 0, 0, 0
	next := func() (what int, after time.Duration, more bool) {
		mu.Lock()
		defer mu.Unlock()
		tried++
		return tried % 3, time.Duration(r.IntN(800)) * time.Millisecond, counted < kills && tried <= 2*kills+10
	}
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			for what, after, more := next(); more; what, after, more = next() {
				hit, asked := killOnce(t, what, after)
				mu.Lock()
				if hit {
					counted++
				}
				if asked {
					unknown++
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	t.Logf("%d of %d kills came after the first command began and before the run ended, %d ended in a question that names the unknown state",
		counted, tried, unknown)
	if counted < kills {
		t.Errorf("only %d of %d kills count", counted, kills)
	}
}

func killOnce(t *testing.T, what int, after time.Duration) (hit, asked bool) {
	dir := t.TempDir()
	for name, text := range map[string]string{"book.yaml": killedBook, "answers.yaml": killedAnswers} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Error(err)
			return false, false
		}
	}
	start := func(args ...string) *exec.Cmd {
		cmd := exec.Command(os.Args[0], args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "AS_SPRAYDECK=1", "XDG_STATE_HOME="+dir+"/state", "XDG_CONFIG_HOME="+dir, "HOME="+dir, "LANG=C.UTF-8")
		return cmd
	}
	at := fmt.Sprintf("kill of %s after %v", []string{"the console", "the supervisor", "both"}[what], after)
	console := start("run", "book.yaml", "--checkout", dir, "--plain", "--answers", "answers.yaml")
	if err := console.Start(); err != nil {
		t.Error(err)
		return false, false
	}
	first := filepath.Join(dir, "state/spraydeck/sessions/*/spool/1.job")
	for begin := time.Now(); time.Since(begin) < time.Minute; time.Sleep(5 * time.Millisecond) {
		if files, _ := filepath.Glob(first); len(files) == 1 {
			break
		}
	}
	time.Sleep(after)
	if what != 1 {
		_ = console.Process.Kill()
	}
	if what != 0 {
		hit = killSupervisor(dir) || hit
	}
	_ = console.Wait()
	if status, ok := console.ProcessState.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		hit = true
	}

	out := ""
	for range 4 {
		b, err := start("resume", "--plain", "--answers", "answers.yaml").CombinedOutput()
		if out += string(b); err == nil || strings.Contains(out, "is complete") {
			break
		}
		time.Sleep(300 * time.Millisecond)
	}
	asked = strings.Contains(out, "/unknown)") || strings.Contains(out, "-unknown)")
	b, _ := os.ReadFile(filepath.Join(dir, "effects"))
	for _, effect := range []string{"a", "b", "c", "d"} {
		n := strings.Count(string(b), effect+"\n")
		if n > 1 || n == 0 && !asked {
			t.Errorf("%s: effect %s happened %d times, asked about the unknown: %v\n%s", at, effect, n, asked, out)
		}
	}
	return hit, asked
}

// killSupervisor kills the supervisor of the newest command.
func killSupervisor(dir string) (hit bool) {
	files, _ := filepath.Glob(filepath.Join(dir, "state/spraydeck/sessions/*/spool/*.job"))
	for _, f := range files {
		var info struct {
			Supervisor int `json:"supervisor"`
		}
		b, _ := os.ReadFile(f)
		line, _, _ := strings.Cut(string(b), "\n")
		if json.Unmarshal([]byte(line), &info) != nil || info.Supervisor <= 1 {
			continue
		}
		if _, err := os.Stat(strings.TrimSuffix(f, ".job") + ".exit"); err != nil {
			hit = syscall.Kill(info.Supervisor, syscall.SIGKILL) == nil || hit
		}
	}
	return hit
}
