package runbooks

import _ "embed"

// Demo is the transcript of a real run in the lab, v2.27.0 to v2.28.0, gzipped: what `spraydeck demo` rehearses.
//
//go:embed rehearsals/demo.jsonl.gz
var Demo []byte
