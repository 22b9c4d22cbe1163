package pipeline

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"

	"github.com/runpipe/runpipe/pipeline/functions"
	"github.com/runpipe/runpipe/stages"
)

// Options is what a pipeline is loaded with.
type Options struct {
	Path     string
	Vars     []string // of --var, each "x=v", in order: the last one wins
	VarFiles []string // paths of --var-file, in order
	Environ  []string // "NAME=value"; RUNPIPE_VAR_x is looked up in it
}

// Pipeline is a pipeline file that was read and checked.
type Pipeline struct {
	Name        string
	Path        string // absolute
	Dir         string // folder of Path, where relative paths start
	Description string
	Files       map[string]*hcl.File // what diagnostics refer to, by file name

	file      string // name of the pipeline file in diagnostics
	variables map[string]*variable
	vars      cty.Value // object of all variables
	nodes     map[string]*node
	order     []*node // dependencies first
	functions map[string]function.Function
	judged    map[string]function.Function // those that a job has: no files
	clones    []Clone
	faulty    bool

	environments []*stages.Stage // see Environments
	layers       []Layered       // see Layers
	data         []Data
}

// maxSource is the size in bytes up to which a file is read as a pipeline.
const maxSource = 4 << 20

// lockSuffix ends the names of the files that hold a pipeline's pins.
const lockSuffix = ".lock.hcl"

// Load reads the pipeline at o.Path, and checks and evaluates all that can be
// known without pins. The pipeline is never nil: its Files show the diagnostics.
func Load(o Options) (*Pipeline, hcl.Diagnostics) {
	src, err := readSource(o.Path)
	if err == nil && strings.HasSuffix(o.Path, lockSuffix) {
		err = fmt.Errorf("%s is a lock file, which runpipe writes: name the pipeline, %s", o.Path, strings.TrimSuffix(o.Path, lockSuffix)+".hcl")
	}
	if err != nil {
		p := newPipeline(o.Path)
		p.faulty = true
		return p, hcl.Diagnostics{{
			Severity: hcl.DiagError, Summary: "Unreadable pipeline", Detail: strings.Replace(err.Error()+".", "?.", "?", 1),
		}}
	}
	return LoadSource(o.Path, src, o)
}

func readSource(path string) ([]byte, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("there is no file %s%s", path, nearFile(path))
	case err != nil:
		return nil, err
	case info.IsDir():
		return nil, fmt.Errorf("%s is a folder: name the pipeline file in it", path)
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s is not a regular file", path)
	case info.Size() > maxSource:
		return nil, fmt.Errorf("%s is larger than 4M, and so no pipeline", path)
	}
	return os.ReadFile(path)
}

// nearFile suggests another pipeline of the folder.
func nearFile(path string) string {
	found, _ := fs.Glob(os.DirFS(filepath.Dir(path)), "*.hcl") // the pattern is well-formed
	var names []string
	for _, name := range found {
		if !strings.HasSuffix(name, lockSuffix) {
			names = append(names, name)
		}
	}
	if name := stages.Suggest(filepath.Base(path), names); name != "" {
		return fmt.Sprintf(". Did you mean %s?", filepath.Join(filepath.Dir(path), name))
	}
	return ""
}

func newPipeline(name string) *Pipeline {
	path, err := filepath.Abs(name)
	if err != nil { // the current folder is gone; nothing beside the file will be found either
		path = filepath.Clean(name)
	}
	return &Pipeline{
		Name: defaultName(path), Path: path, Dir: filepath.Dir(path), file: name,
		Files: map[string]*hcl.File{}, variables: map[string]*variable{}, nodes: map[string]*node{},
	}
}

// LoadSource is Load for a text that is not, or not yet, in the file called name.
func LoadSource(name string, src []byte, o Options) (*Pipeline, hcl.Diagnostics) {
	p := newPipeline(name)
	diags := p.load(src, o)
	p.faulty = diags.HasErrors()
	return p, p.shorten(Sort(diags))
}

func (p *Pipeline) load(src []byte, o Options) hcl.Diagnostics {
	body, diags := p.parse(src)
	if diags.HasErrors() {
		return diags
	}
	p.functions, p.judged = functions.Table(p.Dir), functions.Table("")
	parts, diags := p.open(body)
	diags = append(diags, p.readHeader(parts.header)...)
	diags = append(diags, p.readVariables(parts.variables)...)
	diags = append(diags, p.assign(o)...)
	diags = append(diags, p.addNodes(parts)...)
	diags = append(diags, p.resolve(body)...)
	diags = append(diags, p.sortNodes()...)
	e := p.evaluate(nil)
	p.clones, p.environments, p.layers, p.data = e.clones(), e.environments(), e.layers(), e.sortedData()
	return append(diags, e.diags...)
}
