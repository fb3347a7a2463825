package main

import (
	"embed"
	"os"
	"strings"

	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// nodefiles are the small programs and manifests of a node. The programs that have a version
// (kubelet, kubeadm, containerd) carry it in their text: replacing the file is the upgrade.
//
//go:embed nodefiles
var nodefiles embed.FS

func nodefile(name string, substitutions ...string) []byte {
	b, err := nodefiles.ReadFile("nodefiles/" + name)
	if err != nil {
		panic(err) // it is embedded
	}
	return []byte(strings.NewReplacer(substitutions...).Replace(string(b)))
}

// writeShims fills a node's /usr/local/bin and gives root its shell.
func writeShims(l Lab, c cluster, n Node) error {
	bin := func(name string) string { return l.path("nodes", n.Name, "local-bin", name) }
	kube := []string{"@VERSION@", c.at.Kube.Default}
	for name, data := range map[string][]byte{
		"kubelet":    nodefile("kubelet", kube...),
		"kubeadm":    nodefile("kubeadm", kube...),
		"containerd": nodefile("containerd", "@VERSION@", c.at.component("containerd")),
		"crictl":     nodefile("crictl"),
		"journalctl": nodefile("journalctl"),
		"sudo":       nodefile("sudo"),
	} {
		if err := writeFile(bin(name), data, 0o755); err != nil {
			return err
		}
	}
	if err := writeStandins(l, c, n); err != nil {
		return err
	}
	// Where the playbook's download role takes programs from, whatever version it asks for.
	for _, name := range []string{"kubelet", "kubeadm", "containerd", "kube-vip.yml"} {
		if err := writeFile(l.rootfs(n.Name, "opt/spraydeck-lab/mirror", name), nodefile(name), 0o644); err != nil {
			return err
		}
	}
	for name := range called {
		if c.own.has(ownKubeadm) && strings.HasPrefix(name, "etcd") {
			continue
		}
		if err := os.Symlink(labInside, bin(name)); err != nil {
			return err
		}
	}
	return writeFile(l.rootfs(n.Name, "opt/spraydeck-lab/shell"), nodefile("shell"), 0o755)
}

// writeNodeConfs writes what lies under /etc/kubernetes.
func writeNodeConfs(l Lab, ca *authority, c cluster, n Node) error {
	cert, key, err := ca.issue(certificate("system:node:"+n.Name, []string{"system:nodes"}))
	if err != nil {
		return err
	}
	pem := "var/lib/kubelet/pki/kubelet-client-current.pem"
	if err := writeFile(l.rootfs(n.Name, pem), append(cert, key...), 0o600); err != nil {
		return err
	}
	if err := writeFile(l.rootfs(n.Name, "etc/kubernetes/ssl/ca.crt"), ca.pem, 0o644); err != nil {
		return err
	}
	auth := &clientcmdapi.AuthInfo{ClientCertificate: "/" + pem, ClientKey: "/" + pem}
	conf := l.rootfs(n.Name, "etc/kubernetes/kubelet.conf")
	if err := ca.writeConf(conf, c.server(n, "kubelet"), "system:node:"+n.Name, auth); err != nil {
		return err
	}
	if err := writeCertificates(l, ca, c, n); err != nil {
		return err
	}
	if !n.ControlPlane {
		return nil
	}
	for name, subject := range kubeconfigSubjects {
		path := l.rootfs(n.Name, "etc/kubernetes", name+".conf")
		if err := ca.writeKubeconfig(path, c.server(n, name), subject[0], subject[1:]); err != nil {
			return err
		}
	}
	admin, err := os.ReadFile(l.rootfs(n.Name, "etc/kubernetes/admin.conf"))
	if err != nil {
		return err
	}
	if err := writeFile(l.rootfs(n.Name, "root/.kube/config"), admin, 0o600); err != nil {
		return err
	}
	manifests := map[string][]byte{}
	for _, name := range []string{"kube-apiserver", "kube-controller-manager", "kube-scheduler"} {
		manifests[name+".yaml"] = nodefile("kube-component.yaml", "@COMPONENT@", name, "@VERSION@", c.at.Kube.Default)
	}
	if c.vip() {
		manifests["kube-vip.yml"] = nodefile("kube-vip.yml", "@VERSION@", c.at.component("kube_vip"))
	}
	for name, data := range manifests {
		if err := writeFile(l.rootfs(n.Name, "etc/kubernetes/manifests", name), data, 0o600); err != nil {
			return err
		}
	}
	return nil
}
