package run

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/runpipe/runpipe/pipeline/workspace"
)

// holderVersion is the version of a lock's file.
const holderVersion = 1

// Holder is the process that holds a lock, as the lock's file names it.
type Holder struct {
	Version int       `json:"version"`
	Host    string    `json:"host"`
	User    string    `json:"user"`
	PID     int       `json:"pid"`
	Start   uint64    `json:"start"`         // clock ticks after boot: proc_pid_stat(5), field 22
	Boot    string    `json:"boot"`          // /proc/sys/kernel/random/boot_id
	Space   string    `json:"pid_namespace"` // process ids mean nothing outside of it
	Since   time.Time `json:"since"`
}

// String names the holder for a person: ada@login1 (process 4711, since 12:00:05).
func (h Holder) String() string {
	return fmt.Sprintf("%s@%s (process %d, since %s)", h.User, h.Host, h.PID, h.Since.Local().Format(time.DateTime))
}

// Life is what is known of a holder.
type Life int

// The lives. A process on another machine can be judged there only.
const (
	Alive Life = iota
	Dead
	Elsewhere
)

// Life says whether the holder lives. A process that was given the same number
// later has started later.
func (h Holder) Life() Life {
	me := thisProcess()
	switch {
	case h.Boot == me.Boot && h.Space == me.Space:
		if start, ended := processStart(h.PID); ended || start != h.Start {
			return Dead
		}
		return Alive
	case h.Boot != me.Boot && h.Host == me.Host:
		return Dead // the machine was started again since
	}
	return Elsewhere
}

// is reports whether both are the same process, and the same taking of the lock.
func (h Holder) is(other Holder) bool {
	return h.PID == other.PID && h.Start == other.Start && h.Boot == other.Boot && h.Host == other.Host && h.Since.Equal(other.Since)
}

// thisProcess is the holder that this process would be.
func thisProcess() Holder {
	h := Holder{Version: holderVersion, PID: os.Getpid(), Since: time.Now().UTC()}
	h.User, h.Host = whoami()
	h.Start, _ = processStart(h.PID)
	boot, _ := os.ReadFile("/proc/sys/kernel/random/boot_id")
	h.Boot = strings.TrimSpace(string(boot))
	h.Space, _ = os.Readlink("/proc/self/ns/pid")
	return h
}

// processStart is when a process started, in clock ticks after boot, and
// whether there is none (any more).
func processStart(pid int) (start uint64, ended bool) {
	data, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return 0, true
	}
	// The name, in parentheses, may itself hold spaces and parentheses.
	fields := strings.Fields(string(data[bytes.LastIndexByte(data, ')')+1:]))
	if len(fields) < 20 {
		return 0, true
	}
	start, err = strconv.ParseUint(fields[19], 10, 64)
	return start, err != nil || fields[0] == "Z" || fields[0] == "X"
}

func readHolder(path string) (Holder, error) {
	var h Holder
	err := workspace.ReadJSON(path, &h, holderVersion)
	return h, err
}
