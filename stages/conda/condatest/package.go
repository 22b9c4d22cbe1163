// Package condatest is what tests of conda's environments need: real packages that
// are made on the spot, a channel of a test's own, and a client that installs them.
package condatest

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"crypto/md5"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"maps"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// Package is a conda package to be made.
type Package struct {
	Name, Version, Build string
	Subdir               string            // "" is noarch
	Files                map[string]string // path → content; those below bin/ are programs
	Old                  bool              // as .tar.bz2, else as .conda
}

// Placeholder in a file's content is where the environment's folder is put when it
// is installed.
const Placeholder = "/opt/condatest_placehold_placehold_placehold_placehold_placehold_placehold_placehold_placehold"

// File is a package in a channel.
type File struct {
	Subdir, Name string
	Content      []byte
}

// MD5 is the file's md5, in hex.
func (f File) MD5() string {
	sum := md5.Sum(f.Content)
	return hex.EncodeToString(sum[:])
}

// SHA256 is the file's sha256, in hex.
func (f File) SHA256() string {
	sum := sha256.Sum256(f.Content)
	return hex.EncodeToString(sum[:])
}

// Make makes the package in the form that it asks for.
func (p Package) Make(t testing.TB) File {
	t.Helper()
	f := File{Subdir: p.Subdir, Name: fmt.Sprintf("%s-%s-%s", p.Name, p.Version, p.Build)}
	if f.Subdir == "" {
		f.Subdir = "noarch"
	}
	info := p.info(f.Subdir)
	if p.Old {
		f.Name, f.Content = f.Name+".tar.bz2", bzip2(t, archive(merge(info, p.Files)))
		return f
	}
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for _, part := range [][2]any{
		{"metadata.json", []byte(`{"conda_pkg_format_version": 2}`)},
		{"pkg-" + f.Name + ".tar.zst", zstd(archive(p.Files))},
		{"info-" + f.Name + ".tar.zst", zstd(archive(info))},
	} {
		name, data := part[0].(string), part[1].([]byte)
		// Raw, since the sizes must stand in front: clients read packages as they come.
		w, err := z.CreateRaw(&zip.FileHeader{Name: name, Method: zip.Store, CRC32: crc32.ChecksumIEEE(data),
			CompressedSize64: uint64(len(data)), UncompressedSize64: uint64(len(data))})
		must(err)
		_, err = w.Write(data)
		must(err)
	}
	must(z.Close())
	f.Name, f.Content = f.Name+".conda", out.Bytes()
	return f
}

// info is the metadata of a package (https://docs.conda.io/projects/conda-build/en/stable/resources/package-spec.html).
func (p Package) info(subdir string) map[string]string {
	index := map[string]any{"name": p.Name, "version": p.Version, "build": p.Build, "build_number": 0, "depends": []string{}, "subdir": subdir}
	if subdir == "noarch" {
		index["noarch"] = "generic"
	}
	type path struct {
		Path        string `json:"_path"`
		Type        string `json:"path_type"`
		SHA256      string `json:"sha256"`
		Size        int    `json:"size_in_bytes"`
		Placeholder string `json:"prefix_placeholder,omitempty"`
		Mode        string `json:"file_mode,omitempty"`
	}
	paths, files, prefixes := []path{}, "", ""
	for _, name := range slices.Sorted(maps.Keys(p.Files)) {
		sum := sha256.Sum256([]byte(p.Files[name]))
		one := path{Path: name, Type: "hardlink", SHA256: hex.EncodeToString(sum[:]), Size: len(p.Files[name])}
		if strings.Contains(p.Files[name], Placeholder) {
			one.Placeholder, one.Mode = Placeholder, "text"
			prefixes += fmt.Sprintf("%s text %s\n", Placeholder, name)
		}
		paths, files = append(paths, one), files+name+"\n"
	}
	info := map[string]string{
		"info/index.json": encode(index), "info/files": files,
		"info/paths.json": encode(map[string]any{"paths": paths, "paths_version": 1}),
	}
	if prefixes != "" {
		info["info/has_prefix"] = prefixes
	}
	return info
}

func encode(v any) string {
	data, err := json.Marshal(v)
	must(err)
	return string(data)
}

func merge(a, b map[string]string) map[string]string {
	all := maps.Clone(a)
	maps.Copy(all, b)
	return all
}

// archive is a tar of files.
func archive(files map[string]string) []byte {
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		mode := int64(0o644)
		if strings.HasPrefix(name, "bin/") {
			mode = 0o755
		}
		must(w.WriteHeader(&tar.Header{Name: name, Mode: mode, Size: int64(len(files[name])), Typeflag: tar.TypeReg}))
		_, err := w.Write([]byte(files[name]))
		must(err)
	}
	must(w.Close())
	return out.Bytes()
}

// bzip2 compresses with Python, since Go's library only reads that format.
func bzip2(t testing.TB, data []byte) []byte {
	t.Helper()
	cmd := exec.Command("python3", "-c", "import bz2, sys; sys.stdout.buffer.write(bz2.compress(sys.stdin.buffer.read()))")
	cmd.Stdin = bytes.NewReader(data)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("compressing a package: %v", err)
	}
	return out
}

// zstd puts data into a frame of blocks that are not compressed (RFC 8878, section
// 3.1.1).
func zstd(data []byte) []byte {
	const most = 64 << 10
	out := binary.LittleEndian.AppendUint32(nil, 0xFD2FB528)
	out = append(out, 0b1010_0000) // a single segment, whose size has four bytes
	out = binary.LittleEndian.AppendUint32(out, uint32(len(data)))
	for {
		n := min(len(data), most)
		header := uint32(n) << 3 // type 0: raw
		if n == len(data) {
			header |= 1 // the last one
		}
		out = append(out, byte(header), byte(header>>8), byte(header>>16))
		out = append(out, data[:n]...)
		if data = data[n:]; len(data) == 0 {
			return out
		}
	}
}

// must is for writes into memory, which do not fail.
func must(err error) {
	if err != nil {
		panic(err)
	}
}
