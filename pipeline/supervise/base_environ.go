package supervise

import (
	"context"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/runpipe/runpipe/stages"
)

// standardPath is where a system's own programs are.
const standardPath = "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin"

// visibleGPUs are the variables by which a scheduler tells a job its GPUs.
var visibleGPUs = []string{"CUDA_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES", "GPU_DEVICE_ORDINAL", "ZE_AFFINITY_MASK"}

// localMarks are the variables by which the local executor finds all processes
// of a job again.
var localMarks = []string{"RUNPIPE_LOCAL_JOB", "RUNPIPE_LOCAL_TOKEN"}

// prepareEnviron makes the command's environment from declared parts only. What
// comes later wins: the site's profile (for modules), the base list, the
// stage's own variables, those that were passed on, and runpipe's.
func (j *job) prepareEnviron(ctx context.Context) error {
	if j.resumed {
		return nil
	}
	env := environ{}
	if j.manifest.Modules {
		profile, err := j.moduleEnviron(ctx)
		if err != nil {
			return err
		}
		maps.Copy(env, profile)
	}
	maps.Copy(env, j.base(env["PATH"]))
	maps.Copy(env, j.manifest.Env)
	if err := j.passOn(env); err != nil {
		return err
	}
	env["RUNPIPE_STAGE"] = j.manifest.Address
	env["RUNPIPE_RUN"] = j.manifest.Run
	env["RUNPIPE_ATTEMPT"] = strconv.Itoa(j.manifest.Attempt)
	if j.venv != "" {
		env["RUNPIPE_VENV"] = j.venv
	}
	if j.manifest.Modules {
		env[modulesVariable] = j.modulesFile()
	}
	if j.ranks() > 0 {
		env[tasksVariable] = j.taskFolder()
	}
	j.environ = env
	return j.checkGPUs(ctx)
}

// base is what every command finds in its environment.
func (j *job) base(path string) environ {
	env := environ{"SHELL": "/bin/bash", "LANG": "C.UTF-8", "PYTHONUNBUFFERED": "1", "PYTHONNOUSERSITE": "1"}
	env.take(j.outer, "HOME", "USER", "LOGNAME", "LANG", "TMPDIR")
	env.take(j.outer, visibleGPUs...)
	env.take(j.outer, "CUDA_DEVICE_ORDER") // what the indices of the local executor count by
	if j.manifest.Executor == "local" {
		env.take(j.outer, localMarks...)
	} else {
		for name, value := range j.outer {
			// SLURM_EXPORT_ENV would have srun start its tasks without a PATH.
			if strings.HasPrefix(name, "SLURM") && name != "SLURM_EXPORT_ENV" {
				env[name] = value
			}
		}
	}
	if path == "" {
		path = standardPath
	}
	env["PATH"] = withSlurm(path, j.outer["PATH"])
	return env
}

// withSlurm puts the folder of the job's own srun in front, unless it is in
// path anyway: an srun of another Slurm, found first, cannot reach the controller.
func withSlurm(path, outer string) string {
	for _, folder := range filepath.SplitList(outer) {
		info, err := os.Stat(filepath.Join(folder, "srun"))
		if err != nil || info.IsDir() || info.Mode()&0o111 == 0 || !filepath.IsAbs(folder) {
			continue
		}
		if slices.Contains(filepath.SplitList(path), folder) {
			return path
		}
		return folder + ":" + path
	}
	return path
}

// passOn takes over the variables that the stage names in pass_env, which
// travelled under another name.
func (j *job) passOn(env environ) error {
	var missing []string
	for _, name := range j.manifest.PassEnv {
		value, ok := j.outer[stages.EnvPrefix+name]
		if !ok {
			missing = append(missing, name)
		}
		env[name] = value
	}
	if len(missing) > 0 {
		return fmt.Errorf("the stage wants %s from the submitter's environment, where it was not set: set it and apply again", strings.Join(missing, ", "))
	}
	return nil
}

// checkGPUs fails where Slurm promised GPUs and none can be seen: better now
// than after a day of training on the CPU. The local executor gives what it has.
func (j *job) checkGPUs(ctx context.Context) error {
	if j.manifest.GPUs == 0 || j.manifest.Executor == "local" {
		return nil
	}
	for _, name := range visibleGPUs {
		if value := j.environ[name]; value != "" && value != "NoDevFiles" {
			return nil
		}
	}
	if program, err := exec.LookPath("nvidia-smi"); err == nil && len(queryGPUs(ctx, program)) > 0 {
		return nil
	}
	return fmt.Errorf("the job was promised %d GPUs per node and sees none on this one: CUDA_VISIBLE_DEVICES is not set, and nvidia-smi lists none", j.manifest.GPUs)
}
