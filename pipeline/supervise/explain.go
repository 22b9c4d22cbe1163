package supervise

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"syscall"
)

// sruns are what srun says when it is not the command that failed, or why.
var sruns = []struct{ says, means string }{
	{"Unable to confirm allocation", "srun could not reach Slurm's controller: the command was not started; apply again"},
	{"Unable to create step", "srun could not start the command: Slurm gave it no job step; the log says why"},
	{"Out Of Memory", "a task was killed for lack of memory: raise resources.memory"},
	{"Node failure on", "a node of the job failed"},
}

// explain says in one sentence how the command ended.
func (j *job) explain(code int) string {
	end := j.logEnd()
	for _, s := range sruns {
		if bytes.Contains(end, []byte("srun: error: ")) && bytes.Contains(end, []byte(s.says)) {
			return fmt.Sprintf("the command ended with exit code %d: %s", code, s.means)
		}
	}
	switch {
	case code == 126:
		return "the command could not be executed (exit code 126): is it a program, and marked as one (chmod +x)?"
	case code == 127:
		return "the command was not found (exit code 127): is its environment or module named in the stage?"
	case code == 128+int(syscall.SIGKILL):
		return "the command was killed (SIGKILL): often for lack of memory"
	case code > 128 && code < 128+65:
		return fmt.Sprintf("the command was ended by %s (exit code %d)", signalName(syscall.Signal(code-128)), code)
	}
	return fmt.Sprintf("the command ended with exit code %d", code)
}

// logEnd is the end of what the command wrote into the log, when it was last tried.
func (j *job) logEnd() []byte {
	const most = 64 << 10
	f, err := os.Open(j.log())
	if err != nil {
		return nil
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil
	}
	from := max(j.tryStart, info.Size()-most)
	data, _ := io.ReadAll(io.NewSectionReader(f, from, most))
	return data
}
