package kube

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/sergi/go-diff/diffmatchpatch"
	"github.com/tidwall/gjson"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/json"
	"k8s.io/client-go/dynamic"
)

// Get is Each for few objects: they are decoded JSON (string, bool, int64, float64, map, slice).
func (c *Cluster) Get(ctx context.Context, resource, namespace, name, selector, fieldSelector string, only ...string) ([]map[string]any, error) {
	objects := []map[string]any{}
	err := c.Each(ctx, resource, namespace, name, selector, fieldSelector, only, func(text []byte) error {
		var object map[string]any
		if err := json.Unmarshal(text, &object); err != nil {
			return fmt.Errorf("get %s: read an object: %w", resource, err)
		}
		objects = append(objects, object)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return objects, nil
}

// pageSize is how many objects the API server is asked for at once; kubectl's value.
const pageSize = 500

// Each reads objects by the name kubectl users give to their kind: "nodes", "pdb", "deployments.apps",
// "ippools.crd.projectcalico.org". namespace "" means every namespace (and is ignored for kinds that
// have none); name "" means all of them. selector and fieldSelector are label and field selectors as in
// kubectl. A name that is not there is a *NotFoundError; an empty list is none.
// Each object is JSON without managedFields, valid until each returns. It has only the fields named in only, as
// "status.conditions[].type"; none is all. There may be thousands: no more than a page of them is held at a time.
func (c *Cluster) Each(ctx context.Context, resource, namespace, name, selector, fieldSelector string, only []string, each func(object []byte) error) error {
	doing := "get " + strings.TrimSpace(resource+" "+name)
	call, cancel := c.call(ctx)
	defer cancel()
	kind, err := c.find(call, resource)
	if err != nil {
		return c.explain(ctx, doing, err)
	}
	if !kind.namespaced {
		namespace = ""
	}
	wanted := parseFields(only)

	// With both a name and a namespace (or none to have) a plain get is exact; it also needs fewer
	// rights than a list. A name in any namespace can only be a list.
	if name != "" && selector == "" && fieldSelector == "" && (namespace != "" || !kind.namespaced) {
		text, err := c.core.object(call, kind, namespace, name)
		if err != nil {
			return c.missing(ctx, doing, resource, namespace, name, err)
		}
		return each(wanted.object(nil, gjson.ParseBytes(text), kind.kind, kind.GroupVersion().String()))
	}
	if name != "" {
		fieldSelector = strings.Trim("metadata.name="+name+","+fieldSelector, ",")
	}
	found := 0
	var failed error
	err = c.pages(ctx, kind, namespace, selector, fieldSelector, func(page gjson.Result) {
		object := []byte{}
		page.Get("items").ForEach(func(_, item gjson.Result) bool {
			found++
			object = wanted.object(object[:0], item, kind.kind, kind.GroupVersion().String())
			failed = each(object)
			return failed == nil
		})
	}, func() bool { return failed != nil })
	switch {
	case failed != nil:
		return failed
	case err != nil:
		return c.explain(ctx, doing, err)
	case name != "" && found == 0:
		return &NotFoundError{Resource: resource, Namespace: namespace, Name: name}
	}
	return nil
}

// pages reads a list page by page. Each page must be answered in the time of one call.
func (c *Cluster) pages(ctx context.Context, kind apiKind, namespace, selector, fieldSelector string, see func(gjson.Result), enough func() bool) error {
	options := metav1.ListOptions{LabelSelector: selector, FieldSelector: fieldSelector, Limit: pageSize}
	for {
		call, cancel := c.call(ctx)
		text, err := c.core.list(call, kind, namespace, options)
		cancel()
		if err != nil {
			return err
		}
		page := gjson.ParseBytes(text)
		see(page)
		if options.Continue = page.Get("metadata.continue").Str; options.Continue == "" || enough() {
			return nil
		}
	}
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
