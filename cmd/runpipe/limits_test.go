package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/runpipe/runpipe/pipeline/run"
	"github.com/runpipe/runpipe/slurm/slurmtest"
)

// limited is a cluster that holds its users to limits, and one of its users.
type limited struct {
	*testing.T
	cluster *slurmtest.Cluster
}

func (l limited) manage(words string) {
	l.Helper()
	if _, err := l.cluster.Manage(strings.Fields(words)...); err != nil && !strings.Contains(err.Error(), "Nothing") {
		l.Fatal(err)
	}
}

// refusedChain is a pipeline of three stages in a row, in which the last asks for
// what is refused: by then the others are in the queue.
func refusedChain(site, asks string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "defaults {\n  slurm {\n    %s\n  }\n}\n", site)
	after := ""
	for _, name := range []string{"a", "b"} {
		fmt.Fprintf(&b, "stage %q {\n%s  script = \"true\"\n  resources { time = \"1m\" }\n}\n", name, after)
		after = "  after = [stage." + name + "]\n"
	}
	fmt.Fprintf(&b, "stage \"c\" {\n%s  script = \"true\"\n  %s\n}\n", after, asks)
	return b.String()
}

// What Slurm refuses is told in the user's words, and nothing of the chain stays.
func TestLimits(t *testing.T) {
	t.Parallel() // it waits most of the time
	c := slurmtest.Start(t, slurmtest.Nodes(2), slurmtest.Accounting(), slurmtest.Conf("AccountingStorageEnforce=associations,limits,qos", "EnforcePartLimits=ALL"))
	l := limited{t, c}
	for _, words := range []string{
		"add account lab", "add user root account=lab", "add qos small", "add qos strict", "modify user root where account=lab set qos=normal,small,strict",
		"modify qos strict set flags=DenyOnLimit MaxWall=10 MaxTRESPerUser=cpu=4",
	} {
		l.manage(words)
	}
	const modest = "resources { time = \"1m\" }"
	var count tally
	for _, limit := range []struct {
		name, set, unset string // for sacctmgr
		site, asks       string // of all stages, and of the last
		says             []string
	}{
		{"MaxSubmitJobs", "modify user root where account=lab set maxsubmitjobs=2", "modify user root where account=lab set maxsubmitjobs=-1", `account = "lab"`, modest,
			[]string{"AssocMaxSubmitJobLimit", "your account may have only so many jobs in the queue at a time"}},
		{"GrpSubmitJobs", "modify account lab set grpsubmitjobs=2", "modify account lab set grpsubmitjobs=-1", `account = "lab"`, modest,
			[]string{"AssocGrpSubmitJobsLimit", "all users of your account together may have only so many jobs"}},
		{"QOSMaxSubmitJobsPerUser", "modify qos small set maxsubmitjobsperuser=2", "modify qos small set maxsubmitjobsperuser=-1", "account = \"lab\"\n    qos = \"small\"", modest,
			[]string{"QOSMaxSubmitJobPerUserLimit", "with this QOS you may have only so many jobs in the queue at a time", "slurm.qos"}},
		{"QOSMaxSubmitJobsPerAccount", "modify qos small set maxsubmitjobsperaccount=2", "modify qos small set maxsubmitjobsperaccount=-1", "account = \"lab\"\n    qos = \"small\"", modest,
			[]string{"MaxSubmitJobsPerAccount", "with this QOS your account may have only so many jobs"}},
		{"QOSGrpSubmitJobs", "modify qos small set grpsubmitjobs=2", "modify qos small set grpsubmitjobs=-1", "account = \"lab\"\n    qos = \"small\"", modest,
			[]string{"QOSGrpSubmitJobsLimit", "all users of this QOS together may have only so many jobs"}},
		{"QOSMaxWall", "", "", "account = \"lab\"\n    qos = \"strict\"", `resources { time = "1h" }`,
			[]string{"QOSMaxWallDurationPerJobLimit", "this QOS gives a job less time", "lower resources.time"}},
		{"QOSMaxCpu", "", "", "account = \"lab\"\n    qos = \"strict\"", "resources {\n    time = \"1m\"\n    cpus = 8\n  }",
			[]string{"QOSMaxCpuPerUserLimit", "this QOS gives less than the stage asks for"}},
		{"partition's_time", "", "", `account = "lab"`, "resources { time = \"1h\" }\n  slurm { partition = \"short\" }",
			[]string{"Requested time limit is invalid", "the partition gives less time"}},
		{"account", "", "", `account = "lab"`, modest + "\n  slurm { account = \"nobody\" }",
			[]string{"Invalid account", "the account does not exist, or is not one of yours", "set slurm.account"}},
		{"qos", "", "", `account = "lab"`, modest + "\n  slurm { qos = \"nothing\" }",
			[]string{"Invalid qos specification", "the QOS does not exist", "set slurm.qos"}},
		{"partition", "", "", `account = "lab"`, modest + "\n  slurm { partition = \"nowhere\" }",
			[]string{"Invalid partition name specified", "sinfo lists the partitions; set slurm.partition"}},
		{"reservation", "", "", `account = "lab"`, modest + "\n  slurm { reservation = \"nobodys\" }",
			[]string{"Requested reservation is invalid", "there is no such reservation"}},
		{"feature", "", "", `account = "lab"`, modest + "\n  slurm { constraint = \"nothing\" }",
			[]string{"Invalid feature specification", "no node has that feature"}},
		{"GPUs", "", "", `account = "lab"`, "resources {\n    time = \"1m\"\n    gpus = 64\n  }",
			[]string{"Requested node configuration is not available", "no node that is up has what the stage asks for"}},
		{"memory", "", "", `account = "lab"`, "resources {\n    time = \"1m\"\n    memory = \"9T\"\n  }",
			[]string{"Memory specification can not be satisfied", "no node has that much memory", "lower resources.memory"}},
		{"CPUs", "", "", `account = "lab"`, "resources {\n    time = \"1m\"\n    cpus = 999\n  }",
			[]string{"More processors requested than permitted", "lower resources.cpus"}},
		{"nodes", "", "", `account = "lab"`, "resources {\n    time = \"1m\"\n    nodes = 3\n  }",
			[]string{"Node count specification invalid", "the partition has not that many nodes"}},
	} {
		t.Run(limit.name, func(t *testing.T) {
			here := limited{t, c}
			if limit.set != "" {
				here.manage(limit.set)
				defer here.manage(limit.unset)
			}
			p := newPerson(t, c)
			p.write("limit.hcl", refusedChain(limit.site, limit.asks))
			count.injected++
			began := time.Now()
			r := p.types("runpipe", "apply", "limit.hcl")
			lasted := time.Since(began)
			if r.code != 1 {
				t.Errorf("exit status %d, want 1:\n%s%s", r.code, r.stdout, r.stderr)
			}
			p.has(r.stderr, "stage.c was refused, and nothing was submitted: ")
			p.has(r.stderr, limit.says...)
			t.Logf("after %s: %s", lasted.Round(10*time.Millisecond), r.stderr[strings.LastIndex(r.stderr, "stage.c was refused"):])
			p.nothingQueued()
			st, stages := p.status("")
			if st.State != run.Cancelled || !strings.HasPrefix(stages["stage.c"].Reason, "refused: ") || stages["stage.a"].State != run.Cancelled {
				count.wrong++
				t.Errorf("the run is %s, stage.c %s, stage.a %s", st.State, stages["stage.c"].Reason, stages["stage.a"].State)
			}
			if limit.set == "" { // with --test-only Slurm may say less
				p.has(p.gets(1, "runpipe", "plan", "limit.hcl").stdout, "Refused: stage.c: ", "That is: ")
			}
		})
	}
	count.log(t, "limits")
}

// hurriedSbatch has sbatch sleep a thirtieth of the time between its tries, which
// otherwise take two minutes. Without a C compiler they do.
func (p *person) hurriedSbatch() {
	p.Helper()
	dir := p.TempDir()
	source, library := filepath.Join(dir, "sleep.c"), filepath.Join(dir, "sleep.so")
	p.must(os.WriteFile(source, []byte("#include <unistd.h>\nunsigned sleep(unsigned s) { usleep(s * 33333); return 0; }\n"), 0o600))
	if out, err := exec.Command("gcc", "-shared", "-fPIC", "-o", library, source).CombinedOutput(); err != nil {
		p.Logf("gcc: %v %s", err, out)
		return
	}
	sbatch := strings.TrimSpace(p.gets(0, "sh", "-c", "command -v sbatch").stdout)
	p.must(os.WriteFile(filepath.Join(dir, "sbatch"), []byte("#!/bin/sh\nLD_PRELOAD="+library+" exec "+sbatch+" \"$@\"\n"), 0o755))
	for i, entry := range p.environ {
		if path, ok := strings.CutPrefix(entry, "PATH="); ok {
			p.environ[i] = "PATH=" + dir + ":" + path
		}
	}
}

// A controller that holds as many jobs as it can: who submits is told at once, may
// leave, is refused in the end, and goes on where there is room before.
func TestAFullController(t *testing.T) {
	t.Parallel() // it waits most of the time
	c := slurmtest.Start(t, slurmtest.Nodes(1), slurmtest.MinJobAge(2), slurmtest.Conf("MaxJobCount=8"))
	for range 6 { // one less is taken than there may be
		if _, err := c.Run("sbatch", "--hold", "--output=/dev/null", "--wrap=true"); err != nil {
			t.Fatal(err)
		}
	}
	var count tally
	for _, way := range []struct {
		name string
		do   func(*person, *exec.Cmd) // once it is told
		code int
		says string
	}{
		{"left", func(p *person, apply *exec.Cmd) { p.must(apply.Process.Signal(syscall.SIGINT)) }, 130, "nothing of it is left in the queue"},
		{"refused", func(*person, *exec.Cmd) {}, 1, "was refused, and nothing was submitted: "},
		{"waited", func(p *person, _ *exec.Cmd) { _, err := c.Run("scancel", "--name=wrap"); p.must(err) }, 0, "3 jobs submitted"},
	} {
		t.Run(way.name, func(t *testing.T) {
			p := newPerson(t, c)
			if way.name == "refused" {
				p.hurriedSbatch()
			}
			tr := p.trial(1, "a full controller")
			apply := p.command("runpipe", "apply", tr.file)
			screen, err := os.Create(filepath.Join(p.dir, "screen"))
			p.must(err)
			defer screen.Close()
			apply.Stdout, apply.Stderr = screen, screen
			apply.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
			began := time.Now()
			p.must(apply.Start())
			await(t, "the notice", func() bool {
				return strings.Contains(p.read("screen"), "the controller holds as many jobs as it can (MaxJobCount")
			})
			told := time.Since(began)
			way.do(p, apply)
			_ = apply.Wait() // its exit status is looked at
			said := p.read("screen")
			count.injected++
			if code := apply.ProcessState.ExitCode(); code != way.code {
				count.lost++
				t.Errorf("exit status %d, want %d", code, way.code)
			}
			p.has(said, way.says)
			t.Logf("told after %s, over after %s:\n%s", told.Round(time.Millisecond), time.Since(began).Round(time.Second), said)
			if way.code == 0 {
				count.injected--
				tr.judge(&count, 0)
			}
			await(t, "the queue to be empty", func() bool {
				out, err := c.Run("squeue", "--noheader", "--states=PENDING,RUNNING,COMPLETING", "--format=%k")
				p.must(err)
				return !strings.Contains(out, "runpipe:")
			})
		})
	}
	count.log(t, "a controller that is full")
}
