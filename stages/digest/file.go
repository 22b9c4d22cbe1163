package digest

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/google/renameio/v2"
)

// name is the file in the cache's folder: one line of JSON for each digest.
const name = "digests.jsonl"

// version is the one that this program writes and reads.
const version = 1

// line is one digest. Two machines that append to one file of a network file
// system may tear each other's lines: Check tells a whole one.
type line struct {
	Version int `json:"version"`
	identity
	SHA256 string `json:"sha256"`
	Check  string `json:"check"`
}

func lineOf(id identity, sum string) line {
	l := line{Version: version, identity: id, SHA256: sum}
	all := sha256.Sum256(fmt.Append(nil, l.Version, id, sum))
	l.Check = hex.EncodeToString(all[:8])
	return l
}

// Open opens the cache in the folder dir, which need not exist: it is made, in a
// folder that does, when there is something to remember. A cache that cannot be
// written to remembers for as long as it is open.
func Open(dir string) (*Cache, error) {
	c := &Cache{file: filepath.Join(dir, name), clock: time.Now, seen: map[place]known{}}
	f, err := os.Open(c.file)
	if errors.Is(err, fs.ErrNotExist) {
		return c, nil
	}
	if err != nil {
		return nil, fmt.Errorf("opening the cache of digests: %w", err)
	}
	defer f.Close()
	lines := 0
	text := bufio.NewScanner(f)
	for text.Scan() {
		if len(text.Bytes()) == 0 {
			continue
		}
		lines++
		var l line
		if json.Unmarshal(text.Bytes(), &l) != nil || l != lineOf(l.identity, l.SHA256) || len(l.SHA256) != 64 {
			continue
		}
		c.seen[l.place] = known{l.state, l.SHA256}
	}
	if err := text.Err(); err != nil && !errors.Is(err, bufio.ErrTooLong) {
		return nil, fmt.Errorf("reading the cache of digests: %w", err)
	}
	if lines > 1000 && lines > 2*len(c.seen) {
		c.compact()
	}
	return c, nil
}

// remember keeps a digest, here and in the file. Failures cost only time.
func (c *Cache) remember(id identity, sum string) {
	data, err := json.Marshal(lineOf(id, sum))
	if err != nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seen[id.place] = known{id.state, sum}
	_ = os.Mkdir(filepath.Dir(c.file), 0o700)
	f, err := os.OpenFile(c.file, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return
	}
	defer f.Close()
	// A line of its own, even after one that was torn.
	_, _ = f.Write(append(append([]byte("\n"), data...), '\n'))
}

// compact writes the file again with what still counts. What another process
// appends meanwhile may be lost, and is then read again some day.
func (c *Cache) compact() {
	var all bytes.Buffer
	write := json.NewEncoder(&all)
	for place, k := range c.seen {
		if write.Encode(lineOf(identity{place, k.state}, k.sum)) != nil {
			return
		}
	}
	_ = renameio.WriteFile(c.file, all.Bytes(), 0o600)
}
