// Package seal knows what a finished stage left, file by file, and tells what of
// it is no longer so: a byte that was changed, a file that went missing or came in.
//
// Beside the record, each entry of the store has the digest of every file, with
// the stamp that the file system gave it (size, inode, modification and change
// time). A file whose stamp is unchanged need not be read again, so that a job
// can look at a large input when it starts. A stamp is only believed if the file
// system's own clock had moved on when the seal was made: whatever changes the
// file later then gets a later change time, which no program can set.
package seal

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/runpipe/runpipe/pipeline/workspace"
	"github.com/runpipe/runpipe/stages"
)

// Version is the version of contents.json that this program writes and reads.
const Version = 1

// File is the name of a seal within its entry of the store.
const File = "contents.json"

// Seal is contents.json.
type Seal struct {
	Version int      `json:"version"`
	Sealed  int64    `json:"sealed"` // ns since 1970, by the clock of the file system
	Outputs []Output `json:"outputs"`
}

// Output is one output with all that it holds.
type Output struct {
	Name string `json:"name"`
	Path string `json:"path"` // below the entry's outputs folder, slash-separated
	// Linked is the folder that the output is only a symbolic link to, or "": a
	// virtual environment breaks when it is moved, and stays where it was built.
	Linked string        `json:"linked,omitempty"`
	Folder bool          `json:"folder,omitempty"`
	Lines  []stages.Line `json:"lines"`
}

// settle is longer than a tick of the kernel's clock, by which files are stamped
// (10 ms at HZ=100). Only what takes longer than that to read is worth the wait.
const (
	settle      = 12 * time.Millisecond
	worthBytes  = 16 << 20
	worthListed = 256
)

// Write seals the outputs in folder, an entry of the store that nobody sees yet.
// Their lines have the digests of what was moved there; the stamps are taken now.
func Write(folder string, outputs []Output) error {
	files, bytes := 0, int64(0)
	for i := range outputs {
		if err := outputs[i].stamp(folder); err != nil {
			return fmt.Errorf("sealing output %s: %w", outputs[i].Name, err)
		}
		for _, line := range outputs[i].Lines {
			files, bytes = files+1, bytes+line.Size
		}
	}
	if files > worthListed || bytes > worthBytes {
		time.Sleep(settle)
	}
	now, err := clock(folder)
	if err != nil {
		return fmt.Errorf("sealing the outputs: %w", err)
	}
	data, err := json.Marshal(Seal{Version: Version, Sealed: now, Outputs: outputs})
	if err != nil {
		return fmt.Errorf("sealing the outputs: %w", err)
	}
	if err := workspace.WriteFile(filepath.Join(folder, File), append(data, '\n'), 0o600); err != nil {
		return fmt.Errorf("sealing the outputs: %w", err)
	}
	return nil
}

// stamp takes the stamps of files that are what their lines say. A file that is
// not has none, and is read whenever somebody asks.
func (o *Output) stamp(folder string) error {
	now, err := stages.List(o.place(folder))
	if err != nil {
		return err
	}
	byPath := map[string]stages.Line{}
	for _, line := range now.Lines {
		byPath[line.Path] = line
	}
	for i := range o.Lines {
		line := &o.Lines[i]
		line.Stamp = stages.Stamp{}
		if found, ok := byPath[line.Path]; ok && found.Size == line.Size && found.Mode == line.Mode {
			line.Stamp = found.Stamp
		}
	}
	return nil
}

// place is where the output's files are.
func (o *Output) place(folder string) string {
	if o.Linked != "" {
		return o.Linked
	}
	return filepath.Join(folder, "outputs", filepath.FromSlash(o.Path))
}

// clock is the time by the file system's own clock, which for a file server is
// not this machine's.
func clock(folder string) (int64, error) {
	f, err := os.CreateTemp(folder, ".clock-")
	if err != nil {
		return 0, err
	}
	defer os.Remove(f.Name())
	defer f.Close()
	if _, err := f.Write([]byte{0}); err != nil {
		return 0, err
	}
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return info.ModTime().UnixNano(), nil
}

// Read reads the seal of an entry of the store. The error wraps fs.ErrNotExist
// where there is none.
func Read(folder string) (*Seal, error) {
	var s Seal
	if err := workspace.ReadJSON(filepath.Join(folder, File), &s, Version); err != nil {
		return nil, err
	}
	return &s, nil
}

// output is the one of that name, or nil.
func (s *Seal) output(name string) *Output {
	if s == nil {
		return nil
	}
	for i := range s.Outputs {
		if s.Outputs[i].Name == name {
			return &s.Outputs[i]
		}
	}
	return nil
}
