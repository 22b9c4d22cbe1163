// Package download brings files over HTTP into a folder where they are named by
// their sha256: half a file never has such a name, a file that is there already
// costs no network, and what was cut off is taken up where it was.
//
// Proxies are those of the environment (HTTPS_PROXY, NO_PROXY), as curl has them.
package download
