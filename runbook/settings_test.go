package runbook_test

import (
	"strings"
	"testing"

	"spraydeck/runbook"
)

const someSettings = `{"source": "ansible-inventory", "cluster": ["n1", "n2"], "etcd": ["e1"], "settings": {
 "yes_text": [{"value": "yes", "at": ["all.yml:1"]}],
 "odd": [{"value": "maybe"}],
 "vaulted": [{"unknown": "it is vaulted", "at": ["all.yml:2"]}],
 "net": [{"value": "{{ pods }}", "at": ["all.yml:3"]}],
 "url": [{"value": "https://{{ site }}/{{ pods }}"}],
 "filter": [{"value": "{{ pods | upper }}", "at": ["all.yml:5"]}],
 "differs": [{"value": 1, "hosts": ["n1"], "at": ["host_vars/n1.yml:1"]}, {"value": 2, "hosts": ["n2", "e1"], "at": ["all.yml:9"]}],
 "cluster_only": [{"value": 7, "hosts": ["n1", "n2"]}],
 "one_host": [{"value": true, "hosts": ["n2"], "at": ["host_vars/n2.yml:4"]}],
 "as_default": [{"value": 3, "hosts": ["n1"]}],
 "loop": [{"value": "{{ loop }}"}]}}`

// TestSettings: what rules are given of settings; what has no one value is an error with the reason, never a value.
func TestSettings(t *testing.T) {
	s, err := runbook.ParseSettings([]byte(someSettings))
	if err != nil {
		t.Fatal(err)
	}
	s.Defaults = runbook.GivenSettings(map[string]any{"pods": "10.0.0.0/8", "site": "example.org", "as_default": 3, "size": 26})
	scope := runbook.NewScope()
	scope.Set("settings", runbook.SettingsType, s)
	scope.Set("reads", runbook.SettingsType, runbook.GivenSettings(map[string]any{"yes_text": nil}))
	for expr, want := range map[string]string{
		`settings.isTrue("yes_text")`:                       "true",
		`settings.isTrue("nothing")`:                        "false",
		`settings.isTrue("odd")`:                            "neither true nor false",
		`settings.isTrue("vaulted")`:                        "vaulted (all.yml:2)",
		`settings.isSet("vaulted")`:                         "true",
		`settings.isSet(["nothing", "odd"])`:                "true",
		`settings.value("net") == "10.0.0.0/8"`:             "true",
		`settings.text("url")`:                              "https://example.org/10.0.0.0/8",
		`settings.value("filter") == "x"`:                   "a template (all.yml:5)",
		`settings.value("loop") == "x"`:                     "a template",
		`settings.value("differs") == 1`:                    "not the same on all hosts",
		`settings.value("differs") == 1 || true`:            "true",
		`settings.on("n1", "differs") == 1`:                 "true",
		`settings.on("n2", "size") == 26`:                   "true",
		`settings.value("cluster_only") == 7`:               "true",
		`settings.value("one_host") == true`:                "n2 alone has it",
		`settings.value("as_default") == 3`:                 "true",
		`settings.value("size") == 26`:                      "true",
		`settings.value("nothing") == null`:                 "true",
		`settings.where("differs").join(" ")`:               "host_vars/n1.yml:1 all.yml:9",
		`settings.show("yes_text")[0]`:                      "all.yml:1: yes_text: yes",
		`settings.show(["nothing"]).size() == 0`:            "true",
		`settings.inForce("size")[0]`:                       "size: 26 (default)",
		`settings.keys().filter(k, !reads(k)).size() == 10`: "true",
		`settings.keys().exists(k, reads(k))`:               "true",
	} {
		v, err := scope.Eval(runbook.Expr{Source: expr})
		got := ""
		if err != nil {
			got = err.Error()
		} else if texts, _ := scope.Strings(runbook.Expr{Source: expr}); len(texts) > 0 {
			got = texts[0]
		}
		if !strings.Contains(got, want) {
			t.Errorf("%s gives %q (%v), not %q", expr, got, v, want)
		}
	}
}
