package git

// Pin is what a repository's ref was resolved to.
type Pin struct {
	Commit string `json:"commit"` // 40 hex digits
	Tree   string `json:"tree"`   // of that commit, 40 hex digits
	// Digest identifies what is checked out: Tree itself, or with paths the
	// sha256 over each path and the object it has in the commit. A commit
	// that leaves the paths alone leaves the digest alone.
	Digest string `json:"digest"`
	// Dirty says that Commit is a private one, of changes that were not committed.
	Dirty bool `json:"dirty,omitempty"`
}
