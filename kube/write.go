package kube

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	yamlutil "k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/dynamic"
	"sigs.k8s.io/yaml"
)

// Apply sends every document of the YAML by server-side apply, in order. All of it is parsed before
// anything is sent. The lines are those of kubectl ("configmap/x serverside-applied"); after an error
// they say what was applied before it. Fields that another manager owns are not taken over.
func (c *Cluster) Apply(ctx context.Context, manifests []byte, dryRun bool) ([]string, error) {
	objects, err := parse(manifests)
	if err != nil {
		return nil, err
	}
	var lines []string
	for _, object := range objects {
		line, err := c.apply(ctx, object, dryRun)
		if err != nil {
			return lines, err
		}
		lines = append(lines, line)
	}
	return lines, nil
}

func (c *Cluster) apply(ctx context.Context, object *unstructured.Unstructured, dryRun bool) (string, error) {
	kind := object.GroupVersionKind()
	label := strings.ToLower(kind.Kind)
	if kind.Group != "" {
		label += "." + kind.Group
	}
	label += "/" + object.GetName()
	doing := "apply " + label

	call, cancel := c.call(ctx)
	defer cancel()
	// The kind in full, so that "no such kind" is decided by find alone. An earlier document may
	// have defined it a moment ago.
	served, err := c.find(call, kind.Kind+"."+kind.Version+"."+kind.Group)
	if err != nil {
		return "", c.explain(ctx, doing, err)
	}
	namespace := object.GetNamespace()
	if served.namespaced && namespace == "" {
		namespace = c.origin.namespace
	}
	options := metav1.ApplyOptions{FieldManager: manager, DryRun: dry(dryRun)}
	if _, err := c.client(served, namespace).Apply(call, object.GetName(), object, options); err != nil {
		return "", c.explain(ctx, doing, err)
	}
	return label + " serverside-applied" + dryNote(dryRun), nil
}

func parse(manifests []byte) ([]*unstructured.Unstructured, error) {
	var objects []*unstructured.Unstructured
	reader := yamlutil.NewYAMLReader(bufio.NewReader(bytes.NewReader(manifests)))
	for number := 1; ; number++ {
		doc, err := reader.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("read manifest: document %d: %w", number, err)
		}
		var fields map[string]any
		if err := yaml.UnmarshalStrict(doc, &fields); err != nil {
			// Not the parser's words: they quote the document, which may be a Secret.
			where := ""
			if m := lineNumber.FindStringSubmatch(err.Error()); m != nil {
				where = " (its line " + m[1] + ")"
			}
			return nil, fmt.Errorf("read manifest: document %d is not valid YAML%s", number, where)
		}
		if len(fields) == 0 {
			continue // only comments
		}
		// Through JSON once more, so that numbers are int64 as Kubernetes wants them.
		json, err := yaml.YAMLToJSON(doc)
		if err != nil {
			return nil, fmt.Errorf("read manifest: document %d is not valid YAML", number)
		}
		object := &unstructured.Unstructured{}
		if err := object.UnmarshalJSON(json); err != nil {
			return nil, fmt.Errorf("read manifest: document %d has no apiVersion and kind", number)
		}
		if object.GetAPIVersion() == "" {
			return nil, fmt.Errorf("read manifest: document %d (%s) has no apiVersion", number, object.GetKind())
		}
		members := []*unstructured.Unstructured{object}
		if object.IsList() {
			members = nil
			err := object.EachListItem(func(item runtime.Object) error {
				members = append(members, item.(*unstructured.Unstructured))
				return nil
			})
			if err != nil {
				return nil, fmt.Errorf("read manifest: document %d: %w", number, err)
			}
		}
		for _, member := range members {
			if member.GetName() == "" {
				return nil, fmt.Errorf("read manifest: document %d (%s) has no metadata.name", number, member.GetKind())
			}
		}
		objects = append(objects, members...)
	}
	if len(objects) == 0 {
		return nil, errors.New("read manifest: it holds no object")
	}
	return objects, nil
}

var patchTypes = map[string]types.PatchType{
	"merge":     types.MergePatchType,
	"strategic": types.StrategicMergePatchType,
	"json":      types.JSONPatchType,
}

// Patch changes one object. patchType is "merge", "strategic" or "json"; the patch itself may be YAML
// or JSON. namespace "" means the context's own, as in kubectl.
func (c *Cluster) Patch(ctx context.Context, resource, namespace, name, patchType string, patch []byte, dryRun bool) error {
	doing := "patch " + resource + " " + name
	kind, ok := patchTypes[patchType]
	if !ok {
		return &hintError{msg: fmt.Sprintf("%s: unknown patch type %q", doing, patchType), hint: "use merge, strategic or json"}
	}
	body, err := yaml.YAMLToJSON(patch)
	if err != nil {
		return fmt.Errorf("%s: the patch is not valid YAML or JSON", doing)
	}
	options := metav1.PatchOptions{FieldManager: manager, DryRun: dry(dryRun)}
	return c.change(ctx, doing, resource, namespace, name, func(ctx context.Context, client dynamic.ResourceInterface) error {
		_, err := client.Patch(ctx, name, kind, body, options)
		return err
	})
}

// Delete removes one object, its dependents in the background. It does not wait for finalizers.
// namespace "" means the context's own, as in kubectl.
func (c *Cluster) Delete(ctx context.Context, resource, namespace, name string, dryRun bool) error {
	background := metav1.DeletePropagationBackground
	options := metav1.DeleteOptions{PropagationPolicy: &background, DryRun: dry(dryRun)}
	return c.change(ctx, "delete "+resource+" "+name, resource, namespace, name, func(ctx context.Context, client dynamic.ResourceInterface) error {
		return client.Delete(ctx, name, options)
	})
}

func (c *Cluster) change(ctx context.Context, doing, resource, namespace, name string, do func(context.Context, dynamic.ResourceInterface) error) error {
	// An empty name would address the whole collection.
	if name == "" || slices.Contains([]string{".", ".."}, name) || strings.Contains(name, "/") {
		return fmt.Errorf("%s: %q is not the name of an object", doing, name)
	}
	call, cancel := c.call(ctx)
	defer cancel()
	served, err := c.find(call, resource)
	if err != nil {
		return c.explain(ctx, doing, err)
	}
	if !served.namespaced {
		namespace = ""
	} else if namespace == "" {
		namespace = c.origin.namespace
	}
	return c.missing(ctx, doing, resource, namespace, name, do(call, c.client(served, namespace)))
}

func dry(on bool) []string {
	if on {
		return []string{metav1.DryRunAll}
	}
	return nil
}

func dryNote(on bool) string {
	if on {
		return " (server dry run)"
	}
	return ""
}
