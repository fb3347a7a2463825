package runbooks

import "embed"

// Releases holds what is known of each release of Kubespray, one file to a tag, in releases/. It is separate from FS so
// that only those who ask about releases read it.
//
//go:embed releases
var Releases embed.FS
