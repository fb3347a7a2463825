package e2e

import (
	"slices"
	"strings"
	"testing"
)

// oldNights are on a cluster from v2.18.1 to v2.21.0, and end with the procedures for its ingress controller.
func oldNights() []night {
	list := hopNights("v2.18.1", hopsOld)
	list[0].nodeByNode("v2.18.1", hopsOld[0])
	list = slices.Insert(list, 0, night{
		book: "kubespray-ingress-nginx-1.0", set: []string{"ansible=system"}, skipped: []string{"make-class"},
		prepare: func(l *lab) { l.apply("ingress.yaml") }, unit: theCluster, health: []string{"ingresses-kept"},
	})
	return append(list, night{
		book: "kubespray-ingress-terminating", mended: []string{"end-them/ingress-terminating"},
		prepare: func(l *lab) {
			waitFor(l.t, "pods of the hop before have ended", l.rolledOut)
			l.kubectl(`-n ingress-nginx annotate pod -l app=ingress-nginx --field-selector spec.nodeName=node3 spraydeck-lab/never-ends=`)
			l.kubectl(`-n ingress-nginx delete pod -l app=ingress-nginx --field-selector spec.nodeName=node3 --grace-period=1 --wait=false`)
			l.later("10 minutes")
		},
		after: func(_ *testing.T, l *lab) { l.later("") },
	})
}

// newNights are on a cluster from v2.24.3 to the newest release.
func newNights() []night {
	list := hopNights("v2.24.3", hopsNew)
	list[0].nodeByNode("v2.24.3", hopsNew[0])
	return list
}

// nodeByNode makes a hop one that is run node by node, with a virtual environment for the tag.
func (n *night) nodeByNode(from, to string) {
	n.set = []string{"previous_tag=" + from, "python=python-of-the-tag"}
	n.answers[0] = "kubespray-hop-node-by-node.yaml"
	n.unit, n.health = nil, []string{"nodes-ready|worker-ready", "pods-well|pods-settled", "ceph-ok"}
	n.skipped = slices.Concat([]string{"upgrade-all"}, never, hopSkips[to])
	before := n.prepare
	n.prepare = func(l *lab) {
		before(l)
		l.shell("NIGHTS=" + l.nights() + " " + l.nights() + "/bin/python-of-the-tag -m venv venv/k8s")
	}
}

// middleNights are on a cluster from v2.21.0 to v2.24.3, every patch release on the way that has a runbook.
func middleNights() []night {
	list := hopNights("v2.21.0", hopsMiddle)
	after := func(tag string, more ...night) {
		i := slices.IndexFunc(list, func(n night) bool { return n.book == "kubespray-"+tag })
		list = slices.Insert(list, i+1, more...)
	}
	after("v2.22.2",
		night{
			book:    "kubespray-metallb-0.13",
			set:     []string{"ansible=system", "target_tag=v2.22.2", "kube_version=v1.26.13"},
			prepare: metallbHeldBack, unit: theCluster, health: []string{"pools-there", "node-left-cordoned"},
			mended: []string{"metallb-settings/settings/metallb-config-deleted", "upgrade/failed"},
		},
		night{book: "kubespray-metallb-settings"})
	after("v2.24.1", night{book: "kubespray-ingress-leader-rbac", prepare: func(l *lab) { l.apply("ingress-role.yaml") }, mended: []string{"role/ingress-lease-rbac"}})
	return list
}

// beforeHop is what an operator does, or a cluster has, before the hop to a tag.
var beforeHop = map[string]func(l *lab){
	// the pools of 0.13, written while MetalLB was held back
	"v2.22.1": func(l *lab) {
		l.shell(`f=inventory/mycluster/group_vars/k8s_cluster/addons.yml
			sed -i -e '/^metallb_ip_range:/,/^  - /d' $f && cat >>$f <<'END' && git commit -q -m 'The pools of MetalLB 0.13' $f
metallb_config:
  address_pools:
    primary:
      ip_range:
        - 10.1.1.200-10.1.1.220
      auto_assign: true
  layer2:
    - primary
END`)
	},
	// an Ingress with an address, and the right of the controller to its lease as every release before grants it
	"v2.24.1": func(l *lab) {
		l.apply("ingress.yaml")
		l.kubectl(`patch ingress web --subresource=status --type=merge -p '{"status": {"loadBalancer": {"ingress": [{"ip": "10.1.1.200"}]}}}'`)
	},
	"v2.31.0": func(l *lab) {
		for node, kind := range map[string]string{"node1": "cgroup2fs", "node2": "cgroup2fs", "node3": "tmpfs"} {
			l.on(node, `printf '#!/bin/sh\n[ "$*" = "-fc %%T /sys/fs/cgroup/" ] && echo `+kind+` || exec /usr/bin/stat "$@"\n' >/usr/local/bin/stat && chmod +x /usr/local/bin/stat`)
		}
	},
}

// hopSkips are steps of a hop that its night does not need, hopOpen gates that are read and do not pass, and hopMended
// questions that are answered by a remedy.
var (
	hopSkips = map[string][]string{
		"v2.20.0": {"?ingress-terminating/*"}, // whether a pod of the DaemonSet still ends at that moment is chance
	}
	hopOpen = map[string][]string{
		"v2.24.2": {"better-skipped/not-to-stay-at"},
		"v2.24.3": {"better-skipped/not-to-stay-at"},
	}
	hopMended = map[string][]string{
		"v2.22.0": {"metallb-held-back/metallb-v2.22.0"},
		"v2.22.1": {"metallb-settings/settings/on-again", "upgrade-all/failed"},
		"v2.24.1": {"ingress-role/role/ingress-lease-rbac"},
		"v2.31.0": {"known-pitfalls/cgroup-v1", "nothing-uncommitted/dirty-worktree"},
	}
)

// metallbHeldBack is a cluster whose MetalLB was left at 0.12 on the way here.
func metallbHeldBack(l *lab) {
	home := l.t.TempDir() // the copy of the ConfigMap is kept there
	l.env = append(l.env, "HOME="+home)
	l.kubectl("delete crd ipaddresspools.metallb.io l2advertisements.metallb.io")
	l.kubectl("-n metallb-system set image deployment/controller metallb=quay.io/metallb/controller:v0.12.1")
	l.kubectl("-n metallb-system set image daemonset/speaker metallb-speaker=quay.io/metallb/speaker:v0.12.1")
	l.apply("metallb-old.yaml")
}

// rolledOut reports whether every DaemonSet has only pods of its newest revision and no pod of any namespace is terminating.
func (l *lab) rolledOut() bool {
	for line := range strings.Lines(l.kubectl(`get daemonsets -A -o jsonpath='{range.items[*]}{.status.updatedNumberScheduled}/{.status.desiredNumberScheduled}{"\n"}{end}'`)) {
		if updated, desired, _ := strings.Cut(strings.TrimSpace(line), "/"); updated != desired {
			return false
		}
	}
	return !strings.Contains(l.kubectl("get pods -A -o json"), "deletionTimestamp")
}

// later puts a clock on the workstation that is ahead by this much; "" takes it away.
func (l *lab) later(by string) {
	l.t.Helper()
	line := "rm -f " + l.bin + "/date"
	if by != "" {
		line = "printf '#!/bin/sh\\nexec /bin/date -d \"+" + by + "\" \"$@\"\\n' >" + l.bin + "/date && chmod +x " + l.bin + "/date"
	}
	l.shell(line)
}
