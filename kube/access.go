package kube

import (
	"context"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// May asks the API server whether this user may do something, as kubectl auth can-i does. resource may have a subresource,
// such as pods/eviction; namespace "" is all of them. Where the answer is no, why is the server's reason, often "".
func (c *Cluster) May(ctx context.Context, verb, group, resource, namespace string) (ok bool, why string, err error) {
	call, cancel := c.call(ctx)
	defer cancel()
	kind, sub, _ := strings.Cut(resource, "/")
	review := &unstructured.Unstructured{Object: map[string]any{"spec": map[string]any{"resourceAttributes": map[string]any{
		"verb": verb, "group": group, "resource": kind, "subresource": sub, "namespace": namespace,
	}}}}
	gv := schema.GroupVersion{Group: "authorization.k8s.io", Version: "v1"}
	review.SetGroupVersionKind(gv.WithKind("SelfSubjectAccessReview"))
	got, err := c.dynamic.Resource(gv.WithResource("selfsubjectaccessreviews")).Create(call, review, metav1.CreateOptions{})
	if err != nil {
		return false, "", c.explain(ctx, "ask whether this user may "+verb+" "+resource, err)
	}
	ok, _, _ = unstructured.NestedBool(got.Object, "status", "allowed")
	why, _, _ = unstructured.NestedString(got.Object, "status", "reason")
	return ok, why, nil
}

// Clock returns how far the API server's clock is ahead of ours, as of its last answer: negative where it is behind. Less than
// two seconds are 0, since the header has whole ones.
func (c *Cluster) Clock() time.Duration { return time.Duration(c.clock.behind.Load()) }
