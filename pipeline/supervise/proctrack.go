package supervise

import (
	"os"
	"strings"
)

// reachesAll reports whether Slurm, when it signals a job, sends the signal to
// every process of it. proctrack/linuxproc does, and a signal passed on would
// arrive twice; proctrack/cgroup, which is the default and what sites run,
// signals the batch process and the first process of each task alone.
func reachesAll(env environ) bool {
	paths := []string{env["SLURM_CONF"], "/etc/slurm/slurm.conf", "/run/slurm/conf/slurm.conf"}
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		for line := range strings.Lines(string(data)) {
			name, value, _ := strings.Cut(strings.ToLower(strings.TrimSpace(line)), "=")
			if strings.TrimSpace(name) == "proctracktype" {
				return strings.HasPrefix(strings.TrimSpace(value), "proctrack/linuxproc")
			}
		}
		return false
	}
	return false
}
