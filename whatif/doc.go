// Package whatif says what a release of Kubespray would write on each node, and what changes between two of them.
//
// A script of ours (render.py and the files beside it) walks the playbook of a checkout with Ansible's own classes: inventory,
// precedence of variables, templates. No task runs and no node is reached; whatever would run, fetch or write is refused
// (guard.py). Render runs it, Compare holds two renderings against each other by meaning and not by line, and folds what is
// alike over the nodes.
package whatif
