package plan

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/runpipe/runpipe/pipeline/check"
	"github.com/runpipe/runpipe/pipeline/record"
	"github.com/runpipe/runpipe/pipeline/seal"
	"github.com/runpipe/runpipe/pipeline/workspace"
	"github.com/runpipe/runpipe/stages"
)

// stored returns the record of a finished stage whose outputs are all there.
// Otherwise, if the store has the key all the same, missing says what is wrong. The
// error is a *workspace.VersionError: what another runpipe has put there is neither
// used nor replaced.
func stored(w *workspace.Workspace, key string) (r *record.Record, missing string, err error) {
	r, err = record.Read(w.Finished(key))
	if err == nil {
		missing = unusable(w, key, r)
		if missing != "" {
			r = nil
		}
		return r, missing, nil
	}
	var other *workspace.VersionError
	switch {
	case errors.As(err, &other):
		return nil, "", err
	case !errors.Is(err, fs.ErrNotExist):
		return nil, "its record cannot be read: " + err.Error(), nil
	}
	if _, err := os.Lstat(w.Finished(key)); err == nil {
		return nil, "its record is missing from the store", nil
	}
	return nil, "", nil
}

// unusable says what is wrong with an entry of the store, or "".
func unusable(w *workspace.Workspace, key string, r *record.Record) string {
	if r.State != record.Succeeded || r.Key != key {
		return "its record in the store is another's"
	}
	for _, output := range r.Outputs {
		// Through links: a virtual environment is published as one.
		info, err := os.Stat(w.Output(key, output.Path))
		if err != nil {
			return "outputs missing: " + output.Path
		}
		if info.Mode().IsRegular() && info.Size() != output.Size {
			return "outputs changed: " + filepath.ToSlash(output.Path)
		}
	}
	found, err := seal.Check(w.Finished(key), r, seal.Glance)
	if err != nil {
		return "outputs cannot be read: " + err.Error()
	}
	if len(found) > 0 {
		return "outputs damaged: " + seal.Summary(found)
	}
	return ""
}

// judged is the record of a reused stage under today's checks: a changed bound
// judges the stored metrics again, without running anything.
func judged(r *record.Record, checks []stages.Check, settled map[string]*Stage) *record.Record {
	upstreams := map[string]map[string]float64{}
	for address, s := range settled {
		if s.Record != nil {
			upstreams[address] = s.Record.Metrics
		}
	}
	again := *r
	again.Checks = check.Judge(checks, r.Results, r.Metrics, upstreams)
	return &again
}
