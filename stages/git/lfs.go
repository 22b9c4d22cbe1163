package git

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/go-git/go-git/v5/plumbing/filemode"
)

// LFSFile is a file of a commit of which Git LFS keeps the content: the commit itself
// has a small pointer with the sha256 of it.
type LFSFile struct {
	Path string // from the top of the checkout, slash-separated
	OID  string // sha256 of the content, 64 hex digits
	Size int64  // bytes
	Bare string // the bare repository that the pointer is in: a submodule's, or the commit's own
}

// pointerSize bounds a pointer: git-lfs looks no further (spec.md of git-lfs).
const pointerSize = 1024

// pointerForm is a pointer without extensions, whose programs nobody here runs.
var pointerForm = regexp.MustCompile(`\Aversion https://(?:git-lfs\.github\.com|hawser\.github\.com)/spec/v1\noid sha256:([0-9a-f]{64})\nsize ([0-9]{1,18})\n?\z`)

func parsePointer(data []byte) (oid string, size int64, ok bool) {
	found := pointerForm.FindSubmatch(data)
	if found == nil {
		return "", 0, false
	}
	size, err := strconv.ParseInt(string(found[2]), 10, 64)
	return string(found[1]), size, err == nil
}

// LFSFiles lists the files under the paths (none: all) of a pinned commit of which
// Git LFS keeps the content, sorted by path: those that .gitattributes gives the
// filter lfs, and that are a pointer.
func LFSFiles(bare, commit string, paths []string) ([]LFSFile, error) {
	clean, err := cleanPaths(paths)
	if err != nil {
		return nil, err
	}
	s, err := openSnapshot(bare, commit)
	if err != nil {
		return nil, err
	}
	defer s.close()
	all, err := s.files(clean)
	if err != nil {
		return nil, err
	}
	if err := s.readPointers(all); err != nil {
		return nil, err
	}
	var found []LFSFile
	for _, e := range all {
		if e.oid != "" {
			found = append(found, LFSFile{Path: e.path, OID: e.oid, Size: e.size, Bare: e.bare})
		}
	}
	return found, nil
}

// LFSFileAt is one file of a pinned commit that must be in Git LFS.
func LFSFileAt(bare, commit, file string) (LFSFile, error) {
	found, err := LFSFiles(bare, commit, []string{file})
	if err != nil {
		return LFSFile{}, err
	}
	if len(found) == 1 && found[0].Path == file {
		return found[0], nil
	}
	detail := fmt.Sprintf("%q of commit %.7s is not in Git LFS: git itself keeps it.", file, commit)
	if len(found) > 0 {
		detail = fmt.Sprintf("%q of commit %.7s is a folder.", file, commit)
	}
	return LFSFile{}, fault(ErrPath, "Not in Git LFS", fmt.Sprintf("%s A clone with paths = [%q] has it, whatever keeps it.", detail, file))
}

// readPointers notes what Git LFS keeps for which of the files.
func (s *snapshot) readPointers(files []entry) error {
	a := newAttributes(s)
	for i, e := range files {
		if e.mode == filemode.Symlink {
			continue
		}
		filtered, err := a.lfs(e.path)
		if err != nil {
			return fmt.Errorf("reading .gitattributes: %w", err)
		}
		if !filtered {
			continue
		}
		objects, err := s.store(e.bare)
		if err != nil {
			return err
		}
		content, size, err := objects.open(e.id)
		if err != nil {
			return fmt.Errorf("reading %s: %w", e.path, err)
		}
		_ = content.Close()
		if size > pointerSize {
			continue
		}
		data, err := objects.blob(e.id)
		if err != nil {
			return fmt.Errorf("reading %s: %w", e.path, err)
		}
		if oid, size, ok := parsePointer(data); ok {
			files[i].oid, files[i].size = oid, size
		}
	}
	return nil
}

// lfsSetting is lfs.url of the commit's .lfsconfig, or "".
func lfsSetting(bare, commit string) (string, error) {
	data, err := ReadFile(bare, commit, ".lfsconfig")
	switch {
	case errors.Is(err, ErrPath):
		return "", nil
	case err != nil:
		return "", fmt.Errorf("reading .lfsconfig: %w", err)
	}
	return strings.TrimSpace(settingIn(data, "lfs", "url")), nil
}
