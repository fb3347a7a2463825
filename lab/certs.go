package main

import (
	"crypto/x509"
	"os"
	"path/filepath"
	"time"
)

// ownKubeadm: the cluster was made with kubeadm. Its certificates lie in /etc/kubernetes/pki, etcd is a static pod of every
// control plane, and no host has etcdctl.
const ownKubeadm = "kubeadm"

// made puts the parts where the maker of the cluster has them: with kubeadm every host of etcd is a control plane.
func (c cluster) made() cluster {
	for i := range c.nodes {
		if c.own.has(ownKubeadm) {
			c.nodes[i].ControlPlane = c.nodes[i].Etcd
		}
	}
	return c
}

// certsLast is how many days the certificates of the control planes are good when the lab boots: those of kubeadm are due.
func (c cluster) certsLast() int {
	if c.own.has(ownKubeadm) {
		return 60
	}
	return 300
}

// writeCertificates puts the certificates of a control plane and of etcd on a node. The lab's own control plane reads none of
// them; a program that looks for end dates does. All are of one authority.
func writeCertificates(l Lab, ca *authority, c cluster, n Node) error {
	issue := func(dir, name, subject string, groups ...string) error {
		template := certificate(subject, groups)
		template.NotAfter = time.Now().AddDate(0, 0, c.certsLast())
		cert, key, err := ca.issue(template)
		if err != nil {
			return err
		}
		crt, pem := ".crt", ".key"
		if dir == "/etc/ssl/etcd/ssl" {
			crt, pem = ".pem", "-key.pem"
		}
		if err := writeFile(l.rootfs(n.Name, dir, name+crt), cert, 0o644); err != nil {
			return err
		}
		return writeFile(l.rootfs(n.Name, dir, name+pem), key, 0o600)
	}
	dir := "/etc/kubernetes/ssl"
	if c.own.has(ownKubeadm) {
		dir = "/etc/kubernetes/pki"
	}
	type leaf struct{ dir, name, subject string }
	var leaves []leaf
	if n.ControlPlane {
		leaves = append(leaves, leaf{dir, "apiserver", "kube-apiserver"}, leaf{dir, "apiserver-kubelet-client", "kube-apiserver-kubelet-client"},
			leaf{dir, "front-proxy-client", "front-proxy-client"})
		if err := writeFile(l.rootfs(n.Name, dir, "ca.crt"), ca.pem, 0o644); err != nil {
			return err
		}
		key, err := ca.keyPEM()
		if err != nil {
			return err
		}
		if err := writeFile(l.rootfs(n.Name, dir, "ca.key"), key, 0o600); err != nil {
			return err
		}
	}
	switch {
	case n.ControlPlane && c.own.has(ownKubeadm):
		etcd := filepath.Join(dir, "etcd")
		leaves = append(leaves, leaf{dir, "apiserver-etcd-client", "kube-apiserver-etcd-client"}, leaf{etcd, "server", n.Name},
			leaf{etcd, "peer", n.Name}, leaf{etcd, "healthcheck-client", "kube-etcd-healthcheck-client"})
		if err := writeFile(l.rootfs(n.Name, etcd, "ca.crt"), ca.pem, 0o644); err != nil {
			return err
		}
		manifest := nodefile("kube-component.yaml", "@COMPONENT@", "etcd", "@VERSION@", c.at.component("etcd"))
		if err := writeFile(l.rootfs(n.Name, "etc/kubernetes/manifests/etcd.yaml"), manifest, 0o600); err != nil {
			return err
		}
	case n.Etcd:
		leaves = append(leaves, leaf{"/etc/ssl/etcd/ssl", "member-" + n.Name, "etcd-member-" + n.Name},
			leaf{"/etc/ssl/etcd/ssl", "admin-" + n.Name, "etcd-admin-" + n.Name}, leaf{"/etc/ssl/etcd/ssl", "node-" + n.Name, "etcd-node-" + n.Name})
		if err := writeFile(l.rootfs(n.Name, "/etc/ssl/etcd/ssl/ca.pem"), ca.pem, 0o644); err != nil {
			return err
		}
	}
	for _, name := range []string{"openssl.cnf", "certs"} { // the rest of /etc/ssl is the host's
		if err := os.MkdirAll(l.rootfs(n.Name, "etc/ssl"), 0o755); err != nil {
			return err
		}
		if err := os.Symlink("/.host/etc/ssl/"+name, l.rootfs(n.Name, "etc/ssl", name)); err != nil {
			return err
		}
	}
	for _, f := range leaves {
		if err := issue(f.dir, f.name, f.subject); err != nil {
			return err
		}
	}
	return nil
}

func (a *authority) keyPEM() ([]byte, error) {
	der, err := x509.MarshalECPrivateKey(a.key)
	if err != nil {
		return nil, err
	}
	return block("EC PRIVATE KEY", der), nil
}
