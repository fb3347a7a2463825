// Package release knows the releases of Kubespray and the route between them: the hops, what must hold before each, which
// releases to avoid and which settings a release ignores. The facts come from the release files of the catalogue.
package release
