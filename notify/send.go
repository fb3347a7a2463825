package notify

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// sendTimeout is how long one attempt may take; a receiver that does not answer costs the rule that long and no step anything.
const sendTimeout = 10 * time.Second

// attempts is how often a webhook is tried where it answers that it cannot, or does not answer.
const attempts = 3

// client follows no redirection: a message goes where the profile says and nowhere else.
var client = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

// Send calls somebody by one rule. screen writes to the terminal of the console. The error names the rule and no secret.
func (r Rule) Send(ctx context.Context, m Message, lang string, screen func(string)) error {
	var err error
	switch {
	case r.Terminal != "":
		screen(r.sequence(m, lang))
	case r.Command != "":
		err = r.runCommand(ctx, m, lang)
	default:
		err = r.callWebhook(ctx, m, lang)
	}
	if err != nil {
		return fmt.Errorf("notify: %s: %w", r.Name(), err)
	}
	return nil
}

// sequence is what the terminal is sent: a bell, or the message as OSC 9 (iTerm2, Windows Terminal, kitty) or OSC 777 (urxvt, foot, VTE).
func (r Rule) sequence(m Message, lang string) string {
	plain := strings.Map(func(c rune) rune {
		if c < ' ' || c >= 0x7f && c < 0xa0 {
			return -1
		}
		return c
	}, m.Line(lang))
	switch r.Terminal {
	case "osc9":
		return "\x1b]9;" + plain + "\a"
	case "osc777":
		return "\x1b]777;notify;spraydeck;" + strings.ReplaceAll(plain, ";", ",") + "\a"
	}
	return "\a"
}

func (r Rule) runCommand(ctx context.Context, m Message, lang string) error {
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	c := exec.CommandContext(ctx, "sh", "-c", r.Command)
	c.Env = append(os.Environ(), "SPRAYDECK_OCCASION="+string(m.Occasion), "SPRAYDECK_TITLE="+oneLine(m.Title.In(lang)), "SPRAYDECK_TEXT="+oneLine(m.Text.In(lang)),
		"SPRAYDECK_CLUSTER="+m.Cluster, "SPRAYDECK_RUNBOOK="+m.Runbook, "SPRAYDECK_STEP="+m.Step, "SPRAYDECK_RUN="+m.Run)
	if r.Output {
		c.Env = append(c.Env, "SPRAYDECK_OUTPUT="+m.Output)
	}
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // no key of the console's terminal ends it, and its children end with it
	c.Cancel = func() error { return syscall.Kill(-c.Process.Pid, syscall.SIGKILL) }
	c.WaitDelay = time.Second
	var stderr bytes.Buffer
	c.Stderr = &limited{&stderr, 400}
	err := c.Run()
	if ctx.Err() == context.DeadlineExceeded {
		return fmt.Errorf("it did not end within %v", sendTimeout)
	}
	if line := oneLine(stderr.String()); err != nil && line != "" {
		return fmt.Errorf("%w: %s", err, line)
	}
	return err
}

// limited takes so many bytes and drops the rest.
type limited struct {
	w    io.Writer
	left int
}

func (l *limited) Write(p []byte) (int, error) {
	n := min(len(p), l.left)
	l.left -= n
	_, err := l.w.Write(p[:n])
	return len(p), err
}

// callWebhook sends the request of the rule's format, again after a second and after three where the receiver cannot take it now.
func (r Rule) callWebhook(ctx context.Context, m Message, lang string) (err error) {
	q := formats[r.Format](r, m, lang)
	for i := range attempts {
		if i > 0 {
			select {
			case <-ctx.Done():
				return err
			case <-time.After(time.Duration(2*i-1) * time.Second):
			}
		}
		again := false
		if again, err = r.attempt(ctx, q); !again {
			return err
		}
	}
	return err
}

func (r Rule) attempt(ctx context.Context, q request) (again bool, _ error) {
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, q.method, q.address, bytes.NewReader(q.bytes()))
	if err != nil {
		return false, errors.New("the address cannot be used")
	}
	req.Header.Set("Content-Type", q.contentType)
	req.Header.Set("User-Agent", "spraydeck")
	for name, value := range r.Headers {
		req.Header.Set(name, value)
	}
	resp, err := client.Do(req)
	if err != nil {
		var u *url.Error
		if errors.As(err, &u) { // its text has the address, which may be a secret
			err = u.Err
		}
		return true, err
	}
	defer resp.Body.Close()
	io.CopyN(io.Discard, resp.Body, 64<<10)
	if resp.StatusCode/100 == 2 {
		return false, nil
	}
	return resp.StatusCode >= 500 || resp.StatusCode == http.StatusTooManyRequests, fmt.Errorf("it answered %s", resp.Status)
}
