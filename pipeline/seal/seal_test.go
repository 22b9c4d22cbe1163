package seal_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/runpipe/runpipe/pipeline/record"
	"github.com/runpipe/runpipe/pipeline/seal"
	"github.com/runpipe/runpipe/stages"
)

// entry is an entry of the store with a folder, a file, and a link to a folder
// elsewhere, sealed long enough ago for its stamps to count.
func entry(t *testing.T) (folder string, r *record.Record) {
	t.Helper()
	folder, linked := t.TempDir(), t.TempDir()
	for path, content := range map[string]string{
		"outputs/data/a.txt": "one", "outputs/data/b/c.sh": "two", "outputs/model": "weights",
	} {
		write(t, filepath.Join(folder, path), content)
	}
	write(t, filepath.Join(linked, "lib/numpy.py"), "sum = 1")
	must(t, os.Symlink(linked, filepath.Join(folder, "outputs", "venv")))
	r = &record.Record{}
	var sealed []seal.Output
	for _, name := range []string{"data", "model", "venv"} {
		l, err := stages.ListingOf(filepath.Join(folder, "outputs", name))
		must(t, err)
		o := record.Output{Name: name, Path: name, Digest: l.Content().Digest}
		s := seal.Output{Name: name, Path: name, Folder: l.Folder, Lines: l.Lines}
		if name == "venv" {
			o.Digest, o.Contents, s.Linked = stages.LinkContent(linked).Digest, o.Digest, linked
		}
		r.Outputs, sealed = append(r.Outputs, o), append(sealed, s)
	}
	time.Sleep(20 * time.Millisecond) // longer than a tick: the stamps are older than the seal
	must(t, seal.Write(folder, sealed))
	return folder, r
}

func write(t *testing.T, path, content string) {
	t.Helper()
	must(t, os.MkdirAll(filepath.Dir(path), 0o755))
	must(t, os.WriteFile(path, []byte(content), 0o644))
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestCheckTellsWhatDiffers(t *testing.T) {
	for name, test := range map[string]struct {
		change func(outputs string) error
		want   []seal.Difference
	}{
		"nothing": {func(string) error { return nil }, nil},
		"a byte":  {func(o string) error { return os.WriteFile(o+"/data/a.txt", []byte("onE"), 0o644) }, []seal.Difference{{Output: "data", Path: "a.txt", What: seal.Changed}}},
		"a byte, with the time set back": {func(o string) error {
			info, err := os.Stat(o + "/model")
			if err == nil {
				err = os.WriteFile(o+"/model", []byte("wEights"), 0o644)
			}
			if err == nil {
				err = os.Chtimes(o+"/model", info.ModTime(), info.ModTime())
			}
			return err
		}, []seal.Difference{{Output: "model", What: seal.Changed}}},
		"a file gone":       {func(o string) error { return os.Remove(o + "/data/b/c.sh") }, []seal.Difference{{Output: "data", Path: "b/c.sh", What: seal.Missing}}},
		"a file too many":   {func(o string) error { return os.WriteFile(o+"/data/z", nil, 0o644) }, []seal.Difference{{Output: "data", Path: "z", What: seal.Added}}},
		"an executable bit": {func(o string) error { return os.Chmod(o+"/data/b/c.sh", 0o755) }, []seal.Difference{{Output: "data", Path: "b/c.sh", What: seal.Mode}}},
		"an output gone":    {func(o string) error { return os.Remove(o + "/model") }, []seal.Difference{{Output: "model", What: seal.Missing}}},
		"a package edited":  {func(o string) error { return os.WriteFile(o+"/venv/lib/numpy.py", []byte("sum = 2"), 0o644) }, []seal.Difference{{Output: "venv", Path: "lib/numpy.py", What: seal.Changed}}},
		"a module compiled": {func(o string) error {
			must(t, os.Mkdir(o+"/venv/lib/__pycache__", 0o755))
			return os.WriteFile(o+"/venv/lib/__pycache__/numpy.cpython-311.pyc", nil, 0o644)
		}, nil},
		"a link led elsewhere": {func(o string) error {
			must(t, os.Remove(o+"/venv"))
			return os.Symlink(t.TempDir(), o+"/venv")
		}, []seal.Difference{{Output: "venv", What: seal.Elsewhere}}},
		"touched":     {func(o string) error { return os.Chtimes(o+"/model", time.Now(), time.Now()) }, nil},
		"unsealed":    {func(o string) error { return os.Remove(filepath.Join(o, "..", seal.File)) }, nil},
		"seal broken": {func(o string) error { return os.WriteFile(filepath.Join(o, "..", seal.File), []byte("{"), 0o600) }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			folder, r := entry(t)
			must(t, test.change(filepath.Join(folder, "outputs")))
			for _, depth := range []seal.Depth{seal.Quick, seal.Full} {
				got, err := seal.Check(folder, r, depth)
				must(t, err)
				if diff := cmp.Diff(test.want, got); diff != "" {
					t.Errorf("depth %d (-want +got):\n%s", depth, diff)
				}
			}
		})
	}
}

// A seal that was changed along with a file does not hide it: its lines have to
// sum up to the record's digest.
func TestASealIsHeldAgainstTheRecord(t *testing.T) {
	folder, r := entry(t)
	write(t, filepath.Join(folder, "outputs/model"), "wEights")
	s, err := seal.Read(folder)
	must(t, err)
	l, err := stages.ListingOf(filepath.Join(folder, "outputs/model"))
	must(t, err)
	s.Outputs[1].Lines = l.Lines
	must(t, seal.Write(folder, s.Outputs))
	got, err := seal.Check(folder, r, seal.Quick)
	must(t, err)
	if diff := cmp.Diff([]seal.Difference{{Output: "model", What: seal.Changed}}, got); diff != "" {
		t.Error(diff)
	}
}

// A plan looks at sizes and times alone, and leaves environments to their jobs.
func TestAGlanceSeesWhatAnEditorLeaves(t *testing.T) {
	folder, r := entry(t)
	glance := func() []seal.Difference {
		found, err := seal.Check(folder, r, seal.Glance)
		must(t, err)
		return found
	}
	write(t, filepath.Join(folder, "outputs/venv/lib/numpy.py"), "sum = 2")
	if found := glance(); len(found) > 0 {
		t.Errorf("got %v", found)
	}
	write(t, filepath.Join(folder, "outputs/model"), "wEights")
	if diff := cmp.Diff([]seal.Difference{{Output: "model", What: seal.Changed}}, glance()); diff != "" {
		t.Error(diff)
	}
	must(t, os.Remove(filepath.Join(folder, seal.File)))
	if found := glance(); len(found) > 0 {
		t.Errorf("an entry without a seal: %v", found)
	}
}

// What a stamp vouches for is not read: a job starts at once on a large input.
func TestAStampSparesReading(t *testing.T) {
	folder, _ := entry(t)
	s, err := seal.Read(folder)
	must(t, err)
	for _, line := range s.Outputs[0].Lines {
		if line.Changed == 0 || line.Changed >= s.Sealed {
			t.Errorf("%s: its stamp %d does not count before %d", line.Path, line.Changed, s.Sealed)
		}
	}
}

func BenchmarkCheckOfTenThousandFiles(b *testing.B) {
	folder := b.TempDir()
	for i := range 10000 {
		path := filepath.Join(folder, "outputs/data", string(rune('a'+i%26)), string(rune('a'+i/26%26))+string(rune('a'+i/676)))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			b.Fatal(err)
		}
		if err := os.WriteFile(path, make([]byte, 4096), 0o644); err != nil {
			b.Fatal(err)
		}
	}
	l, err := stages.ListingOf(filepath.Join(folder, "outputs/data"))
	if err != nil {
		b.Fatal(err)
	}
	r := &record.Record{Outputs: []record.Output{{Name: "data", Path: "data", Digest: l.Content().Digest}}}
	if err := seal.Write(folder, []seal.Output{{Name: "data", Path: "data", Folder: true, Lines: l.Lines}}); err != nil {
		b.Fatal(err)
	}
	for name, depth := range map[string]seal.Depth{"quick": seal.Quick, "full": seal.Full} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if found, err := seal.Check(folder, r, depth); err != nil || len(found) > 0 {
					b.Fatal(found, err)
				}
			}
		})
	}
}
