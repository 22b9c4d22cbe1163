package supervise

import (
	"encoding/json"
	"os"
	"path/filepath"

	"github.com/runpipe/runpipe/pipeline/record"
	"github.com/runpipe/runpipe/stages"
)

// recordInstalled takes into the record what the environment's script has found
// to be installed. What cannot be read stays away from the record.
func (j *job) recordInstalled() {
	data, err := os.ReadFile(filepath.Join(j.venv, stages.InstalledFile))
	if err != nil {
		return
	}
	var installed record.Installed
	if err := json.Unmarshal(data, &installed); err != nil {
		j.say("what was installed is not recorded: %v", err)
		return
	}
	j.recorder.change(func(r *record.Record) { r.Installed = &installed })
}
