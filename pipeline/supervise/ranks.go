package supervise

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"time"

	"github.com/runpipe/runpipe/pipeline/record"
)

// ranks is the number of records that a command with several tasks leaves, 0
// for a command that is run directly.
func (j *job) ranks() int {
	if j.manifest.Executor == "local" || j.manifest.Launcher != "srun" || j.manifest.Tasks < 2 {
		return 0
	}
	return j.manifest.Tasks
}

func (j *job) taskFolder() string { return filepath.Join(j.folder, "tasks") }

// prepareTasks makes an empty folder for the ranks' records.
func (j *job) prepareTasks() error {
	if j.ranks() == 0 {
		return nil
	}
	if err := os.RemoveAll(j.taskFolder()); err != nil {
		return fmt.Errorf("removing the records of an earlier start's tasks: %w", err)
	}
	if err := os.Mkdir(j.taskFolder(), 0o700); err != nil {
		return fmt.Errorf("making the folder of the tasks' records: %w", err)
	}
	return nil
}

// readTasks reads the ranks' records. If all are wanted, those of other nodes
// are waited for as long as a shared file system may hide them; without them
// the command's exit code 0 is no proof of anything.
func (j *job) readTasks(wantAll bool) ([]record.Task, error) {
	deadline := time.Now().Add(j.options.Timing.Upstream / 2)
	for {
		look(j.taskFolder())
		var tasks []record.Task
		missing := -1
		for rank := range j.ranks() {
			task, err := readTask(taskFile(j.taskFolder(), rank))
			if err == nil {
				tasks = append(tasks, task)
			} else if missing < 0 {
				missing = rank
			}
		}
		if missing < 0 || !wantAll {
			return tasks, nil
		}
		if time.Now().After(deadline) {
			return tasks, ended(exitFailed, "rank %d left no record, though srun said that all went well: its node may have failed", missing)
		}
		time.Sleep(200 * time.Millisecond)
	}
}

var nodeFailure = regexp.MustCompile(`(?m)^srun: error: Node failure on `)

// nodeFailed reports whether an srun of a command without ranks' records has lost a
// node. In 22.05 it then ends with 0 at once, and so may a script that called it, before
// Slurm ends what is left of the job. A job with --no-kill goes on without the node, and
// has to know itself what it has lost.
func (j *job) nodeFailed() bool {
	if j.manifest.Executor != "slurm" || j.ranks() > 0 || !nodeFailure.Match(j.logEnd()) {
		return false
	}
	script, err := os.ReadFile(j.options.Script)
	return err != nil || !bytes.Contains(script, []byte("\n#SBATCH --no-k")) // which names no other option
}

func readTask(path string) (record.Task, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return record.Task{}, err
	}
	var task record.Task
	return task, json.Unmarshal(data, &task)
}

// firstFailed is the rank that failed by itself: one that was ended by a signal
// was most likely ended because another had failed.
func firstFailed(tasks []record.Task) *record.Task {
	var failed *record.Task
	for i := range tasks {
		switch t := &tasks[i]; {
		case t.ExitCode == 0:
		case t.Signal != "SIGTERM" && t.Signal != "SIGKILL":
			return t
		case failed == nil:
			failed = t
		}
	}
	return failed
}
