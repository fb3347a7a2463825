package kubespray

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Sources are the inventories that one text names: paths with commas between, as in ANSIBLE_INVENTORY. A text that ends in a
// comma is Ansible's list of hosts, and one source.
func Sources(inventory string) []string {
	if strings.HasSuffix(inventory, ",") {
		return []string{inventory}
	}
	return strings.FieldsFunc(inventory, func(r rune) bool { return r == ',' })
}

// Absolute is an inventory with every path of it seen from a directory.
func Absolute(dir, inventory string) string {
	list := Sources(inventory)
	for i, path := range list {
		if !filepath.IsAbs(path) && !strings.HasSuffix(path, ",") {
			list[i] = filepath.Join(dir, path)
		}
	}
	return strings.Join(list, ",")
}

// VarsDir is the directory beside whose group_vars and host_vars an inventory lies: itself where it is one. Of several sources it
// is that of the first.
func VarsDir(dir, inventory string) string {
	list := Sources(inventory)
	if len(list) == 0 {
		return ""
	}
	if isDirectory(Absolute(dir, list[0])) {
		return filepath.Clean(list[0])
	}
	return filepath.Dir(list[0])
}

// sourceOptions are the options that give Ansible an inventory.
func sourceOptions(inventory string) (args []string) {
	for _, path := range Sources(inventory) {
		args = append(args, "-i", path)
	}
	return args
}

// addBase adds a directory that has group_vars and host_vars.
func (s *source) addBase(path string) {
	if !isDirectory(path) {
		path = filepath.Dir(path)
	}
	if !slices.Contains(s.bases, path) {
		s.bases = append(s.bases, path)
	}
}

// basesOf adds the directories of every source of an inventory, without reading one.
func (s *source) basesOf(inventory string) {
	for _, path := range Sources(inventory) {
		if _, err := os.Stat(path); err == nil {
			s.addBase(path)
		}
	}
}
