package git

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// cleanPaths brings the paths of a clone into one form: clean, sorted, none inside
// another. No paths, or ".", stand for the whole tree and give none.
func cleanPaths(paths []string) ([]string, error) {
	var clean []string
	for _, written := range paths {
		p := path.Clean(written)
		if written == "" || path.IsAbs(p) || p == ".." || strings.HasPrefix(p, "../") {
			return nil, fault(ErrPath, "Unsuitable path", fmt.Sprintf("%q is not a path inside the repository: write it relative to the repository's top, as in \"src\".", written))
		}
		if p == "." {
			return nil, nil
		}
		clean = append(clean, p)
	}
	slices.Sort(clean)
	var outer []string
	for _, p := range clean {
		if len(outer) == 0 || p != outer[len(outer)-1] && !within(p, outer) {
			outer = append(outer, p)
		}
	}
	return outer, nil
}

func within(p string, folders []string) bool {
	return slices.ContainsFunc(folders, func(folder string) bool { return strings.HasPrefix(p, folder+"/") })
}

// unsafeName reports whether a name in a tree must not become a file's name: it
// would leave its folder, or be taken for a repository's own folder, on this file
// system or on one that folds case and ignores some characters (HFS+, NTFS).
func unsafeName(name string) bool {
	if name == "" || name == "." || name == ".." || strings.ContainsAny(name, "/\x00") {
		return true
	}
	plain, _, _ := strings.Cut(strings.Map(visible, name), ":")
	plain = strings.ToLower(strings.TrimRight(plain, ". "))
	return plain == ".git" || plain == "git~1"
}

// visible drops the characters that HFS+ ignores when it compares names.
func visible(r rune) rune {
	switch {
	case r >= 0x200c && r <= 0x200f, r >= 0x202a && r <= 0x202e, r >= 0x206a && r <= 0x206f, r == 0xfeff:
		return -1
	}
	return r
}
