package run

import "testing"

func TestPendingReason(t *testing.T) {
	for said, want := range map[string]string{
		"Priority": "Priority: jobs with a higher priority are in front of it",
		"ReqNodeNotAvail, UnavailableNodes:node[1-3]": "ReqNodeNotAvail, UnavailableNodes:node[1-3]: nodes that it needs are down, drained or reserved (see sinfo -R); it starts when they are back",
		"QOSMaxGRESPerUser":                           "QOSMaxGRESPerUser: your jobs have reached a limit of this QOS (see sacctmgr show qos); it starts when others have ended, or never if it asks for more than one job may have",
		"QOSNotThere":                                 "QOSNotThere: a limit of its QOS keeps it back (see sacctmgr show qos)",
		"SomethingOfNextYear":                         "SomethingOfNextYear",
		"":                                            "",
		"(JobHeldUser)":                               "(JobHeldUser): it is held; scontrol release lets it go",
		"InvalidAccount":                              "InvalidAccount: the account is not valid; see sacctmgr show assoc, and set slurm.account",
		"AssocGrpCPUMinutesAll":                       "AssocGrpCPUMinutesAll: all jobs of your account together have reached a limit; it starts when others have ended (see sacctmgr show assoc)",
	} {
		if got := pendingReason(said); got != want {
			t.Errorf("pendingReason(%q) = %q, want %q", said, got, want)
		}
	}
}
