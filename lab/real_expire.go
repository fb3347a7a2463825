package main

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/util/keyutil"
)

// faultExpired is the one fault of real nodes: every certificate of the control plane ended an hour ago.
const faultExpired = "expired-certificates"

// expire signs every certificate of kubeadm on the first node again, with the same key and names and a year that ended an
// hour ago, and that of its kubelet; then it takes the control plane down, as a power cut would. Nothing of it comes back.
func expire(ctx context.Context, l Lab) error {
	n := realOptions{nodes: 1}.cluster().nodes[0]
	kubernetes := l.rootfs(n.Name, "etc/kubernetes")
	signers := map[string]*signer{}
	for _, name := range []string{"ca", "front-proxy-ca", "etcd/ca"} {
		s, err := readSigner(filepath.Join(kubernetes, "pki", name))
		if err != nil {
			return err
		}
		signers[string(s.cert.RawSubject)] = s
	}
	certs, _ := filepath.Glob(kubernetes + "/pki/*.crt")
	etcd, _ := filepath.Glob(kubernetes + "/pki/etcd/*.crt")
	for _, file := range append(certs, etcd...) {
		if strings.HasSuffix(file, "ca.crt") {
			continue
		}
		if err := expireFile(file, signers); err != nil {
			return err
		}
	}
	confs, _ := filepath.Glob(kubernetes + "/*.conf")
	for _, file := range confs {
		if filepath.Base(file) == "kubelet.conf" {
			continue // it names the file below
		}
		if err := expireKubeconfig(file, signers); err != nil {
			return err
		}
	}
	// The file of this name is a link to the kubelet's newest.
	current, err := os.Readlink(l.rootfs(n.Name, "var/lib/kubelet/pki/kubelet-client-current.pem"))
	if err != nil {
		return err
	}
	if err := expireFile(l.rootfs(n.Name, current), signers); err != nil {
		return err
	}
	return l.on(ctx, n, `systemctl stop kubelet; for id in $(crictl pods -q --namespace kube-system --name "-`+n.Name+`$"); do crictl stopp $id && crictl rmp $id || exit 1; done; systemctl start kubelet`)
}

type signer struct {
	cert *x509.Certificate
	key  crypto.Signer
}

func readSigner(path string) (*signer, error) {
	text, err := os.ReadFile(path + ".crt")
	if err != nil {
		return nil, err
	}
	first, _ := pem.Decode(text)
	if first == nil {
		return nil, fmt.Errorf("%s.crt holds no certificate", path)
	}
	cert, err := x509.ParseCertificate(first.Bytes)
	if err != nil {
		return nil, err
	}
	key, err := keyutil.PrivateKeyFromFile(path + ".key")
	if err != nil {
		return nil, err
	}
	own, ok := key.(crypto.Signer)
	if !ok {
		return nil, fmt.Errorf("%s.key cannot sign", path)
	}
	return &signer{cert, own}, nil
}

// expireFile replaces each certificate in a PEM file, and leaves keys as they are.
func expireFile(file string, signers map[string]*signer) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	expired, err := expirePEM(text, signers)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	return os.WriteFile(file, expired, 0o600)
}

func expireKubeconfig(file string, signers map[string]*signer) error {
	conf, err := clientcmd.LoadFromFile(file)
	if err != nil {
		return err
	}
	for _, user := range conf.AuthInfos {
		if user.ClientCertificateData, err = expirePEM(user.ClientCertificateData, signers); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
	}
	return clientcmd.WriteToFile(*conf, file)
}

func expirePEM(text []byte, signers map[string]*signer) ([]byte, error) {
	var all []byte
	for {
		part, rest := pem.Decode(text)
		if part == nil {
			break
		}
		text = rest
		if part.Type == "CERTIFICATE" {
			cert, err := x509.ParseCertificate(part.Bytes)
			if err != nil {
				return nil, err
			}
			by := signers[string(cert.RawIssuer)]
			if by == nil {
				return nil, fmt.Errorf("no authority here signed %s", cert.Subject)
			}
			cert.NotAfter = time.Now().Add(-time.Hour)
			cert.NotBefore = cert.NotAfter.AddDate(-1, 0, 0)
			if part.Bytes, err = x509.CreateCertificate(rand.Reader, cert, by.cert, cert.PublicKey, by.key); err != nil {
				return nil, err
			}
		}
		all = append(all, pem.EncodeToMemory(part)...)
	}
	if len(all) == 0 {
		return nil, errors.New("no certificate")
	}
	return all, nil
}
