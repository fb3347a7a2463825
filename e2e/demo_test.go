package e2e

import (
	"os"
	"regexp"
	"strings"
	"testing"
	"time"
)

// plainEnv is an operator without a cluster.
func plainEnv(state string) []string {
	return append(os.Environ(), "XDG_STATE_HOME="+state, "XDG_CONFIG_HOME="+state+"/config", "KUBECONFIG=/nowhere", "LC_ALL=C.UTF-8", "TERM=xterm-256color")
}

// TestDemoPlain: the rehearsal takes the recorded decisions and prints every step's verdict.
func TestDemoPlain(t *testing.T) {
	r := command(t, plainEnv(t.TempDir()), spraydeck, "demo", "--plain", "--auto", "--speed", "max")
	if r.exit != 0 {
		t.Fatalf("%s", tail(r.String(), 20))
	}
	steps := regexp.MustCompile(`(?m)^\d+/\d+ `).FindAllString(r.out, -1)
	verdicts := regexp.MustCompile(`(?m)^  (passed|skipped|overridden|FAILED)  `).FindAllString(r.out, -1)
	if len(steps) == 0 || len(steps) != len(verdicts) {
		t.Errorf("%d steps and %d verdicts", len(steps), len(verdicts))
	}
}

var typeWord = regexp.MustCompile(`Type (\S+) to go on: *(\S*)`)

// TestDemoByKeyboard walks the demo to its end at 80x24, reading the screen and pressing what it offers.
func TestDemoByKeyboard(t *testing.T) {
	c := open(t, plainEnv(t.TempDir()), t.TempDir(), 80, 24, "demo", "--speed", "max")
	for start := time.Now(); time.Since(start) < 6*time.Minute; time.Sleep(900 * time.Millisecond) {
		s := c.screen()
		for line := range strings.Lines(s) {
			if len([]rune(strings.TrimRight(line, "\n"))) > 80 {
				t.Fatalf("a line is wider than the terminal:\n%s", s)
			}
		}
		word := typeWord.FindStringSubmatch(s)
		switch {
		case strings.Contains(s, "The run has ended"):
			if !strings.Contains(s, "done") {
				t.Errorf("ended:\n%s", s)
			}
			if code := c.quit(); code != "0" {
				t.Errorf("exit code %s", code)
			}
			return
		case word != nil && strings.Trim(word[2], "│ ") == "":
			c.read()
			c.typed(word[1])
		case word != nil:
			c.press("Enter")
		case strings.Contains(s, "typed before this could be read"), strings.Contains(s, "enter ignored after"):
			c.press("Down", "Up") // the key came with the question: plain enter counts again after a move
		case strings.Contains(s, " remedy: "):
			c.read()
			c.press("r")
			time.Sleep(time.Second)
		default:
			c.press("Enter")
		}
	}
	t.Fatalf("the demo did not end:\n%s", c.screen())
}

// TestTooSmall: a terminal with no room says so and does not fall over.
func TestTooSmall(t *testing.T) {
	c := open(t, plainEnv(t.TempDir()), t.TempDir(), 20, 5, "demo")
	for range 50 {
		if strings.Contains(strings.Join(strings.Fields(c.screen()), " "), "too small") {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	code, _ := c.ended()
	t.Errorf("20x5 shows %q, ended %q", c.screen(), code)
}
