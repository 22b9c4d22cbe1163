package archive

import (
	"archive/zip"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
)

// encrypted is the bit of a zip entry's flags that says so (APPNOTE 4.4.4).
const encrypted = 1

// longestLink bounds the text of a link in a zip file, in bytes, as Linux does.
const longestLink = 4096

func (x *extraction) zip(f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	z, err := zip.NewReader(f, info.Size())
	if err != nil {
		return fmt.Errorf("reading the zip file: %w", err)
	}
	for _, entry := range z.File {
		if err := x.zipEntry(entry); err != nil {
			return fmt.Errorf("unpacking %s: %w", entry.Name, err)
		}
	}
	return x.settled()
}

func (x *extraction) zipEntry(entry *zip.File) error {
	// Some programs on Windows write their own separator.
	written := strings.ReplaceAll(entry.Name, `\`, "/")
	name, err := inside(written)
	if err != nil {
		return err
	}
	if entry.Flags&encrypted != 0 {
		return fmt.Errorf("it is encrypted")
	}
	mode := entry.Mode()
	switch {
	case mode.IsDir() || strings.HasSuffix(written, "/"):
		return x.folder(name)
	case mode.Type() != 0 && mode.Type() != fs.ModeSymlink:
		return fmt.Errorf("it is neither a file, a folder nor a link (%s)", mode.Type())
	}
	content, err := entry.Open()
	if err != nil {
		return err
	}
	defer content.Close()
	if mode.Type() != fs.ModeSymlink {
		return x.file(name, mode, content)
	}
	target, err := io.ReadAll(io.LimitReader(content, longestLink+1))
	if err != nil {
		return err
	}
	if len(target) > longestLink {
		return fmt.Errorf("it is a link with a text of more than %d bytes", longestLink)
	}
	return x.link(name, string(target))
}
