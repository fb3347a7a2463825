package main

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/crypto/ssh"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// authority is the cluster's CA while `up` runs.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pem  []byte
}

func newAuthority() (*authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	tmpl := certificate("kubernetes", nil)
	tmpl.IsCA = true
	tmpl.BasicConstraintsValid = true
	tmpl.NotAfter = tmpl.NotBefore.AddDate(10, 0, 0)
	tmpl.KeyUsage = x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign | x509.KeyUsageKeyEncipherment
	tmpl.ExtKeyUsage = nil
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &key.PublicKey, key)
	if err != nil {
		return nil, err
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	return &authority{cert: cert, key: key, pem: block("CERTIFICATE", der)}, nil
}

// certificate is valid for a year, like those kubeadm makes.
func certificate(name string, groups []string) *x509.Certificate {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 62))
	if err != nil {
		panic(err) // crypto/rand does not fail
	}
	now := time.Now().Add(-time.Minute)
	return &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: name, Organization: groups},
		NotBefore:    now,
		NotAfter:     now.AddDate(1, 0, 0),
		KeyUsage:     x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
}

func (a *authority) issue(tmpl *x509.Certificate) (cert, key []byte, err error) {
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, a.cert, &k.PublicKey, a.key)
	if err != nil {
		return nil, nil, err
	}
	kder, err := x509.MarshalECPrivateKey(k)
	if err != nil {
		return nil, nil, err
	}
	return block("CERTIFICATE", der), block("EC PRIVATE KEY", kder), nil
}

func block(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

// writePKI lays down what the control plane reads: D/pki and the administrator's kubeconfig.
func writePKI(l Lab, ca *authority) error {
	server := certificate("kube-apiserver", nil)
	server.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	server.DNSNames = []string{
		"localhost", vipHost, "kubernetes", "kubernetes.default", "kubernetes.default.svc",
		"kubernetes.default.svc.cluster.local",
	}
	server.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1), net.ParseIP(vipAddress), net.IPv4(10, 233, 0, 1)}
	cert, key, err := ca.issue(server)
	if err != nil {
		return err
	}
	sa, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	sader, err := x509.MarshalECPrivateKey(sa)
	if err != nil {
		return err
	}
	for name, data := range map[string][]byte{
		"ca.crt": ca.pem, "apiserver.crt": cert, "apiserver.key": key, "sa.key": block("EC PRIVATE KEY", sader),
	} {
		if err := writeFile(l.path("pki", name), data, 0o600); err != nil {
			return err
		}
	}
	for file, subject := range kubeconfigSubjects {
		path := l.path("pki", file+".conf")
		if file == "admin" {
			path = l.adminConf()
		}
		if err := ca.writeKubeconfig(path, apiServer, subject[0], subject[1:]); err != nil {
			return err
		}
	}
	return nil
}

// kubeconfigSubjects: user first, then groups.
var kubeconfigSubjects = map[string][]string{
	"admin":              {"kubernetes-admin", "system:masters"},
	"controller-manager": {"system:kube-controller-manager"},
	"scheduler":          {"system:kube-scheduler"},
}

// writeKubeconfig issues a client certificate and embeds it.
func (a *authority) writeKubeconfig(path, server, user string, groups []string) error {
	cert, key, err := a.issue(certificate(user, groups))
	if err != nil {
		return err
	}
	return a.writeConf(path, server, user, &clientcmdapi.AuthInfo{ClientCertificateData: cert, ClientKeyData: key})
}

func (a *authority) writeConf(path, server, user string, auth *clientcmdapi.AuthInfo) error {
	context := user + "@cluster.local"
	conf := clientcmdapi.NewConfig()
	conf.Clusters["cluster.local"] = &clientcmdapi.Cluster{Server: server, CertificateAuthorityData: a.pem}
	conf.AuthInfos[user] = auth
	conf.Contexts[context] = &clientcmdapi.Context{Cluster: "cluster.local", AuthInfo: user}
	conf.CurrentContext = context
	b, err := clientcmd.Write(*conf)
	if err != nil {
		return err
	}
	return writeFile(path, b, 0o600)
}

// sshKey makes an ed25519 key pair: the private key as OpenSSH stores it, the public one as it is
// listed in authorized_keys and known_hosts.
func sshKey(comment string) (private, public []byte, err error) {
	pub, priv, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	b, err := ssh.MarshalPrivateKey(crypto.PrivateKey(priv), comment)
	if err != nil {
		return nil, nil, err
	}
	sp, err := ssh.NewPublicKey(pub)
	if err != nil {
		return nil, nil, err
	}
	return pem.EncodeToMemory(b), bytes.TrimSpace(ssh.MarshalAuthorizedKey(sp)), nil
}

func writeFile(path string, data []byte, mode os.FileMode) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(path, data, mode); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return os.Chmod(path, mode)
}
