package kube

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// every calls each method that speaks to the server.
func every(c *Cluster) map[string]func(context.Context) error {
	manifest := []byte("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n")
	return map[string]func(context.Context) error{
		"ping":    func(ctx context.Context) error { _, err := c.Ping(ctx); return err },
		"get":     func(ctx context.Context) error { _, err := c.Get(ctx, "nodes", "", "", "", ""); return err },
		"get one": func(ctx context.Context) error { _, err := c.Get(ctx, "node", "", "node1", "", ""); return err },
		"apply":   func(ctx context.Context) error { _, err := c.Apply(ctx, manifest, false); return err },
		"patch":   func(ctx context.Context) error { return c.Patch(ctx, "cm", "", "x", "merge", []byte("{}"), false) },
		"delete":  func(ctx context.Context) error { return c.Delete(ctx, "cm", "", "x", false) },
		"cordon":  func(ctx context.Context) error { _, err := c.Cordon(ctx, "node1", true); return err },
		"rehearse a drain": func(ctx context.Context) error {
			return c.Drain(ctx, "node1", true, true, true, -1, 0, io.Discard)
		},
		"drain": func(ctx context.Context) error {
			return c.Drain(ctx, "node1", true, true, false, -1, time.Second, io.Discard)
		},
		"budgets": func(ctx context.Context) error { _, err := c.Budgets(ctx); return err },
	}
}

func TestUnreachable(t *testing.T) {
	f := newFakeAPI(t)
	c := f.open()
	f.stop()
	for name, call := range every(c) {
		err := call(t.Context())
		var lost *UnreachableError
		if !errors.As(err, &lost) || !lost.Unreachable() {
			t.Errorf("%s: got %T %v", name, err, err)
			continue
		}
		if want := "reach the API server " + c.Server() + ": connection refused"; err.Error() != want {
			t.Errorf("%s: got %q", name, err)
		}
		if !strings.Contains(hint(err), c.Server()) || !strings.Contains(hint(err), c.origin.file) {
			t.Errorf("%s: hint %q", name, hint(err))
		}
	}
	f.restart()
}

// A server that accepts and never answers must not hold anybody longer than the call may last.
func TestNoAnswer(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	c, err := Open(writeConfig(t, "http://"+listener.Addr().String()), "")
	if err != nil {
		t.Fatal(err)
	}
	c.pace.answer = 50 * time.Millisecond
	for name, call := range every(c) {
		var lost *UnreachableError
		if err := call(t.Context()); !errors.As(err, &lost) || !strings.HasSuffix(err.Error(), ": no answer in time") {
			t.Errorf("%s: got %v", name, err)
		}
	}
	c.pace.answer = time.Hour
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for name, call := range every(c) {
		var lost *UnreachableError
		if err := call(ctx); !errors.Is(err, context.Canceled) || errors.As(err, &lost) {
			t.Errorf("%s, cancelled: got %v", name, err)
		}
	}
}

func TestRefused(t *testing.T) {
	for _, test := range []struct {
		code       int
		reason     metav1.StatusReason
		want, hint string
	}{
		{401, metav1.StatusReasonUnauthorized, `does not accept the credentials of user "admin" (401)`, "get fresh credentials"},
		{403, metav1.StatusReasonForbidden, `user "admin" of kubeconfig`, "admin.conf"},
	} {
		f := labLike(t)
		f.takeOver(func(w http.ResponseWriter, _ *http.Request) bool {
			refuse(w, test.code, test.reason, "as the server says it")
			return true
		})
		for name, call := range every(f.open()) {
			err := call(t.Context())
			var lost *UnreachableError
			if err == nil || errors.As(err, &lost) || !strings.Contains(err.Error(), test.want) || !strings.Contains(hint(err), test.hint) {
				t.Errorf("%d %s: got %v, hint %q", test.code, name, err, hint(err))
			}
		}
	}
}

func TestExpiredClientCertificate(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	end := time.Date(2024, 5, 6, 7, 8, 0, 0, time.UTC)
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: end}, &x509.Certificate{SerialNumber: big.NewInt(1)}, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	c := labLike(t).open()
	c.config.CertData = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	if got := hint(c.unauthorized("ping", nil)); !strings.Contains(got, "expired on 2024-05-06 07:08 UTC") {
		t.Errorf("got %q", got)
	}
}

func TestUntrustedServer(t *testing.T) {
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	defer server.Close()
	c, err := Open(writeConfig(t, server.URL), "")
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Ping(t.Context())
	var lost *UnreachableError
	if !errors.As(err, &lost) || !strings.Contains(hint(err), "certificate-authority-data") {
		t.Errorf("got %v, hint %q", err, hint(err))
	}
}

func TestDiscoveryOfOneGroupFails(t *testing.T) {
	f := labLike(t)
	f.takeOver(func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path != "/apis/apps/v1" {
			return false
		}
		refuse(w, 503, metav1.StatusReasonServiceUnavailable, "the server is currently unable to handle the request")
		return true
	})
	if _, err := f.open().Get(t.Context(), "nodes", "", "", "", ""); err != nil {
		t.Errorf("another group must not matter: %v", err)
	}
	// Without an answer it is unknown whether the kind exists; in a group that answered it is not.
	for name, notFound := range map[string]bool{"deployments.apps": false, "deploymints": false, "ippoools.crd.projectcalico.org": true} {
		_, err := f.open().Get(t.Context(), name, "", "", "", "")
		var missing interface{ NotFound() bool }
		if err == nil || errors.As(err, &missing) != notFound || (!notFound && !strings.Contains(err.Error(), "apps/v1")) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// A step may install a kind and the next one use it.
func TestKindInstalledMeanwhile(t *testing.T) {
	f := labLike(t)
	hide := func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.HasPrefix(r.URL.Path, "/apis/crd.projectcalico.org") {
			return false
		}
		refuse(w, 404, metav1.StatusReasonNotFound, "the server could not find the requested resource")
		return true
	}
	f.takeOver(hide)
	c := f.open()
	if _, err := c.Get(t.Context(), "ippools.crd.projectcalico.org", "", "", "", ""); err == nil {
		t.Fatal("found")
	}
	f.takeOver(nil)
	if _, err := c.Get(t.Context(), "ippools.crd.projectcalico.org", "", "", "", ""); err != nil {
		t.Error(err)
	}
}

func TestManifestErrors(t *testing.T) {
	f := labLike(t)
	c := f.open()
	good := "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n---\n"
	for text, want := range map[string]string{
		"":                                     "holds no object",
		"# nothing":                            "holds no object",
		good + "a: [sEcReT":                    "document 2 is not valid YAML",
		good + "a: 1\na: sEcReT":               "document 2 is not valid YAML",
		good + "kind: Secret":                  "document 2 (Secret) has no apiVersion",
		good + "apiVersion: v1":                "document 2 has no apiVersion and kind",
		good + "apiVersion: v1\nkind: Secret":  "document 2 (Secret) has no metadata.name",
		good + "just words, sEcReT perhaps\n:": "document 2 is not valid YAML",
	} {
		_, err := c.Apply(t.Context(), []byte(text), false)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "sEcReT") {
			t.Errorf("%q: got %v", text, err)
		}
	}
	if n := f.seen("PATCH"); n != 0 {
		t.Errorf("%d objects were sent although a later document is bad", n)
	}
	list := "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: ConfigMap, metadata: {name: a}}\n- {apiVersion: v1, kind: ConfigMap, metadata: {name: b}}\n"
	if lines, err := c.Apply(t.Context(), []byte(list), false); err != nil || len(lines) != 2 {
		t.Errorf("got %v, %v", lines, err)
	}
	if lines, err := c.Apply(t.Context(), []byte(good+"apiVersion: no.such/v1\nkind: Thing\nmetadata: {name: thing}\n"), false); err == nil || len(lines) != 1 {
		t.Errorf("got %v, %v", lines, err)
	}
}

func TestDangerousNames(t *testing.T) {
	f := labLike(t)
	c := f.open()
	for _, name := range []string{"", ".", "..", "a/b"} {
		if err := c.Delete(t.Context(), "configmaps", "default", name, false); err == nil {
			t.Errorf("%q: deleted", name)
		}
	}
	if n := f.seen("DELETE"); n != 0 {
		t.Errorf("%d requests", n)
	}
}

// The screen belongs to the caller: client-go's logs and the server's warnings must not reach it.
func TestSilence(t *testing.T) {
	saved := os.Stderr
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	os.Stderr = write
	f := labLike(t)
	c := f.open()
	for _, call := range every(c) {
		_ = call(t.Context()) // what they say is another test's business
	}
	w := watchNodes(t, c)
	w.until(t, "a connection", func() bool { return len(w.states) == 1 })
	f.stop()
	w.until(t, "its loss", func() bool { return len(w.states) == 2 })
	f.restart()
	w.until(t, "its return", func() bool { return len(w.states) == 3 })
	os.Stderr = saved
	_ = write.Close()
	var said bytes.Buffer
	if _, err := io.Copy(&said, read); err != nil || said.Len() > 0 {
		t.Errorf("%v; standard error says:\n%s", err, said.String())
	}
}
