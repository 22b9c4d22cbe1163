package stages

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"sort"
	"strings"

	"github.com/zclconf/go-cty/cty"
)

// files reads what is laid into the working copy: files beside the pipeline,
// checkouts, outputs of other stages.
func (b *Block) files() []File {
	a := b.Group.get("files")
	entries, _ := b.entries(a, `{ "data/mnist.npz" = "mnist.npz" }`)
	var files []File
	var taken []string
	for _, e := range entries {
		if isNull(e.value) {
			continue
		}
		to, err := insidePath(e.key)
		if err != nil || to == "." {
			b.fault(a, e.name, "Invalid path", "%q %s: a file is put below the folder where the command starts.", e.key, orWhole(err))
			continue
		}
		for _, other := range taken {
			if overlap(other, to) {
				b.fault(a, e.name, "Files overlap", "%s lies in the way of %s: each replaces what stands at its path.", other, to)
			}
		}
		taken = append(taken, to)
		if f, ok := b.from(a.of(e)); ok {
			f.To = to
			files = append(files, f)
		}
	}
	sort.Slice(files, func(i, j int) bool { return files[i].To < files[j].To })
	return files
}

// overlap reports whether two cleaned paths are the same, or one is in the other.
func overlap(a, b string) bool {
	return a == b || strings.HasPrefix(a, b+"/") || strings.HasPrefix(b, a+"/")
}

// from finds where a file comes from: the path of a stage, or beside the pipeline.
func (b *Block) from(a *Argument) (File, bool) {
	if address := identity(a.Value); address != "" {
		whole, _ := a.Value.Unmark()
		if !whole.Type().HasAttribute("path") {
			b.use(a.Value)
			b.fault(a, nil, unsuitable, "A whole stage is no file.%s", objectHint(a.Value))
			return File{}, false
		}
		place := *a
		place.Value = whole.GetAttr("path")
		a = &place
	}
	made := origins(a.Value)
	text, ok := b.fileText(a)
	switch {
	case !ok:
		return File{}, false
	case len(made) > 0:
		return b.fromStage(a, made, text)
	}
	return b.beside(a, text)
}

// fileText is the path, which must be a text: a number is a mistake here.
func (b *Block) fileText(a *Argument) (string, bool) {
	v, _ := a.Value.Unmark()
	if v.IsKnown() && v.Type() != cty.String {
		b.use(a.Value)
		b.fault(a, nil, unsuitable, "A file comes from a path beside the pipeline, from a checkout (clone.x), or from an output (train.x.outputs.y).")
		return "", false
	}
	return b.text(a)
}

// fromStage finds which of the stages that a path is made from it lies in.
func (b *Block) fromStage(a *Argument, made []Origin, text string) (File, bool) {
	clean := filepath.Clean(text)
	for _, o := range made {
		if o.Path != "" && (clean == o.Path || strings.HasPrefix(clean, o.Path+"/")) {
			return File{From: clean, Stage: o.Address}, true
		}
	}
	b.fault(a, nil, "Invalid path", "The path leads out of what the stage makes: it must begin with its path, as in \"${clone.x.path}/sub\".")
	return File{}, false
}

// beside finds a file or folder beside the pipeline. Its digest is taken when
// the pipeline is evaluated, since a folder may be large.
func (b *Block) beside(a *Argument, text string) (File, bool) {
	from := filepath.FromSlash(text)
	if !filepath.IsAbs(from) {
		from = filepath.Join(b.Dir, from)
	}
	from = filepath.Clean(from)
	info, err := os.Stat(from)
	if err != nil {
		b.missing(a, text, err)
		return File{}, false
	}
	f := File{From: from, Folder: info.IsDir(), Executable: info.Mode().IsRegular() && info.Mode()&0o100 != 0}
	if !info.IsDir() && !info.Mode().IsRegular() {
		b.fault(a, nil, "Unsuitable file", "%s is neither a file nor a folder.", text)
		return f, false
	}
	if b.Facts == nil {
		return f, true
	}
	if link := escapingLink(from, f.Folder); link != "" {
		b.fault(a, nil, "Unsuitable folder", "%s is a link that leads out of %s: what it leads to could change without anyone noticing. Name that file in files too, or put it into the folder.", link, text)
		return f, false
	}
	digest, err := DigestBy(from, b.Facts.FileDigest)
	if err != nil {
		b.fault(a, nil, "Unreadable file", "%s cannot be read: %s.", text, cause(err))
		return f, false
	}
	f.Digest = digest
	return f, true
}

// escapingLink finds a symbolic link in a folder whose target lies outside of it,
// by its path in the folder. Faults of reading are left to whoever digests it.
func escapingLink(folder string, isFolder bool) (found string) {
	if !isFolder {
		return ""
	}
	_ = filepath.WalkDir(folder, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.Type()&fs.ModeSymlink == 0 {
			return nil
		}
		target, err := os.Readlink(name)
		inside, relErr := filepath.Rel(folder, filepath.Join(filepath.Dir(name), target))
		if err != nil || relErr != nil || filepath.IsAbs(target) || !filepath.IsLocal(inside) {
			found, _ = filepath.Rel(folder, name) // name lies below folder
			return filepath.SkipAll
		}
		return nil
	})
	return found
}

func (b *Block) missing(a *Argument, text string, err error) {
	switch {
	case errors.Is(err, fs.ErrNotExist) && strings.HasPrefix(text, "~"):
		b.fault(a, nil, "Missing file", "%s does not exist: ~ is the shell's, write the folder's whole path.", text)
	case errors.Is(err, fs.ErrNotExist):
		b.fault(a, nil, "Missing file", "%s does not exist beside the pipeline.%s", text, b.neighbour(text))
	default:
		b.fault(a, nil, "Unreadable file", "%s cannot be read: %s.", text, cause(err))
	}
}

// neighbour suggests a file of the same folder.
func (b *Block) neighbour(text string) string {
	folder := filepath.Join(b.Dir, filepath.FromSlash(path.Dir(text)))
	if path.IsAbs(text) {
		folder = path.Dir(text)
	}
	entries, err := os.ReadDir(folder)
	if err != nil || len(entries) > 1000 {
		return ""
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if name := Suggest(path.Base(text), names); name != "" {
		return " Did you mean \"" + path.Join(path.Dir(text), name) + "\"?"
	}
	return ""
}

// cause is the system's own word for what went wrong, without the path.
func cause(err error) string {
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		return pathErr.Err.Error()
	}
	return err.Error()
}
