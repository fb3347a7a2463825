package doctor

import (
	"context"
	"strings"
	"time"

	"spraydeck/event"
)

// API is what is asked of the cluster.
type API interface {
	Ping(ctx context.Context) (version string, err error)
	Server() string
	// Clock returns how far the clock of the API server is ahead of ours, as of its last answer.
	Clock() time.Duration
	// May reports whether this user may do that, and if not, why.
	May(ctx context.Context, verb, group, resource, namespace string) (bool, string, error)
}

// right is something that runs do to the cluster.
type right struct{ name, verb, group, resource, namespace string }

// rights are those that every run uses: it watches nodes and pods, cordons, drains, and holds the lease.
var rights = []right{
	{"watch nodes", "watch", "", "nodes", ""},
	{"list pods everywhere", "list", "", "pods", ""},
	{"cordon nodes", "patch", "", "nodes", ""},
	{"evict pods", "create", "", "pods/eviction", ""},
	{"read disruption budgets", "list", "policy", "poddisruptionbudgets", ""},
	{"hold the maintenance lease", "create", "coordination.k8s.io", "leases", "kube-system"},
	{"renew the maintenance lease", "update", "coordination.k8s.io", "leases", "kube-system"},
}

// OnCluster checks that the API server answers, its clock, and what this user may do. none is why there is no API.
func OnCluster(ctx context.Context, api API, none error) []Check {
	if none != nil {
		return []Check{broken(cluster, "kubeconfig", none)}
	}
	version, err := api.Ping(ctx)
	if err != nil {
		return []Check{broken(cluster, "api", err)}
	}
	said := version + " " + api.Server()
	return []Check{pass(cluster, "api", said, said), skew(cluster, api.Clock(), time.Second), may(ctx, api)}
}

func may(ctx context.Context, api API) Check {
	var refused []string
	for _, r := range rights {
		ok, why, err := api.May(ctx, r.verb, r.group, r.resource, r.namespace)
		if err != nil {
			return unknown(cluster, "rights", event.T(err.Error()), event.T(event.HintOf(err)))
		}
		if !ok {
			refused = append(refused, strings.TrimSpace(r.name+" "+why))
		}
	}
	if len(refused) > 0 {
		list := strings.Join(refused, "; ")
		return fail(cluster, "rights", event.Textf("this user may not: %s", "このユーザーに許可されていない操作: %s", list),
			event.Text{En: "Use the kubeconfig of an administrator: --kubeconfig, or /etc/kubernetes/admin.conf on a control plane.", Ja: "管理者の kubeconfig を --kubeconfig で指定してください (コントロールプレーンでは /etc/kubernetes/admin.conf)。"})
	}
	return pass(cluster, "rights", "this user may cordon, drain and hold the maintenance lease", "cordon、drain、作業用 Lease の取得が許可されています")
}
