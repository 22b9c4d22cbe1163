// Package python finds interpreters and turns a list of requirements into exact
// packages: each with its version, its files and their sha256, for one version
// of Python and one platform. It asks the resolvers that people use, uv where it
// is there and pip's own else, and never installs anything.
package python
