package steps

import (
	"testing"

	"spraydeck/event"
)

// Each verb is the call and the kubectl line that do the same; a get gives its objects to the steps after it.
func TestKube(t *testing.T) {
	tk, ran := task(func(event.Command) (string, int, error) { return `[{"metadata": {"name": "a"}}]`, 0, nil })
	for want, k := range map[string]*kube{
		"kubectl -n web get pods -l 'app=a' -o json":                         {Get: template(t, "pods"), Namespace: template(t, "web"), Selector: template(t, "app=a")},
		"kubectl apply --server-side -f - <<'EOF'\nkind: ConfigMap\nEOF":     {Apply: template(t, "kind: ConfigMap\n")},
		`kubectl patch ippools default --type merge -p '{"spec": {"x": 1}}'`: {Patch: template(t, "ippools"), Name: template(t, "default"), With: template(t, `{"spec": {"x": 1}}`)},
		"kubectl -n web delete pod p":                                        {Delete: template(t, "pod"), Name: template(t, "p"), Namespace: template(t, "web")},
	} {
		cmd := oneLine(t, k, tk)
		if cmd.Line != want || cmd.Host != event.API || cmd.Changes == k.Get.Set() {
			t.Errorf("got %+v\nwant %s", cmd, want)
		}
		if message, _ := k.Wrong(false); message != "" {
			t.Errorf("%s: %s", want, message)
		}
		value, err := k.Run(t.Context(), tk)
		if list, _ := value.([]any); err != nil || k.Get.Set() != (len(list) == 1) {
			t.Errorf("%s gives %v, %v", want, value, err)
		}
		described(t, k, tk, (*ran)[len(*ran)-1:])
	}
	for _, k := range []*kube{{}, {Get: template(t, "a"), Delete: template(t, "b"), Name: template(t, "c")}, {Delete: template(t, "pod")}, {Patch: template(t, "pod"), Name: template(t, "p")}, {Get: template(t, "a"), With: template(t, "b")}} {
		if message, way := k.Wrong(false); message == "" || way == "" {
			t.Errorf("%+v is taken for right", k)
		}
	}
}
