package supervise

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/runpipe/runpipe/pipeline/record"
	"github.com/runpipe/runpipe/slurm/slurmtest"
)

// onCluster is a stage under test on a real Slurm.
type onCluster struct {
	*stageUnderTest
	cluster *slurmtest.Cluster
	id      string
	folder  string // where its trainers leave their marks
}

// submit hands the stage's job to the cluster.
func submit(t *testing.T, cluster *slurmtest.Cluster, script string, options ...string) *onCluster {
	t.Helper()
	return submitTimed(t, cluster, Timing{}, script, options...)
}

// submitTimed submits a job that waits for the controller as timing has it.
func submitTimed(t *testing.T, cluster *slurmtest.Cluster, timing Timing, script string, options ...string) *onCluster {
	t.Helper()
	folder := t.TempDir()
	s := &onCluster{newStage(t, strings.ReplaceAll(script, "MARKS", folder)), cluster, "", folder}
	s.options.Timing.Controller = timing.Controller
	s.manifest.Executor = "slurm"
	if strings.Contains(script, "srun") {
		s.manifest.Launcher = "srun"
	}
	for i, o := range options {
		if o == "--ntasks" {
			s.manifest.Tasks, _ = strconv.Atoi(options[i+1])
		}
	}
	path := s.compile()
	if err := os.MkdirAll(s.attempt(), 0o700); err != nil {
		t.Fatal(err)
	}
	args := append([]string{"sbatch", "--parsable", "--mem=100M", "--output=" + filepath.Join(s.attempt(), "log"), "--open-mode=append",
		"--export=ALL,CANARY=sings," + optionsFileVariable + "=" + s.optionsFile()}, options...)
	out, err := cluster.Run(append(args, path)...)
	if err != nil {
		t.Fatal(err)
	}
	s.id = strings.TrimSpace(out)
	return s
}

// await waits until a condition holds, for as long as a loaded machine may take.
func (s *onCluster) await(what string, holds func() bool) {
	s.t.Helper()
	for deadline := time.Now().Add(90 * time.Second); !holds(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			queue, _ := s.cluster.Run("scontrol", "show", "job", s.id)
			s.t.Fatalf("waited in vain for %s; the log:\n%s\nthe job:\n%s", what, s.log(), queue)
		}
	}
}

func (s *onCluster) has(name string) bool {
	_, err := os.Stat(filepath.Join(s.folder, name))
	return err == nil
}

// cancelled waits for the trainers, cancels the job, and returns its last record.
func (s *onCluster) cancelled(trainers ...string) *record.Record {
	s.t.Helper()
	for _, name := range trainers {
		s.await(name+" to be up", func() bool { return s.has(name + ".up") })
	}
	if _, err := s.cluster.Run("scancel", s.id); err != nil {
		s.t.Fatal(err)
	}
	return s.ended()
}

func (s *onCluster) ended() *record.Record {
	s.t.Helper()
	var r *record.Record
	s.await("the last record", func() bool {
		var err error
		r, err = record.Read(s.attempt())
		return err == nil && r.Ended != nil
	})
	return r
}

// savedOnce fails the test unless a trainer was signalled once, and not killed.
func (s *onCluster) savedOnce(name string) {
	s.t.Helper()
	if !s.has(name) {
		s.t.Errorf("%s was killed before it could save; the log:\n%s", name, s.log())
	} else if got := readFile(s.t, filepath.Join(s.folder, name)); got != "1" {
		s.t.Errorf("%s was sent SIGTERM %s times", name, got)
	}
}

// TestOnSlurm runs jobs on both kinds of process tracking, which differ in whom
// a signal reaches.
func TestOnSlurm(t *testing.T) {
	for name, options := range map[string][]slurmtest.Option{"linuxproc": nil, "cgroup": {slurmtest.Cgroup()}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			patient := func(c *slurmtest.Config) { c.KillWait = 20 * time.Second }
			cluster := slurmtest.Start(t, append(options, patient)...)
			t.Run("jobs", func(t *testing.T) { // ends when all of them have
				for name, test := range slurmJobs {
					t.Run(name, func(t *testing.T) {
						t.Parallel()
						test(t, cluster)
					})
				}
			})
		})
	}
}

var slurmJobs = map[string]func(*testing.T, *slurmtest.Cluster){
	"success": func(t *testing.T, c *slurmtest.Cluster) {
		s := submit(t, c, `srun bash -c 'echo "gpus $CUDA_VISIBLE_DEVICES, canary ${CANARY:-none}"; [ "$LANG" = C.UTF-8 ]'`, "--gres=gpu:1")
		if r := s.ended(); r.State != record.Succeeded || r.Job != s.id || !strings.Contains(s.log(), "canary none") {
			t.Errorf("%+v\n%s", r, s.log())
		}
	},
	"cancelled in srun": func(t *testing.T, c *slurmtest.Cluster) {
		s := submit(t, c, `srun "$runpipe" trainer MARKS`)
		if r := s.cancelled("trainer-0"); r.State != record.Interrupted || r.Signal != "SIGTERM" {
			t.Errorf("%+v", r)
		}
		s.savedOnce("trainer-0")
	},
	"cancelled without srun": func(t *testing.T, c *slurmtest.Cluster) {
		s := submit(t, c, `SLURM_PROCID=x "$runpipe" trainer MARKS; echo`)
		if r := s.cancelled("trainer-x"); r.State != record.Interrupted || r.Signal != "SIGTERM" {
			t.Errorf("%+v", r)
		}
		s.savedOnce("trainer-x")
	},
	"cancelled in ranks": func(t *testing.T, c *slurmtest.Cluster) {
		s := submit(t, c, `srun -K1 "$runpipe" task "$runpipe" trainer MARKS`, "--ntasks", "2")
		if r := s.cancelled("trainer-0", "trainer-1"); r.State != record.Interrupted || len(r.Tasks) != 2 {
			t.Errorf("%+v", r)
		}
		s.savedOnce("trainer-0")
		s.savedOnce("trainer-1")
	},
	"a rank fails": func(t *testing.T, c *slurmtest.Cluster) {
		s := submit(t, c, `srun -K1 "$runpipe" task bash -c '[ $SLURM_PROCID = 1 ] && exit 3; sleep 1000'`, "--ntasks", "2")
		r := s.ended()
		if r.State != record.Failed || *r.ExitCode != 3 || !strings.Contains(r.Reason, "rank 1") {
			t.Errorf("%+v\n%s", r, s.log())
		}
		s.await("Slurm to see the same exit code", func() bool {
			job, _ := c.Run("scontrol", "show", "job", s.id)
			return strings.Contains(job, "ExitCode=3:0")
		})
	},
}
