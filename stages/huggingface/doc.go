// Package huggingface speaks to the Hugging Face hub, or to a mirror of it, over
// plain HTTPS: what a revision of a model or dataset stands for, and which files
// its commit holds. The files themselves are brought by stages/download.
//
// What the hub says is not believed: the names of files must stay within a folder,
// and whoever downloads a file compares it with the digest that the hub gives, the
// sha256 of a large one and git's own id of a small one.
//
// A token goes to the endpoint's host and to no other.
package huggingface
