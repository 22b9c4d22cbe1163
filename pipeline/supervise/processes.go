package supervise

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// process is what proc_pid_stat(5) says of one.
type process struct {
	pid, parent, group int
	name               string // at most 15 bytes
	zombie             bool
}

func processTable() []process {
	dir, err := os.Open("/proc")
	if err != nil {
		return nil
	}
	defer dir.Close()
	names, _ := dir.Readdirnames(-1)
	var table []process
	for _, name := range names {
		if pid, err := strconv.Atoi(name); err == nil {
			if p, ok := readProcess(pid); ok {
				table = append(table, p)
			}
		}
	}
	return table
}

func readProcess(pid int) (process, bool) {
	data, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	from, to := bytes.IndexByte(data, '('), bytes.LastIndexByte(data, ')') // the name may hold parentheses itself
	if err != nil || from < 0 || to < from {
		return process{}, false
	}
	fields := strings.Fields(string(data[to+1:]))
	if len(fields) < 3 {
		return process{}, false
	}
	p := process{pid: pid, name: string(data[from+1 : to]), zombie: fields[0] == "Z" || fields[0] == "X"}
	p.parent, _ = strconv.Atoi(fields[1])
	p.group, _ = strconv.Atoi(fields[2])
	return p, true
}

// descendants lists the living processes below a process.
func descendants(of int) []process {
	children := map[int][]process{}
	for _, p := range processTable() {
		children[p.parent] = append(children[p.parent], p)
	}
	var list []process
	var below func(int)
	below = func(parent int) {
		for _, p := range children[parent] {
			if !p.zombie {
				list = append(list, p)
			}
			below(p.pid)
		}
	}
	below(of)
	return list
}

// settle is how long what a command leaves behind may take to end by itself:
// Python's resource tracker, for one, ends just after its parent.
const settle = 500 * time.Millisecond

// endLeftovers ends what the command left behind, in its group or out of it: it
// would write into outputs that are being digested, and the end of the job
// would kill it anyway. grace is the time between SIGTERM and SIGKILL.
func endLeftovers(grace time.Duration, say func(string, ...any)) {
	if !haveChildren() || gone(settle) {
		return
	}
	left := descendants(os.Getpid())
	if len(left) == 0 {
		return
	}
	say("ending what the command left behind: %s", listed(left))
	signalAll(left, unix.SIGTERM)
	for !gone(grace) {
		signalAll(descendants(os.Getpid()), unix.SIGKILL)
		grace = 100 * time.Millisecond
	}
}

// haveChildren reports whether this process has any child, a dead one included.
func haveChildren() bool {
	err := unix.Waitid(unix.P_ALL, 0, nil, unix.WEXITED|unix.WNOHANG|unix.WNOWAIT, nil)
	return err != unix.ECHILD
}

// gone waits until there are no descendants left, at most for limit.
func gone(limit time.Duration) bool {
	for deadline := time.Now().Add(limit); ; time.Sleep(10 * time.Millisecond) {
		if len(descendants(os.Getpid())) == 0 {
			return true
		}
		if time.Now().After(deadline) {
			return false
		}
	}
}

func signalAll(list []process, signal unix.Signal) {
	for _, p := range list {
		unix.Kill(p.pid, signal)
	}
}

func listed(list []process) string {
	var names []string
	for _, p := range list {
		names = append(names, fmt.Sprintf("%s (process %d)", p.name, p.pid))
	}
	const most = 5
	if more := len(names) - most; more > 0 {
		names = append(names[:most], fmt.Sprintf("and %d more", more))
	}
	return strings.Join(names, ", ")
}
