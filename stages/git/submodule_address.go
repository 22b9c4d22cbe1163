package git

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/go-git/go-billy/v5/osfs"
	"github.com/go-git/go-git/v5/plumbing/cache"
	"github.com/go-git/go-git/v5/storage/filesystem"
)

// upstream is what relative addresses of submodules start from: the remote itself,
// and for a repository on this machine the one it was cloned from (gitmodules(5)).
func upstream(r Remote) (Remote, error) {
	if !r.Local() {
		return r, nil
	}
	dir, err := gitDir(r)
	if err != nil {
		return r, err
	}
	settings, err := filesystem.NewStorage(osfs.New(commonDir(dir)), cache.NewObjectLRU(0)).Config()
	if err != nil {
		return r, nil // git's own business: without it, the folder is the upstream
	}
	if remote := settings.Remotes["origin"]; remote != nil && len(remote.URLs) > 0 {
		return ParseRemote(remote.URLs[0], filepath.Dir(dir))
	}
	place := r
	if place.url = dir; filepath.Base(dir) == ".git" {
		place.url = filepath.Dir(dir)
	}
	return place, nil
}

// remote is where a submodule comes from.
func (m module) remote(r, parent Remote) (Remote, error) {
	if !strings.HasPrefix(m.url, "./") && !strings.HasPrefix(m.url, "../") {
		sub, err := ParseRemote(m.url, "/")
		if err == nil && sub.Local() && !r.Local() {
			// Else a stranger's repository could have files of this machine copied.
			err = fault(ErrAddress, "Unsuitable submodule", fmt.Sprintf("its address, %s, is a folder of this machine, which a repository from elsewhere may not name.", sub))
		}
		return sub, err
	}
	base, rest := strings.TrimRight(parent.url, "/"), m.url
	for {
		if after, ok := strings.CutPrefix(rest, "./"); ok {
			rest = after
		} else if after, ok := strings.CutPrefix(rest, "../"); ok {
			cut := strings.LastIndexAny(base, "/:")
			if cut <= 0 || strings.HasSuffix(base[:cut+1], "://") {
				return Remote{}, fault(ErrAddress, "Unsuitable submodule", fmt.Sprintf("its address, %s, leads above %s.", m.url, parent))
			}
			if base[cut] == ':' && !strings.Contains(base, "://") {
				cut++ // git@host:repository: the colon stays
			}
			base, rest = base[:cut], after
		} else {
			break
		}
	}
	if !strings.HasSuffix(base, ":") {
		base += "/"
	}
	sub, err := ParseRemote(base+rest, "/")
	sub.inside = false
	return sub, err
}
