package whatif

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"regexp"
	"slices"
	"strings"
)

// secrets compares the files of a node with rendered ones, in which digests stand for secrets (masks.py), and masks what is
// shown of them.
type secrets struct {
	key   []byte
	known map[string]string // a secret that was met on a node, and what stands for it
}

func newSecrets(key string) *secrets {
	raw, _ := hex.DecodeString(key)
	return &secrets{key: raw, known: map[string]string{}}
}

var (
	privateKey  = regexp.MustCompile(`(?s)-----BEGIN [A-Z ]*PRIVATE KEY-----.*?-----END [A-Z ]*PRIVATE KEY-----`)
	placeholder = regexp.MustCompile(`<secret ([0-9a-f]{12})>|<needs the node, [^>\n]*>|<lookup [^>\n]* not run>`)
	secretName  = regexp.MustCompile(`(?i)(passw|secret|token|private_key|certificate_key|_key$|credential|api_key|auth_pass|_pass$)`)
	aPath       = regexp.MustCompile(`^/[A-Za-z0-9._/-]+$`)
	noSecret    = regexp.MustCompile(`(?i)(_dir|_file|_path|_url|_name|_enabled|_version|_image|_repo|_tag|_checksum|_size|_ttl|_type|_backend|_namespace|_expiration)$`)
	secretText  = regexp.MustCompile(`(?i)(<?[a-z_-]*(?:passw|secret|token|credential|api_key|auth_pass)[a-z_-]*["']?\s*[:= ]\s*["']?)([^\s"',;]+)`)
)

func (s *secrets) digest(text string) string {
	h := hmac.New(sha256.New, s.key)
	h.Write([]byte(text))
	return "<secret " + hex.EncodeToString(h.Sum(nil))[:12] + ">"
}

// keys replaces the private keys of a text.
func (s *secrets) keys(text string) string { return privateKey.ReplaceAllStringFunc(text, s.digest) }

// stands says whether a digest stands for a text: for itself, in quotes, or encoded as the data of a Secret.
func (s *secrets) stands(digest, text string) bool {
	forms := []string{text}
	if plain, err := base64.StdEncoding.DecodeString(text); err == nil && len(plain) > 0 {
		forms = append(forms, string(plain))
	}
	for _, f := range slices.Clone(forms) {
		forms = append(forms, s.digest(f))
	}
	for _, f := range forms {
		if slices.Contains([]string{s.digest(f), s.digest(`"` + f + `"`), s.digest("'" + f + "'")}, digest) {
			return true
		}
	}
	return false
}

// same says whether a text of a node is what a rendered one means: a digest stands for its secret, and a value that only the
// node knows for any.
func (s *secrets) same(rendered, text string) bool {
	if rendered == text {
		return true
	}
	marks := placeholder.FindAllStringSubmatchIndex(rendered, -1)
	if marks == nil {
		return false
	}
	var pattern strings.Builder
	at := 0
	for _, m := range marks {
		pattern.WriteString(regexp.QuoteMeta(rendered[at:m[0]]) + "(.*?)")
		at = m[1]
	}
	pattern.WriteString(regexp.QuoteMeta(rendered[at:]))
	found := regexp.MustCompile(`(?s)^` + pattern.String() + `$`).FindStringSubmatch(text)
	if found == nil {
		return false
	}
	equal := true
	for i, m := range marks {
		mark := rendered[m[0]:m[1]]
		if m[2] < 0 {
			continue
		}
		equal = equal && (found[i+1] == mark || s.stands(mark, found[i+1]))
		if len(found[i+1]) > 3 && !placeholder.MatchString(found[i+1]) {
			s.known[found[i+1]] = s.digest(found[i+1])
		}
	}
	return equal
}

// shown is a value of a node as it may be shown. The name of the setting and what the releases write there say whether it is
// secret.
func (s *secrets) shown(path, value string, rendered ...string) string {
	if value == "" || placeholder.FindString(value) == value || aPath.MatchString(value) {
		return value
	}
	path, _, _ = strings.Cut(path, "\x00")
	name := path
	if parts := segment.FindAllString(path, -1); path != "" && len(parts) > 0 {
		name = parts[len(parts)-1]
	}
	if secretName.MatchString(name) && !noSecret.MatchString(name) {
		return s.digest(value)
	}
	for _, r := range rendered {
		if strings.Contains(r, "<secret ") && !s.same(r, value) && !placeholder.MatchString(value) {
			known := false
			for plain := range s.known {
				known = known || strings.Contains(value, plain)
			}
			if !known {
				return s.digest(value)
			}
		}
	}
	for plain, digest := range s.known {
		value = strings.ReplaceAll(value, plain, digest)
	}
	return secretText.ReplaceAllStringFunc(value, func(found string) string {
		parts := secretText.FindStringSubmatch(found)
		if strings.HasPrefix(found, "<") || strings.HasPrefix(parts[2], "<") || strings.HasPrefix(parts[2], "/") || strings.HasPrefix(parts[2], "-") {
			return found
		}
		return parts[1] + s.digest(parts[2])
	})
}
