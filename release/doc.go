// Package release knows the releases of Kubespray and the route between them: the hops, what must hold before each, which
// releases to avoid and which settings a release ignores. The facts come from the release files of the catalogue.
//
// ReadReleases reads the files, NewChain finds the route. An unknown release is an error that names the newest known one,
// and so is a target older than the start: Kubernetes cannot be downgraded. Tags are read with or without their leading v;
// versions of components are written without one.
package release
