package runbook

import (
	"regexp"
	"slices"
)

// hopInputs are the inputs that every hop of Kubespray has. A pitfall that uses one need not declare it; in expressions each
// also has a name beside hop.
var hopInputs = []struct{ name, hop, value, prompt string }{
	{"previous_tag", "hop.from", "", "tag of Kubespray in use"},
	{"target_tag", "hop.to", "", "tag of Kubespray to go to"},
	{"kube_version", "hop.kubernetes", "", "version of Kubernetes to install"},
	{"inventory", "hop.inventory", "inventory/mycluster/inventory.ini", "inventory file"},
	{"inventory_dir", "hop.inventory_dir", "inventory/mycluster", "directory of the inventory"},
	{"previous_branch", "hop.previous_branch", "", "branch that holds the inventory of the previous release"},
	{"branch", "hop.branch", "", "branch of this release"},
	{"ansible", "hop.ansible", "venv", "where Ansible comes from: venv or system"},
	{"moved_files", "hop.moved_files", "", "where the new sample has the settings of a file: OLD=NEW"},
}

// HopName gives the name beside hop of an input, "" for one that has none.
func HopName(input string) string {
	for _, h := range hopInputs {
		if "inputs."+h.name == input {
			return h.hop
		}
	}
	return ""
}

// usesOfHop find what a pitfall's text uses of a hop without declaring it. Each pattern begins with a fixed text, which
// regexp finds fast; that no name goes on before it is checked apart.
var usesOfHop = []*regexp.Regexp{
	regexp.MustCompile(`hop\.[a-z_]+\b`), regexp.MustCompile(`inputs\.[a-z_]+\b`),
	regexp.MustCompile(`settings\.[a-zA-Z]+\(`), regexp.MustCompile(`reads\(`),
	regexp.MustCompile(`defaults\.(?:old|new)\b`), regexp.MustCompile(`sample\.(?:old|new)\b`),
}

// addHopInputs gives a pitfall the inputs of a hop that it uses.
func (p *Pitfall) addHopInputs(text []byte) {
	used := map[string]bool{}
	for _, use := range usesOfHop {
		for _, at := range use.FindAllIndex(text, -1) {
			if at[0] > 0 && isWord(text[at[0]-1]) {
				continue
			}
			switch m := string(text[at[0]:at[1]]); {
			case m == "reads(" || m == "defaults.new" || m == "sample.new":
				used["target_tag"] = true
			case m == "defaults.old" || m == "sample.old":
				used["previous_tag"] = true
			case m[len(m)-1] == '(':
				used["inventory_dir"] = true
			default:
				used[m] = true
			}
		}
	}
	for _, h := range hopInputs {
		if _, declared := p.Inputs.Get(h.name); declared || !(used[h.name] || used[h.hop] || used["inputs."+h.name]) {
			continue
		}
		value, _ := NewTemplate(h.value)
		value.Pos = Pos{Line: 1, Col: 1}
		prompt, _ := NewTemplate(h.prompt)
		p.Inputs = append(slices.Clip(p.Inputs), Entry[Input]{Name: h.name, Value: Input{Default: value, Prompt: Prose{En: prompt, Ja: prompt}}})
	}
}
