package local

import (
	"errors"
	"fmt"
	"log"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/runpipe/runpipe/slurm"
	"golang.org/x/sys/unix"
)

// batch is a job's batch process, and what is left of the job after it.
type batch struct {
	job     *job
	pid     int              // 0 once it is reaped
	session int              // its pid, for good
	exit    *unix.WaitStatus // nil until then
	claim   claim
	gpus    []*gpuSlot
	ooms    int64 // when it started, see oomKills

	limit  time.Time   // when its time is over; zero for never
	ending slurm.State // what it will have been, once it was told to end
	kill   time.Time   // when it is killed, or killed again; zero for not yet
	pause  time.Duration
}

// launch starts the batch process of j, in a session of its own. It must be
// called on the thread that Serve locked.
func (s *scheduler) launch(j *job, gpus []*gpuSlot) (*batch, error) {
	if err := os.MkdirAll(filepath.Dir(j.Log), 0o700); err != nil {
		return nil, fmt.Errorf("making the log's folder: %w", err)
	}
	out, err := os.OpenFile(j.Log, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("opening the log: %w", err)
	}
	defer out.Close()
	pid, err := s.fork(j, gpus, out)
	if err != nil {
		fmt.Fprintf(out, "runpipe: the job cannot start: %v\n", err)
		return nil, err
	}
	log.Printf("job %s (%s) runs as process %d", j.id, j.Name, pid)
	b := &batch{job: j, pid: pid, session: pid, ooms: oomKills()}
	if t := j.Resources.Time; t > 0 {
		b.limit = time.Now().Add(t)
	}
	return b, nil
}

func (s *scheduler) fork(j *job, gpus []*gpuSlot, out *os.File) (int, error) {
	if len(j.Env) > 0 && s.env[j.id] == nil {
		return 0, fmt.Errorf("the values of %s, which are written nowhere, were lost with the process that submitted the job: submit it again", strings.Join(j.Env, ", "))
	}
	if info, err := os.Stat(j.Dir); err != nil {
		return 0, fmt.Errorf("its working folder: %w", err)
	} else if !info.IsDir() {
		return 0, fmt.Errorf("its working folder %s is none", j.Dir)
	}
	bash, err := findBash()
	if err != nil {
		return 0, err
	}
	null, err := os.Open(os.DevNull)
	if err != nil {
		return 0, err
	}
	defer null.Close()
	pid, err := syscall.ForkExec(bash, []string{"bash", j.Script}, &syscall.ProcAttr{
		Dir:   j.Dir,
		Env:   jobEnv(j, gpus, s.env[j.id]),
		Files: []uintptr{null.Fd(), out.Fd(), out.Fd()},
		// Should the scheduler be killed, the supervisor in the job hears of it.
		Sys: &syscall.SysProcAttr{Setsid: true, Pdeathsig: syscall.SIGTERM},
	})
	if err != nil {
		return 0, fmt.Errorf("starting %s: %w", bash, err)
	}
	return pid, nil
}

func findBash() (string, error) {
	const usual = "/bin/bash"
	if _, err := os.Stat(usual); err == nil {
		return usual, nil
	}
	path, err := exec.LookPath("bash")
	if err != nil {
		return "", errors.New("bash, which runs the jobs' scripts, is not on this machine")
	}
	return path, nil
}

// jobPath is where a job's programs are looked for; nothing of the submitter's
// own PATH gets into a job.
const jobPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// jobEnv is the whole environment of a batch process, sorted: as bare as the one
// that a Slurm job is submitted with. GPUs are named by their index in the order
// of the PCI bus, which is nvidia-smi's and must be CUDA's too.
func jobEnv(j *job, gpus []*gpuSlot, extra [][]byte) []string {
	devices := make([]string, len(gpus))
	for i, slot := range gpus {
		devices[i] = slot.device()
	}
	env := map[string]string{"LANG": "C.UTF-8", "PATH": jobPath, "SHELL": "/bin/bash"}
	for _, name := range []string{"HOME", "LANG", "TMPDIR", "USER", "LOGNAME"} {
		if value := os.Getenv(name); value != "" {
			env[name] = value
		}
	}
	if u, err := user.Current(); err == nil {
		env["USER"], env["LOGNAME"] = u.Username, u.Username
	}
	for _, pair := range extra {
		name, value, _ := strings.Cut(string(pair), "=")
		env[name] = value
	}
	env["CUDA_DEVICE_ORDER"] = "PCI_BUS_ID"
	env["CUDA_VISIBLE_DEVICES"] = strings.Join(devices, ",")
	env["RUNPIPE_LOCAL_JOB"] = j.id
	env[tokenVariable] = j.Token
	list := make([]string, 0, len(env))
	for name, value := range env {
		list = append(list, name+"="+value)
	}
	slices.Sort(list)
	return list
}
