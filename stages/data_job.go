package stages

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"path/filepath"
)

// ContentsFile is, in a stage's folder, the list of files that a data stage of several
// puts together.
const ContentsFile = "contents.json"

// ContentsVersion is the version of the list that this program writes and reads.
const ContentsVersion = 1

// Contents is the list of files: what is frozen of the lock file for the job.
type Contents struct {
	Version int           `json:"version"`
	Files   []ContentFile `json:"files"`
}

// ContentFile is one file of the list.
type ContentFile struct {
	Path   string `json:"path"` // slash-separated, in the folder
	SHA256 string `json:"sha256"`
	Size   int64  `json:"size"`
}

// contents is the list as it is written, and its sha256 in hex.
func (d *Data) contents() (data []byte, sum string) {
	list := Contents{Version: ContentsVersion}
	for _, f := range d.Files {
		list.Files = append(list.Files, ContentFile(f))
	}
	data, err := json.MarshalIndent(list, "", "  ")
	if err != nil {
		panic("a list of texts and numbers can be written as JSON: " + err.Error())
	}
	data = append(data, '\n')
	digest := sha256.Sum256(data)
	return data, hex.EncodeToString(digest[:])
}

// dataWork publishes what was downloaded when the pipeline was applied, or what lies
// on this machine, once its digest was compared.
func dataWork(s *Stage, at Placement) work {
	d := s.Data
	w := work{outputs: map[string]string{"path": d.Name}}
	if d.Hub != nil {
		list, sum := d.contents()
		w.files = map[string][]byte{ContentsFile: list}
		w.command = []string{at.Runpipe, "data", "--sha256", sum, "--list", filepath.Join(at.StageDir, ContentsFile), at.Downloaded(""), d.Name}
		return w
	}
	w.command = []string{at.Runpipe, "data", "--sha256", d.SHA256}
	if d.Extract {
		w.command = append(w.command, "--extract")
	}
	from := d.Path
	if from == "" {
		w.command, from = append(w.command, "--link"), at.Downloaded(d.SHA256)
	}
	w.command = append(w.command, from, d.Name)
	return w
}

// dataIngredients are digests: neither where the data is from nor its commit makes it
// another.
func dataIngredients(d *Data, in map[string]any) {
	in["name"] = d.Name
	if d.Hub != nil {
		_, in["contents"] = d.contents()
		return
	}
	in["sha256"] = d.SHA256
	if d.Extract {
		in["extract"] = true
	}
}
