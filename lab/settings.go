package main

import (
	"fmt"
	"slices"
	"strings"
)

// settings are what a cluster has beyond what every lab's cluster has: the cluster is built that way, and its inventory
// says so.
type settings []string

const (
	// ownIPIP: the pool encapsulates by IPIP, as on clusters from before v2.19.0.
	ownIPIP = "ipip"
	// ownVIP: kube-vip serves the API server at an address of its own, and the nodes know it by that alone.
	ownVIP = "kube-vip"
)

var ownSettings = settings{ownIPIP, ownVIP, ownKubeadm}

func (s settings) has(name string) bool { return slices.Contains(s, name) }

func (s settings) check(at release) error {
	for _, name := range s {
		if !ownSettings.has(name) {
			return fmt.Errorf("--with %s is not known; there are %s", name, strings.Join(ownSettings, ", "))
		}
	}
	if s.has(ownVIP) && !at.Since("v2.19.0") {
		return fmt.Errorf("--with %s: %s does not know kube-vip yet", ownVIP, at.Tag)
	}
	return nil
}

// customisation is a line of the sample that the operator changed, from the tag since up to, and not including, until.
type customisation struct{ since, until, file, old, new string }

// customisations are what an operator must carry from release to release.
func (s settings) customisations(at release) []customisation {
	all := slices.Clone(everywhere)
	network := [3]string{"vxlan", "Never", "Always"}
	if s.has(ownIPIP) {
		network = [3]string{"bird", "Always", "Never"}
	}
	all = append(all,
		customisation{"", "", "k8s-net-calico.yml", `(?m)^# calico_network_backend: \w+`, "calico_network_backend: " + network[0]},
		customisation{"", "", "k8s-net-calico.yml", `(?m)^# calico_ipip_mode: '\w+'`, "calico_ipip_mode: '" + network[1] + "'"},
		customisation{"", "", "k8s-net-calico.yml", `(?m)^# calico_vxlan_mode: '\w+'`, "calico_vxlan_mode: '" + network[2] + "'"})
	if s.has(ownVIP) {
		all = append(all,
			customisation{"", "", "addons.yml", `(?m)^kube_vip_enabled: false`, "kube_vip_enabled: true"},
			customisation{"", "", "addons.yml", `(?m)^# kube_vip_arp_enabled: true`, "kube_vip_arp_enabled: true"},
			customisation{"", "", "addons.yml", `(?m)^# kube_vip_controlplane_enabled: true`, "kube_vip_controlplane_enabled: true"},
			customisation{"", "", "addons.yml", `(?m)^# kube_vip_address: \S+`, "kube_vip_address: " + vipAddress},
			customisation{"", "", "addons.yml", `(?m)^# loadbalancer_apiserver:\n#   address: .*\n#   port: 6443`,
				"loadbalancer_apiserver:\n  address: \"{{ kube_vip_address }}\"\n  port: 6443"})
	}
	return slices.DeleteFunc(all, func(c customisation) bool {
		return c.since != "" && !at.Since(c.since) || c.until != "" && at.Since(c.until)
	})
}

var everywhere = []customisation{
	{"", "", "addons.yml", `(?m)^helm_enabled: false`, "helm_enabled: true"},
	{"", "v2.31.0", "addons.yml", `(?m)^ingress_nginx_enabled: false`, "ingress_nginx_enabled: true"},
	{"v2.24.2", "v2.31.0", "addons.yml", `(?m)^# ingress_nginx_service_type: LoadBalancer`, "ingress_nginx_service_type: NodePort"},
	{"v2.23.0", "v2.31.0", "addons.yml", `(?m)^# ingress_nginx_default: false`, "ingress_nginx_default: true"},
	{"", "", "addons.yml", `(?m)^metallb_enabled: false`, "metallb_enabled: true"},
	{"", "", "addons.yml", `(?m)^# metallb_protocol: "layer2"`, `metallb_protocol: "layer2"`},
	{"", "v2.22.0", "addons.yml", `(?m)^# metallb_ip_range:\n#   - .*`, "metallb_ip_range:\n  - 10.1.1.200-10.1.1.220"},
	{"v2.22.0", "", "addons.yml", `(?m)^# metallb_config: \{\}`, `metallb_config:
  address_pools:
    primary:
      ip_range:
        - 10.1.1.200-10.1.1.220
      auto_assign: true
  layer2:
    - primary`},
	{"", "", "k8s-cluster.yml", `(?m)^kube_proxy_strict_arp: false`, "kube_proxy_strict_arp: true"},
	{"", "", "k8s-cluster.yml", `(?m)^auto_renew_certificates: false`, "auto_renew_certificates: true"},
	{"v2.20.0", "", "k8s-net-calico.yml", `(?m)^calico_pool_blocksize: 26`, "calico_pool_blocksize: 24"},
	{"", "v2.20.0", "k8s-net-calico.yml", `(?m)^# calico_pool_blocksize: 24`, "calico_pool_blocksize: 24"},
}
