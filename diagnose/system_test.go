package diagnose

import (
	"strings"
	"testing"
)

// TestSystem: a pitfall of Kubespray is no verdict in a log of K3s or of a kubeadm that a person runs, and one of K3s is none in a
// log of Kubespray; each is a verdict in a log of its own, and in one that tells no system.
func TestSystem(t *testing.T) {
	k := New(builtinPitfalls(t), builtinChecks(t))
	const (
		k3s       = "Jan 02 03:04:05 n1 systemd[1]: Started k3s.service - Lightweight Kubernetes.\n"
		kubespray = "TASK [kubernetes/control-plane : Kubeadm | Upgrade first control plane node] ***\nok: [n1]\n"
		kubeadm   = "root@n1:~# kubeadm upgrade node\n[upgrade] Reading configuration from the cluster...\n"
	)
	for _, p := range builtinPitfalls(t) {
		of := p.Affects.System.Value
		if of == "" {
			continue
		}
		for i := range p.Symptoms {
			s := &p.Symptoms[i]
			if s.Task.RE != nil {
				continue
			}
			for _, sample := range s.Match {
				if told(report(t, k, sample.Value+"\n"), p.Name.Value) != "verdict" {
					continue
				}
				for name, log := range map[string]string{"k3s": k3s, "kubespray": kubespray, "kubeadm": kubeadm} {
					want := of == name || of == "kubeadm" && name == "kubespray" || of == "k3s" && k3sSays.MatchString(sample.Value)
					if (strings.Contains(sample.Value, "FAILED! =>") || strings.HasPrefix(sample.Value, "failed: [")) && name == "kubeadm" {
						continue // nobody who runs kubeadm by hand gets a result of Ansible
					}
					if kubesprays.MatchString(sample.Value) {
						want = of != "k3s" || k3sSays.MatchString(sample.Value)
					}
					if got := told(report(t, k, log+sample.Value+"\n"), p.Name.Value) == "verdict"; got && !want {
						t.Errorf("%s/%s of %s is a verdict in a log of %s: %s", p.Name.Value, s.ID.Value, of, name, sample.Value)
					} else if !got && of == name {
						t.Errorf("%s/%s of %s is no verdict in a log of its own: %s", p.Name.Value, s.ID.Value, of, sample.Value)
					}
				}
			}
		}
	}
}

var k3sSays, kubesprays = systemPatterns()[0].Line, systemPatterns()[1].Line
