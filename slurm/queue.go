package slurm

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Separators that no text of Slurm's holds (ASCII's own for the purpose), so
// that a comment with a newline or a bar breaks nothing.
const (
	fieldEnd = "\x1f"
	jobEnd   = "\x1e"
)

// queueFields are the columns that squeue is asked for. The comment is last: it
// may hold anything.
var queueFields = []string{"JobArrayID", "State", "Reason", "NodeList", "SubmitTime", "StartTime", "EndTime",
	"exit_code", "RestartCnt", "Name", "Comment"}

// Places in queueFields.
const (
	restartsColumn = 8
	nameColumn     = 9
)

// Queue is one squeue for all of the user's jobs in any state. The elements of
// an array that have not started are one job, as squeue has it: 7_[2-9].
func (c *Client) Queue(ctx context.Context) ([]QueuedJob, error) {
	// A width of 0 neither cuts nor pads a column; what follows it is printed after it.
	format := strings.Join(queueFields, ":0"+fieldEnd+",") + ":0" + jobEnd
	out, _, err := c.run(ctx, c.environ(), "squeue", "--noheader", "--states=all",
		"--user="+strconv.Itoa(os.Getuid()), "--Format="+format)
	if err != nil {
		return nil, fmt.Errorf("asking for the queue: %w", err)
	}
	return parseQueue(out)
}

func parseQueue(out string) ([]QueuedJob, error) {
	var jobs []QueuedJob
	for record := range strings.SplitSeq(out, jobEnd) {
		record = strings.TrimPrefix(record, "\n")
		if record == "" {
			continue
		}
		fields := strings.SplitN(record, fieldEnd, len(queueFields))
		if len(fields) != len(queueFields) {
			return nil, fmt.Errorf("squeue printed %d columns instead of %d: %q", len(fields), len(queueFields), record)
		}
		jobs = append(jobs, queuedJob(fields))
	}
	return jobs, nil
}

func queuedJob(fields []string) QueuedJob {
	job := QueuedJob{
		ID:      strings.TrimSpace(fields[0]),
		State:   ParseState(fields[1]),
		Reason:  absent(fields[2]),
		Node:    absent(fields[3]),
		Submit:  parseTime(fields[4]),
		Start:   parseTime(fields[5]),
		Name:    fields[nameColumn],
		Comment: absent(fields[10]),
	}
	job.Restarts, _ = strconv.Atoi(strings.TrimSpace(fields[restartsColumn])) // 0 where it says nothing
	switch job.State.Phase() {
	case Ended:
		job.End, job.Exit = parseTime(fields[6]), parseExit(fields[7])
	case Pending:
		job.Start = time.Time{} // an estimate, if anything
	}
	if job.Node == "" { // it never started; what stands here is when it was cancelled
		job.Start, job.Exit = time.Time{}, nil
	}
	return job
}

// absent makes "" of what Slurm prints for no value.
func absent(s string) string {
	switch s = strings.TrimSpace(s); s {
	case "None", "(null)", "N/A", "None assigned", "Unknown":
		return ""
	}
	return s
}

// parseTime reads seconds since 1970 (SLURM_TIME_FORMAT=%s), or Slurm's
// standard form in local time where a command does not heed that; zero for
// "N/A", "Unknown" and the like.
func parseTime(s string) time.Time {
	s = strings.TrimSpace(s)
	if seconds, err := strconv.ParseInt(s, 10, 64); err == nil && seconds > 0 {
		return time.Unix(seconds, 0)
	}
	t, err := time.ParseInLocation("2006-01-02T15:04:05", s, time.Local)
	if err != nil {
		return time.Time{}
	}
	return t
}

// parseExit reads an exit code: "4:0", code and signal, or the raw wait status
// that squeue prints in 22.05, where 1024 is exit 4.
func parseExit(s string) *ExitCode {
	code, signal, both := strings.Cut(strings.TrimSpace(s), ":")
	n, err := strconv.Atoi(code)
	if err != nil || n < 0 {
		return nil
	}
	if !both {
		status := syscall.WaitStatus(n)
		if status.Signaled() {
			return &ExitCode{Signal: int(status.Signal())}
		}
		return &ExitCode{Code: status.ExitStatus()}
	}
	number, err := strconv.Atoi(signal)
	if err != nil {
		return nil
	}
	return &ExitCode{Code: n, Signal: number}
}
