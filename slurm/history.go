package slurm

import (
	"context"
	"fmt"
	"strconv"
	"strings"
)

// historyFields are the columns that sacct is asked for, in the order of
// queueFields. Its count of restarts is too new to ask for (25.05; older
// releases refuse the whole question), so another number stands in its place.
const historyFields = "JobID,State,Reason,NodeList,Submit,Start,End,ExitCode,JobIDRaw,JobName,Comment"

// History is one sacct for all ids. It knows jobs that the controller has
// forgotten, and nothing of jobs that the accounting has not heard of yet. It
// leaves Restarts at 0, Name empty for the seconds in which it knows of a job's
// end but not yet of its start, and Comment empty where the site does not store comments
// (AccountingStoreFlags=job_comment).
func (c *Client) History(ctx context.Context, ids ...string) ([]QueuedJob, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	out, _, err := c.run(ctx, c.environ(), "sacct", "--parsable2", "--delimiter="+fieldEnd, "--noheader", "--allocations",
		"--format="+historyFields, "--jobs="+strings.Join(ids, ","))
	if err != nil {
		return nil, fmt.Errorf("asking the accounting: %w", err)
	}
	return parseHistory(out)
}

func parseHistory(out string) ([]QueuedJob, error) {
	var jobs []QueuedJob
	for record := range strings.Lines(out) {
		fields := strings.SplitN(strings.TrimRight(record, "\n"), fieldEnd, len(queueFields))
		if len(fields) != len(queueFields) {
			return nil, fmt.Errorf("sacct printed %d columns instead of %d: %q", len(fields), len(queueFields), record)
		}
		fields[restartsColumn] = ""
		if fields[nameColumn] == "allocation" { // sacct's word while the accounting has heard of the job's end alone
			fields[nameColumn] = ""
		}
		jobs = append(jobs, queuedJob(fields))
	}
	return jobs, nil
}

// isID reports whether s can be a job's id, of an array's element too ("7_3").
// Anything else would be an option to scancel, or another user's job.
func isID(s string) bool {
	job, element, isElement := strings.Cut(s, "_")
	if _, err := strconv.ParseUint(job, 10, 32); err != nil {
		return false
	}
	if !isElement {
		return true
	}
	_, err := strconv.ParseUint(element, 10, 32)
	return err == nil
}
