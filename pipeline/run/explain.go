package run

import (
	"fmt"
	"strings"
)

// refusals tells, for what sbatch says when Slurm refuses a job, what that means
// and what to do. The first whose words are found counts: what names a limit
// stands before what only says that there is one.
//
// The words are those of 22.05, measured; where a later release says it
// differently, both are here.
var refusals = []struct{ words, meaning string }{
	// How many jobs there may be.
	{"AssocMaxSubmitJobLimit", "your account may have only so many jobs in the queue at a time (MaxSubmitJobs, see sacctmgr show assoc), and a run needs one for each stage; wait until some have ended, or cancel some"},
	{"AssocGrpSubmitJobsLimit", "all users of your account together may have only so many jobs in the queue at a time (GrpSubmitJobs, see sacctmgr show assoc); wait until some have ended, or choose another one with slurm.account"},
	{"QOSMaxSubmitJobPerUserLimit", "with this QOS you may have only so many jobs in the queue at a time (MaxSubmitJobsPerUser, see sacctmgr show qos), and a run needs one for each stage; wait until some have ended, or choose another one with slurm.qos"},
	{"QOSMaxSubmitJobPerAccountLimit", qosPerAccount},
	{"MaxSubmitJobsPerAccount", qosPerAccount},
	{"QOSGrpSubmitJobsLimit", "all users of this QOS together may have only so many jobs in the queue at a time (GrpSubmitJobs, see sacctmgr show qos); wait until some have ended, or choose another one with slurm.qos"},
	{"Slurm temporarily unable to accept job", controllerFull},
	{"Slurm job queue full", controllerFull},
	{"Invalid job array specification", "the array is larger than the site allows (MaxArraySize, see scontrol show config), or is not written as sbatch wants it"},

	// What one job may ask for. Where the QOS says DenyOnLimit, limits that otherwise
	// let a job wait keep it out.
	{"QOSMaxWallDurationPerJobLimit", "this QOS gives a job less time (MaxWall, see sacctmgr show qos); lower resources.time, or choose another one with slurm.qos"},
	{"AssocMaxWallDurationPerJobLimit", "your account gives a job less time (MaxWall, see sacctmgr show assoc); lower resources.time, or choose another one with slurm.account"},
	{"QOSMax", "this QOS gives less than the stage asks for (see sacctmgr show qos); lower resources, or choose another one with slurm.qos"},
	{"QOSGrp", "this QOS gives all its users together less than the stage asks for (see sacctmgr show qos); lower resources, or choose another one with slurm.qos"},
	{"QOSMin", "this QOS wants a job to ask for more (see sacctmgr show qos); raise resources, or choose another one with slurm.qos"},
	{"AssocMax", "your account gives less than the stage asks for (see sacctmgr show assoc); lower resources, or choose another one with slurm.account"},
	{"AssocGrp", "your account gives all its users together less than the stage asks for (see sacctmgr show assoc); lower resources, or choose another one with slurm.account"},
	{"job submit limit, user's size and/or time limits", "a limit of your account or QOS keeps the job out: it asks for more time, nodes, CPUs or GPUs than one job may have, or you have too many jobs (see sacctmgr show assoc, sacctmgr show qos)"},
	{"Memory specification can not be satisfied", "no node has that much memory (see sinfo -o '%n %m', in MB); lower resources.memory, or choose another slurm.partition"},
	{"Memory required by task is not available", "no node has that much memory (see sinfo -o '%n %m', in MB); lower resources.memory, or choose another slurm.partition"},
	{"More processors requested than permitted", "no node, or not so many of them, has as many CPUs (see sinfo -o '%n %c'); lower resources.cpus, resources.tasks_per_node or resources.nodes, or choose another slurm.partition"},
	{"Node count specification invalid", "the partition has not that many nodes (see sinfo); lower resources.nodes, or choose another slurm.partition"},
	{"Invalid generic resource", "no node has GPUs of that type (see sinfo -o '%n %G'); change resources.gpu_type, or choose another slurm.partition"},
	{"Requested node configuration is not available", "no node that is up has what the stage asks for, or the partition gives less (see sinfo -N -l); lower resources, or choose another slurm.partition"},
	{"Requested partition configuration not available now", "the partition has no node for it now (see sinfo); lower resources, or choose another slurm.partition"},
	{"Requested time limit is invalid", "the partition gives less time (see sinfo), or none is given and the site wants one; set resources.time, or choose another slurm.partition"},

	// Names, and who may use them.
	{"Invalid account or account/partition combination", "the account does not exist, or is not one of yours, or may not use this partition (sacctmgr show assoc user=$USER lists yours); set slurm.account"},
	{"Invalid account", "sacctmgr show assoc user=$USER lists your accounts; set slurm.account"},
	{"Invalid qos", "the QOS does not exist, or your account may not use it (sacctmgr show assoc user=$USER format=account,qos lists yours); set slurm.qos"},
	{"Invalid partition name specified", "sinfo lists the partitions; set slurm.partition"},
	{"Required partition not available", "the partition takes no jobs now (see sinfo); choose another one with slurm.partition, or wait"},
	{"User's group not permitted to use this partition", "this partition is for others; choose another one with slurm.partition (see sinfo), or ask the administrators"},
	{"Invalid feature specification", "no node has that feature (see sinfo -o '%n %f'); change slurm.constraint"},
	{"Invalid node name specified", "sinfo -N lists the nodes; change slurm.nodelist or slurm.exclude"},
	{"Requested reservation is invalid", "there is no such reservation, or it is not for you, or is over (see scontrol show reservation); change slurm.reservation"},
	{"Invalid license specification", "the site has no such licence (see scontrol show licenses); change slurm.options"},
}

const (
	qosPerAccount  = "with this QOS your account may have only so many jobs in the queue at a time (MaxSubmitJobsPerAccount, see sacctmgr show qos); wait until some have ended, or choose another one with slurm.qos"
	controllerFull = "the controller holds as many jobs as it can (MaxJobCount, see scontrol show config), of all users together, those too that ended within the last minutes (MinJobAge); wait, or try again later"
)

// Meaning is what the words of Slurm's refusal mean, and what to do; "" where
// that is not known.
func Meaning(said string) string {
	for _, refusal := range refusals {
		if strings.Contains(said, refusal.words) {
			return refusal.meaning
		}
	}
	return ""
}

// Explain adds to the words of Slurm's refusal what they mean, where that is known.
func Explain(said string) string {
	if meaning := Meaning(said); meaning != "" {
		return said + ". That is: " + meaning
	}
	return said
}

// explain does the same to an error.
func explain(err error) error {
	if meaning := Meaning(err.Error()); meaning != "" {
		return fmt.Errorf("%w. That is: %s", err, meaning)
	}
	return err
}
