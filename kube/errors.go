package kube

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/url"
	"strings"
	"syscall"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"spraydeck/regular"
)

// UnreachableError says that no answer came: the state of the cluster, and of a write that was under
// way, is unknown.
type UnreachableError struct {
	Server     string
	Kubeconfig string
	Err        error
}

func (e *UnreachableError) Error() string {
	return fmt.Sprintf("reach the API server %s: %s", e.Server, reason(e.Err))
}

// Unreachable is always true; callers ask for it through an interface of their own.
func (e *UnreachableError) Unreachable() bool { return true }

// Hint says how to fix it.
func (e *UnreachableError) Hint() string {
	if certificate(e.Err) {
		return fmt.Sprintf("something answers at %s, but not with a certificate that kubeconfig %s trusts: check its date, its names and certificate-authority-data", e.Server, e.Kubeconfig)
	}
	return fmt.Sprintf("check that %s answers from here (curl -k %s/livez), or correct the server in kubeconfig %s", e.Server, strings.TrimSuffix(e.Server, "/"), e.Kubeconfig)
}

func (e *UnreachableError) Unwrap() error { return e.Err }

// NotFoundError says that the server answered, and has no such object.
type NotFoundError struct {
	Resource  string
	Namespace string
	Name      string
}

func (e *NotFoundError) Error() string {
	if e.Namespace != "" {
		return fmt.Sprintf("find %s %s/%s: not found", e.Resource, e.Namespace, e.Name)
	}
	return fmt.Sprintf("find %s %s: not found", e.Resource, e.Name)
}

// NotFound is always true; callers ask for it through an interface of their own.
func (e *NotFoundError) NotFound() bool { return true }

// unknownKindError says that the server answered, and knows no such kind of object.
type unknownKindError struct{ hintError }

// NotFound is true: where there is no kind there is no object.
func (e *unknownKindError) NotFound() bool { return true }

// hintError is a plain message with a hint.
type hintError struct {
	msg, hint string
	err       error
}

func (e *hintError) Error() string { return e.msg }
func (e *hintError) Hint() string  { return e.hint }
func (e *hintError) Unwrap() error { return e.err }

// explain turns what client-go returns into words for the operator. ctx is the caller's: if it was
// cancelled, that is the outcome, whatever the transport made of it.
func (c *Cluster) explain(ctx context.Context, doing string, err error) error {
	var known interface{ Hint() string }
	var missing *NotFoundError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &known), errors.As(err, &missing):
		return err
	case errors.Is(ctx.Err(), context.Canceled):
		return fmt.Errorf("%s: %w", doing, context.Canceled)
	case apierrors.IsUnauthorized(err):
		return c.unauthorized(doing, err)
	case apierrors.IsForbidden(err):
		return &hintError{
			msg:  fmt.Sprintf("%s: user %q of kubeconfig %s is not allowed to (403): %v", doing, c.origin.user, c.origin.file, err),
			hint: "use a kubeconfig with the right to do this; on a control-plane node it is /etc/kubernetes/admin.conf",
			err:  err,
		}
	case apierrors.IsConflict(err):
		return &hintError{
			msg:  fmt.Sprintf("%s: %v", doing, err),
			hint: "somebody else changed or owns this: look at the object, then do it again or leave it",
			err:  err,
		}
	case c.lost(err):
		return &UnreachableError{Server: c.origin.server, Kubeconfig: c.origin.file, Err: err}
	}
	return fmt.Errorf("%s: %w", doing, err)
}

// missing is explain for a call about one named object.
func (c *Cluster) missing(ctx context.Context, doing, resource, namespace, name string, err error) error {
	if apierrors.IsNotFound(err) {
		return &NotFoundError{Resource: resource, Namespace: namespace, Name: name}
	}
	return c.explain(ctx, doing, err)
}

func (c *Cluster) unauthorized(doing string, err error) error {
	hint := fmt.Sprintf("get fresh credentials for user %q in kubeconfig %s", c.origin.user, c.origin.file)
	if end, ok := c.clientCertificateEnd(); ok && time.Now().After(end) {
		hint = fmt.Sprintf("the client certificate of user %q in kubeconfig %s expired on %s: renew it (kubeadm certs renew admin.conf) and copy the new admin.conf here",
			c.origin.user, c.origin.file, end.UTC().Format("2006-01-02 15:04 UTC"))
	}
	return &hintError{
		msg:  fmt.Sprintf("%s: the API server %s does not accept the credentials of user %q (401)", doing, c.origin.server, c.origin.user),
		hint: hint,
		err:  err,
	}
}

// clientCertificateEnd reads the date only; a certificate is public, the key is not touched.
func (c *Cluster) clientCertificateEnd() (time.Time, bool) {
	data := c.config.CertData
	if len(data) == 0 && c.config.CertFile != "" {
		data, _ = regular.Read(c.config.CertFile) // no date, then no better hint
	}
	block, _ := pem.Decode(data)
	if block == nil {
		return time.Time{}, false
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return time.Time{}, false
	}
	return cert.NotAfter, true
}

// lost reports whether err means that no answer of the API server arrived.
func (c *Cluster) lost(err error) bool {
	var status apierrors.APIStatus
	if errors.As(err, &status) {
		return false
	}
	var web *url.Error
	var op net.Error
	return errors.As(err, &web) || errors.As(err, &op) || certificate(err) ||
		errors.Is(err, context.DeadlineExceeded) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, syscall.ECONNRESET) ||
		strings.Contains(err.Error(), "http2: client connection lost")
}

func certificate(err error) bool {
	var authority x509.UnknownAuthorityError
	var invalid x509.CertificateInvalidError
	var host x509.HostnameError
	return errors.As(err, &authority) || errors.As(err, &invalid) || errors.As(err, &host)
}

// reason is the innermost cause in a few words; the addresses around it are already in the message.
func reason(err error) string {
	var dns *net.DNSError
	var errno syscall.Errno
	var timeout interface{ Timeout() bool }
	var path *fs.PathError
	switch {
	case errors.As(err, &dns):
		return fmt.Sprintf("look up %s: %s", dns.Name, dns.Err)
	case errors.As(err, &errno) && errno != syscall.ETIMEDOUT:
		return errno.Error()
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return "no answer in time"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "connection closed before the answer"
	case errors.As(err, &path):
		return path.Err.Error()
	}
	var web *url.Error
	if errors.As(err, &web) {
		return web.Err.Error()
	}
	return err.Error()
}
