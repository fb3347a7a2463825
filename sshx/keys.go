package sshx

import (
	"bytes"
	"crypto/rsa"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
)

// keys is what we can log in with, in the order in which OpenSSH offers it:
// certificates, keys of the agent that ssh_config names, the agent's others,
// keys that are only in files. The order matters, because a server counts
// failed attempts and hangs up.
type keys struct {
	signers   []ssh.Signer
	offered   []string // for the error message
	encrypted []string // files with a passphrase whose key is not in the agent
	problems  []string
	agent     io.Closer
}

// loadKeys never fails: what can not be used is told when the login fails, and
// does not matter when it succeeds.
func loadKeys(t *target) *keys {
	k := &keys{}
	if !t.publicKey {
		return k
	}
	held := k.askAgent(t.agent)
	var certs, named, rest, files []ssh.Signer
	matched := map[string]bool{}
	for _, file := range t.identities {
		pub, signer := k.load(file, t.given)
		if pub == nil {
			continue
		}
		if s := find(held, pub); s != nil {
			signer = s
			if !matched[string(pub.Marshal())] {
				named = append(named, s)
			}
			matched[string(pub.Marshal())] = true
		} else if signer != nil {
			files = append(files, signer)
		} else {
			k.encrypted = append(k.encrypted, file)
			continue
		}
		k.offered = append(k.offered, file)
		for _, name := range append(slices.Clip(t.certificates), file+"-cert.pub") {
			if cert := certificate(name, signer); cert != nil {
				certs = append(certs, cert)
			}
		}
	}
	for _, s := range held {
		if !t.identitiesOnly && !matched[string(s.PublicKey().Marshal())] {
			rest = append(rest, s)
		}
	}
	if len(rest) > 0 {
		k.offered = append(k.offered, fmt.Sprintf("%d of the agent", len(rest)))
	}
	for _, s := range slices.Concat(certs, named, rest, files) {
		if s = t.acceptable(s); s != nil {
			k.signers = append(k.signers, s)
		}
	}
	return k
}

// acceptable limits a key to the algorithms that PubkeyAcceptedAlgorithms and RequiredRSASize allow, nil for none.
func (t *target) acceptable(s ssh.Signer) ssh.Signer {
	if n := rsaBits(s.PublicKey()); n > 0 && n < t.rsaBits {
		return nil
	}
	kind := s.PublicKey().Type()
	prefix, cert := strings.CutSuffix(kind, "-cert-v01@openssh.com")
	if prefix != ssh.KeyAlgoRSA {
		if slices.Contains(t.accepted, kind) {
			return s
		}
		return nil
	}
	var algorithms []string
	for _, a := range []string{ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256, ssh.KeyAlgoRSA} {
		name := a
		if cert {
			name += "-cert-v01@openssh.com"
		}
		if slices.Contains(t.accepted, name) {
			algorithms = append(algorithms, a)
		}
	}
	if len(algorithms) == 0 {
		return nil
	}
	signer, ok := s.(ssh.AlgorithmSigner)
	if !ok {
		return s
	}
	limited, err := ssh.NewSignerWithAlgorithms(signer, algorithms)
	if err != nil {
		return nil
	}
	return limited
}

// rsaBits is the size of an RSA key or of the key in a certificate, 0 for other kinds.
func rsaBits(key ssh.PublicKey) int {
	if cert, ok := key.(*ssh.Certificate); ok {
		key = cert.Key
	}
	if c, ok := key.(ssh.CryptoPublicKey); ok {
		if k, ok := c.CryptoPublicKey().(*rsa.PublicKey); ok {
			return k.N.BitLen()
		}
	}
	return 0
}

func (k *keys) askAgent(socket string) []ssh.Signer {
	if socket == "" {
		return nil
	}
	conn, err := net.Dial("unix", socket)
	if err != nil {
		k.problems = append(k.problems, "the agent does not answer: "+plain(err).Error())
		return nil
	}
	k.agent = conn
	held, err := agent.NewClient(conn).Signers()
	if err != nil {
		k.problems = append(k.problems, "the agent lists no keys: "+err.Error())
	}
	return held
}

func (k *keys) close() {
	if k.agent != nil {
		k.agent.Close()
	}
}

// load reads a private key. An encrypted one gives its public half only, which
// is enough to find it in the agent, and so does a file that holds nothing but
// a public key (the way to name one key of the agent).
func (k *keys) load(file string, given bool) (ssh.PublicKey, ssh.Signer) {
	data, err := os.ReadFile(file)
	if err != nil {
		if given || !errors.Is(err, os.ErrNotExist) {
			k.problems = append(k.problems, err.Error())
		}
		return nil, nil
	}
	if pub, _, _, _, err := ssh.ParseAuthorizedKey(data); err == nil {
		return pub, nil
	}
	if open := openToOthers(file); open != "" {
		k.problems = append(k.problems, open)
		return nil, nil
	}
	signer, err := ssh.ParsePrivateKey(data)
	if err == nil {
		return signer.PublicKey(), signer
	}
	var locked *ssh.PassphraseMissingError
	if !errors.As(err, &locked) {
		// Not the error itself: it may quote the file.
		k.problems = append(k.problems, file+" is not a private key that can be read here")
		return nil, nil
	}
	if locked.PublicKey != nil {
		return locked.PublicKey, nil
	}
	// The old PEM format hides the public half.
	data, err = os.ReadFile(file + ".pub")
	if err == nil {
		if pub, _, _, _, err := ssh.ParseAuthorizedKey(data); err == nil {
			return pub, nil
		}
	}
	k.encrypted = append(k.encrypted, file)
	return nil, nil
}

// openToOthers says why ssh ignores a private key: others can read it.
func openToOthers(file string) string {
	info, err := os.Stat(file)
	if err != nil {
		return ""
	}
	if st, ok := info.Sys().(*syscall.Stat_t); ok && int(st.Uid) == os.Getuid() && info.Mode().Perm()&0o077 != 0 {
		return fmt.Sprintf("%s is ignored, because others can read it (mode %04o): chmod 600 %s", file, info.Mode().Perm(), file)
	}
	return ""
}

func find(signers []ssh.Signer, pub ssh.PublicKey) ssh.Signer {
	for _, s := range signers {
		if bytes.Equal(s.PublicKey().Marshal(), pub.Marshal()) {
			return s
		}
	}
	return nil
}

// certificate pairs a key with a certificate in a file, if that is there and of that key.
func certificate(file string, signer ssh.Signer) ssh.Signer {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil
	}
	pub, _, _, _, err := ssh.ParseAuthorizedKey(data)
	cert, ok := pub.(*ssh.Certificate)
	if err != nil || !ok {
		return nil
	}
	s, err := ssh.NewCertSigner(cert, signer)
	if err != nil {
		return nil
	}
	return s
}

// refused explains a failed login by the keys there were and the methods the server offered. err is told as it is unless it
// is the protocol's long way of saying "no".
func (k *keys) refused(t *target, wants []string, fail func(string, error) error, err error) error {
	if !strings.Contains(err.Error(), "unable to authenticate") {
		return fail("log in to", plain(err))
	}
	offered := strings.Contains(err.Error(), "publickey") // it is attempted only where the server offers it
	var said, hint string
	switch {
	case !t.publicKey:
		said = "ssh_config allows no key here (PubkeyAuthentication, PreferredAuthentications)"
		hint = "other methods than keys are not implemented here"
	case !offered && len(wants) > 0:
		said = "the server takes no keys, only " + strings.Join(wants, ", ")
		hint = "only keys are implemented here: allow publickey in its sshd_config, or reach it with a key"
	case len(k.signers) == 0:
		said = "there is no key to log in with"
		hint = "name an IdentityFile, or load a key: ssh-add"
	default:
		said = "the server refused every key (" + strings.Join(k.offered, ", ") + ")"
		hint = fmt.Sprintf("put the public key into ~%s/.ssh/authorized_keys there, or name another User or IdentityFile", t.user)
		if len(wants) > 0 {
			said = "the server did not let these keys in alone (" + strings.Join(k.offered, ", ") + ") and offers " + strings.Join(wants, ", ")
			hint = "if it wants a second factor, only keys are implemented here; else see whether the key is known there: ssh -v " + t.alias
		}
	}
	if len(k.encrypted) > 0 {
		said += "; " + strings.Join(k.encrypted, ", ") + " has a passphrase and is not in the agent"
		hint = "ssh-add " + k.encrypted[0]
	}
	for _, p := range k.problems {
		said += "; " + p
	}
	return &UnreachableError{Host: t.name, Place: t.place(), Op: "log in to", Err: errors.New(said), hint: hint}
}
