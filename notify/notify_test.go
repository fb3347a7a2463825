package notify

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"spraydeck/event"
)

func parse(t *testing.T, text string) ([]Rule, error) {
	t.Helper()
	var root yaml.Node
	if err := yaml.Unmarshal([]byte(text), &root); err != nil {
		t.Fatal(err)
	}
	return Parse(root.Content[0])
}

func rules(t *testing.T, text string) []Rule {
	t.Helper()
	list, err := parse(t, text)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestParse(t *testing.T) {
	t.Setenv("HOOK", "s3cret")
	r := rules(t, `
- terminal: bell
- {command: notify-send hello, on: waits, after: 1m, idle: 5m}
- webhook: https://chat.example.com/hooks/${HOOK}
  format: slack
  headers: {Authorization: "Bearer ${HOOK}"}
  on: [failed, ended]
`)
	if len(r) != 3 || !r[0].wants(idle) || r[1].wants(ended) || r[1].After != time.Minute || r[2].Headers["Authorization"] != "Bearer s3cret" {
		t.Errorf("%+v", r)
	}
	for i, name := range []string{"terminal bell", "command notify-send", "webhook chat.example.com (slack)"} {
		if r[i].Name() != name {
			t.Errorf("%q, want %q", r[i].Name(), name)
		}
	}
	for text, want := range map[string]string{
		"x":                                      "1:1: notify takes a list",
		"- bell":                                 "1:3: an entry of notify takes",
		"- {terminal: bell, command: x}":         "1:3: an entry of notify takes exactly one",
		"- {on: waits}":                          "1:3: an entry of notify takes exactly one",
		"- {terminal: horn}":                     `1:14: "horn" is none of bell, osc9, osc777`,
		"- {terminal: bell, on: [waits, lunch]}": `1:32: on cannot be "lunch"`,
		"- {terminal: bell, sound: loud}":        `1:20: notify has no "sound"`,
		"- {terminal: bell, after: soon}":        `1:27: "soon" is no length of time`,
		"- {terminal: bell, format: slack}":      "1:20: format belongs to a webhook",
		"- {webhook: chat.example.com}":          "1:13: webhook takes an address",
		"- {webhook: 'https://x/${NOT_SET}'}":    "1:13: the environment has no NOT_SET",
		"- {command: ' '}":                       "1:13: command takes a line for sh",
		"- {terminal: bell, output: perhaps}":    "1:28: output is true or false",
	} {
		_, err := parse(t, text)
		var c *ConfigError
		if !errors.As(err, &c) || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}

// receiver is a stand-in for what is called: it answers as a test wants.
type receiver struct {
	*httptest.Server
	mu   sync.Mutex
	got  []string
	hang chan struct{}
}

func newReceiver(t *testing.T, answer func(n int, w http.ResponseWriter)) *receiver {
	r := &receiver{hang: make(chan struct{})}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		b, _ := io.ReadAll(q.Body)
		r.mu.Lock()
		r.got = append(r.got, q.Method+" "+q.URL.EscapedPath()+" "+q.Header.Get("Content-Type")+" "+q.Header.Get("Authorization")+"\n"+string(b))
		n := len(r.got)
		r.mu.Unlock()
		answer(n, w)
	}))
	t.Cleanup(func() { close(r.hang); r.Close() })
	return r
}

func (r *receiver) all() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]string(nil), r.got...)
}

func taken(int, http.ResponseWriter) {}

func screenOf(t *testing.T) func(string) {
	return func(s string) { t.Errorf("the terminal got %q", s) }
}

// run is the events of a run in which a pitfall is met, a step fails and somebody is asked.
func run() []event.Event {
	var list []event.Event
	for i, d := range []event.Data{
		event.Started{Runbook: "kubespray-v2.28.0", Cluster: "prod-4", Operator: "aya@bastion"},
		event.Planned{Steps: []event.PlannedStep{{ID: "upgrade", Title: event.Text{En: "Upgrade", Ja: "アップグレード"}}}},
		event.StepStarted{Attempt: 1},
		event.CommandStarted{Number: 1, Host: "workstation", Line: "ansible-playbook upgrade-cluster.yml"},
		event.NewOutput(1, "stdout", []byte("fatal: token is hunter2\n")),
		event.Hit{Pitfall: "drain-blocked", Title: event.T("A budget refuses the eviction"), Host: "node1", Line: "Cannot evict pod as it would violate"},
		event.CommandEnded{Number: 1, Exit: 2},
		event.Asked{Question: event.Question{ID: "upgrade/failed", Form: event.AskFailed, Title: event.T("Upgrade failed")}},
	} {
		list = append(list, event.Event{Seq: int64(i + 1), Step: "upgrade", Time: time.Date(2026, 12, 1, 3, 0, i, 0, time.UTC), Data: d})
	}
	return list
}

func ends(exit int) []event.Event {
	return []event.Event{
		{Seq: 20, Data: event.Answered{Question: "upgrade/failed"}},
		{Seq: 21, Step: "upgrade", Data: event.StepEnded{Status: event.Failed}},
		{Seq: 22, Data: event.Ended{Status: event.Failed, Exit: exit, Why: event.T("Upgrade failed")}},
	}
}

// waitFor waits until a condition holds; a test that hangs here is ended by its deadline.
func waitFor(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for !ok() {
		if t.Context().Err() != nil {
			t.Fatal(what)
		}
		time.Sleep(time.Millisecond)
	}
}

func TestOccasions(t *testing.T) {
	r := newReceiver(t, taken)
	n := New(rules(t, "[{webhook: '"+r.URL+"/hook', format: slack, after: 0s}]"), "/runs/1", "en", 0, screenOf(t))
	for _, e := range run() {
		n.Take(e)
	}
	waitFor(t, "the question", func() bool { return len(r.all()) == 2 })
	for _, e := range ends(1) {
		n.Take(e)
	}
	if errs := n.Close(); errs != nil {
		t.Error(errs)
	}
	var texts []string
	for _, s := range r.all() {
		var body struct{ Text string }
		if err := json.Unmarshal([]byte(s[strings.Index(s, "\n"):]), &body); err != nil {
			t.Fatal(err)
		}
		texts = append(texts, body.Text)
	}
	want := `spraydeck: prod-4: pitfall drain-blocked: Upgrade: A budget refuses the eviction (node1)
spraydeck: prod-4: a step failed and waits: Upgrade failed
spraydeck: prod-4: step failed: Upgrade
spraydeck: prod-4: the run stopped (exit code 1): Upgrade failed`
	if got := strings.Join(texts, "\n"); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

// A question that is answered in time calls nobody, and what is resumed has called already.
func TestNobodyIsCalled(t *testing.T) {
	r := newReceiver(t, taken)
	n := New(rules(t, "[{webhook: '"+r.URL+"', on: waits, after: 1h}]"), "/runs/1", "en", 0, screenOf(t))
	n.Recall(slices.Values(append(run(), ends(1)...)))
	for _, e := range append(run(), ends(0)...) {
		n.Take(e)
	}
	if errs := n.Close(); errs != nil || len(r.all()) != 0 {
		t.Errorf("%v %q", errs, r.all())
	}
}

func TestIdleAndWindow(t *testing.T) {
	r := newReceiver(t, taken)
	n := New(rules(t, "[{webhook: '"+r.URL+"', format: slack, on: [idle, window], idle: 20ms}]"), "/runs/1", "ja", time.Minute, screenOf(t))
	for _, e := range run()[:5] {
		n.Take(e)
	}
	waitFor(t, "idle", func() bool { return len(r.all()) >= 2 })
	n.Close()
	got := strings.Join(r.all(), "\n")
	if strings.Count(got, "進展がありません") != 1 || strings.Count(got, "メンテナンス時間の残り 1m0s") != 1 || !strings.Contains(got, "アップグレード") {
		t.Errorf("got:\n%s", got)
	}
}

func TestFormats(t *testing.T) {
	m := Message{Occasion: pitfall, Seq: 7, Time: time.Date(2026, 12, 1, 3, 0, 0, 0, time.UTC), Run: "/runs/1", Runbook: "kubespray-v2.28.0", Cluster: "prod-4",
		Operator: "aya@bastion", Step: "upgrade", Title: event.T("pitfall x"), Text: event.T("a \"quote\""), Output: "the line"}
	for format, want := range map[string]string{
		"slack":      "POST /a application/json Bearer t\n" + `{"text":"spraydeck: prod-4: pitfall x: a \"quote\""}`,
		"github":     "POST /a application/json Bearer t\n" + `{"body":"spraydeck: prod-4: pitfall x: a \"quote\""}`,
		"gitlab":     "POST /a application/json Bearer t\n" + `{"body":"spraydeck: prod-4: pitfall x: a \"quote\""}`,
		"jira":       "POST /a application/json Bearer t\n" + `{"body":"spraydeck: prod-4: pitfall x: a \"quote\""}`,
		"servicenow": "PATCH /a application/json Bearer t\n" + `{"work_notes":"spraydeck: prod-4: pitfall x: a \"quote\""}`,
		"matrix":     "PUT /a/%2Fruns%2F1%2F7%2Fpitfall application/json Bearer t\n" + `{"body":"spraydeck: prod-4: pitfall x: a \"quote\"","msgtype":"m.text"}`,
		"teams": "POST /a application/json Bearer t\n" + `{"attachments":[{"content":{"$schema":"http://adaptivecards.io/schemas/adaptive-card.json","body":[{"text":"spraydeck: prod-4: pitfall x: a \"quote\"",` +
			`"type":"TextBlock","wrap":true}],"type":"AdaptiveCard","version":"1.4"},"contentType":"application/vnd.microsoft.card.adaptive"}],"type":"message"}`,
		"cloudevents": "POST /a application/cloudevents+json Bearer t\n" + `{"data":{"cluster":"prod-4","occasion":"pitfall","operator":"aya@bastion","run":"/runs/1","runbook":"kubespray-v2.28.0","step":"upgrade",` +
			`"text":"a \"quote\"","title":"pitfall x"},"datacontenttype":"application/json","id":"/runs/1/7/pitfall","source":"spraydeck/prod-4","specversion":"1.0","time":"2026-12-01T03:00:00Z","type":"spraydeck.pitfall"}`,
	} {
		t.Run(format, func(t *testing.T) {
			r := newReceiver(t, taken)
			rule := rules(t, fmt.Sprintf("[{webhook: '%s/a', format: %s, headers: {Authorization: Bearer t}}]", r.URL, format))[0]
			if err := rule.Send(t.Context(), m, "en", screenOf(t)); err != nil {
				t.Fatal(err)
			}
			if got := r.all(); len(got) != 1 || got[0] != want {
				t.Errorf("got\n%q\nwant\n%q", got, want)
			}
			rule.Output = true
			if err := rule.Send(t.Context(), m, "en", screenOf(t)); err != nil || !strings.Contains(r.all()[1], "the line") {
				t.Errorf("with its output: %v %q", err, r.all()[1])
			}
		})
	}
	if len(formatNames()) != 8 {
		t.Errorf("a format has no test: %v", formatNames())
	}
}

// What a receiver does is its own affair: the run goes on, and the end says what did not arrive, without the address.
func TestReceiversThatFail(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answer func(r **receiver) func(n int, w http.ResponseWriter)
		want   string
		calls  int
	}{
		"refuses": {func(**receiver) func(int, http.ResponseWriter) {
			return func(_ int, w http.ResponseWriter) { w.WriteHeader(403) }
		}, "it answered 403 Forbidden", 1},
		"is broken": {func(**receiver) func(int, http.ResponseWriter) {
			return func(_ int, w http.ResponseWriter) { w.WriteHeader(500) }
		}, "it answered 500 Internal Server Error", 3},
		"redirects": {func(**receiver) func(int, http.ResponseWriter) {
			return func(_ int, w http.ResponseWriter) {
				w.Header().Set("Location", "http://127.0.0.1:1/")
				w.WriteHeader(302)
			}
		}, "it answered 302 Found", 1},
		"recovers": {func(**receiver) func(int, http.ResponseWriter) {
			return func(n int, w http.ResponseWriter) {
				if n == 1 {
					w.WriteHeader(503)
				}
			}
		}, "", 2},
		"never ends": {func(r **receiver) func(int, http.ResponseWriter) {
			return func(int, http.ResponseWriter) { <-(*r).hang }
		}, "context canceled", 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var r *receiver
			r = newReceiver(t, c.answer(&r))
			n := New(rules(t, "[{webhook: '"+r.URL+"/s3cret', on: ended}]"), "/runs/1", "en", 0, screenOf(t))
			for _, e := range append(run(), ends(1)...) {
				n.Take(e)
			}
			errs := n.Close()
			switch {
			case c.want == "" && errs != nil, c.want != "" && len(errs) != 1:
				t.Errorf("%v", errs)
			case c.want != "" && (!strings.Contains(errs[0].Error(), c.want) || strings.Contains(errs[0].Error(), "s3cret")):
				t.Errorf("%v, want %s", errs[0], c.want)
			}
			if got := len(r.all()); got != c.calls {
				t.Errorf("called %d times, want %d", got, c.calls)
			}
		})
	}
	gone := newReceiver(t, taken)
	address := gone.URL
	gone.Server.Close()
	err := rules(t, "[{webhook: '"+address+"/s3cret'}]")[0].Send(t.Context(), Trial(time.Now()), "en", screenOf(t))
	if err == nil || !strings.Contains(err.Error(), "connection refused") || strings.Contains(err.Error(), "s3cret") {
		t.Errorf("nobody there: %v", err)
	}
}

func TestSlowReceiverDropsMessages(t *testing.T) {
	t.Parallel()
	var r *receiver
	r = newReceiver(t, func(int, http.ResponseWriter) { <-r.hang })
	n := New(rules(t, "[{webhook: '"+r.URL+"', on: pitfall}]"), "/runs/1", "en", 0, screenOf(t))
	for range 100 {
		n.Take(run()[5])
	}
	errs := n.Close()
	if len(errs) == 0 || !strings.Contains(errs[len(errs)-1].Error(), "messages were dropped") {
		t.Errorf("%v", errs)
	}
}

func TestCommand(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out")
	r := rules(t, `[{command: 'echo "$SPRAYDECK_OCCASION|$SPRAYDECK_CLUSTER|$SPRAYDECK_TITLE|$SPRAYDECK_TEXT|$SPRAYDECK_OUTPUT" >`+out+`'}]`)[0]
	m := Message{Occasion: failed, Cluster: "prod-4", Title: event.T("a\nb $(touch /x)"), Text: event.T("c"), Output: "secret"}
	if err := r.Send(t.Context(), m, "en", screenOf(t)); err != nil {
		t.Fatal(err)
	}
	if b, _ := os.ReadFile(out); string(b) != "failed|prod-4|a b $(touch /x)|c|\n" {
		t.Errorf("%q", b)
	}
	err := rules(t, "[{command: 'echo no such display >&2; exit 3'}]")[0].Send(t.Context(), m, "en", screenOf(t))
	if err == nil || err.Error() != "notify: command echo: exit status 3: no such display" {
		t.Error(err)
	}
}

func TestTerminal(t *testing.T) {
	m := Message{Cluster: "prod-4", Title: event.T("waits\x1b]0;x\a; now"), Text: event.T("go")}
	for kind, want := range map[string]string{
		"bell":   "\a",
		"osc9":   "\x1b]9;prod-4: waits]0;x; now: go\a",
		"osc777": "\x1b]777;notify;spraydeck;prod-4: waits]0,x, now: go\a",
	} {
		var got string
		if err := (Rule{Terminal: kind}).Send(t.Context(), m, "en", func(s string) { got += s }); err != nil || got != want {
			t.Errorf("%s: %v %q, want %q", kind, err, got, want)
		}
	}
}

// BenchmarkTake is what a run pays for each event while a receiver hangs.
func BenchmarkTake(b *testing.B) {
	hang := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-hang }))
	defer s.Close()
	defer close(hang)
	n := New([]Rule{{Webhook: s.URL, Format: "slack", On: []Occasion{pitfall, waits}, After: time.Hour}}, "/runs/1", "en", 0, func(string) {})
	defer n.Close()
	events := run()
	for i := range b.N {
		n.Take(events[i%len(events)])
	}
}
