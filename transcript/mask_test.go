package transcript

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"spraydeck/event"
)

const testKey = `-----BEGIN RSA PRIVATE KEY-----
MIIEpAIBAAKCAQEA0Z3VS5JJcds3xfn/ygWyF8PbnGy0AHB7MhgwMbRvI0MBZhpI
qGb3+YqXk9XbCkfXqW5pmPqHk0cQ0nJ5p0vV3xkWqv7yXQ==
-----END RSA PRIVATE KEY-----
`

// shapes: what is written, and what must be in the file. Every one is also fed in pieces cut everywhere.
var shapes = []struct{ in, want string }{
	{"nothing to hide\n", "nothing to hide\n"},
	{"password=hunter2 user=bob\n", "password=[masked] user=bob\n"},
	{"DB_PASSWORD = hunter2\n", "DB_PASSWORD = [masked]\n"},
	{`{"password": "hun\"ter2", "user": "bob"}`, `{"password": "[masked]", "user": "bob"}`},
	{`msg: "{\"token\": \"abc.def\", \"x\": 1}"`, `msg: "{\"token\": \"[masked]", \"x\": 1}"`},
	{"ansible_become_pass: 'it is s3cret' # note\n", "ansible_become_pass: '[masked]' # note\n"},
	{"password:\n  next: line\n", "password:\n  next: line\n"},
	{"BECOME password: \r\nPLAY [all]\n", "BECOME password: \r\nPLAY [all]\n"},
	{`password: ""` + "\nx\n", `password: ""` + "\nx\n"},
	{"password: \x1b[31mhunter2\x1b[0m ok\n", "password: \x1b[31m[masked]\x1b[0m ok\n"},
	{"Authorization: Bearer abc def\nHost: x\n", "Authorization: [masked]\nHost: x\n"},
	{`curl -H "Authorization: Bearer abc" https://x` + "\n", `curl -H "Authorization: [masked]" https://x` + "\n"},
	{"bearer abc.def-ghi end\n", "bearer [masked] end\n"},
	{"kubeadm join 10.0.0.1:6443 --token abcdef.0123456789abcdef --discovery-token-ca-cert-hash sha256:12\n",
		"kubeadm join 10.0.0.1:6443 --token [masked] --discovery-token-ca-cert-hash sha256:12\n"},
	{"--certificate-key 8cb2de97839780a412b93877f8507ad6\n", "--certificate-key [masked]\n"},
	{"    client-key-data: TFMwdExTMUNSVWRK\n    name: x\n", "    client-key-data: [masked]\n    name: x\n"},
	{"    client-certificate-data: AAAA\n", "    client-certificate-data: AAAA\n"},
	{"jwt eyJhbGciOiJSUzI1NiJ9.eyJpc3Mi.c2ln, next\n", "jwt eyJhbGciO[masked], next\n"},
	{testKey, "-----BEGIN RSA PRIVATE KEY-----[masked]-----END RSA PRIVATE KEY-----\n"},
	{"-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----\nafter\n", "-----BEGIN PRIVATE KEY-----[masked]-----END PRIVATE KEY-----\nafter\n"},
	{"-----BEGIN CERTIFICATE-----\nMIIE\n-----END CERTIFICATE-----\n", "-----BEGIN CERTIFICATE-----\nMIIE\n-----END CERTIFICATE-----\n"},
	{"key LS0tLS1CRUdJTiBSU0EgUFJJVkFURSBLRVktLS0tLQpNSUlF end", "key LS0tLS1CRUdJTiBSU0EgUFJJVkFURSBLRV[masked] end"},
	{"secretName: etcd-certs\nsecret/etcd created\n", "secretName: etcd-certs\nsecret/etcd created\n"},
	{"https://x/?token=abc&page=2\n", "https://x/?token=[masked]&page=2\n"},
	{"パスワード password=ひみつ 次\n", "パスワード password=[masked] 次\n"},
	// what only mentions a secret, or says that there is none, can be read
	{"# kube_webhook_authorization: false\n", "# kube_webhook_authorization: false\n"},
	{"This is where all of the bearer token will be stored\n", "This is where all of the bearer token will be stored\n"},
	{"vsphere_token: !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n", "vsphere_token: !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n"},
	{"token: \"{{ vault_token }}\" secret=$TOKEN password=${pw} x\n", "token: \"{{ vault_token }}\" secret=$TOKEN password=${pw} x\n"},
	{"kubeadm_certificate_key: \"{{ lookup('password', credentials_dir + '/k.creds length=64 chars=hexdigits') | lower }}\"\n",
		"kubeadm_certificate_key: \"{{ lookup('password', credentials_dir + '/k.creds length=64 chars=hexdigits') | lower }}\"\n"},
	{"passwd: password updated; the password is required, password authentication\n", "passwd: [masked] updated; the password is required, password authentication\n"},
	{"sudo -u root ls; journalctl -u kubelet; docker run -u 1000:1000 x; chown -u a\n", "sudo -u root ls; journalctl -u kubelet; docker run -u 1000:1000 x; chown -u a\n"},
	{"https://host:8080/a@b ssh://git@github.com/x http://10.0.0.1:80 etcd.go:12 10.0.0.1\n", "https://host:8080/a@b ssh://git@github.com/x http://10.0.0.1:80 etcd.go:12 10.0.0.1\n"},
	{"awk '{print $1$2}' $6$7 pass: 12, fail: 0 worker.node-1.example.com vault_version: 1.2 AKIA x ghp_short\n",
		"awk '{print $1$2}' $6$7 pass: 12, fail: 0 worker.node-1.example.com vault_version: 1.2 AKIA x ghp_short\n"},
	{"mkdir -p /a; mysql -p db; community.general: 1; sig: 9\n", "mkdir -p /a; mysql -p db; community.general: 1; sig: 9\n"},
	// what is secret by its shape
	{"[upload-certs] Using certificate key:\ne6a2eb8581237ab72a4f494f30285ec12a9694d750b9785706a83bfcbbbd2204\nnext\n",
		"[upload-certs] Using certificate key:\n[masked]\nnext\n"},
	{`"Using certificate key:", "e6a2eb8581237ab72a4f494f30285ec12a9694d750b9785706a83bfcbbbd2204"]` + "\n", `"Using certificate key:", "[masked]"]` + "\n"},
	{"postgres://app:pl4nted@db/x https://u:p%40w@h:1/ ok\n", "postgres://app:[masked]@db/x https://u:[masked]@h:1/ ok\n"},
	{"token is abcdef.0123456789abcdef, ok\n", "token is abcdef.[masked], ok\n"},
	{`{"auths":{"r.io":{"auth":"dXNlcjpwYXNz"}}}` + "\n", `{"auths":{"r.io":{"auth":"[masked]"}}}` + "\n"},
	{"x ghp_0123456789abcdefghijABCDEFGHIJ012345 y\n", "x ghp_[masked] y\n"},
	{"root:$6$salt$0123456789abcdefghij:19000:0\n", "root:$6$[masked]:19000:0\n"},
	{"{'password': u'hunter2', 'b': 1}\n", "{'password': u'[masked]', 'b': 1}\n"},
	{"curl -s -u 'bob:hunter' https://x; sshpass -p hunter2 ssh h; mysql -phunter2 db\n", "curl -s -u 'bob:[masked]' https://x; sshpass -p [masked] ssh h; mysql -p[masked] db\n"},
	{strings.Repeat("-", 80) + "\n" + strings.Repeat("=", 80), strings.Repeat("-", 80) + "\n" + strings.Repeat("=", 80)},
}

func feed(v *values, pieces ...string) string {
	var f filter
	var out []byte
	for _, p := range pieces {
		out = append(out, f.pass(&known{values: v}, []byte(p), false)...)
	}
	return string(append(out, f.pass(&known{values: v}, nil, true)...))
}

func TestShapes(t *testing.T) {
	for _, c := range shapes {
		if got := feed(nil, c.in); got != c.want {
			t.Errorf("%q:\ngot  %q\nwant %q", c.in, got, c.want)
		}
		for i := range len(c.in) {
			for _, j := range []int{i + 1, i + 7, len(c.in)} {
				if j = min(j, len(c.in)); feed(nil, c.in[:i], c.in[i:j], c.in[j:]) != c.want {
					t.Fatalf("cut at %d and %d: %q", i, j, feed(nil, c.in[:i], c.in[i:j], c.in[j:]))
				}
			}
		}
		if got := feed(nil, strings.Split(c.in, "")...); got != c.want && !strings.Contains(c.in, "パ") {
			t.Errorf("byte by byte: %q", got)
		}
	}
}

// A key whose end never comes hides at most a key's worth of what follows.
func TestEndlessKey(t *testing.T) {
	out := feed(nil, "-----BEGIN PRIVATE KEY-----\n", strings.Repeat("x", pemLimit+1), "visible")
	if !strings.HasSuffix(out, "visible") {
		t.Errorf("%.80q...", out)
	}
}

func TestValues(t *testing.T) {
	const s = `p@ss "wörd"/1`
	v := (*values)(nil).with(s, "hunter2", "hunter2more", "abc", "line one\nline two of it")
	for in, want := range map[string]string{
		"x hunter2 y":                  "x [masked] y",
		"hunter2more":                  "[masked]",
		"hunter2mo":                    "[masked]", // more than half
		"ends in hun":                  "ends in hun",
		"ends in hunt":                 "ends in [masked]",
		"hunhunter2":                   "hun[masked]",
		"hunter2hunter2":               "[masked][masked]",
		"abc is too short":             "abc is too short",
		`{"x":"p@ss \"wörd\"/1"}`:      `{"x":"[masked]"}`,
		"u=p%40ss+%22w%C3%B6rd%22%2F1": "u=[masked]",
		base64.StdEncoding.EncodeToString([]byte(s)): Masked + "=",
		"| line two of it |":                         "| [masked] |",
	} {
		if got := feed(v, in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
		for i := range len(in) {
			if got := feed(v, in[:i], in[i:]); got != want {
				t.Errorf("%q cut at %d: got %q, want %q", in, i, got, want)
			}
		}
	}
}

// Whatever comes in any pieces: no secret in the output, and nothing is lost when there was no secret.
func TestValuesAnyPieces(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	secrets := []string{"aabaab", "abab", "日本の秘密", "baaa\xff"}
	v := (*values)(nil).with(secrets...)
	parts := append([]string{"a", "b", "aab", "日", "\n", "\xff", " "}, secrets...)
	for range 20000 {
		var all string
		var pieces []string
		for range rnd.IntN(10) {
			all += parts[rnd.IntN(len(parts))]
		}
		for rest := all; rest != ""; {
			n := 1 + rnd.IntN(len(rest))
			pieces = append(pieces, rest[:n])
			rest = rest[n:]
		}
		got := feed(v, pieces...)
		if whole := feed(v, all); got != whole {
			t.Fatalf("%q: %q in pieces %q, %q whole", all, got, pieces, whole)
		}
		for _, s := range secrets {
			if strings.Contains(got, s) {
				t.Fatalf("%q: %q holds %q", all, got, s)
			}
		}
		if !strings.Contains(got, Masked) && got != all {
			t.Fatalf("%q: lost something: %q", all, got)
		}
	}
}

// Secrets planted wherever an event can carry them are nowhere in the file.
func TestNoSecretInFile(t *testing.T) {
	const secret, token = "correct horse battery", "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJrdWJlcm5ldGVzIn0.c2lnbmF0dXJl"
	w := newRun(t)
	w.Mask(secret)
	var shown []event.Event
	w.Show = func(e event.Event) { shown = append(shown, e) }
	plant := func(s string) []event.Data {
		text := event.Text{En: "en " + s, Ja: "日 " + s}
		return []event.Data{
			event.Described{Operations: []event.Operation{{Line: "echo " + s}}},
			event.CommandStarted{Number: 1, Line: "echo " + s, Host: "n"},
			event.CommandEnded{Number: 9, Error: s, Hint: s},
			event.GateChecked{Gate: "g", Title: text, Says: text, Evidence: []string{s, "x " + s}},
			event.Hit{Title: text, Line: s},
			event.Asked{Question: event.Question{ID: "q", Title: text, Details: []string{s}, Default: s}},
			event.Answered{Question: "q", Answer: event.Answer{Text: s, Reason: "because " + s}},
			event.Compared{Path: "p", Old: "a\n" + s + "\n", New: s},
			event.Remark{Text: text},
			event.UnknownData{Name: "future", JSON: fmt.Appendf(nil, `{"x":[%q,{"%s":1}]}`, s, strings.ReplaceAll(s, "\n", "\\n"))},
		}
	}
	pemBody := strings.Split(testKey, "\n")[1]
	for _, s := range []string{secret, token, testKey} {
		for _, d := range plant(s) {
			appendAll(t, w, []event.Event{{Data: d}})
		}
		for cut := range len(s) {
			for n, piece := range []string{"before " + s[:cut], s[cut:] + " after\n"} {
				o := event.NewOutput(1, []string{"stdout", "stderr"}[cut%2], []byte(piece))
				if n == 0 && cut%3 == 0 {
					o = event.NewOutput(1, o.Stream, append([]byte{0xff}, piece...)) // not UTF-8: goes as raw bytes
				}
				appendAll(t, w, []event.Event{{Data: o}})
			}
		}
	}
	appendAll(t, w, []event.Event{
		{Data: event.Asked{Question: event.Question{ID: "pin", Secret: true}}},
		{Data: event.Answered{Question: "pin", Answer: event.Answer{Text: "42!"}}},
		{Data: event.UnknownData{Name: "future", JSON: []byte(`{"dbPassword": "42!", "n": {"token":"42!"}}`)}},
	})
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(w.Path())
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range shown { // raw bytes are base64 in the file
		if o, ok := e.Data.(event.Output); ok {
			b = append(b, o.Bytes()...)
		}
	}
	for _, s := range []string{secret, "c2lnbmF0dXJl", pemBody[:20], "42!", base64.StdEncoding.EncodeToString([]byte(secret))[:20]} {
		if i := bytes.Index(b, []byte(s)); i >= 0 {
			t.Errorf("%q is in the file: %q", s, b[max(0, i-80):i+len(s)])
		}
	}
	if read := readAll(t, w.Path()); len(read) != len(shown) {
		t.Errorf("read %d, shown %d", len(read), len(shown))
	} else {
		for i := range read {
			if !reflect.DeepEqual(read[i].Data, shown[i].Data) {
				t.Errorf("shown is not what is written: %+v, %+v", shown[i].Data, read[i].Data)
			}
		}
	}
	if res, err := Verify(w.Path()); err != nil || !res.Verified() {
		t.Error(res, err)
	}
}

// What is held back comes out by itself, before the end of its command, and in its place.
func TestHeldBack(t *testing.T) {
	w := newRun(t)
	w.Mask("hunter2")
	out := func(s string) event.Event {
		return event.Event{Step: "s", Data: event.NewOutput(1, "stdout", []byte(s))}
	}
	e, err := w.Append(out("Go on? [y/N] h"))
	if err != nil || e.Data.(event.Output).Text != "Go on? [y/N] " {
		t.Fatalf("%+v %v", e, err)
	}
	w.background()
	if n := len(readAll(t, w.Dir())); n != 1 {
		t.Errorf("let go too early: %d events", n)
	}
	w.mask.filter[streamKey{1, "stdout"}].since = w.mask.filter[streamKey{1, "stdout"}].since.Add(-holdFor)
	w.background()
	appendAll(t, w, []event.Event{out("hu"), {Step: "s", Data: event.CommandEnded{Number: 1}}})
	var got []string
	for _, e := range readAll(t, w.Dir()) {
		switch d := e.Data.(type) {
		case event.Output:
			got = append(got, d.Text)
		default:
			got = append(got, d.Kind())
		}
		if e.Step != "s" {
			t.Errorf("step %q", e.Step)
		}
	}
	if want := []string{"Go on? [y/N] ", "h", "", "hu", "command-ended"}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %q", got)
	}
}

// However it was masked, and held back, an output says how much was printed: a command on a node is taken up again there.
func TestPrinted(t *testing.T) {
	rnd := rand.New(rand.NewPCG(5, 6))
	w := newRun(t)
	w.Mask("hunter2", "abab")
	w.MaskPatterns(regexp.MustCompile(`LIC-\d+`))
	parts := []string{"hun", "ter2", "\n", "ab", "ab", "password=", "xy ", "LIC-", "123", "日", "\xff"}
	printed := 0
	for range 500 {
		s := parts[rnd.IntN(len(parts))]
		printed += len(s)
		appendAll(t, w, []event.Event{{Data: event.NewOutput(1, "stdout", []byte(s))}})
	}
	w.Close()
	said := 0
	for _, e := range readAll(t, w.Path()) {
		said += e.Data.(event.Output).Printed()
	}
	if said != printed {
		t.Errorf("%d bytes were printed, the outputs say %d", printed, said)
	}
}

// Secrets that are also words of the format hide in texts only: the run can still be read.
func TestSecretIsAWord(t *testing.T) {
	w := newRun(t)
	w.Mask("done", "passed", "command", "override", "outcome", "operator", "stdout", "kind", "node")
	appendAll(t, w, []event.Event{
		{Data: event.NewOutput(1, "stdout", []byte("all done\n"))},
		{Data: event.CommandEnded{Number: 1, Outcome: event.Done, Hint: "not done"}},
		{Data: event.Answered{Question: "node", Answer: event.Answer{Choice: "override", Reason: "done", By: "operator"}}},
		{Data: event.StepEnded{Status: event.Passed}},
	})
	w.Close()
	got := readAll(t, w.Path())
	for i, want := range []event.Data{
		event.Output{Number: 1, Stream: "stdout", Text: "all [masked]\n", Size: len("all done\n")},
		event.CommandEnded{Number: 1, Outcome: event.Done, Hint: "not [masked]"},
		event.Answered{Question: "node", Answer: event.Answer{Choice: "override", Reason: Masked, By: "operator"}},
		event.StepEnded{Status: event.Passed},
	} {
		if !reflect.DeepEqual(got[i].Data, want) {
			t.Errorf("%+v, want %+v", got[i].Data, want)
		}
	}
}

// TestMaskLeavesStructures: a name that announces a secret may be before an object. What a probe printed must still
// be JSON when a rehearsal reads it.
func TestMaskLeavesStructures(t *testing.T) {
	var s shape
	in := `{"serviceAccountToken":{"expirationSeconds":3607,"path":"token"},"tokens":["a"],"token":"x"}`
	out := string(s.mask([]byte(in), true))
	if !json.Valid([]byte(out)) || strings.Contains(out, `"x"`) || !strings.Contains(out, "3607") {
		t.Errorf("%s", out)
	}
}
