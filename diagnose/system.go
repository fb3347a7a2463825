package diagnose

import (
	"spraydeck/runbook"
	"spraydeck/symptom"
)

// systemPatterns tell what installed a cluster. K3s stands for its relatives, which have no kubeadm either.
func systemPatterns() []symptom.Pattern {
	return []symptom.Pattern{
		{ID: "system:k3s", Line: re(`\+k3s[1-4]|\+rke2r|rancher/(?:k3s|rke2)|\b(?:k3s|k3s-agent|rke2-server|rke2-agent|k0scontroller|k0sworker)\.service|\bk3s-(?:agent|server|uninstall)|\brke2-(?:agent|server)|k3s\.cattle\.io|[ /]k3s\[\d|Starting (?:k3s|rke2)|k3s kubectl|microk8s|k0scontroller`)},
		{ID: "system:kubespray", Line: re(`(?i:kubespray)|(?:TASK|RUNNING HANDLER) \[(?:kubernetes(?:-apps)?|container-engine|network_plugin|upgrade|remove-node|etcd|download|bootstrap[-_]os|adduser|reset|kubespray[-_]defaults)[ /]|upgrade-cluster\.yml`)},
		{ID: "system:kubeadm", Line: re(`^(?:\S*[#$%>] |\+ )(?:sudo )?kubeadm (?:upgrade|init|join|reset|certs)\b`)},
	}
}

// otherSystem says whether a text is of a system that a pitfall is not of. Kubespray runs kubeadm, so what it shows is of both;
// a kubeadm that a person typed, without anything of Ansible, is not of Kubespray.
func (rd *reading) otherSystem(p *runbook.Pitfall) bool {
	of, seen := p.Affects.System.Value, rd.systems
	switch {
	case of == "":
		return false
	case seen["kubespray"]:
		return of == "k3s" && !seen["k3s"]
	case seen["k3s"]:
		return of != "k3s"
	case seen["kubeadm"] && rd.story.Tasks+rd.story.Results == 0:
		return of != "kubeadm"
	}
	return false
}
