// Package lfs brings the content of files that Git LFS keeps: from the repository on
// this machine that has them, or from the server that the repository names, by the
// batch API (docs/api of git-lfs). No git-lfs has to be installed.
//
// A pointer in a commit names its content by its sha256. So the content is data like
// any other, pinned by the commit, and lies among the downloads under that digest:
// commits, repositories and runs that have a file in common share it.
package lfs
