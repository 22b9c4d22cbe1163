package download

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/google/renameio/v2"
)

// part is a file that is not whole yet, and what must be known to go on with it.
type part struct {
	file  *os.File
	size  int64 // bytes that are there
	state state
	own   bool // nobody will go on with it
}

// state is what a server said of the file.
type state struct {
	ETag     string `json:"etag,omitempty"`
	Modified string `json:"modified,omitempty"`
	Size     int64  `json:"size"` // of the whole file; -1 where that is not known
}

// validator is what says that the rest is of the same file: a strong ETag, else the
// time of the last change (RFC 9110, section 13.1.5).
func (s state) validator() string {
	if s.ETag != "" && !strings.HasPrefix(s.ETag, "W/") {
		return s.ETag
	}
	return s.Modified
}

// openPart opens the partial file of an address. While another process has it, this
// one gets a file of its own.
func openPart(dir, address string) (*part, error) {
	sum := sha256.Sum256([]byte(address))
	path := filepath.Join(dir, "part-"+hex.EncodeToString(sum[:8]))
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	p := &part{file: file, state: state{Size: -1}}
	if !p.mine(path) {
		_ = file.Close()
		if p.file, err = os.CreateTemp(dir, "part-*.tmp"); err != nil {
			return nil, err
		}
		p.own = true
		return p, nil
	}
	if data, err := os.ReadFile(p.notes()); err == nil && json.Unmarshal(data, &p.state) == nil {
		p.size, err = file.Seek(0, io.SeekEnd)
		return p, err
	}
	return p, p.clear()
}

// mine takes the file for this process, unless it was given its name meanwhile.
func (p *part) mine(path string) bool {
	if syscall.Flock(int(p.file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) != nil {
		return false
	}
	here, err := p.file.Stat()
	there, gone := os.Stat(path)
	return err == nil && gone == nil && os.SameFile(here, there)
}

func (p *part) notes() string { return p.file.Name() + ".json" }

// clear drops what is there.
func (p *part) clear() error {
	p.size, p.state = 0, state{Size: -1}
	_ = os.Remove(p.notes())
	if err := p.file.Truncate(0); err != nil {
		return err
	}
	_, err := p.file.Seek(0, io.SeekStart)
	return err
}

// begin starts over with what the server says of the file now.
func (p *part) begin(s state) error {
	if err := p.clear(); err != nil {
		return err
	}
	p.state = s
	if s.validator() == "" || p.own {
		return nil
	}
	data, err := json.Marshal(s)
	if err != nil {
		return err
	}
	return renameio.WriteFile(p.notes(), data, 0o600)
}

func (p *part) write(data []byte) error {
	n, err := p.file.Write(data)
	p.size += int64(n)
	return err
}

// publish gives the file its name, read-only.
func (p *part) publish(path string) error {
	if err := p.file.Chmod(0o444); err != nil {
		return err
	}
	if err := p.file.Sync(); err != nil {
		return err
	}
	if err := os.Rename(p.file.Name(), path); err != nil {
		return err
	}
	_ = os.Remove(p.notes())
	p.own = false
	return nil
}

func (p *part) close() {
	if p.own {
		_ = os.Remove(p.file.Name())
	}
	_ = p.file.Close()
}

// room is how many bytes are free where the file is, -1 if that cannot be told.
func room(f *os.File) int64 {
	var s syscall.Statfs_t
	if err := syscall.Fstatfs(int(f.Fd()), &s); err != nil || s.Bavail > 1<<40 {
		return -1
	}
	return int64(s.Bavail) * s.Bsize
}
