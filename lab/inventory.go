package main

import (
	"fmt"
	"strings"
)

// inventory returns the name and the text of the operator's inventory file as a release wants it: what its inventory builder
// makes, up to v2.26, or an inventory.ini.
func (r release) inventory(l Lab, nodes []Node) (name string, text []byte) {
	if r.Since("v2.27.0") {
		return "inventory.ini", []byte(inventoryINI(l, nodes))
	}
	return "hosts.yaml", []byte(hostsYAML(nodes))
}

// hostsYAML is what the inventory builder makes for these nodes. How they are reached is in the
// environment (ANSIBLE_SSH_COMMON_ARGS in D/env).
func hostsYAML(nodes []Node) string {
	var hosts, control, etcd, all strings.Builder
	for _, n := range nodes {
		fmt.Fprintf(&hosts, "    %s:\n      ansible_host: %s\n      ip: %[2]s\n      access_ip: %[2]s\n", n.Name, n.Address)
		line := "        " + n.Name + ":\n"
		all.WriteString(line)
		if n.ControlPlane {
			control.WriteString(line)
		}
		if n.Etcd {
			etcd.WriteString(line)
		}
	}
	return "all:\n  hosts:\n" + hosts.String() + "  children:\n    kube_control_plane:\n      hosts:\n" + control.String() +
		"    kube_node:\n      hosts:\n" + all.String() + "    etcd:\n      hosts:\n" + etcd.String() +
		"    k8s_cluster:\n      children:\n        kube_control_plane:\n        kube_node:\n    calico_rr:\n      hosts: {}\n"
}

// inventoryINI returns the shape of P18: control planes, etcd as their parent, kube_node as the parent of all.
func inventoryINI(l Lab, nodes []Node) string {
	var control, etcd, rest strings.Builder
	for _, n := range nodes {
		line := fmt.Sprintf("%s ip=%s ansible_host=%s", n.Name, n.Address, n.Address)
		if n.Etcd {
			line += " etcd_member_name=" + n.EtcdMember
		}
		switch {
		case n.ControlPlane:
			control.WriteString(line + "\n")
		case n.Etcd:
			etcd.WriteString(line + "\n")
		default:
			rest.WriteString(line + "\n")
		}
	}
	return fmt.Sprintf(`[kube_control_plane]
%s
[etcd:children]
kube_control_plane

[etcd]
%s
[kube_node:children]
etcd

[kube_node]
%s
[all:vars]
ansible_port=%d
ansible_user=root
ansible_python_interpreter=/usr/bin/python3
ansible_ssh_private_key_file=%s
ansible_ssh_common_args='-F "%s"'
`, control.String(), etcd.String(), rest.String(), sshPort, l.path("id_ed25519"), l.path("ssh_config"))
}
