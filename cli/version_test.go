package cli

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/Masterminds/semver/v3"
)

// TestVersion: the version is one that programs can compare, and the changelog begins with its release.
func TestVersion(t *testing.T) {
	if _, err := semver.StrictNewVersion(strings.TrimPrefix(version(), "v")); err != nil {
		t.Errorf("%s: %v", version(), err)
	}
	text, err := os.ReadFile("../CHANGELOG.md")
	if err != nil {
		t.Fatal(err)
	}
	first := regexp.MustCompile(`(?m)^## (\S+)`).FindSubmatch(text)
	if first == nil || string(first[1]) != thisRelease {
		t.Errorf("CHANGELOG.md begins with %q, the source is %s", first, thisRelease)
	}
}
