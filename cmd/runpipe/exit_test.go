package main

import (
	"errors"
	"io/fs"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestElsewhere(t *testing.T) {
	a := &app{workspace: t.TempDir()}
	root, err := a.root()
	if err != nil {
		t.Fatal(err)
	}
	in := func(dir string, cause error) error {
		return &fs.PathError{Op: "mkdir", Path: filepath.Join(dir, "runs"), Err: cause}
	}
	for _, c := range []struct {
		err  error
		want bool
	}{
		{in(root, syscall.EROFS), true},
		{in(root, syscall.EACCES), true},
		{in(root, syscall.ENOSPC), true},
		{in(root, syscall.ENOENT), false},
		{in("/elsewhere", syscall.EACCES), false},
		{errors.New("no path"), false},
	} {
		if got := a.elsewhere(c.err); strings.Contains(got, root+"; --workspace DIR") != c.want {
			t.Errorf("elsewhere(%v) = %q, want an advice: %t", c.err, got, c.want)
		}
	}
}
