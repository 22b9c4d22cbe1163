package supervise

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// flush writes all files below folder to disk, and takes the right to write
// from them: what is in the store is never changed. A few are flushed one by
// one; for many, the whole file system is flushed once.
func flush(folder string) error {
	const few = 32
	var files []string
	err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.Type() != 0 {
			return err
		}
		files = append(files, path)
		info, err := d.Info()
		if err != nil {
			return err
		}
		return os.Chmod(path, info.Mode().Perm()&^0o222)
	})
	if err != nil {
		return err
	}
	if len(files) > few {
		return syncFileSystem(folder)
	}
	for _, path := range files {
		if err := syncFolder(path); err != nil {
			return err
		}
	}
	return nil
}

// syncFolder flushes a folder's names, or a file.
func syncFolder(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

func syncFileSystem(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(unix.Syncfs(int(f.Fd())), f.Close())
}

// there fails where a folder that this job has made is no more: the workspace was
// removed, or its file system unmounted. What was written then would lie where
// nobody looks.
func there(folder string) error {
	if _, err := os.Stat(folder); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s is gone: was the workspace removed, or its file system unmounted?", folder)
	}
	return nil
}
