package kubespray

import (
	"slices"
	"testing"
)

// TestComposedNames: a key is read, too, by a name that is put together.
func TestComposedNames(t *testing.T) {
	texts := map[string][]byte{
		"roles/node/defaults/main.yml":    []byte("kube_cpu_reserved: 100m\nsystem_reserved_cgroups: /s\nkube_reserved_note: x\nother_key: y\n"),
		"roles/node/templates/config.j2":  []byte("cpu: {{ lookup('ansible.builtin.vars', scope + '_' ~ (resource | replace('-', '_')) + '_reserved') }}\n"),
		"roles/node/templates/service.j2": []byte("{{ lookup(\"vars\", scope + \"_reserved_cgroups\") }} {{ lookup('vars', name) }}\n"),
	}
	v, err := VarsOf("v1", sortedKeys(texts), texts)
	if err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]bool{"kube_cpu_reserved": true, "system_reserved_cgroups": true, "kube_reserved_note": false, "other_key": false} {
		if got := slices.Contains(v.Reads, key); got != want {
			t.Errorf("%s is read: %v", key, got)
		}
	}
}
