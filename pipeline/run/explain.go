package run

import (
	"fmt"
	"strings"
)

// limits tells, for what Slurm says when it refuses a job for how much was
// asked or is there already, what that means and what to do.
var limits = []struct{ words, meaning string }{
	{"AssocMaxSubmitJobLimit", "your account may have only so many jobs in the queue at a time (MaxSubmitJobs, see sacctmgr show assoc); wait until some have ended, or cancel some"},
	{"AssocGrpSubmitJobsLimit", "all users of your account together may have only so many jobs in the queue at a time (GrpSubmitJobs, see sacctmgr show assoc); wait until some have ended"},
	{"QOSMaxSubmitJobPerUserLimit", "with this QOS you may have only so many jobs in the queue at a time (MaxSubmitJobsPerUser, see sacctmgr show qos); wait until some have ended, or choose another one with slurm.qos"},
	{"QOSMaxSubmitJobPerAccountLimit", "with this QOS your account may have only so many jobs in the queue at a time (MaxSubmitJobsPerAccount, see sacctmgr show qos); wait until some have ended, or choose another one with slurm.qos"},
	{"QOSGrpSubmitJobsLimit", "all users of this QOS together may have only so many jobs in the queue at a time (GrpSubmitJobs, see sacctmgr show qos); wait until some have ended, or choose another one with slurm.qos"},
	{"job submit limit, user's size and/or time limits", "a limit of your account or QOS keeps the job out: it asks for more time, nodes, CPUs or GPUs than one job may have, or you have too many jobs (see sacctmgr show assoc, sacctmgr show qos)"},
	{"Slurm temporarily unable to accept job", "the controller holds as many jobs as it can (MaxJobCount, see scontrol show config), of all users together; try again later"},
	{"Slurm job queue full", "the controller holds as many jobs as it can (MaxJobCount, see scontrol show config), of all users together; try again later"},
	{"Invalid job array specification", "the array is larger than the site allows (MaxArraySize, see scontrol show config), or is not written as sbatch wants it"},
}

// explain adds to what the scheduler says what it means, if that is known.
func explain(err error) error {
	for _, limit := range limits {
		if strings.Contains(err.Error(), limit.words) {
			return fmt.Errorf("%w. That is: %s", err, limit.meaning)
		}
	}
	return err
}
