// Package learn reads what a release of Kubespray says of itself: versions, defaults, sample, refusals, prompts, playbooks,
// the variables it reads, its templates and what they notify. It reads any tag or commit out of the object store of a
// checkout; nothing is checked out and nothing is run.
//
// Read returns the facts, File writes them as a file of kind Release, together with what people wrote by hand, Compare says
// what changed between two releases, and Drafts begins the hop and the pitfalls of a new one for a person to finish.
package learn
