// Package notify calls people when a run waits for them: by the terminal, a command or a webhook.
package notify

import (
	"fmt"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// Occasion is a reason to call somebody.
type Occasion string

// The occasions of a rule's `on`.
const (
	waits   Occasion = "waits"   // a question has waited for `after`
	pitfall Occasion = "pitfall" // output of a command showed a known pitfall
	failed  Occasion = "failed"  // a step failed
	idle    Occasion = "idle"    // a command runs and nothing has moved for `idle`
	window  Occasion = "window"  // a quarter of an hour is left of the maintenance window
	ended   Occasion = "ended"   // the run ended, or stopped so that it can be resumed
)

var occasions = []Occasion{waits, pitfall, failed, idle, window, ended}

// Rule is one entry of `notify` in the profile: on which occasions to call somebody, and by which one of the three ways.
type Rule struct {
	On    []Occasion    // empty: all of them
	After time.Duration // how long a question waits first
	Idle  time.Duration // how long nothing moves first

	Terminal string // bell, osc9 or osc777
	Command  string // a line for sh, with SPRAYDECK_OCCASION, _TITLE, _TEXT, _CLUSTER, _RUNBOOK, _STEP and _RUN
	Webhook  string // an address, with values of the environment put in
	Format   string // of what the webhook is sent
	Headers  map[string]string
	Output   bool // send the line of output that showed a pitfall, too
}

const (
	defaultAfter = 30 * time.Second
	defaultIdle  = 10 * time.Minute
)

// Name says where a rule leads, without what may be secret in its address or command.
func (r Rule) Name() string {
	switch {
	case r.Terminal != "":
		return "terminal " + r.Terminal
	case r.Command != "":
		name, _, _ := strings.Cut(strings.TrimSpace(r.Command), " ")
		return "command " + name
	}
	u, err := url.Parse(r.Webhook)
	if err != nil {
		return "webhook"
	}
	return "webhook " + u.Host + " (" + r.Format + ")"
}

func (r Rule) wants(o Occasion) bool { return len(r.On) == 0 || slices.Contains(r.On, o) }

// ConfigError is a mistake in the `notify` of a profile.
type ConfigError struct {
	Line, Column int
	Message      string
}

func (e *ConfigError) Error() string { return fmt.Sprintf("%d:%d: %s", e.Line, e.Column, e.Message) }

func wrong(n *yaml.Node, format string, args ...any) error {
	return &ConfigError{n.Line, n.Column, fmt.Sprintf(format, args...)}
}

// Parse reads the rules of a profile. Every mistake is a ConfigError; a variable of the environment that is not set is one.
func Parse(list *yaml.Node) ([]Rule, error) {
	if list.Kind != yaml.SequenceNode {
		return nil, wrong(list, "notify takes a list of entries, each with terminal, command or webhook")
	}
	var rules []Rule
	for _, n := range list.Content {
		r, err := parseRule(n)
		if err != nil {
			return nil, err
		}
		rules = append(rules, r)
	}
	return rules, nil
}

func parseRule(n *yaml.Node) (Rule, error) {
	r := Rule{After: defaultAfter, Idle: defaultIdle, Format: "cloudevents", Headers: map[string]string{}}
	if n.Kind != yaml.MappingNode {
		return r, wrong(n, "an entry of notify takes terminal, command or webhook")
	}
	set := map[string]*yaml.Node{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		read, ok := keys[key.Value]
		if !ok {
			return r, wrong(key, "notify has no %q: it takes on, after, idle, terminal, command, webhook, format, headers and output", key.Value)
		}
		if err := read(&r, value); err != nil {
			return r, err
		}
		set[key.Value] = key
	}
	ways := 0
	for _, way := range []string{"terminal", "command", "webhook"} {
		if set[way] != nil {
			ways++
		}
	}
	if ways != 1 {
		return r, wrong(n, "an entry of notify takes exactly one of terminal, command and webhook")
	}
	for _, key := range []string{"format", "headers"} {
		if set[key] != nil && r.Webhook == "" {
			return r, wrong(set[key], "%s belongs to a webhook", key)
		}
	}
	return r, nil
}

// keys reads each key of an entry.
var keys = map[string]func(*Rule, *yaml.Node) error{
	"on":       func(r *Rule, n *yaml.Node) error { return readOccasions(n, &r.On) },
	"after":    func(r *Rule, n *yaml.Node) error { return readDuration(n, &r.After) },
	"idle":     func(r *Rule, n *yaml.Node) error { return readDuration(n, &r.Idle) },
	"terminal": func(r *Rule, n *yaml.Node) error { return readOneOf(n, &r.Terminal, "bell", "osc9", "osc777") },
	"format":   func(r *Rule, n *yaml.Node) error { return readOneOf(n, &r.Format, formatNames()...) },
	"command": func(r *Rule, n *yaml.Node) error {
		if n.Kind != yaml.ScalarNode || strings.TrimSpace(n.Value) == "" {
			return wrong(n, "command takes a line for sh")
		}
		r.Command = n.Value
		return nil
	},
	"webhook": readWebhook,
	"headers": func(r *Rule, n *yaml.Node) (err error) {
		if n.Kind != yaml.MappingNode {
			return wrong(n, "headers takes names and values")
		}
		for i := 0; i+1 < len(n.Content) && err == nil; i += 2 {
			r.Headers[n.Content[i].Value], err = expand(n.Content[i+1])
		}
		return err
	},
	"output": func(r *Rule, n *yaml.Node) error {
		if n.Decode(&r.Output) != nil {
			return wrong(n, "output is true or false")
		}
		return nil
	},
}

func readOccasions(n *yaml.Node, to *[]Occasion) error {
	list := []*yaml.Node{n}
	if n.Kind == yaml.SequenceNode {
		list = n.Content
	}
	for _, o := range list {
		if !slices.Contains(occasions, Occasion(o.Value)) {
			return wrong(o, "on cannot be %q: it takes waits, pitfall, failed, idle, window and ended", o.Value)
		}
		*to = append(*to, Occasion(o.Value))
	}
	return nil
}

func readDuration(n *yaml.Node, to *time.Duration) error {
	d, err := time.ParseDuration(n.Value)
	if err != nil || d < 0 {
		return wrong(n, "%q is no length of time, such as 30s or 10m", n.Value)
	}
	*to = d
	return nil
}

func readOneOf(n *yaml.Node, to *string, list ...string) error {
	if !slices.Contains(list, n.Value) {
		return wrong(n, "%q is none of %s", n.Value, strings.Join(list, ", "))
	}
	*to = n.Value
	return nil
}

func readWebhook(r *Rule, n *yaml.Node) (err error) {
	if r.Webhook, err = expand(n); err != nil {
		return err
	}
	if u, err := url.Parse(r.Webhook); err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return wrong(n, "webhook takes an address that begins with https:// or http://")
	}
	return nil
}

var variable = regexp.MustCompile(`\$\{([A-Za-z_][A-Za-z0-9_]*)\}`)

// expand puts values of the environment in the place of ${NAME}, so that tokens and the number of a ticket need not stand in the file.
func expand(n *yaml.Node) (string, error) {
	if n.Kind != yaml.ScalarNode {
		return "", wrong(n, "a plain value is required here")
	}
	var missing string
	text := variable.ReplaceAllStringFunc(n.Value, func(s string) string {
		name := s[2 : len(s)-1]
		v := os.Getenv(name)
		if v == "" && missing == "" {
			missing = name
		}
		return v
	})
	if missing != "" {
		return "", wrong(n, "the environment has no %s: export it before you start", missing)
	}
	return text, nil
}
