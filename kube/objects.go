package kube

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/sergi/go-diff/diffmatchpatch"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/dynamic"
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
	kind, err := c.find(call, resource)
	if err != nil {
		return nil, c.explain(ctx, doing, err)
	}
	if !kind.namespaced {
		namespace = ""
	}
	client := c.client(kind, namespace)

	// With both a name and a namespace (or none to have) a plain get is exact; it also needs fewer
	// rights than a list. A name in any namespace can only be a list.
	if name != "" && selector == "" && fields == "" && (namespace != "" || !kind.namespaced) {
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

func (c *Cluster) client(k apiKind, namespace string) dynamic.ResourceInterface {
	if k.namespaced {
		return c.dynamic.Resource(k.GroupVersionResource).Namespace(namespace)
	}
	return c.dynamic.Resource(k.GroupVersionResource)
}

// find resolves a kind's name as kubectl does: plural, singular, short name or kind, with or without
// group and version. What is unknown is looked up afresh once: a step may just have installed it.
func (c *Cluster) find(ctx context.Context, resource string) (apiKind, error) {
	if strings.TrimSpace(resource) == "" {
		return apiKind{}, &hintError{msg: "find resource: no name given", hint: `write it as for kubectl get: "nodes", "pdb", "deployments.apps"`}
	}
	var kinds *apiKinds
	for _, afresh := range []bool{false, true} {
		var err error
		if kinds, err = c.kinds.get(ctx, c.core, afresh); err != nil {
			return apiKind{}, err
		}
		if kind, ok := kinds.lookup(resource); ok {
			return kind, nil
		}
	}
	// No answer about a group is no answer about its kinds.
	if group, err := kinds.unread(resource); err != nil {
		return apiKind{}, &hintError{
			msg:  fmt.Sprintf("find resource %q: the API server did not say which kinds %s has: %v", resource, group, err),
			hint: "look at what serves this group (kubectl get apiservice), or name the kind with its group",
			err:  err,
		}
	}
	hint := "list the kinds this server has with kubectl api-resources"
	if near := kinds.nearest(resource); len(near) > 0 {
		hint = "did you mean " + strings.Join(near, ", ") + "?"
	}
	return apiKind{}, &unknownKindError{hintError{msg: fmt.Sprintf("find resource %q: this API server has no such kind", resource), hint: hint}}
}

// nearest offers at most three names that a slip of the fingers could have meant.
func (k *apiKinds) nearest(resource string) []string {
	wanted := strings.ToLower(resource)
	stem, _, grouped := strings.Cut(wanted, ".")
	type candidate struct {
		name     string
		distance int
	}
	var found []candidate
	for _, a := range k.list {
		name := a.GroupResource().String()
		d := min(distance(stem, a.Resource), distance(stem, strings.ToLower(a.kind)))
		if grouped {
			d = min(d, distance(wanted, name))
		}
		if d <= max(2, len(stem)/4) {
			found = append(found, candidate{name, d})
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
