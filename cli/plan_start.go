package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/Masterminds/semver/v3"

	"spraydeck/event"
	"spraydeck/kube"
	"spraydeck/kubespray"
	"spraydeck/release"
	"spraydeck/runbook"
)

// planStart is the release a plan begins at, and how it is known.
type planStart struct {
	Release    string `json:"release"`
	Kubernetes string `json:"kubernetes,omitempty"` // the oldest version a node runs, where the cluster was asked
	Source     string `json:"source"`               // given, checkout, cluster, or "checkout and cluster"

	systems  map[string]string // node -> its operating system
	warnings []event.Text
}

// sighting is where a plan starts, as it was found, or the error that was met.
type sighting struct {
	tag        string
	noTag      error
	kubelets   []string // one for every node
	systems    map[string]string
	noKubelets error
}

// askingTime is how long the cluster may take to answer; the checkout alone is enough to go on.
const askingTime = 10 * time.Second

func findStart(ctx context.Context, o *options, rs release.Releases) (planStart, error) {
	var s sighting
	var named []event.Text
	if checkout, err := kubespray.Open(o.checkout); err != nil {
		s.noTag = err
	} else {
		named = programs(ctx, checkout)
		var exact bool
		if s.tag, exact, s.noTag = checkout.Tag(ctx); s.noTag == nil && !exact {
			if commits, code, err := checkout.Above(ctx, s.tag); err == nil && code > 0 {
				named = append(named, event.Textf("the checkout is %d commits above %s, and %d of them change roles or playbooks: it is not that release, and may install other versions than the plan says",
					"チェックアウトは %[2]s より %[1]d コミット新しく、うち %[3]d はロールまたはプレイブックを変更しています。リリースそのものではなく、計画と異なるバージョンが導入されることがあります", commits, s.tag, code))
			}
		}
	}
	// what was named and is not there is a mistake, not a thing to do without
	if s.noTag != nil && o.checkout != "." {
		return planStart{}, usage(s.noTag)
	}
	cluster, err := kube.Open(o.kubeconfig, o.context)
	switch {
	case err == nil:
		s.kubelets, s.systems, s.noKubelets = askNodes(ctx, cluster)
	case o.kubeconfig != "" || o.context != "":
		return planStart{}, usage(err)
	default:
		s.noKubelets = err
	}
	if err := ctx.Err(); err != nil {
		return planStart{}, err
	}
	p, err := s.start(rs)
	p.warnings = append(named, p.warnings...)
	return p, err
}

// askNodes returns the version of every kubelet, and the system of every node.
func askNodes(ctx context.Context, cluster *kube.Cluster) (kubelets []string, systems map[string]string, err error) {
	ctx, cancel := context.WithTimeout(ctx, askingTime)
	defer cancel()
	nodes, err := cluster.Get(ctx, "nodes", "", "", "", "", "metadata.name", "status.nodeInfo")
	if err != nil {
		return nil, nil, err
	}
	systems = map[string]string{}
	for _, n := range nodes {
		info := under(under(n, "status"), "nodeInfo")
		name, _ := under(n, "metadata")["name"].(string)
		version, _ := info["kubeletVersion"].(string)
		system, _ := info["osImage"].(string)
		if version != "" {
			kubelets = append(kubelets, version)
		}
		if system != "" {
			systems[name] = system
		}
	}
	if len(kubelets) == 0 {
		return nil, nil, errors.New("the cluster has no node that tells its version")
	}
	return kubelets, systems, nil
}

func under(object map[string]any, key string) map[string]any {
	m, _ := object[key].(map[string]any)
	return m
}

// start decides. The cluster is what will be upgraded, so it has the last word on the minor; only the checkout can tell
// two patches with the same Kubernetes apart.
func (s sighting) start(rs release.Releases) (planStart, error) {
	p := planStart{systems: s.systems}
	var checkout, cluster *release.Release
	var unknown error
	if s.noTag == nil {
		checkout, unknown = rs.Find(s.tag)
	}
	if s.noKubelets == nil {
		oldest, newest := ends(s.kubelets)
		p.Kubernetes = strings.TrimPrefix(oldest, "v")
		cluster = rs.Running(oldest)
		if oldest != newest {
			p.warn("nodes run Kubernetes %s to %s: an upgrade is not finished; the plan starts at the oldest", "ノードの Kubernetes は %s から %s。アップグレードが途中なので、最も古いものから始める", oldest, newest)
		}
	}
	switch {
	case checkout == nil && cluster == nil:
		return p, s.lost(unknown)
	case cluster == nil:
		p.Release, p.Source = checkout.Name.Value, "checkout"
		if s.noKubelets != nil {
			p.warn("the cluster was not asked (%v): the start is that of the checkout", "クラスターには問い合わせていない（%v）。開始点はチェックアウトによる", s.noKubelets)
		} else {
			p.warn("no release known installs the Kubernetes %s that the nodes run: the start is that of the checkout", "ノードの Kubernetes %s を入れるリリースは知られていない。開始点はチェックアウトによる", p.Kubernetes)
		}
	case checkout == nil:
		p.Release, p.Source = cluster.Name.Value, "cluster"
		p.warn("the start is inferred from Kubernetes %s alone, %v; --from says it exactly", "開始点は Kubernetes %s だけから推定（%v）。正確には --from で指定する", p.Kubernetes, cmpErr(unknown, s.noTag))
	case disagree(checkout, cluster, p.Kubernetes):
		p.Release, p.Source = cluster.Name.Value, "cluster"
		p.warn("the checkout is at %s (Kubernetes %s), the nodes run %s: the start is %s; --from says otherwise",
			"チェックアウトは %s（Kubernetes %s）だが、ノードは %s。開始点は %s とする。違う場合は --from で指定する",
			checkout.Name, checkout.Kubernetes.Default, p.Kubernetes, cluster.Name)
	default:
		p.Release, p.Source = checkout.Name.Value, "checkout and cluster"
	}
	return p, nil
}

func (p *planStart) warn(en, ja string, args ...any) {
	p.warnings = append(p.warnings, event.Textf(en, ja, args...))
}

// lost: neither checkout nor cluster could say where to start.
func (s sighting) lost(unknown error) error {
	if unknown != nil {
		return unknown
	}
	why := fmt.Sprintf("checkout: %v", s.noTag)
	if s.noKubelets != nil {
		why += fmt.Sprintf("; cluster: %v", s.noKubelets)
	}
	return &runbook.UsageError{Message: "the release to start from is not known (" + why + ")", Way: "--from names it, --checkout and --kubeconfig say where to look"}
}

func cmpErr(a, b error) error {
	if a != nil {
		return a
	}
	return b
}

// disagree: the nodes run another minor than the checkout installs, or just the version of another release. A version
// of the same minor that no release installs by default was pinned, which is no contradiction.
func disagree(checkout, cluster *release.Release, kubernetes string) bool {
	a, errA := semver.NewVersion(checkout.Kubernetes.Default.Value)
	b, errB := semver.NewVersion(kubernetes)
	if errA != nil || errB != nil || a.Equal(b) {
		return false
	}
	return a.Minor() != b.Minor() || cluster.Kubernetes.Default.Value == kubernetes
}

// ends returns the oldest and the newest of some versions.
func ends(versions []string) (oldest, newest string) {
	byVersion := func(a, b string) int {
		x, errX := semver.NewVersion(a)
		y, errY := semver.NewVersion(b)
		if errX != nil || errY != nil {
			return strings.Compare(a, b)
		}
		return x.Compare(y)
	}
	return slices.MinFunc(versions, byVersion), slices.MaxFunc(versions, byVersion)
}
