package sshx

import (
	"fmt"
	"strings"
)

// UnreachableError says that the command did not run, because the host could
// not be reached, would not let us in, or refused to start it.
type UnreachableError struct {
	Host  string // as the caller named it
	Place string // user@address:port, when known
	Op    string // what failed: "connect to", "log in to" ...
	Err   error

	silent bool // the server never answered
	hint   string
}

func (e *UnreachableError) Error() string {
	return e.Op + " " + named(e.Host, e.Place) + ": " + e.Err.Error()
}

func (e *UnreachableError) Unwrap() error     { return e.Err }
func (e *UnreachableError) Unreachable() bool { return true }

// Hint says how to fix it, in one line; empty when there is none to name.
func (e *UnreachableError) Hint() string { return e.hint }

// HostKeyError says that the server did not prove to be the host that was
// meant. The command did not run and nothing was sent, no login either.
type HostKeyError struct {
	Host        string
	Place       string
	KeyType     string  // "ED25519"
	Fingerprint string  // "SHA256:..." of the key that the server showed
	Known       []Known // what known_hosts says instead; empty when the host is unknown
	Revoked     bool    // Known[0] is the line that revokes the key
	Files       []string
	Reason      string // for a host certificate: what is wrong with it

	lookup, scan string // the name in known_hosts; the arguments for ssh-keyscan
	jumped       bool   // ssh-keyscan cannot get there
}

// Known is one key in a known_hosts file.
type Known struct {
	File        string
	Line        int
	KeyType     string
	Fingerprint string
}

func (e *HostKeyError) Error() string {
	head := fmt.Sprintf("verify the host key of %s: the %s key %s ", named(e.Host, e.Place), e.KeyType, e.Fingerprint)
	switch {
	case e.Reason != "":
		return head + "is refused: " + e.Reason
	case e.Revoked:
		return head + fmt.Sprintf("is revoked by %s:%d", e.Known[0].File, e.Known[0].Line)
	case len(e.Known) == 0:
		return head + "is not in " + orNone(e.Files)
	}
	var known []string
	for _, k := range e.Known {
		known = append(known, fmt.Sprintf("%s:%d (%s %s)", k.File, k.Line, k.KeyType, k.Fingerprint))
	}
	return head + "is not the one in " + strings.Join(known, ", ")
}

func (e *HostKeyError) Unreachable() bool { return true }

// Hint says how to fix it. It never is a bare command that accepts whatever key is
// there: the fingerprint has to be compared first, and the hint says where.
func (e *HostKeyError) Hint() string {
	compare := "compare it on the node's own console (ssh-keygen -lf /etc/ssh/ssh_host_" + strings.ToLower(e.KeyType) + "_key.pub)"
	file := "~/.ssh/known_hosts"
	if len(e.Files) > 0 {
		file = e.Files[0]
	}
	learn := "ssh-keyscan " + e.scan + " >> " + file
	if e.jumped {
		learn = "connect once with ssh and answer its question"
	}
	switch {
	case e.Reason != "":
		return "have the certificate authority sign the host key, or see the @cert-authority lines of known_hosts"
	case e.Revoked:
		return "somebody marked this key as stolen or retired: do not go on before you know who and why"
	case len(e.Known) > 0:
		return fmt.Sprintf("if the node was reinstalled, %s, then: ssh-keygen -f %s -R '%s', and %s; if it was not, another machine answers in its place",
			compare, e.Known[0].File, e.lookup, learn)
	}
	return compare + ", then: " + learn
}

// LostError says that the connection ended after the command was sent and
// before its exit code arrived. The command may be running, may have finished,
// may have been killed: look before anything is repeated.
type LostError struct {
	Host string
	Err  error
}

func (e *LostError) Error() string {
	return "lose the connection to " + e.Host + " while the command ran, its outcome is unknown: " + e.Err.Error()
}

func (e *LostError) Unwrap() error      { return e.Err }
func (e *LostError) StateUnknown() bool { return true }
func (e *LostError) Hint() string {
	return "look on " + e.Host + " whether it still runs or what it left behind, before it is run again"
}

// NeverStartedError says that a command which an earlier console had announced
// was not sent before that console went away.
type NeverStartedError struct{ Host string }

func (e *NeverStartedError) Error() string {
	return "take up the command on " + e.Host + ": it was never sent there"
}

func (e *NeverStartedError) NeverStarted() bool { return true }

// CancelledError says that ctx ended first. Ended reports whether the server
// confirmed the end of the command (or it was never started); if not, it may go
// on there, because many servers ignore the signal.
type CancelledError struct {
	Host  string
	Ended bool
	Err   error // that of the context
}

func (e *CancelledError) Error() string {
	if e.Ended {
		return e.Host + ": " + e.Err.Error()
	}
	return e.Host + " did not confirm that the command ended: " + e.Err.Error()
}

func (e *CancelledError) Unwrap() error { return e.Err }

// named is "node1 (root@10.0.0.1:22)", or just the name if nothing more is known.
func named(host, place string) string {
	if place == "" {
		return host
	}
	return host + " (" + place + ")"
}

func orNone(files []string) string {
	if len(files) == 0 {
		return "any known_hosts file"
	}
	return strings.Join(files, ", ")
}
