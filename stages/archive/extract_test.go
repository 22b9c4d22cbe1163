package archive

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// entry is one of an archive that a test writes by hand.
type entry struct {
	name, content, link string
	kind                byte // of tar
	mode                int64
}

func tarOf(t *testing.T, entries ...entry) string {
	t.Helper()
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, e := range entries {
		if e.kind == 0 {
			e.kind = tar.TypeReg
		}
		if err := w.WriteHeader(&tar.Header{Name: e.name, Typeflag: e.kind, Linkname: e.link, Mode: e.mode, Size: int64(len(e.content))}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(e.content)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return written(t, out.Bytes())
}

func zipOf(t *testing.T, entries ...entry) string {
	t.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, e := range entries {
		h := &zip.FileHeader{Name: e.name, Method: zip.Deflate}
		mode, content := fs.FileMode(e.mode), e.content
		if e.kind == tar.TypeSymlink {
			mode, content = fs.ModeSymlink|0o777, e.link
		}
		if e.kind == tar.TypeFifo {
			mode = fs.ModeNamedPipe
		}
		h.SetMode(mode)
		f, err := w.CreateHeader(h)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write([]byte(content)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return written(t, out.Bytes())
}

func written(t *testing.T, data []byte) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "archive")
	if err := os.WriteFile(file, data, 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

// What the programs that people use have packed comes out as it went in.
func TestExtract(t *testing.T) {
	dir := t.TempDir()
	from := filepath.Join(dir, "set")
	for name, content := range map[string]string{"train/a.txt": "a", "train/b c.txt": strings.Repeat("b", 3<<20), "run.sh": "#!/bin/sh\n"} {
		if err := os.MkdirAll(filepath.Join(from, filepath.Dir(name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(from, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(os.Chmod(filepath.Join(from, "run.sh"), 0o755), os.Symlink("../run.sh", filepath.Join(from, "train/link")),
		os.Link(filepath.Join(from, "run.sh"), filepath.Join(from, "same.sh")), os.Mkdir(filepath.Join(from, "empty"), 0o755)); err != nil {
		t.Fatal(err)
	}
	commands := map[string][]string{
		"tar": {"tar", "-cf", "../out.tar", "."}, "gnu": {"tar", "--format=gnu", "-czf", "../out.gnu", "."},
		"pax": {"tar", "--format=pax", "-czf", "../out.pax", "."},
		"zip": {"python3", "-c", `import os, zipfile
with zipfile.ZipFile("../out.zip", "w", zipfile.ZIP_DEFLATED) as z:
    for folder, _, files in os.walk("."):
        z.write(folder)
        for name in files:
            path = os.path.join(folder, name)
            if os.path.islink(path):
                info = zipfile.ZipInfo(path); info.create_system = 3; info.external_attr = 0o120777 << 16
                z.writestr(info, os.readlink(path))
            else:
                z.write(path)`},
		"bz2": {"python3", "-c", `import tarfile
with tarfile.open("../out.bz2", "w:bz2") as t: t.add(".")`},
	}
	for kind, words := range commands {
		cmd := exec.Command(words[0], words[1:]...)
		cmd.Dir = from
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", kind, err, out)
		}
		dest := filepath.Join(dir, "unpacked-"+kind)
		if err := Extract(t.Context(), filepath.Join(dir, "out."+kind), dest); err != nil {
			t.Errorf("%s: %v", kind, err)
			continue
		}
		if out, err := exec.Command("diff", "-r", "--no-dereference", from, dest).CombinedOutput(); err != nil {
			t.Errorf("%s is not as it was: %s", kind, out)
		}
		if info, err := os.Stat(filepath.Join(dest, "run.sh")); err != nil || info.Mode().Perm()&0o100 == 0 {
			t.Errorf("%s: run.sh is not executable", kind)
		}
	}
}

// Archives that want to write, or have something read, outside of their folder.
func TestAttacks(t *testing.T) {
	secret := filepath.Join(t.TempDir(), "secret")
	link, hard := byte(tar.TypeSymlink), byte(tar.TypeLink)
	attacks := map[string][]entry{
		"dots":            {{name: "../evil", content: "x"}},
		"hidden dots":     {{name: "a/../../evil", content: "x"}},
		"absolute":        {{name: "/tmp/evil", content: "x"}},
		"link out":        {{name: "out", kind: link, link: ".."}, {name: "out/evil", content: "x"}},
		"absolute link":   {{name: "out", kind: link, link: "/"}, {name: "out/tmp/evil", content: "x"}},
		"deep link":       {{name: "a/b/out", kind: link, link: "../../../evil"}},
		"link over link":  {{name: "a/b", kind: link, link: ".."}, {name: "c", kind: link, link: "a/b/.."}, {name: "c/evil", content: "x"}},
		"links in a ring": {{name: "a", kind: link, link: "b"}, {name: "b", kind: link, link: "a"}},
		"link to secret":  {{name: "a", kind: link, link: secret}},
		"a pipe":          {{name: "pipe", kind: tar.TypeFifo}},
	}
	hardLinks := map[string][]entry{
		"hard link out":     {{name: "a", kind: hard, link: "../../secret"}},
		"absolute one":      {{name: "a", kind: hard, link: secret}},
		"one to a link":     {{name: "l", kind: link, link: "x"}, {name: "a", kind: hard, link: "l"}},
		"one through a dir": {{name: "d", kind: link, link: ".."}, {name: "a", kind: hard, link: "d/secret"}},
		"a device":          {{name: "null", kind: tar.TypeChar}},
	}
	try := func(what, file string) {
		t.Helper()
		outer := t.TempDir()
		if err := os.WriteFile(filepath.Join(outer, "secret"), []byte("secret"), 0o600); err != nil {
			t.Fatal(err)
		}
		err := Extract(t.Context(), file, filepath.Join(outer, "dest"))
		if err == nil {
			t.Errorf("%s was unpacked", what)
		}
		left, _ := os.ReadDir(outer)
		if len(left) != 2 {
			t.Errorf("%s wrote outside of the folder: %v", what, left)
		}
	}
	for what, entries := range attacks {
		try("tar: "+what, tarOf(t, entries...))
		try("zip: "+what, zipOf(t, entries...))
	}
	for what, entries := range hardLinks {
		try("tar: "+what, tarOf(t, entries...))
	}
	try("zip: backslashes", zipOf(t, entry{name: `..\evil`, content: "x"}))
}

// A link is replaced, not written through, by a later entry of its name; special
// modes are dropped.
func TestLaterEntries(t *testing.T) {
	entries := []entry{
		{name: "target", content: "kept"}, {name: "a", kind: tar.TypeSymlink, link: "target"},
		{name: "a", content: "new", mode: 0o6755},
	}
	for kind, file := range map[string]string{"tar": tarOf(t, entries...), "zip": zipOf(t, entries...)} {
		dest := filepath.Join(t.TempDir(), "dest")
		if err := Extract(t.Context(), file, dest); err != nil {
			t.Fatalf("%s: %v", kind, err)
		}
		kept, _ := os.ReadFile(filepath.Join(dest, "target"))
		got, _ := os.ReadFile(filepath.Join(dest, "a"))
		if string(kept) != "kept" || string(got) != "new" {
			t.Errorf("%s: target holds %q, a %q", kind, kept, got)
		}
		if info, err := os.Stat(filepath.Join(dest, "a")); err != nil || info.Mode()&(fs.ModeSetuid|fs.ModeSetgid) != 0 {
			t.Errorf("%s: mode %v", kind, info.Mode())
		}
	}
}

func TestWhatIsNoArchive(t *testing.T) {
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, _ = w.Write([]byte("one packed file, and no tar"))
	_ = w.Close()
	whole, err := os.ReadFile(tarOf(t, entry{name: "a", content: strings.Repeat("x", 4096)}))
	if err != nil {
		t.Fatal(err)
	}
	for what, data := range map[string][]byte{"text": []byte("hello"), "nothing": nil, "gzip of a file": packed.Bytes()} {
		if err := Extract(t.Context(), written(t, data), filepath.Join(t.TempDir(), "d")); !errors.Is(err, ErrFormat) {
			t.Errorf("%s: %v", what, err)
		}
	}
	for what, data := range map[string][]byte{"half a tar": whole[:2048], "half a zip": []byte("PK\x03\x04half"), "half a gzip": packed.Bytes()[:12]} {
		if err := Extract(t.Context(), written(t, data), filepath.Join(t.TempDir(), "d")); err == nil {
			t.Errorf("%s was unpacked", what)
		}
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if err := Extract(ctx, written(t, whole), filepath.Join(t.TempDir(), "d")); !errors.Is(err, context.Canceled) {
		t.Errorf("an ended extraction gives %v", err)
	}
}
