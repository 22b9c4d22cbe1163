package pythontest

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
)

// File is a file of an index.
type File struct {
	Name    string
	Content []byte
}

// SHA256 is the file's digest, in hex.
func (f File) SHA256() string {
	sum := sha256.Sum256(f.Content)
	return hex.EncodeToString(sum[:])
}

// Wheel makes a wheel for any platform with one module, of the package's name,
// that knows its version. requires are the requirements of the package.
func Wheel(name, version string, requires ...string) File {
	return TaggedWheel(name, version, "py3-none-any", requires...)
}

// TaggedWheel is Wheel for the Pythons and platforms of a tag (PEP 425).
func TaggedWheel(name, version, tag string, requires ...string) File {
	return wheel(name, version, tag, fmt.Sprintf("__version__ = %q\n", version), requires)
}

// wheel makes a wheel with one module.
func wheel(name, version, tag, module string, requires []string) File {
	info := fmt.Sprintf("%s-%s.dist-info/", name, version)
	pure := strings.HasSuffix(tag, "-any")
	contents := [][2]string{
		{name + ".py", module},
		{info + "METADATA", metadata(name, version, requires)},
		{info + "WHEEL", fmt.Sprintf("Wheel-Version: 1.0\nGenerator: pythontest\nRoot-Is-Purelib: %t\nTag: %s\n", pure, tag)},
	}
	record := ""
	for _, c := range contents {
		sum := sha256.Sum256([]byte(c[1]))
		record += fmt.Sprintf("%s,sha256=%s,%d\n", c[0], base64.RawURLEncoding.EncodeToString(sum[:]), len(c[1]))
	}
	contents = append(contents, [2]string{info + "RECORD", record + info + "RECORD,,\n"})
	var out bytes.Buffer
	archive := zip.NewWriter(&out)
	for _, c := range contents {
		w, err := archive.Create(c[0])
		must(err)
		_, err = w.Write([]byte(c[1]))
		must(err)
	}
	must(archive.Close())
	return File{fmt.Sprintf("%s-%s-%s.whl", name, version, tag), out.Bytes()}
}

// Source makes a source archive with these files, by path below its top folder.
func Source(name, version string, files map[string]string) File {
	var out bytes.Buffer
	packed := gzip.NewWriter(&out)
	archive := tar.NewWriter(packed)
	top := fmt.Sprintf("%s-%s/", name, version)
	add := func(path, content string) {
		must(archive.WriteHeader(&tar.Header{Name: top + path, Mode: 0o644, Size: int64(len(content)), Typeflag: tar.TypeReg}))
		_, err := archive.Write([]byte(content))
		must(err)
	}
	add("PKG-INFO", metadata(name, version, nil))
	for path, content := range files {
		add(path, content)
	}
	must(archive.Close())
	must(packed.Close())
	return File{fmt.Sprintf("%s-%s.tar.gz", name, version), out.Bytes()}
}

func metadata(name, version string, requires []string) string {
	text := fmt.Sprintf("Metadata-Version: 2.1\nName: %s\nVersion: %s\n", name, version)
	for _, r := range requires {
		text += "Requires-Dist: " + r + "\n"
	}
	return text
}

// must is for writes into memory, which do not fail.
func must(err error) {
	if err != nil {
		panic(err)
	}
}
