package kube

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/sergi/go-diff/diffmatchpatch"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/restmapper"
)

// Get reads objects by the name kubectl users give to their kind: "nodes", "pdb", "deployments.apps",
// "ippools.crd.projectcalico.org". namespace "" means every namespace (and is ignored for kinds that
// have none); name "" means all of them. selector and fields are label and field selectors as in
// kubectl. A name that is not there is a *NotFoundError; an empty list is none.
// The objects are decoded JSON (string, bool, int64, float64, map, slice) without managedFields.
func (c *Cluster) Get(ctx context.Context, resource, namespace, name, selector, fields string) ([]map[string]any, error) {
	doing := "get " + strings.TrimSpace(resource+" "+name)
	call, cancel := c.call(ctx)
	defer cancel()
	mapping, err := c.find(call, resource)
	if err != nil {
		return nil, c.explain(ctx, doing, err)
	}
	if !namespaced(mapping) {
		namespace = ""
	}
	client := c.client(mapping, namespace)

	// With both a name and a namespace (or none to have) a plain get is exact; it also needs fewer
	// rights than a list. A name in any namespace can only be a list.
	if name != "" && selector == "" && fields == "" && (namespace != "" || !namespaced(mapping)) {
		object, err := client.Get(call, name, metav1.GetOptions{})
		if err != nil {
			return nil, c.missing(ctx, doing, resource, namespace, name, err)
		}
		return []map[string]any{plain(*object)}, nil
	}
	if name != "" {
		fields = strings.Trim("metadata.name="+name+","+fields, ",")
	}
	list, err := client.List(call, metav1.ListOptions{LabelSelector: selector, FieldSelector: fields})
	if err != nil {
		return nil, c.explain(ctx, doing, err)
	}
	if name != "" && len(list.Items) == 0 {
		return nil, &NotFoundError{Resource: resource, Namespace: namespace, Name: name}
	}
	objects := make([]map[string]any, 0, len(list.Items))
	for _, item := range list.Items {
		objects = append(objects, plain(item))
	}
	return objects, nil
}

func plain(object unstructured.Unstructured) map[string]any {
	object.SetManagedFields(nil)
	return object.Object
}

func namespaced(m *meta.RESTMapping) bool { return m.Scope.Name() == meta.RESTScopeNameNamespace }

func (c *Cluster) client(m *meta.RESTMapping, namespace string) dynamic.ResourceInterface {
	if namespaced(m) {
		return c.dynamic.Resource(m.Resource).Namespace(namespace)
	}
	return c.dynamic.Resource(m.Resource)
}

// find resolves a kind's name as kubectl does: plural, singular, short name or kind, with or without
// group and version. What is unknown is looked up afresh once: a step may just have installed it.
func (c *Cluster) find(ctx context.Context, resource string) (*meta.RESTMapping, error) {
	if strings.TrimSpace(resource) == "" {
		return nil, &hintError{msg: "find resource: no name given", hint: `write it as for kubectl get: "nodes", "pdb", "deployments.apps"`}
	}
	mapping, err := c.lookup(ctx, resource)
	if meta.IsNoMatchError(err) {
		c.mapper.ResetWithContext(ctx)
		mapping, err = c.lookup(ctx, resource)
	}
	if !meta.IsNoMatchError(err) {
		return mapping, err
	}
	hint := "list the kinds this server has with kubectl api-resources"
	if near := c.nearest(ctx, resource); len(near) > 0 {
		hint = "did you mean " + strings.Join(near, ", ") + "?"
	}
	return nil, &unknownKindError{hintError{msg: fmt.Sprintf("find resource %q: this API server has no such kind", resource), hint: hint, err: err}}
}

func (c *Cluster) lookup(ctx context.Context, resource string) (*meta.RESTMapping, error) {
	mapper := restmapper.NewShortcutExpanderWithContext(c.mapper, c.discovery, nil)
	// "a.b.c" may be resource a, version b, group c, or resource a, group b.c.
	full, short := schema.ParseResourceArg(strings.ToLower(resource))
	if full != nil {
		if kind, err := mapper.KindForWithContext(ctx, *full); err == nil {
			return mapper.RESTMappingWithContext(ctx, kind.GroupKind(), kind.Version)
		} else if !meta.IsNoMatchError(err) {
			return nil, err
		}
	}
	kind, err := mapper.KindForWithContext(ctx, short.WithVersion(""))
	if err != nil {
		return nil, err
	}
	return mapper.RESTMappingWithContext(ctx, kind.GroupKind(), kind.Version)
}

// nearest offers at most three names that a slip of the fingers could have meant.
func (c *Cluster) nearest(ctx context.Context, resource string) []string {
	wanted := strings.ToLower(resource)
	stem, _, grouped := strings.Cut(wanted, ".")
	// Discovery may fail for one group and still know the others.
	_, lists, _ := c.discovery.ServerGroupsAndResourcesWithContext(ctx)
	type candidate struct {
		name     string
		distance int
	}
	var found []candidate
	for _, list := range lists {
		gv, err := schema.ParseGroupVersion(list.GroupVersion)
		if err != nil {
			continue
		}
		for _, r := range list.APIResources {
			if strings.Contains(r.Name, "/") {
				continue // a subresource
			}
			name := r.Name
			if gv.Group != "" {
				name += "." + gv.Group
			}
			d := min(distance(stem, r.Name), distance(stem, strings.ToLower(r.Kind)))
			if grouped {
				d = min(d, distance(wanted, name))
			}
			if d <= max(2, len(stem)/4) {
				found = append(found, candidate{name, d})
			}
		}
	}
	slices.SortFunc(found, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(a.distance, b.distance), cmp.Compare(a.name, b.name))
	})
	var names []string
	for _, f := range found {
		if !slices.Contains(names, f.name) && len(names) < 3 {
			names = append(names, f.name)
		}
	}
	return names
}

func distance(a, b string) int {
	dmp := diffmatchpatch.New()
	return dmp.DiffLevenshtein(dmp.DiffMain(a, b, false))
}
