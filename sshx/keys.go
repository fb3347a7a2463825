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

	"spraydeck/regular"
)

// keys is what we can log in with, in the order in which OpenSSH offers it:
// certificates, keys of the agent that ssh_config names, the agent's others,
// keys that are only in files. The order matters, because a server counts
// failed attempts and hangs up.
type keys struct {
	signers  []ssh.Signer
	offered  []string // for the error message
	declined []string // files whose passphrase was not given
	problems []string
	agent    io.Closer

	open func(*lockedKey) (ssh.Signer, error) // asks for the passphrase of one
}

// loadKeys never fails: what can not be used is reported when the login fails, and
// does not matter when it succeeds.
func loadKeys(t *target) *keys {
	k := &keys{}
	if !slices.Contains(t.methods, "publickey") {
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

// load reads a private key. An encrypted one is decrypted when the server wants its signature. A file that holds nothing but a
// public key is the way to name one key of the agent.
func (k *keys) load(file string, given bool) (ssh.PublicKey, ssh.Signer) {
	data, err := regular.Read(file)
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
	key := &lockedKey{keys: k, file: file, data: data, pub: locked.PublicKey}
	if key.pub == nil { // the old PEM format hides the public half
		if data, err := regular.Read(file + ".pub"); err == nil {
			key.pub, _, _, _, _ = ssh.ParseAuthorizedKey(data)
		}
	}
	if key.pub == nil {
		k.problems = append(k.problems, file+" has a passphrase and hides its public half: put that into "+file+".pub (ssh-keygen -y), or ssh-add it")
		return nil, nil
	}
	return key.pub, key
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
	data, err := regular.Read(file)
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
