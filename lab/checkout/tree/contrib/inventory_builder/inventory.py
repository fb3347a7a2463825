#!/usr/bin/env python3
# The lab's own: writes the inventory of the hosts whose addresses are given, in their order, to $CONFIG_FILE. The first two
# become control planes, the first three get etcd.
import os
import sys

addresses = sys.argv[1:]
names = ["node%d" % (i + 1) for i in range(len(addresses))]
control = names[:2] if len(names) > 2 else names[:1]
etcd = names[:3] if len(names) > 2 else names[:1]
lines = ["all:", "  hosts:"]
for name, address in zip(names, addresses):
    lines += ["    %s:" % name] + ["      %s: %s" % (key, address) for key in ("ansible_host", "ip", "access_ip")]
lines += ["  children:"]
for group, members in (("kube_control_plane", control), ("kube_node", names), ("etcd", etcd)):
    lines += ["    %s:" % group, "      hosts:"] + ["        %s:" % m for m in members]
lines += ["    k8s_cluster:", "      children:", "        kube_control_plane:", "        kube_node:"]
lines += ["    calico_rr:", "      hosts: {}"]
with open(os.environ.get("CONFIG_FILE", "./inventory/sample/hosts.yaml"), "w") as f:
    f.write("\n".join(lines) + "\n")
