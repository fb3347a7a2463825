package runbook

import (
	"path"
	"path/filepath"
	"strings"
)

// Include is what a step says that stands for the steps of another runbook. They are put in its place when the plan is
// made, each id behind that of the step. Inside, only the runbook's own inputs and results are seen; outside, nothing of
// it is.
type Include struct {
	Name Str             `yaml:"name,required" doc:"a runbook: its name, or the path of its file from the directory of this one"`
	With Named[Template] `yaml:"with" doc:"its inputs; the others take their defaults"`

	book *Runbook // found when the files were looked at together
}

// includer is an Action that stands for the steps of another runbook.
type includer interface{ Included() *Include }

// Included gives what a step includes, nil for any other step.
func (s *Step) Included() *Include {
	if i, ok := s.Action.(includer); ok {
		return i.Included()
	}
	return nil
}

// Includes gives the paths of the files that the steps of a runbook name, as they would be found beside it. A path that
// leaves the directory the runbook was read from is skipped; the linter reports it.
func (b *Runbook) Includes() []string {
	var files []string
	b.EachOwn(func(s *Step) {
		if inc := s.Included(); inc != nil && IsPath(inc.Name.Value) {
			if file, ok := b.Source.Beside(inc.Name.Value); ok {
				files = append(files, file)
			}
		}
	})
	return files
}

// Beside gives the file that a relative path names. It is not ok where the path leads out of the root.
func (s Source) Beside(name string) (file string, ok bool) {
	rel := strings.TrimPrefix(filepath.ToSlash(s.File), filepath.ToSlash(s.Root))
	to := path.Join(path.Dir(rel), name)
	if path.IsAbs(name) || to == ".." || strings.HasPrefix(to, "../") {
		return "", false
	}
	return s.Root + filepath.FromSlash(to), true
}

// IsPath tells the path of a file from the name of a runbook.
func IsPath(name string) bool {
	return strings.Contains(name, "/") || strings.HasSuffix(name, ".yaml") || strings.HasSuffix(name, ".yml")
}

// Runbook returns the included runbook, nil before linking or where the name is unknown.
func (i *Include) Runbook() *Runbook { return i.book }
