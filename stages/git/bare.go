package git

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/go-git/go-billy/v5/osfs"
	"github.com/go-git/go-git/v5/config"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/cache"
	"github.com/go-git/go-git/v5/storage/filesystem"
	"github.com/google/renameio/v2"
)

// A bare repository of the workspace holds packs, each whole by itself, and a ref
// refs/runpipe/<commit> for every commit whose pack is in place. The ref is written
// last: its presence is the truth. Every step is a rename, so that two processes
// may bring the same commit at once and no lock can be left behind.

// pinRef is the ref that keeps a pinned commit from being collected as garbage.
func pinRef(commit string) string { return "refs/runpipe/" + commit }

// Has reports whether the bare repository holds the pinned commit.
func Has(bare, commit string) bool {
	if !isCommit(commit) {
		return false
	}
	if _, err := os.Stat(filepath.Join(bare, filepath.FromSlash(pinRef(commit)))); err == nil {
		return true
	}
	if _, err := os.Stat(filepath.Join(bare, "packed-refs")); err != nil { // as git gc leaves them
		return false
	}
	storage := filesystem.NewStorage(osfs.New(bare), cache.NewObjectLRU(0))
	_, err := storage.Reference(plumbing.ReferenceName(pinRef(commit)))
	return err == nil
}

// initialise makes an empty bare repository at dir, an existing empty folder. It
// remembers the remote's address without credentials.
func initialise(dir string, r Remote) error {
	storage := filesystem.NewStorage(osfs.New(dir), cache.NewObjectLRU(0))
	if err := storage.Init(); err != nil {
		return fmt.Errorf("making a repository: %w", err)
	}
	settings := config.NewConfig()
	settings.Core.IsBare = true
	settings.Remotes["origin"] = &config.RemoteConfig{Name: "origin", URLs: []string{r.public()}}
	if err := storage.SetConfig(settings); err != nil {
		return fmt.Errorf("making a repository: %w", err)
	}
	// git wants refs/ and a HEAD, even one that points nowhere.
	for _, folder := range []string{"refs/heads", "refs/runpipe", "objects/pack", "objects/info"} {
		if err := os.MkdirAll(filepath.Join(dir, folder), 0o777); err != nil {
			return fmt.Errorf("making a repository: %w", err)
		}
	}
	head := plumbing.NewSymbolicReference(plumbing.HEAD, "refs/heads/main")
	if err := storage.SetReference(head); err != nil {
		return fmt.Errorf("making a repository: %w", err)
	}
	return nil
}

// temporaries are private folders, in the folder of the bare repositories.
const temporaries = ".fetch-"

// private makes an empty bare repository that only this fetch knows, and clears
// away those of fetches that were killed a day ago or more.
func private(repos string, r Remote) (string, error) {
	if err := os.MkdirAll(repos, 0o700); err != nil {
		return "", fmt.Errorf("making the folder of repositories: %w", err)
	}
	left, _ := fs.Glob(os.DirFS(repos), temporaries+"*") // the pattern is well-formed
	for _, name := range left {
		old := filepath.Join(repos, name)
		if info, err := os.Stat(old); err == nil && time.Since(info.ModTime()) > 24*time.Hour {
			_ = os.RemoveAll(old) // another process may do the same
		}
	}
	dir, err := os.MkdirTemp(repos, temporaries)
	if err != nil {
		return "", fmt.Errorf("making a folder to fetch into: %w", err)
	}
	if err := initialise(dir, r); err != nil {
		_ = os.RemoveAll(dir)
		return "", err
	}
	return dir, nil
}

// publish moves a private repository's packs into bare, which it becomes if there
// is none, and then writes the pin's ref.
func publish(dir, bare, commit string) error {
	own := filepath.Join(dir, "objects", "pack")
	packs, err := fs.Glob(os.DirFS(own), "pack-*")
	if err != nil {
		return fmt.Errorf("publishing a fetch: %w", err)
	}
	for _, name := range packs {
		if err := sync(filepath.Join(own, name)); err != nil {
			return fmt.Errorf("publishing a fetch: %w", err)
		}
	}
	if _, err := os.Stat(bare); errors.Is(err, fs.ErrNotExist) {
		if err := os.Chmod(dir, 0o755); err != nil {
			return fmt.Errorf("publishing a fetch: %w", err)
		}
		if err := os.Rename(dir, bare); err == nil {
			return pin(bare, commit)
		} // else another process was first
	}
	// go-git finds a pack by its .pack, git by its .idx and only with the .pack
	// beside it: with the .pack last, neither ever meets half a pair.
	slices.SortFunc(packs, func(a, b string) int { return strings.Compare(filepath.Ext(a), filepath.Ext(b)) })
	for _, name := range packs {
		if err := os.Rename(filepath.Join(own, name), filepath.Join(bare, "objects", "pack", name)); err != nil {
			return fmt.Errorf("publishing a fetch: %w", err)
		}
	}
	return pin(bare, commit)
}

// pin writes the pin's ref, and tells git where history ends.
func pin(bare, commit string) error {
	file := filepath.Join(bare, filepath.FromSlash(pinRef(commit)))
	if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
		return fmt.Errorf("pinning %s: %w", commit, err)
	}
	// The temporary file is elsewhere: among the refs, it would be taken for one.
	if err := renameio.WriteFile(file, []byte(commit+"\n"), 0o644, renameio.WithTempDir(bare)); err != nil {
		return fmt.Errorf("pinning %s: %w", commit, err)
	}
	return writeShallow(bare)
}

// writeShallow lists all pinned commits in the file shallow, since none has its
// parents here. Two processes may do this at once: who renames last looks again
// afterwards, and so sees every ref that the file must name.
func writeShallow(bare string) error {
	for range 100 {
		before, err := pins(bare)
		if err != nil {
			return err
		}
		text := strings.Join(before, "\n") + "\n"
		if err := renameio.WriteFile(filepath.Join(bare, "shallow"), []byte(text), 0o644); err != nil {
			return fmt.Errorf("writing where history ends: %w", err)
		}
		after, err := pins(bare)
		if err != nil {
			return err
		}
		if slices.Equal(before, after) {
			return nil
		}
	}
	return nil
}

// pins lists the pinned commits of a bare repository, sorted.
func pins(bare string) ([]string, error) {
	iter, err := filesystem.NewStorage(osfs.New(bare), cache.NewObjectLRU(0)).IterReferences()
	if err != nil {
		return nil, fmt.Errorf("listing the pins of %s: %w", bare, err)
	}
	var commits []string
	err = iter.ForEach(func(ref *plumbing.Reference) error {
		if commit, ok := strings.CutPrefix(ref.Name().String(), "refs/runpipe/"); ok && isCommit(commit) {
			commits = append(commits, commit)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("listing the pins of %s: %w", bare, err)
	}
	slices.Sort(commits)
	return slices.Compact(commits), nil
}

// sync makes a file's content durable, before a ref says that it is there.
func sync(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	return file.Sync()
}
