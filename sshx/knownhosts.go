package sshx

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"net"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"

	"spraydeck/regular"
)

// This file decides by known_hosts whether a server is the host that was meant.
// The lines are parsed by x/crypto/ssh; they are matched here and not by its
// package knownhosts, which gives up on a whole file for one line it can not
// read, does not say which key types are known (so that a host known by its
// ED25519 key would be asked for another one and then taken for an impostor),
// and mixes up the keys of hosts and of authorities. A test holds this file
// against that package and against ssh-keygen -F.

// knownKey is one line that speaks about the host.
type knownKey struct {
	file   string
	line   int
	marker string // "", "cert-authority", "revoked"
	key    ssh.PublicKey
}

func (k knownKey) public() Known {
	return Known{File: k.file, Line: k.line, KeyType: keyType(k.key), Fingerprint: ssh.FingerprintSHA256(k.key)}
}

// knownKeys is all that known_hosts says about one host. Lines that name
// only the host but not its port count as well, as in OpenSSH, but a different key there is
// not a changed key here.
type knownKeys struct {
	keys     []knownKey
	portless []knownKey
}

// readKnownHosts collects the lines about name. Files that are not there and
// lines that make no sense say nothing, as in OpenSSH.
func readKnownHosts(files []string, name string) knownKeys {
	var known knownKeys
	bare := name
	if host, _, err := net.SplitHostPort(name); err == nil {
		bare = host
	}
	for _, file := range files {
		data, err := regular.Read(file)
		if err != nil {
			continue
		}
		for i, line := range bytes.Split(data, []byte("\n")) {
			marker, hosts, key, _, _, err := ssh.ParseKnownHosts(line)
			if err != nil || !slices.Contains([]string{"", "cert-authority", "revoked"}, marker) {
				continue
			}
			k := knownKey{file: file, line: i + 1, marker: marker, key: key}
			if matchHost(hosts, name) {
				known.keys = append(known.keys, k)
			} else if bare != name && matchHost(hosts, bare) {
				known.portless = append(known.portless, k)
			}
		}
	}
	return known
}

// find returns the line of that kind with that key, with or without a port.
func (k knownKeys) find(marker string, key ssh.PublicKey) (knownKey, bool) {
	all := slices.Concat(k.keys, k.portless)
	i := slices.IndexFunc(all, func(known knownKey) bool {
		return known.marker == marker && bytes.Equal(known.key.Marshal(), key.Marshal())
	})
	if i < 0 {
		return knownKey{}, false
	}
	return all[i], true
}

func (k knownKeys) has(marker string, key ssh.PublicKey) bool {
	_, ok := k.find(marker, key)
	return ok
}

// algorithms is the order in which to ask the server for its keys: those that
// can be verified first, so that a host known by one key is not asked for
// another. Certificates are requested only where an authority is known.
func (k knownKeys) algorithms() []string {
	authority, types := false, map[string]bool{}
	for _, known := range slices.Concat(k.keys, k.portless) {
		switch known.marker {
		case "cert-authority":
			authority = true
		case "":
			types[known.key.Type()] = true
		}
	}
	rank := func(algo string) int {
		if strings.HasPrefix(algo, "rsa-sha2-") && !isCert(algo) {
			algo = ssh.KeyAlgoRSA // known_hosts names the key, the algorithm also the hash
		}
		switch {
		case isCert(algo):
			return 0
		case types[algo]:
			return 1
		}
		return 2
	}
	algos := slices.Clone(ssh.SupportedAlgorithms().HostKeys)
	if !authority {
		algos = slices.DeleteFunc(algos, isCert)
	}
	slices.SortStableFunc(algos, func(a, b string) int { return rank(a) - rank(b) })
	return algos
}

func isCert(algo string) bool { return strings.Contains(algo, "-cert-v01@") }

// matchHost reports whether the host field of a line means name, which is "host"
// or "[host]:port".
func matchHost(patterns []string, name string) bool {
	found := false
	for _, p := range patterns {
		if p, not := strings.CutPrefix(p, "!"); not {
			if wildcard(strings.ToLower(p), name) {
				return false
			}
		} else if strings.HasPrefix(p, "|") {
			found = found || matchHashed(p, name)
		} else {
			found = found || wildcard(strings.ToLower(p), name)
		}
	}
	return found
}

// matchHashed reads |1|salt|hash of a name that HashKnownHosts hid.
func matchHashed(field, name string) bool {
	parts := strings.Split(field, "|")
	if len(parts) != 4 || parts[1] != "1" {
		return false
	}
	salt, err1 := base64.StdEncoding.DecodeString(parts[2])
	sum, err2 := base64.StdEncoding.DecodeString(parts[3])
	mac := hmac.New(sha1.New, salt)
	mac.Write([]byte(name))
	return err1 == nil && err2 == nil && hmac.Equal(mac.Sum(nil), sum)
}

// wildcard knows * and ? and nothing else: brackets are part of a name here.
func wildcard(pattern, name string) bool {
	for pattern != "" {
		switch {
		case pattern[0] == '*':
			for i := 0; i <= len(name); i++ {
				if wildcard(pattern[1:], name[i:]) {
					return true
				}
			}
			return false
		case name == "" || pattern[0] != '?' && pattern[0] != name[0]:
			return false
		}
		pattern, name = pattern[1:], name[1:]
	}
	return name == ""
}

// keyCheck judges the key of one server during one handshake.
type keyCheck struct {
	target *target
	jumped bool
	name   string // as known_hosts has it
	known  knownKeys

	passed bool
	err    *HostKeyError
}

func newKeyCheck(t *target, jumped bool) *keyCheck {
	name := knownhosts.Normalize(t.address())
	if t.keyAlias != "" {
		name = t.keyAlias // without a port: an alias means one host, wherever it is
	}
	name = strings.ToLower(name)
	return &keyCheck{target: t, jumped: jumped, name: name, known: readKnownHosts(t.knownFiles, name)}
}

func (c *keyCheck) check(key ssh.PublicKey) error {
	if err := c.judge(key); err != nil {
		err.Host, err.Place = c.target.name, c.target.place()
		err.KeyType, err.Fingerprint = keyType(key), ssh.FingerprintSHA256(key)
		err.Files = c.target.userKnown
		err.lookup, err.jumped = c.name, c.jumped
		err.scan = c.target.host
		if c.target.port != 22 {
			err.scan = "-p " + strconv.Itoa(c.target.port) + " " + c.target.host
		}
		c.err = err
		return err
	}
	c.passed = true
	return nil
}

func (c *keyCheck) judge(key ssh.PublicKey) *HostKeyError {
	if why := c.revokedBy(key); why != "" {
		return &HostKeyError{Reason: why}
	}
	if n := rsaBits(key); n > 0 && n < c.target.rsaBits {
		return &HostKeyError{Reason: fmt.Sprintf("it has %d bits, and RequiredRSASize is %d", n, c.target.rsaBits)}
	}
	if k, ok := c.known.find("revoked", key); ok {
		return &HostKeyError{Revoked: true, Known: []Known{k.public()}}
	}
	if cert, ok := key.(*ssh.Certificate); ok {
		return c.judgeCert(cert)
	}
	if c.known.has("", key) {
		return nil
	}
	var others []Known
	for _, k := range c.known.keys {
		if k.marker == "" {
			others = append(others, k.public())
		}
	}
	// A new key beside known ones is refused under accept-new as well, also one
	// of another type: an impostor could otherwise just show another type.
	if len(others) > 0 && c.target.strict == "no" {
		return nil
	}
	if len(others) == 0 && c.target.strict != "yes" {
		if err := c.learn(key); err != nil {
			return &HostKeyError{Reason: "it can not be added to known_hosts: " + err.Error()}
		}
		return nil
	}
	return &HostKeyError{Known: others}
}

// revokedBy says why RevokedHostKeys, a list of keys or a KRL, refuses the key. As with ssh a file that cannot be read
// revokes all.
func (c *keyCheck) revokedBy(key ssh.PublicKey) string {
	file := c.target.revoked
	if file == "" {
		return ""
	}
	data, err := regular.Read(file)
	revoked := err == nil && bytes.HasPrefix(data, []byte("SSHKRL\n")) && inKRL(file, key)
	for rest := data; err == nil && !revoked && len(rest) > 0; {
		var listed ssh.PublicKey
		var bad error
		if listed, _, _, rest, bad = ssh.ParseAuthorizedKey(rest); bad != nil {
			break
		}
		revoked = bytes.Equal(listed.Marshal(), key.Marshal())
	}
	switch {
	case err != nil:
		return "RevokedHostKeys can not be read: " + err.Error()
	case revoked:
		return "it is revoked by " + file + " (RevokedHostKeys)"
	}
	return ""
}

// inKRL asks ssh-keygen, which reads the binary form. What it cannot answer counts as revoked.
func inKRL(file string, key ssh.PublicKey) bool {
	tmp, err := os.CreateTemp("", "spraydeck-key")
	if err != nil {
		return true
	}
	defer os.Remove(tmp.Name())
	_, err = tmp.Write(ssh.MarshalAuthorizedKey(key))
	if err1 := tmp.Close(); err != nil || err1 != nil {
		return true
	}
	return exec.Command("ssh-keygen", "-Q", "-f", file, tmp.Name()).Run() != nil
}

func (c *keyCheck) judgeCert(cert *ssh.Certificate) *HostKeyError {
	checker := ssh.CertChecker{
		IsHostAuthority: func(authority ssh.PublicKey, _ string) bool {
			return c.known.has("cert-authority", authority)
		},
		IsRevoked: func(cert *ssh.Certificate) bool {
			return c.known.has("revoked", cert.SignatureKey) || c.known.has("revoked", cert.Key)
		},
	}
	if cert.Signature != nil && !slices.Contains(c.target.authorities, cert.Signature.Format) {
		return &HostKeyError{Reason: "its authority signed with " + cert.Signature.Format + ", which CASignatureAlgorithms does not list"}
	}
	principal := or(c.target.keyAlias, c.target.host)
	if err := checker.CheckHostKey(net.JoinHostPort(principal, strconv.Itoa(c.target.port)), nil, cert); err != nil {
		return &HostKeyError{Reason: strings.TrimPrefix(err.Error(), "ssh: ")}
	}
	return nil
}

// learning keeps the lines of hosts that are learnt at the same time apart.
var learning sync.Mutex

// learn adds the key to the first known_hosts file of the user, in one write.
func (c *keyCheck) learn(key ssh.PublicKey) error {
	if len(c.target.userKnown) == 0 {
		return nil // the operator wants nothing to be remembered
	}
	learning.Lock()
	defer learning.Unlock()
	name := c.name
	if c.target.hashKnown {
		name = knownhosts.HashHostname(name)
	}
	before := ""
	if data, err := regular.Read(c.target.userKnown[0]); err == nil && len(data) > 0 && data[len(data)-1] != '\n' {
		before = "\n" // somebody's editor left the last line open
	}
	f, err := os.OpenFile(c.target.userKnown[0], os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(f, "%s%s %s", before, name, ssh.MarshalAuthorizedKey(key))
	if err1 := f.Close(); err == nil {
		err = err1
	}
	return err
}

// keyType is the name that ssh prints: ED25519, RSA, ECDSA.
func keyType(key ssh.PublicKey) string {
	name := strings.TrimSuffix(key.Type(), "-cert-v01@openssh.com")
	name = strings.TrimPrefix(strings.TrimSuffix(name, "@openssh.com"), "sk-")
	name = strings.TrimPrefix(name, "ssh-")
	name, _, _ = strings.Cut(name, "-")
	return strings.ToUpper(name)
}
