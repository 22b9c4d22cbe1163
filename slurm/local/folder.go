package local

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/google/renameio/v2"
	"golang.org/x/sys/unix"
)

// fileVersion is the version of the files that this program writes and reads.
const fileVersion = 1

// folder is where one run's scheduler works.
type folder struct{ root string }

func (f folder) jobs() string                { return filepath.Join(f.root, "jobs") }
func (f folder) submission(id string) string { return filepath.Join(f.jobs(), id+".json") }
func (f folder) state() string               { return filepath.Join(f.root, "state.json") }
func (f folder) log() string                 { return filepath.Join(f.root, "scheduler.log") }

// request is something asked for a job by an empty file beside its submission:
// asked twice is asked once, and no process need live to remember it.
type request string

const (
	released  request = "release"
	cancelled request = "cancel"
)

// mark asks r for each of the jobs that exist, durably.
func (f folder) mark(r request, ids []string) error {
	for _, id := range ids {
		if !isID(id) {
			continue
		}
		if info, err := os.Stat(f.submission(id)); err != nil || info.Size() == 0 {
			if err == nil || errors.Is(err, fs.ErrNotExist) {
				continue
			}
			return err
		}
		file, err := os.OpenFile(filepath.Join(f.jobs(), id+"."+string(r)), os.O_CREATE|os.O_WRONLY, 0o600)
		if err != nil {
			return err
		}
		if err := file.Close(); err != nil {
			return err
		}
	}
	if err := syncDir(f.jobs()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// entry is one file of the jobs folder.
type entry struct {
	number int
	id     string
	kind   string // "json", or a request
}

// entries lists the jobs folder. Files of other names, such as those that a
// killed submitter left half-written, are none of ours.
func (f folder) entries() ([]entry, error) {
	files, err := os.ReadDir(f.jobs())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("listing the submitted jobs: %w", err)
	}
	var list []entry
	for _, file := range files {
		id, kind, ok := strings.Cut(file.Name(), ".")
		if !ok || !isID(id) {
			continue
		}
		number, _ := strconv.Atoi(id)
		list = append(list, entry{number, id, kind})
	}
	return list, nil
}

// isID reports whether s can be a job's id: a positive number as it is printed.
func isID(s string) bool {
	n, err := strconv.Atoi(s)
	return err == nil && n > 0 && strconv.Itoa(n) == s
}

// writeJSON writes v whole and durably, for its owner only.
func writeJSON(path string, v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encoding %s: %w", filepath.Base(path), err)
	}
	return writeFile(path, append(data, '\n'))
}

// writeFile replaces a file so that no reader, and no crash, sees half of it:
// renameio syncs the content; the folder must be synced for the new name.
func writeFile(path string, data []byte) error {
	dir := filepath.Dir(path)
	err := renameio.WriteFile(path, data, 0o600, renameio.WithTempDir(dir), renameio.WithStaticPermissions(0o600))
	if err == nil {
		err = syncDir(dir)
	}
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return nil
}

// readJSON reads a file that writeJSON wrote into v.
func readJSON(path string, v any) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var head struct {
		Version int `json:"version"`
	}
	if err := json.Unmarshal(data, &head); err != nil {
		return fmt.Errorf("%s is damaged: %w", path, err)
	}
	if head.Version != fileVersion {
		return fmt.Errorf("%s has version %d, and this runpipe reads version %d: use the runpipe that wrote it", path, head.Version, fileVersion)
	}
	if err := json.Unmarshal(data, v); err != nil {
		return fmt.Errorf("%s is damaged: %w", path, err)
	}
	return nil
}

func syncDir(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	err = dir.Sync()
	if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOTSUP) { // a file system that has no such thing
		err = nil
	}
	return errors.Join(err, dir.Close())
}
