// Package kubespray reads what a Kubespray checkout and its inventory tell:
// which tag and branch it stands on, what the sample inventory and the role
// defaults say at any tag, which hosts and variables an inventory really
// resolves to, and what an operator changed against the sample.
//
// It is not for changing anything. It commits, checks out and writes nothing;
// steps that do run their git and Ansible commands in sight of the operator.
//
// Rules:
//
//   - The established tool is the truth: git for history and merging,
//     ansible-inventory for hosts and variables. Our own inventory reader is
//     for when Ansible is absent, and then [Inventory.Source] says so.
//   - git runs directly, never through a shell, with LC_ALL=C and every
//     transport forbidden, so that no call can reach the network.
//   - A revision or path from outside is never an argument that could be read
//     as an option.
//   - YAML means what it means to Ansible (YAML 1.1: yes is true, 0644 is 420).
//   - Every value keeps the file and line it came from.
package kubespray
