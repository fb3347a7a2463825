package runbook

import (
	"fmt"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"github.com/Masterminds/semver/v3"
	"go.yaml.in/yaml/v3"
)

// Range is a semver range with its place, such as ">=2.27.0 <2.28.0".
type Range struct {
	Source string
	Pos    Pos
	c      *semver.Constraints
}

func (r *Range) decode(d *decoder, n *yaml.Node) {
	*r = Range{Source: d.scalar(n, "a range of versions"), Pos: d.pos(n)}
	if n.Kind != yaml.ScalarNode {
		return
	}
	c, err := semver.NewConstraint(r.Source)
	if err != nil {
		d.problem(n, "value", "no range of versions: "+err.Error(), `write it as ">=2.27.0 <2.28.0" or "2.28.x"`)
	}
	r.c = c
}

// Has says whether a version, with or without a leading v, lies in the range. An empty range has all.
func (r Range) Has(version string) bool {
	if r.c == nil {
		return true
	}
	v, err := semver.NewVersion(version)
	return err == nil && r.c.Check(v)
}

// ownOverload begins the name of each of our overloads; see ownCost.
const ownOverload = "spraydeck_"

// versionFunctions adds to expressions:
//
//	compareVersions(a, b)  -1, 0 or 1; a leading v and missing parts do not matter
//	inRange(version, ">=1.31.0 <1.33.0")
//	minor("v1.31.4")       31
func versionFunctions() cel.EnvOption {
	str := cel.StringType
	return cel.Lib(functions{
		cel.Function("compareVersions", cel.Overload(ownOverload+"compare_versions_string_string", []*cel.Type{str, str}, cel.IntType,
			cel.BinaryBinding(func(a, b ref.Val) ref.Val {
				x, y, err := twoVersions(a, b)
				if err != nil {
					return types.NewErr("%v", err)
				}
				return types.Int(x.Compare(y))
			}))),
		cel.Function("inRange", cel.Overload(ownOverload+"in_range_string_string", []*cel.Type{str, str}, cel.BoolType,
			cel.BinaryBinding(func(v, r ref.Val) ref.Val {
				c, err := semver.NewConstraint(r.Value().(string))
				if err != nil {
					return types.NewErr("no range of versions %q: %v", r.Value(), err)
				}
				x, err := parseVersion(v)
				if err != nil {
					return types.NewErr("%v", err)
				}
				return types.Bool(c.Check(x))
			}))),
		cel.Function("json", cel.Overload(ownOverload+"json_dyn", []*cel.Type{cel.DynType}, str, cel.UnaryBinding(asJSON))),
		cel.Function("minor", cel.Overload(ownOverload+"minor_string", []*cel.Type{str}, cel.IntType,
			cel.UnaryBinding(func(v ref.Val) ref.Val {
				x, err := parseVersion(v)
				if err != nil {
					return types.NewErr("%v", err)
				}
				return types.Int(x.Minor())
			}))),
	})
}

type functions []cel.EnvOption

func (f functions) CompileOptions() []cel.EnvOption   { return f }
func (functions) ProgramOptions() []cel.ProgramOption { return nil }

func parseVersion(v ref.Val) (*semver.Version, error) {
	s, _ := v.Value().(string)
	return semver.NewVersion(strings.TrimSpace(s))
}

func twoVersions(a, b ref.Val) (x, y *semver.Version, err error) {
	if x, err = parseVersion(a); err == nil {
		y, err = parseVersion(b)
	}
	return x, y, err
}

func ParseTag(tag string) (*semver.Version, error) {
	v, err := semver.StrictNewVersion(strings.TrimPrefix(tag, "v"))
	if err != nil || !strings.HasPrefix(tag, "v") {
		return nil, fmt.Errorf("%q is no tag of a release, such as v2.28.1", tag)
	}
	return v, nil
}

func AsTag(version string) string { return "v" + strings.TrimPrefix(version, "v") }

// MustVersion reads a version that the linter has read before; one that it would refuse counts as 0.
func MustVersion(s string) *semver.Version {
	if v, err := semver.NewVersion(s); err == nil {
		return v
	}
	return semver.New(0, 0, 0, "", "")
}
