package runbook

import (
	"github.com/Masterminds/semver/v3"
	"go.yaml.in/yaml/v3"
)

// ReleaseFile is what is known of one release of Kubespray. Its name is the tag. Versions stand without a leading v.
type ReleaseFile struct {
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
	Checks     []Refusal        `yaml:"checks" doc:"what its playbooks refuse and no built-in release does; diagnose explains a log by it"`
	Notes      []Notice         `yaml:"notes" doc:"what an operator must know of changes that came with this release"`
	Source     Source
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

// VariableChanges is what became of variables. Package release adds them up.
type VariableChanges struct {
	Gone    []Str      `yaml:"gone" doc:"keys of older samples that no role reads from here on"`
	Back    []Str      `yaml:"back" doc:"keys once gone that are read again"`
	Refused []Str      `yaml:"refused" doc:"keys that stop the play from here on"`
	Renamed Named[Str] `yaml:"renamed" doc:"the key that does the work of an older one"`
	Pos     Pos
}

// Refusal is an assert or fail task of a release.
type Refusal struct {
	Path    Str `yaml:"path,required" doc:"the file of the task"`
	Task    Str `yaml:"task" doc:"its name"`
	Message Str `yaml:"message" doc:"what it prints, a template"`
	That    Str `yaml:"that" doc:"the condition of an assert"`
	When    Str `yaml:"when" doc:"the condition of a fail"`
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

// Version returns the version of Kubernetes installed by default.
func (k KubernetesRange) Version() *semver.Version { return MustVersion(k.Default.Value) }
