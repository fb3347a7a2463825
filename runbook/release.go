package runbook

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/Masterminds/semver/v3"
	"go.yaml.in/yaml/v3"
)

// Release is what is known of one release of Kubespray. Its name is the tag. Versions stand without a leading v.
type Release struct {
	Header
	Date       Str              `yaml:"date,required" doc:"the day of the tag; order releases by version, never by this"`
	LeadingV   Flag             `yaml:"leadingV" doc:"its variables want versions with a leading v"`
	Kubernetes KubernetesRange  `yaml:"kubernetes,required" doc:"the versions of Kubernetes it installs"`
	Components Named[Component] `yaml:"components,required" doc:"what else it installs by default: etcd, containerd, calico ..."`
	Ansible    AnsibleWindow    `yaml:"ansible,required" doc:"the Ansible it runs under"`
	Python     PythonWindow     `yaml:"python" doc:"the Python its Ansible runs under, on the workstation"`
	OS         Named[[]Str]     `yaml:"os,required" doc:"the systems its README lists: debian, ubuntu, rhel (with CentOS), oracle, alma, rocky"`
	Inventory  InventoryForm    `yaml:"inventory" doc:"how its inventory is laid out"`
	Playbooks  PlaybookPaths    `yaml:"playbooks" doc:"where its playbooks are"`
	Checksums  Str              `yaml:"checksums" doc:"the file that lists the versions of Kubernetes it knows"`
	Defaults   Named[Str]       `yaml:"defaults" doc:"what a variable is when the inventory is silent"`
	Allowed    Named[[]Str]     `yaml:"allowed" doc:"the values a variable may have"`
	Variables  VariableChanges  `yaml:"variables" doc:"what became of variables, against the release before"`
	Avoid      *Avoid           `yaml:"avoid" doc:"why nobody should stop at this release"`
	Faults     []Notice         `yaml:"faults" doc:"what is wrong in this release and not in later ones"`
	Notes      []Notice         `yaml:"notes" doc:"what an operator must know of changes that came with this release"`
	Source     Source

	version *semver.Version
}

// KubernetesRange is which versions of Kubernetes a release installs.
type KubernetesRange struct {
	Default Str   `yaml:"default,required" doc:"what it installs unless told otherwise"`
	Min     Str   `yaml:"min,required" doc:"the oldest it accepts"`
	Max     Str   `yaml:"max,required" doc:"the newest it has checksums for"`
	Minors  []Str `yaml:"minors,required" doc:"the minors it can install, with an etcd to go with them"`
	Pos     Pos
}

// Component is something a release installs. A bare value stands for version.
type Component struct {
	Version Str           `yaml:"version,required" doc:"the version installed by default"`
	From    Str           `yaml:"from" doc:"the oldest running version it upgrades from; the play stops at older ones"`
	Why     Prose         `yaml:"why" doc:"why from matters"`
	Source  Str           `yaml:"source" doc:"where from is known from"`
	With    []VersionWith `yaml:"with" doc:"where the version depends on that of Kubernetes"`
	Pos     Pos
}

func (c *Component) decode(d *decoder, n *yaml.Node) {
	if n.Kind == yaml.ScalarNode {
		c.Pos = d.pos(n)
		c.Version.decode(d, n)
		return
	}
	d.intoStruct(n, c)
}

// VersionWith is the version that goes with a minor of Kubernetes.
type VersionWith struct {
	Kubernetes Str `yaml:"kubernetes,required" doc:"a minor of Kubernetes"`
	Version    Str `yaml:"version,required" doc:"the version installed with it"`
	Pos        Pos
}

// AnsibleWindow is the Ansible a release runs under: the package it pins, and the ansible-core it accepts.
type AnsibleWindow struct {
	Package Str `yaml:"package,required" doc:"the ansible package that requirements.txt pins"`
	Core    Str `yaml:"core" doc:"the ansible-core (once ansible-base) that requirements.txt pins beside it"`
	Min     Str `yaml:"min,required" doc:"the oldest ansible-core it runs under"`
	Below   Str `yaml:"below,required" doc:"ansible-core must be older than this"`
	Min210  Str `yaml:"min210" doc:"the oldest 2.10 it runs under, where that differs"`
	Pos     Pos
}

// PythonWindow is the Python on the workstation.
type PythonWindow struct {
	Min Str `yaml:"min,required" doc:"the oldest minor"`
	Max Str `yaml:"max,required" doc:"the newest minor"`
	Pos Pos
}

// InventoryForm is how the inventory of a release is laid out.
type InventoryForm struct {
	Style        Str   `yaml:"style,required" doc:"the file its own way makes: hosts.yaml by the inventory builder, or inventory.ini by hand" enum:"hosts.yaml|inventory.ini"`
	ControlPlane Str   `yaml:"controlPlaneGroup,required" doc:"the group of the control plane"`
	ClusterVars  Str   `yaml:"clusterVars,required" doc:"the directory with the variables of the cluster"`
	EtcdVars     []Str `yaml:"etcdVars,required" doc:"the files with the variables of etcd"`
	Pos          Pos
}

// PlaybookPaths is where the playbooks of a release are, from the top of the checkout.
type PlaybookPaths struct {
	Facts      Str `yaml:"facts,required" doc:"gathers facts"`
	Upgrade    Str `yaml:"upgrade,required" doc:"upgrades"`
	Cluster    Str `yaml:"cluster,required" doc:"installs"`
	Scale      Str `yaml:"scale,required" doc:"adds nodes"`
	RemoveNode Str `yaml:"removeNode,required" doc:"removes a node"`
	Pos        Pos
}

// VariableChanges is what became of variables. Releases.Ignored adds them up.
type VariableChanges struct {
	Gone    []Str      `yaml:"gone" doc:"keys of older samples that no role reads from here on"`
	Back    []Str      `yaml:"back" doc:"keys once gone that are read again"`
	Refused []Str      `yaml:"refused" doc:"keys that stop the play from here on"`
	Renamed Named[Str] `yaml:"renamed" doc:"the key that does the work of an older one"`
	Pos     Pos
}

// Avoid is why a release is no place to stop.
type Avoid struct {
	Why     Prose `yaml:"why,required" doc:"what goes wrong there"`
	Instead Str   `yaml:"instead,required" doc:"the release to take"`
	Source  Str   `yaml:"source,required" doc:"where it is known from"`
	Pos     Pos
}

// Notice is something to know, and where it is known from.
type Notice struct {
	Says   Prose `yaml:"says,required" doc:"one or two lines"`
	Source Str   `yaml:"source,required" doc:"where it is known from"`
	Pos    Pos
}

// Releases are releases in the order of their versions.
type Releases []*Release

// ReadReleases reads the releases below a directory. Nothing reads them before it is asked about releases, so they cost
// a start nothing.
func ReadReleases(fsys fs.FS, dir string) (Releases, error) {
	entries, err := fs.ReadDir(fsys, dir)
	if err != nil {
		return nil, err
	}
	var all []*Release
	var problems Problems
	for _, e := range entries {
		if e.IsDir() || path.Ext(e.Name()) != ".yaml" {
			continue
		}
		name := path.Join(dir, e.Name())
		text, err := fs.ReadFile(fsys, name)
		if err != nil {
			return nil, err
		}
		f, ps := Parse(name, text, &Language{})
		if problems = append(problems, ps...); f.Release != nil {
			all = append(all, f.Release)
		}
	}
	if len(problems) > 0 {
		return nil, problems
	}
	return NewReleases(all...)
}

// NewReleases puts releases in order. Of two of one name the later takes the place of the earlier.
func NewReleases(list ...*Release) (Releases, error) {
	byName := map[string]*Release{}
	for _, r := range list {
		v, err := ParseTag(r.Name.Value)
		if err != nil {
			return nil, Problems{{r.Name.Pos, "release-name", err.Error(), "a release is named by its tag"}}
		}
		r.version = v
		byName[r.Name.Value] = r
	}
	var rs Releases
	for _, r := range byName {
		rs = append(rs, r)
	}
	slices.SortFunc(rs, func(a, b *Release) int { return a.version.Compare(b.version) })
	return rs, nil
}

func ParseTag(tag string) (*semver.Version, error) {
	v, err := semver.StrictNewVersion(strings.TrimPrefix(tag, "v"))
	if err != nil || !strings.HasPrefix(tag, "v") {
		return nil, fmt.Errorf("%q is no tag of a release, such as v2.28.1", tag)
	}
	return v, nil
}

// Find gives the release of a tag, with or without its leading v. A version that is not known is an error that names
// the nearest ones.
func (rs Releases) Find(tag string) (*Release, error) {
	if len(rs) == 0 {
		return nil, errors.New("find release: the catalogue is empty")
	}
	first, last := rs[0], rs[len(rs)-1]
	v, err := semver.NewVersion(tag)
	if err != nil {
		return nil, &UsageError{fmt.Sprintf("%q is no release of Kubespray", tag), fmt.Sprintf("known are %s to %s", first.Name, last.Name)}
	}
	at, found := slices.BinarySearchFunc(rs, v, func(r *Release, v *semver.Version) int { return r.version.Compare(v) })
	switch {
	case found && strings.Count(tag, ".") == 2:
		return rs[at], nil
	case at == len(rs):
		return nil, &UsageError{fmt.Sprintf("%s is newer than the catalogue: releases are known up to %s", asTag(tag), last.Name),
			fmt.Sprintf("the nearest is %s; a file of kind Release makes a newer one known", last.Name)}
	case at == 0 && !found:
		return nil, &UsageError{fmt.Sprintf("%s is older than the catalogue: releases are known from %s", asTag(tag), first.Name), fmt.Sprintf("the nearest is %s", first.Name)}
	}
	return nil, &UsageError{fmt.Sprintf("there is no release %s", asTag(tag)), "the nearest are " + strings.Join(rs.near(v, at), ", ")}
}

// near names the releases of the same minor, or else those on either side.
func (rs Releases) near(v *semver.Version, at int) []string {
	var names []string
	for _, r := range rs {
		if r.version.Major() == v.Major() && r.version.Minor() == v.Minor() {
			names = append(names, r.Name.Value)
		}
	}
	if names == nil {
		names = []string{rs[at-1].Name.Value, rs[at].Name.Value}
	}
	return names
}

func asTag(version string) string { return "v" + strings.TrimPrefix(version, "v") }

// Newest is the newest release that need not be avoided, nil if there is none.
func (rs Releases) Newest() *Release {
	for _, r := range slices.Backward(rs) {
		if r.Avoid == nil {
			return r
		}
	}
	return nil
}

// Running gives the release that most likely installed a version of Kubernetes: of its minor the newest that installs
// just this version, or else the newest that installs an older one, or else the first. Nil if no release has the minor.
func (rs Releases) Running(kubernetes string) *Release {
	v, err := semver.NewVersion(kubernetes)
	if err != nil {
		return nil
	}
	var best *Release
	for _, r := range rs {
		d := r.Kubernetes.version()
		if d.Minor() == v.Minor() && d.Major() == v.Major() && (best == nil || d.Compare(v) <= 0) {
			best = r
		}
	}
	return best
}

// Ignored are the keys of older sample inventories that no role of this release reads, in order: an inventory that holds
// one of them says something that nobody hears.
func (rs Releases) Ignored(r *Release) []string {
	dead := map[string]bool{}
	for _, older := range rs {
		if older.version.Compare(r.version) > 0 {
			break
		}
		for _, k := range older.Variables.Gone {
			dead[k.Value] = true
		}
		for _, k := range older.Variables.Back {
			delete(dead, k.Value)
		}
	}
	keys := make([]string, 0, len(dead))
	for k := range dead {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

func (k KubernetesRange) version() *semver.Version { return mustVersion(k.Default.Value) }

// mustVersion reads a version that the linter has read before; one that it would refuse counts as 0.
func mustVersion(s string) *semver.Version {
	if v, err := semver.NewVersion(s); err == nil {
		return v
	}
	return semver.New(0, 0, 0, "", "")
}

// component gives a component of the release; one it does not install has no version.
func (r *Release) component(name string) Component {
	c, _ := r.Components.Get(name)
	return c
}
