package kube

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	apidiscovery "k8s.io/api/apidiscovery/v2"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// apiKind is a kind of object in one version, as the API server serves it.
type apiKind struct {
	schema.GroupVersionResource
	kind       string
	singular   string
	short      []string
	namespaced bool
}

// hasName compares with the names that kubectl knows, except short names. name is in lower case.
func (k apiKind) hasName(name string) bool {
	return name == k.Resource || name == k.singular || name == strings.ToLower(k.kind)
}

// path is where the API server has the objects of the kind; namespace "" is all of them.
func (k apiKind) path(namespace string) []string {
	path := []string{"/apis", k.Group, k.Version}
	if k.Group == "" {
		path = []string{"/api", k.Version}
	}
	if namespace != "" {
		path = append(path, "namespaces", namespace)
	}
	return append(path, k.Resource)
}

// apiKinds is everything an API server serves: core first, then its groups in its own order, the preferred version of each
// group first.
type apiKinds struct {
	list     []apiKind
	eviction schema.GroupVersion // of the eviction subresource of pods
	silent   map[string]error    // group/version that could not be read: "metrics.k8s.io/v1beta1"
}

// lookup resolves a name as kubectl does: plural, singular, short name or kind, with or without group and version.
func (k *apiKinds) lookup(name string) (apiKind, bool) {
	// "a.b.c" may be resource a, version b, group c, or resource a, group b.c.
	full, short := schema.ParseResourceArg(strings.ToLower(name))
	if full != nil {
		if found, ok := k.first(full.Resource, func(a apiKind) bool { return a.Group == full.Group && a.Version == full.Version }); ok {
			return found, true
		}
	}
	if found, ok := k.first(short.Resource, func(a apiKind) bool { return short.Group == "" || a.Group == short.Group }); ok {
		return found, true
	}
	return k.first(short.Resource, func(a apiKind) bool { return strings.HasPrefix(a.Group, short.Group) })
}

func (k *apiKinds) first(name string, in func(apiKind) bool) (apiKind, bool) {
	for _, matches := range []func(apiKind) bool{
		func(a apiKind) bool { return a.hasName(name) },
		func(a apiKind) bool { return slices.Contains(a.short, name) },
	} {
		if i := slices.IndexFunc(k.list, func(a apiKind) bool { return in(a) && matches(a) }); i >= 0 {
			return k.list[i], true
		}
	}
	return apiKind{}, false
}

// unread names the group that could not be read and may have the kind.
func (k *apiKinds) unread(name string) (group string, err error) {
	_, wanted := schema.ParseResourceArg(strings.ToLower(name))
	for gv, err := range k.silent {
		group, _, _ := strings.Cut(gv, "/")
		if wanted.Group == "" || strings.HasSuffix(wanted.Group, group) {
			return gv, err
		}
	}
	return "", nil
}

// kindCache reads the kinds once, and again when it is asked to.
type kindCache struct {
	mu    sync.Mutex
	kinds *apiKinds
}

func (c *kindCache) get(ctx context.Context, from core, afresh bool) (*apiKinds, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.kinds != nil && !afresh {
		return c.kinds, nil
	}
	kinds, err := readKinds(ctx, from)
	if err != nil {
		return nil, err
	}
	c.kinds = kinds
	return kinds, nil
}

// aggregated asks for all kinds in one answer. Servers before v1.26 do not know it and answer with a list of groups.
const aggregated = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList," +
	"application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json"

func readKinds(ctx context.Context, from core) (*apiKinds, error) {
	out := &apiKinds{silent: map[string]error{}}
	for _, path := range []string{"/api", "/apis"} {
		body, err := from.raw(ctx, path, aggregated)
		if err != nil {
			return nil, err
		}
		var groups struct {
			metav1.TypeMeta
			Versions []string // of APIVersions
			Groups   []metav1.APIGroup
			Items    []apidiscovery.APIGroupDiscovery
		}
		if err := json.Unmarshal(body, &groups); err != nil {
			return nil, fmt.Errorf("read the kinds of the API server: %s: %w", path, err)
		}
		for _, g := range groups.Items {
			out.addGroup(g)
		}
		versions := groups.Versions
		for _, g := range groups.Groups {
			versions = append(versions, preferredFirst(g)...)
		}
		if err := out.addEach(ctx, from, path, versions); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (k *apiKinds) addGroup(g apidiscovery.APIGroupDiscovery) {
	for _, v := range g.Versions {
		for _, r := range v.Resources {
			k.add(schema.GroupVersion{Group: g.Name, Version: v.Version}, r)
		}
	}
}

func (k *apiKinds) add(gv schema.GroupVersion, r apidiscovery.APIResourceDiscovery) {
	for _, sub := range r.Subresources {
		if gv.Group == "" && r.Resource == "pods" && sub.Subresource == "eviction" && sub.ResponseKind != nil {
			k.eviction = schema.GroupVersion{Group: sub.ResponseKind.Group, Version: sub.ResponseKind.Version}
		}
	}
	if r.ResponseKind == nil {
		return // only its subresources are served
	}
	k.list = append(k.list, apiKind{
		GroupVersionResource: gv.WithResource(r.Resource), kind: r.ResponseKind.Kind, singular: r.SingularResource,
		short: r.ShortNames, namespaced: r.Scope == apidiscovery.ScopeNamespace,
	})
}

func preferredFirst(g metav1.APIGroup) []string {
	versions := []string{g.PreferredVersion.GroupVersion}
	for _, v := range g.Versions {
		if v.GroupVersion != versions[0] {
			versions = append(versions, v.GroupVersion)
		}
	}
	return versions
}

// addEach reads group by group, as servers before v1.26 want it. A group that the server cannot serve is remembered as
// silent; without an answer of the server nothing is known.
func (k *apiKinds) addEach(ctx context.Context, from core, path string, versions []string) error {
	lists := make([]metav1.APIResourceList, len(versions))
	failed := make([]error, len(versions))
	var work sync.WaitGroup
	for i, gv := range versions {
		work.Go(func() {
			body, err := from.raw(ctx, path+"/"+gv, "application/json")
			if err == nil {
				err = json.Unmarshal(body, &lists[i])
			}
			failed[i] = err
		})
	}
	work.Wait()
	for i, version := range versions {
		var status apierrors.APIStatus
		switch err := failed[i]; {
		case err != nil && !errors.As(err, &status):
			return err
		case err != nil:
			k.silent[version] = err
			continue
		}
		gv, err := schema.ParseGroupVersion(version)
		if err != nil {
			return err
		}
		for _, r := range lists[i].APIResources {
			k.addOld(gv, r)
		}
	}
	return nil
}

func (k *apiKinds) addOld(gv schema.GroupVersion, r metav1.APIResource) {
	switch {
	case r.Name == "pods/eviction" && r.Version != "":
		k.eviction = schema.GroupVersion{Group: r.Group, Version: r.Version}
	case !strings.Contains(r.Name, "/"):
		k.list = append(k.list, apiKind{
			GroupVersionResource: gv.WithResource(r.Name), kind: r.Kind, singular: r.SingularName, short: r.ShortNames, namespaced: r.Namespaced,
		})
	}
}
