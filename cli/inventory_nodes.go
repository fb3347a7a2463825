package cli

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"spraydeck/kube"
	"spraydeck/runbook"
)

// nodesCommand prints an inventory where Ansible has none.
func nodesCommand(o *options) *cobra.Command {
	return &cobra.Command{
		Use: "nodes [HOST,...]", Short: "The nodes of the cluster as an inventory, for clusters that Ansible does not know",
		Long: "The nodes of the cluster as ansible-inventory --list would print them: kube_control_plane, kube_node, and etcd, which is on the\n" +
			"control planes. When the API does not answer, name the control planes: the names are used as given.",
		Example: "  spraydeck inventory nodes\n  spraydeck inventory nodes cp1,cp2,cp3",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			inv := nodeInventory{vars: map[string]map[string]string{}}
			if len(args) > 0 {
				for _, host := range strings.Split(args[0], ",") {
					if host = strings.TrimSpace(host); host != "" {
						inv.add(host, "", true)
					}
				}
			} else if err := inv.ask(cmd, o); err != nil {
				return err
			}
			if len(inv.control) == 0 {
				return &runbook.UsageError{Message: "no control plane is named", Way: "name them: spraydeck inventory nodes cp1,cp2,cp3"}
			}
			return json.NewEncoder(cmd.OutOrStdout()).Encode(inv.list())
		},
	}
}

// nodeInventory is the nodes by role.
type nodeInventory struct {
	control, workers []string
	vars             map[string]map[string]string
}

func (inv *nodeInventory) add(name, address string, control bool) {
	inv.vars[name] = map[string]string{}
	if address != "" {
		inv.vars[name]["ansible_host"] = address
	}
	if control {
		inv.control = append(inv.control, name)
		return
	}
	inv.workers = append(inv.workers, name)
}

// ask reads the nodes from the API, with their internal addresses.
func (inv *nodeInventory) ask(cmd *cobra.Command, o *options) error {
	c, err := kube.Open(o.kubeconfig, o.context)
	if err != nil {
		return usage(err)
	}
	nodes, err := c.Get(cmd.Context(), "nodes", "", "", "", "", "metadata.name", "metadata.labels", "status.addresses")
	if err != nil {
		return err
	}
	for _, n := range nodes {
		meta, _ := n["metadata"].(map[string]any)
		labels, _ := meta["labels"].(map[string]any)
		name, _ := meta["name"].(string)
		_, control := labels["node-role.kubernetes.io/control-plane"]
		_, old := labels["node-role.kubernetes.io/master"]
		inv.add(name, internalAddress(n), control || old)
	}
	return nil
}

func internalAddress(node map[string]any) string {
	status, _ := node["status"].(map[string]any)
	addresses, _ := status["addresses"].([]any)
	for _, a := range addresses {
		if a, _ := a.(map[string]any); a["type"] == "InternalIP" {
			address, _ := a["address"].(string)
			return address
		}
	}
	return ""
}

// list is the form of ansible-inventory --list.
func (inv *nodeInventory) list() map[string]any {
	hosts := func(names []string) map[string]any {
		names = slices.Clone(names)
		slices.Sort(names)
		return map[string]any{"hosts": append([]string{}, names...)}
	}
	return map[string]any{
		"_meta": map[string]any{"hostvars": inv.vars},
		"all":   map[string]any{"children": []string{"etcd", "kube_control_plane", "kube_node"}},
		"etcd":  hosts(inv.control), "kube_control_plane": hosts(inv.control), "kube_node": hosts(inv.workers),
	}
}
