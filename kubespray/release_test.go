package kubespray

import (
	"context"
	"errors"
	"reflect"
	"testing"
)

func TestSampleAtARevision(t *testing.T) {
	c, _ := release(t)
	ctx := context.Background()
	sample, err := c.Sample(ctx, "v2.27.0")
	if err != nil {
		t.Fatal(err)
	}
	const all, k8s = "inventory/sample/group_vars/all/all.yml", "inventory/sample/group_vars/k8s_cluster/k8s.yml"
	want := map[string]Value{
		"bin_dir":                {Value: "/usr/local/bin", File: all, Line: 4},
		"access_ip":              {Value: "set", File: k8s, Line: 3},
		"kube_version":           {Value: "v1.31.4", File: k8s, Line: 1},
		"loadbalancer_apiserver": {Value: map[string]any{"address": "1.2.3.4", "port": int64(1234)}, File: all, Line: 5, Commented: true},
	}
	if !reflect.DeepEqual(sample, want) {
		t.Errorf("sample:\n got %v\nwant %v", sample, want)
	}
	newer, err := c.Sample(ctx, "v2.28.0")
	if _, still := newer["kube_version"]; err != nil || still {
		t.Errorf("v2.28.0 has no kube_version in its sample: %v, %v", newer, err)
	}
	var missing *NotFoundError
	if _, err := c.Sample(ctx, "v2.99.0"); !errors.As(err, &missing) {
		t.Errorf("unknown tag: %v", err)
	}
}
