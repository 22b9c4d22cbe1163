package supervise

import (
	"os"
	"path/filepath"
	"strconv"

	"github.com/runpipe/runpipe/pipeline/record"
	"github.com/runpipe/runpipe/pipeline/workspace"
)

// A job that is requeued starts again under the same id. The start before may
// live on unseen: of a node that was given up, it can be minutes until its
// processes end. So nothing that a command writes, and nothing that is written
// about it, has the same path in two starts of an attempt.

// startFolder is the folder of an attempt's start, by the number of restarts
// before it. The first start uses the attempt's own.
func startFolder(attempt string, restarts int) string {
	if restarts == 0 {
		return attempt
	}
	return filepath.Join(attempt, "start-"+strconv.Itoa(restarts+1))
}

func workFolder(start string) string  { return filepath.Join(start, "work") }
func endedFile(start string) string   { return filepath.Join(start, "ended.json") }
func reserveFile(start string) string { return filepath.Join(start, "reserve") }

// over reports whether an earlier start is known to have ended: its own last
// record says so. That a later one was started is no proof.
func (j *job) over(restarts int) bool {
	var r record.Record
	err := workspace.ReadJSON(recordOfRestart(j.attempt, restarts), &r, record.Version)
	return err == nil && r.Ended != nil
}

// removeStarts removes the working copies of all starts up to this one that
// unwanted names, as far as that can be done.
func (j *job) removeStarts(unwanted func(restarts int) bool) {
	for restarts := range j.restarts + 1 {
		if !unwanted(restarts) {
			continue
		}
		folder := startFolder(j.attempt, restarts)
		os.Remove(endedFile(folder))
		os.Remove(reserveFile(folder))
		os.RemoveAll(workFolder(folder))
		os.Remove(folder) // if nothing else is in it
	}
}
