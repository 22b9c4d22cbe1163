package supervise

import (
	"encoding/json"
	"os"

	"github.com/runpipe/runpipe/pipeline/record"
)

// recordInstalled takes into the record what the environment's script has found
// to be installed, and left in a file. What cannot be read stays away from the
// record.
func (j *job) recordInstalled(file string) {
	data, err := os.ReadFile(file)
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
