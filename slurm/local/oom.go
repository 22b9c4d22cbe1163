package local

import (
	"os"
	"strconv"
	"strings"
)

// oomKills counts what the kernel killed for want of memory since it booted, in
// any control group (/proc/vmstat, oom_kill); 0 where it does not say.
func oomKills() int64 {
	data, _ := os.ReadFile("/proc/vmstat")
	for line := range strings.Lines(string(data)) {
		if rest, ok := strings.CutPrefix(line, "oom_kill "); ok {
			n, _ := strconv.ParseInt(strings.TrimSpace(rest), 10, 64)
			return n
		}
	}
	return 0
}
