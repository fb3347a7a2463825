package release

import (
	"fmt"
	"slices"

	"github.com/Masterminds/semver/v3"

	"spraydeck/event"
	"spraydeck/runbook"
)

// Chain is the route from one release of Kubespray to another: no minor is skipped, because Kubernetes upgrades one minor
// at a time, and each stop is the newest patch that is good to stop at.
type Chain struct {
	KnownUpTo string `json:"knownUpTo"` // the newest release the catalogue knows
	Stops     []Stop `json:"stops"`     // the release left, then one stop for every hop
	Hops      []Hop  `json:"hops"`      // none when there is nowhere to go
}

// Stop is a release, and what is installed there.
type Stop struct {
	Release    string              `json:"release"`
	Date       string              `json:"date"`
	Kubernetes StopKubernetes      `json:"kubernetes"`
	Components map[string]string   `json:"components"`
	Ansible    StopAnsible         `json:"ansible"`
	Python     *StopPython         `json:"python,omitempty"` // nil where the release does not say
	OS         map[string][]string `json:"os"`

	release *Release
}

// StopKubernetes is the Kubernetes that a stop installs, and the range it could.
type StopKubernetes struct {
	Version string `json:"version"`
	Min     string `json:"min"`
	Max     string `json:"max"`
}

// StopAnsible is the Ansible that a stop runs under: the package it pins and the ansible-core it accepts.
type StopAnsible struct {
	Package string `json:"package"`
	Min     string `json:"min"`
	Below   string `json:"below"`
}

// StopPython is the Python on the workstation.
type StopPython struct {
	Min string `json:"min"`
	Max string `json:"max"`
}

// Hop is one upgrade.
type Hop struct {
	From       string      `json:"from"`
	To         string      `json:"to"`
	Avoided    []Avoided   `json:"avoided"`    // releases on the way that are no place to stop
	Conditions []Condition `json:"conditions"` // what must hold before this hop
	Backwards  []Backwards `json:"backwards"`  // components that this hop makes older
	Notes      []Told      `json:"notes"`      // changes that come with it
	Faults     []Told      `json:"faults"`     // what is wrong in the release gone to
}

// Avoided is a release that is passed by.
type Avoided struct {
	Release string     `json:"release"`
	Why     event.Text `json:"why"`
	Instead string     `json:"instead,omitempty"`
	Source  string     `json:"source,omitempty"`
}

// Condition is what must hold before a hop. Nodes are those known not to meet it.
type Condition struct {
	About  string     `json:"about"` // kubernetes, etcd, calico, os, ansible, release ...
	Says   event.Text `json:"says"`
	Unmet  bool       `json:"unmet,omitempty"` // it is known not to hold
	Nodes  []string   `json:"nodes,omitempty"`
	Source string     `json:"source,omitempty"`
}

// Backwards is a component that becomes older.
type Backwards struct {
	Component string `json:"component"`
	From      string `json:"from"`
	To        string `json:"to"`
}

// Told is a notice with its source.
type Told struct {
	Says   event.Text `json:"says"`
	Source string     `json:"source,omitempty"`
}

// ChainOptions is what is known of the cluster. Every field is optional.
type ChainOptions struct {
	Kubernetes string            // the oldest version that a node runs
	Nodes      map[string]string // node -> the name of its system, as the node object gives it
}

// NewChain finds the way from one release to another. A release that is not known is an error, and so is the way back.
func NewChain(rs Releases, from, to string, o ChainOptions) (*Chain, error) {
	start, err := rs.Find(from)
	if err != nil {
		return nil, err
	}
	goal, err := rs.Find(to)
	if err != nil {
		return nil, err
	}
	if goal.version.LessThan(start.version) {
		return nil, &runbook.UsageError{Message: fmt.Sprintf("%s is older than %s: there is no way back", goal.Name, start.Name),
			Way: "Kubernetes and etcd do not go to older versions; restore a backup instead"}
	}
	route := []*Release{start}
	for at := start; at != goal; at = route[len(route)-1] {
		next, err := rs.next(at, goal)
		if err != nil {
			return nil, err
		}
		route = append(route, next)
	}
	c := &Chain{KnownUpTo: rs[len(rs)-1].Name.Value, Hops: []Hop{}}
	for i, r := range route {
		c.Stops = append(c.Stops, stopOf(r))
		if i > 0 {
			c.Hops = append(c.Hops, rs.hop(route, i, o))
		}
	}
	return c, nil
}

// next is the stop after a release on the way to the goal. Within the goal's minor it is the goal itself, for better or
// worse: it was asked for. Otherwise it is a release of the next minor: the newest that is good, or else the newest that
// may be gone to at all. If none may, the newest patch of this minor comes first.
func (rs Releases) next(at, goal *Release) (*Release, error) {
	if sameMinor(at, goal) {
		return goal, nil
	}
	minor := semver.New(at.version.Major(), at.version.Minor()+1, 0, "", "")
	var fallback *Release
	var refused event.Text
	for _, r := range slices.Backward(rs) {
		if r.version.Major() != minor.Major() || r.version.Minor() != minor.Minor() || (sameMinor(r, goal) && r != goal) {
			continue
		}
		if why := refuses(r, at); len(why) > 0 {
			refused = why[0]
			continue
		}
		if r == goal || (r.Avoid == nil && len(backwards(at, r)) == 0) {
			return r, nil
		}
		if fallback == nil || (fallback.Avoid != nil && r.Avoid == nil) {
			fallback = r
		}
	}
	if fallback != nil {
		return fallback, nil
	}
	for _, r := range slices.Backward(rs) {
		if sameMinor(r, at) && r.version.GreaterThan(at.version) && r.Avoid == nil {
			return r, nil
		}
	}
	if !refused.Empty() {
		return nil, &runbook.UsageError{Message: fmt.Sprintf("no route leads on from %s: %s", at.Name, refused.En), Way: ""}
	}
	return nil, &runbook.UsageError{Message: fmt.Sprintf("no route leads on from %s: no release v%d.%d is known", at.Name, minor.Major(), minor.Minor()), Way: "no minor may be skipped"}
}

func sameMinor(a, b *Release) bool {
	return a.version.Major() == b.version.Major() && a.version.Minor() == b.version.Minor()
}

// refuses returns the reasons why a release cannot follow another: what its playbook would stop at.
func refuses(to, from *Release) []event.Text {
	var why []event.Text
	if v := from.Kubernetes.Default.Value; from.Kubernetes.Version().LessThan(runbook.MustVersion(to.Kubernetes.Min.Value)) {
		why = append(why, event.Textf("%s takes Kubernetes %s or later, %s installs %s", "%s は Kubernetes %s 以降から上げられるが、%s は %s", to.Name, to.Kubernetes.Min, from.Name, v))
	}
	for _, e := range to.Components {
		have := from.component(e.Name).Version.Value
		if least := e.Value.From.Value; least != "" && have != "" && runbook.MustVersion(have).LessThan(runbook.MustVersion(least)) {
			why = append(why, event.Textf("%s takes %s %s or later, %s installs %s", "%s は %s %s 以降から上げられるが、%s は %s", to.Name, e.Name, least, from.Name, have))
		}
	}
	return why
}

// backwards returns the components that would become older, in the order of the catalogue.
func backwards(from, to *Release) []Backwards {
	var list []Backwards
	for _, e := range to.Components {
		old, now := from.component(e.Name).Version.Value, e.Value.Version.Value
		if old != "" && runbook.MustVersion(now).LessThan(runbook.MustVersion(old)) {
			list = append(list, Backwards{e.Name, old, now})
		}
	}
	return list
}

func stopOf(r *Release) Stop {
	s := Stop{Release: r.Name.Value, Date: r.Date.Value, Components: map[string]string{}, OS: map[string][]string{}, release: r}
	s.Kubernetes = StopKubernetes{r.Kubernetes.Default.Value, r.Kubernetes.Min.Value, r.Kubernetes.Max.Value}
	for _, e := range r.Components {
		s.Components[e.Name] = e.Value.Version.Value
	}
	s.Ansible = StopAnsible{r.Ansible.Package.Value, r.Ansible.Min.Value, r.Ansible.Below.Value}
	if r.Python.Min.Value != "" {
		s.Python = &StopPython{r.Python.Min.Value, r.Python.Max.Value}
	}
	for _, e := range r.OS {
		s.OS[e.Name] = runbook.WordsOf(e.Value)
	}
	return s
}
