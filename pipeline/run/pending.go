package run

import "strings"

// pendingReasons tells, for the reasons of squeue(1) why a job is pending, what
// they mean and, where waiting alone will not help, what to do.
var pendingReasons = map[string]string{
	"AssociationJobLimit":         "your account may not run more jobs at a time; it starts when others have ended",
	"BadConstraints":              "no node fits what the stage asks for; change its resources, or slurm.constraint",
	"BeginTime":                   "it was requeued or is to begin later; Slurm starts it when that time has come",
	"BurstBufferResources":        "it waits for room in the burst buffer",
	"BurstBufferStageIn":          "its data is being put into the burst buffer",
	"Cleaning":                    "it was requeued, and what its last attempt left is still being cleaned up",
	"DeadLine":                    "it cannot end before its deadline",
	"Dependency":                  "it waits for another job",
	"DependencyNeverSatisfied":    "a job it waits for has failed; runpipe cancel ends it",
	"InvalidAccount":              "the account is not valid; see sacctmgr show assoc, and set slurm.account",
	"InvalidQOS":                  "the QOS is not valid; see sacctmgr show qos, and set slurm.qos",
	"JobArrayTaskLimit":           "as many tasks of its array are running as may at a time",
	"JobHeldAdmin":                "an administrator holds it; ask them",
	"JobHeldUser":                 "it is held; scontrol release lets it go",
	"JobLaunchFailure":            "it could not be started: the node, its file system or the script is at fault; ask the administrators, or cancel it",
	"JobHoldMaxRequeue":           "it was requeued too often and is held; scontrol release lets it go",
	"Licenses":                    "it waits for a licence",
	"MaxBatchRequeue":             "it was requeued too often and is held; scontrol release lets it go",
	"NodeDown":                    "a node it needs is down; it starts when the administrators have brought it back",
	"NonZeroExitCode":             "its last attempt failed, and it was requeued",
	"None":                        "",
	"PartitionConfig":             "the partition cannot give what the stage asks for; choose another one with slurm.partition",
	"PartitionDown":               "the partition takes no jobs now; choose another one with slurm.partition, or wait",
	"PartitionInactive":           "the partition starts no jobs now; choose another one with slurm.partition, or wait",
	"PartitionNodeLimit":          "the partition has not that many nodes for one job, or those that fit are down; it may never start: lower resources, or choose another slurm.partition",
	"PartitionTimeLimit":          "the stage asks for more time than the partition gives (see sinfo), so that it will never start; cancel it, and lower resources.time or choose another slurm.partition",
	"Priority":                    "jobs with a higher priority are in front of it",
	"Prolog":                      "the node is being prepared for it",
	"ReqNodeNotAvail":             "nodes that it needs are down, drained or reserved (see sinfo -R); it starts when they are back",
	"Reservation":                 "it waits for its reservation to begin",
	"ReservationDeleted":          "its reservation is gone; cancel it, and change slurm.reservation",
	"Resources":                   "it is next, and waits until nodes with what it asks for are free",
	"SchedDefer":                  "Slurm has not looked at it yet",
	"SystemFailure":               "Slurm itself failed; ask the administrators",
	"TimeLimit":                   "it reached its time limit",
	"launch failed requeued held": "it could not be started and is held; scontrol release lets it try again",
	"job requeued in held state":  "it was requeued and is held; scontrol release lets it go",
}

// pendingFamilies tells of reasons by how they begin, for limits that Slurm has
// one of for each resource.
var pendingFamilies = []struct{ prefix, meaning string }{
	{"AssocGrp", "all jobs of your account together have reached a limit; it starts when others have ended (see sacctmgr show assoc)"},
	{"AssocMax", "your jobs have reached a limit of your account (see sacctmgr show assoc); it starts when others have ended, or never if it asks for more than one job may have"},
	{"QOSGrp", "all jobs of this QOS together have reached a limit; it starts when others have ended (see sacctmgr show qos)"},
	{"QOSMax", "your jobs have reached a limit of this QOS (see sacctmgr show qos); it starts when others have ended, or never if it asks for more than one job may have"},
	{"QOSMin", "it asks for less than this QOS wants of a job; raise resources, or choose another slurm.qos"},
	{"QOS", "a limit of its QOS keeps it back (see sacctmgr show qos)"},
	{"MaxMemPerLimit", "it asks for more memory than one job may have; lower resources.memory"},
	{"Nodes required for job are DOWN", "see sinfo -R; where no other node has what it asks for, it never starts"},
}

// pendingReason is Slurm's word for why a job is pending, with what it means if
// that is known. The word stays: it is what the site's pages speak of.
func pendingReason(said string) string {
	word, _, _ := strings.Cut(strings.Trim(said, "()"), ",")
	meaning, known := pendingReasons[strings.TrimSpace(word)]
	for _, family := range pendingFamilies {
		if !known && strings.HasPrefix(strings.Trim(said, "()"), family.prefix) {
			meaning, known = family.meaning, true
		}
	}
	if meaning == "" {
		return said
	}
	return said + ": " + meaning
}
