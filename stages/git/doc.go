// Package git resolves refs to commits, fetches what a pin needs into a bare
// repository of the workspace, and checks trees out of it. It is the only place
// that speaks to go-git, and the only one that sees credentials.
package git
