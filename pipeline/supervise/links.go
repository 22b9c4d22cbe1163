package supervise

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// checkLinks sees to it that the symbolic links within an output still lead
// where they did once it is in the store: to something in the same output, by a
// relative path. Absolute ones that stay within are made relative; one that
// leads out is refused, since what it leads to would not be kept.
func checkLinks(output string) error {
	return filepath.WalkDir(output, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.Type() != fs.ModeSymlink {
			return err
		}
		text, err := os.Readlink(path)
		if err != nil {
			return err
		}
		target := text
		if !filepath.IsAbs(text) {
			target = filepath.Join(filepath.Dir(path), text)
		}
		if real, err := filepath.EvalSymlinks(target); err == nil {
			target = real
		}
		if !within(output, target) {
			return fmt.Errorf("%s is a symbolic link to %s, which is not part of the output: write a copy instead", path, text)
		}
		if !filepath.IsAbs(text) {
			return nil
		}
		return makeRelative(path, target)
	})
}

func makeRelative(link, target string) error {
	text, err := filepath.Rel(filepath.Dir(link), target)
	if err != nil {
		return err
	}
	if err := os.Remove(link); err != nil {
		return err
	}
	return os.Symlink(text, link)
}
