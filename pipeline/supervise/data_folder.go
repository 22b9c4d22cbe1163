package supervise

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"

	"golang.org/x/sync/errgroup"

	"github.com/runpipe/runpipe/stages"
	"github.com/runpipe/runpipe/stages/huggingface"
)

// assemble puts a folder together from files that are known by their digests.
func (o DataOptions) assemble(ctx context.Context) error {
	list, err := o.readList()
	if err != nil {
		return err
	}
	if err := os.Mkdir(o.Dest, 0o755); err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for _, f := range list.Files {
		to := filepath.Join(o.Dest, filepath.FromSlash(f.Path))
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			return err
		}
		group.Go(func() error {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			return Data(ctx, DataOptions{From: filepath.Join(o.From, f.SHA256), SHA256: f.SHA256, Link: true, Dest: to, Out: io.Discard})
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	fmt.Fprintf(o.Out, "%d files have the sha256 that was pinned\n", len(list.Files))
	return nil
}

// readList reads the list, which must be the one that was submitted, and whose names
// must stay within the folder.
func (o DataOptions) readList() (*stages.Contents, error) {
	data, err := os.ReadFile(o.List)
	if err != nil {
		return nil, err
	}
	if sum := sha256.Sum256(data); hex.EncodeToString(sum[:]) != o.SHA256 {
		return nil, drift("%s was changed since the run was submitted", o.List)
	}
	var list stages.Contents
	strict := json.NewDecoder(bytes.NewReader(data))
	strict.DisallowUnknownFields()
	if err := strict.Decode(&list); err != nil {
		return nil, fmt.Errorf("reading %s: %w", o.List, err)
	}
	if list.Version != stages.ContentsVersion {
		return nil, fmt.Errorf("%s has version %d, and this runpipe reads version %d", o.List, list.Version, stages.ContentsVersion)
	}
	var names []string
	for _, f := range list.Files {
		names = append(names, f.Path)
	}
	if name, found := huggingface.Unsafe(names); found {
		return nil, fmt.Errorf("%s names the file %q, which cannot be one of a folder", o.List, name)
	}
	return &list, nil
}
