// Package git resolves refs to commits, fetches what a pin needs into a bare
// repository of the workspace, and checks trees out of it. It is the only place
// that speaks to go-git, and the only one that sees credentials.
//
// The way of a pin: ParseRemote reads what a pipeline says, Resolve turns a ref
// into a commit, Fetch brings that commit (no history, submodules included) into
// a bare repository, PinOf names what was pinned, and Checkout and Verify work
// from the bare repository alone, without any network.
//
// What a user's git is told in its configuration, and who honours it here:
//
//   - url.<base>.insteadOf: this package, and git itself.
//   - ssh addresses: git with the user's own ssh wherever git is installed, since
//     go-git reads Hostname and Port of ~/.ssh/config and no more (no IdentityFile,
//     User or ProxyJump). Without git: go-git with the SSH agent.
//   - HTTPS_PROXY, HTTP_PROXY, NO_PROXY: go-git, as Go programs do. http.proxy:
//     this package.
//   - any other http.* setting (certificates, headers, cookies): go-git knows
//     none, so that where there is one, git does the fetching if it is installed.
//   - credential helpers and ~/.netrc: go-git knows neither, so that a server that
//     wants a login is asked again by git if it is installed.
//
// Git never prompts (GIT_TERMINAL_PROMPT=0, ssh in batch mode): a job that waits
// for a password nobody types is worse than an error.
//
// What Git LFS keeps is put into a checkout in place of its pointers, from a folder
// that stages/lfs has filled: LFSFiles says what is needed, by the same .gitattributes
// that git goes by, and LFSPlacesOf where it is to be had. Line endings are left as
// they are. No filter and no hook of a repository is ever run.
package git
