package supervise

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/runpipe/runpipe/stages"
)

// prepareWork makes the private working copy: the source's files, then the
// stage's own files laid over them.
func (j *job) prepareWork(ctx context.Context) error {
	if j.resumed {
		return nil
	}
	j.removeStarts(func(restarts int) bool { return restarts < j.restarts && j.over(restarts) })
	if err := j.removeEarlierWork(); err != nil {
		return fmt.Errorf("removing the working copy of an earlier start: %w", err)
	}
	if err := os.Mkdir(j.work(), 0o700); err != nil {
		return fmt.Errorf("making the working copy: %w", err)
	}
	root, err := os.OpenRoot(j.work())
	if err != nil {
		return fmt.Errorf("making the working copy: %w", err)
	}
	defer root.Close()
	if j.manifest.Source != "" {
		if err := copyTree(ctx, j.manifest.Source, root, "."); err != nil {
			return fmt.Errorf("copying the source %s: %w", j.manifest.Source, err)
		}
	}
	start, err := openStart(root, j.manifest)
	if err != nil {
		return err
	}
	defer start.Close()
	for _, file := range j.manifest.Files {
		if err := layIn(ctx, start, file); err != nil {
			return fmt.Errorf("laying %s into the working copy: %w", file.To, err)
		}
		j.recordFile(file)
	}
	return nil
}

// removeEarlierWork removes the working copy that a start with the same number
// has left, as where a person starts job.sh again. The folder is taken out of the
// way first: something may still write there.
func (j *job) removeEarlierWork() error {
	aside := j.work() + "-removed"
	if err := os.RemoveAll(aside); err != nil {
		return err
	}
	if err := os.Rename(j.work(), aside); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	}
	os.RemoveAll(aside) // what cannot be removed now is in nobody's way
	return nil
}

// openStart opens the folder that the command starts in.
func openStart(work *os.Root, m *stages.Manifest) (*os.Root, error) {
	if m.Dir == "" {
		return work.OpenRoot(".")
	}
	dir, err := work.OpenRoot(filepath.FromSlash(m.Dir))
	if err != nil {
		return nil, fmt.Errorf("dir = %q: the command cannot start there: %w", m.Dir, err)
	}
	return dir, nil
}

// layIn puts one file or folder in place of what stands there. A symbolic link
// that leads out of the working copy is not followed.
func layIn(ctx context.Context, start *os.Root, file stages.StageFile) error {
	to := filepath.FromSlash(file.To)
	if err := start.RemoveAll(to); err != nil {
		return err
	}
	if err := start.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return err
	}
	if err := copyTree(ctx, file.From, start, to); err != nil {
		return err
	}
	if file.Digest == "" {
		return nil
	}
	content, err := stages.ContentOf(filepath.Join(start.Name(), to))
	if err != nil {
		return err
	}
	if content.Digest != file.Digest {
		return drift("%s has changed since the pipeline was applied: its digest is %s, not %s", file.From, content.Digest, file.Digest)
	}
	return nil
}
