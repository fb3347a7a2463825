package runbook

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"
)

// File is what one file holds: exactly one of these.
type File struct {
	Runbook *Runbook
	Pitfall *Pitfall
	Release *ReleaseFile
}

// Parse reads one file. All problems that can be seen in the file alone are collected; those that need other files
// are Check's. What could be read is returned beside the problems.
func Parse(file string, text []byte, lang *Language) (File, Problems) {
	d := &decoder{file: file, lang: lang, lines: strings.Split(string(text), "\n")}
	root := d.document(text)
	if root == nil {
		return File{}, d.problems
	}
	sum := sha256.Sum256(text)
	source := Source{File: file, Digest: hex.EncodeToString(sum[:])}
	var f File
	switch kind := kindOf(root); kind {
	case "Runbook":
		f.Runbook = &Runbook{Source: source, lang: lang}
		d.intoStruct(root, f.Runbook)
	case "Pitfall":
		f.Pitfall = &Pitfall{Source: source, lang: lang}
		d.intoStruct(root, f.Pitfall)
		f.Pitfall.addHopInputs(text)
	case "Release":
		f.Release = &ReleaseFile{Source: source}
		d.intoStruct(root, f.Release)
	case "":
		d.problem(root, "missing-key", `"kind" is missing`, "Runbook, Pitfall or Release")
	default:
		d.problem(root, "value", fmt.Sprintf("unknown kind %q", kind), DidYouMean(kind, []string{"Runbook", "Pitfall", "Release"}))
	}
	d.problems.Sort()
	return f, d.problems
}

func kindOf(root *yaml.Node) string {
	if root.Kind != yaml.MappingNode {
		return ""
	}
	for i := 0; i+1 < len(root.Content); i += 2 {
		if root.Content[i].Value == "kind" {
			return root.Content[i+1].Value
		}
	}
	return ""
}
