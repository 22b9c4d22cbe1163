package slurmtest

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"os/user"
	"strings"

	"golang.org/x/sys/unix"
)

const clusterName = "private"

func nodeName(n int) string { return fmt.Sprintf("n%d", n) }

// writeFiles writes the configuration, munge's key and the GPUs' device files.
func (c *Cluster) writeFiles() error {
	if err := os.Chmod(c.Dir, 0o711); err != nil { // munge refuses a folder that others may write to
		return err
	}
	folders := []string{"state"}
	for n := 1; n <= c.config.Nodes; n++ {
		folders = append(folders, "spool-"+nodeName(n)) // slurmd does not make it
	}
	for _, name := range folders {
		if err := os.Mkdir(c.file(name), 0o755); err != nil {
			return err
		}
	}
	key := make([]byte, 1024)
	if _, err := rand.Read(key); err != nil {
		return err
	}
	if err := os.WriteFile(c.file("munge.key"), key, 0o400); err != nil {
		return err
	}
	conf, err := c.slurmConf()
	if err != nil {
		return err
	}
	for name, text := range map[string]string{
		"slurm.conf":  conf,
		"cgroup.conf": c.cgroupConf(),
		"gres.conf":   c.gresConf(),
	} {
		if err := os.WriteFile(c.file(name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return c.makeGPUs()
}

// slurmConf is slurm.conf(5): scheduling at once, nodes as large as asked for,
// all on this host, with nothing at a place that another Slurm may use.
func (c *Cluster) slurmConf() (string, error) {
	host, err := os.Hostname()
	if err != nil {
		return "", err
	}
	host, _, _ = strings.Cut(host, ".") // as Slurm itself shortens it
	me, err := user.Current()
	if err != nil {
		return "", err
	}
	tracking := "proctrack/linuxproc"
	if c.config.Cgroup {
		tracking = "proctrack/cgroup"
	}
	firstJob := 1
	if c.config.Cgroup { // a control group is named after node and job: another cluster's must be another
		firstJob = c.ports[0] * 1000
	}
	var conf strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&conf, format+"\n", args...) }
	line("ClusterName=%s", clusterName)
	line("SlurmctldHost=%s(127.0.0.1)", host)
	line("SlurmctldPort=%d", c.ports[0])
	line("SlurmUser=%s", me.Username)
	line("SlurmdUser=%s", me.Username)
	line("AuthType=auth/munge")
	line("CredType=cred/munge")
	line("AuthInfo=socket=%s,cred_expire=5", c.file("munge.sock")) // a requeued job waits this long, not 120 s
	line("StateSaveLocation=%s", c.file("state"))
	line("SlurmdSpoolDir=%s", c.file("spool-%n"))
	line("SlurmctldPidFile=%s", c.file("slurmctld.pid"))
	line("SlurmdPidFile=%s", c.file("slurmd-%n.pid"))
	line("SlurmctldLogFile=%s", c.file("slurmctld.log"))
	line("SlurmdLogFile=%s", c.file("slurmd-%n.log"))
	line("ProctrackType=%s", tracking)
	line("FirstJobId=%d", firstJob)
	if c.config.HoldMemory {
		line("TaskPlugin=task/cgroup")
	} else {
		line("TaskPlugin=task/none")
	}
	line("SwitchType=switch/none")
	line("MpiDefault=none")
	line("SelectType=select/cons_tres")
	line("SelectTypeParameters=CR_Core_Memory")
	line("SlurmdParameters=config_overrides") // more CPUs than the machine has
	line("SchedulerParameters=sched_interval=1,sched_min_interval=0,bf_interval=1")
	line("ReturnToService=2")
	line("MinJobAge=%d", int(c.config.MinJobAge.Seconds()))
	line("KillWait=%d", int(c.config.KillWait.Seconds()))
	line("SlurmdTimeout=10")
	if c.config.Accounting {
		line("AccountingStorageType=accounting_storage/slurmdbd")
		line("AccountingStorageHost=localhost")
		line("AccountingStoragePort=%d", c.accountingPort())
		line("AccountingStoragePass=%s", c.file("munge.sock")) // where munge is, since it is not at its usual place
		line("AccountingStoreFlags=job_comment")
	} else {
		line("AccountingStorageType=accounting_storage/none")
	}
	for _, text := range c.config.Conf {
		line("%s", text)
	}
	gres := ""
	if c.config.GPUs > 0 {
		line("GresTypes=gpu")
		gres = fmt.Sprintf(" Gres=gpu:a100:%d", c.config.GPUs)
	}
	for n := 1; n <= c.config.Nodes; n++ {
		line("NodeName=%s NodeHostname=%s NodeAddr=127.0.0.1 Port=%d CPUs=%d RealMemory=%d State=UNKNOWN%s",
			nodeName(n), host, c.ports[n], c.config.CPUs, c.config.Memory, gres)
	}
	line("PartitionName=%s Nodes=ALL Default=YES MaxTime=INFINITE State=UP", c.config.Partition)
	line("PartitionName=short Nodes=ALL MaxTime=%d State=UP", max(1, int(c.config.MaxTime.Minutes())))
	return conf.String(), nil
}

// cgroupConf is cgroup.conf(5).
func (c *Cluster) cgroupConf() string {
	conf := "CgroupPlugin=cgroup/v1\nCgroupAutomount=no\nCgroupMountpoint=/sys/fs/cgroup\n"
	if c.config.HoldMemory {
		conf += "ConstrainRAMSpace=yes\n"
	}
	return conf
}

func (c *Cluster) gresConf() string {
	var conf strings.Builder
	for n := 1; n <= c.config.Nodes && c.config.GPUs > 0; n++ {
		fmt.Fprintf(&conf, "NodeName=%s Name=gpu Type=a100 File=%s-nvidia[0-%d]\n", nodeName(n), c.file(nodeName(n)), c.config.GPUs-1)
	}
	return conf.String()
}

// makeGPUs makes each GPU's file as a character device (that of /dev/null): with
// a plain file Slurm leaves CUDA_VISIBLE_DEVICES empty.
func (c *Cluster) makeGPUs() error {
	for n := 1; n <= c.config.Nodes; n++ {
		for gpu := range c.config.GPUs {
			path := fmt.Sprintf("%s-nvidia%d", c.file(nodeName(n)), gpu)
			err := unix.Mknod(path, unix.S_IFCHR|0o666, int(unix.Mkdev(1, 3)))
			if err != nil && !errors.Is(err, os.ErrExist) {
				return fmt.Errorf("making the GPU %s: %w", path, err)
			}
		}
	}
	return nil
}
