package supervise

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/runpipe/runpipe/pipeline/record"
)

// thisMachine reads what /proc and the scheduler's variables tell, in a
// millisecond or two. No program is started for it.
func thisMachine(executor string, env environ) *record.Machine {
	m := &record.Machine{CPU: cpuModel("/proc/cpuinfo"), Memory: memoryOf("/proc/meminfo"), Libc: libcVersion(libcPaths())}
	if executor != "local" {
		m.Nodes, m.Partition = known(env["SLURM_JOB_NODELIST"]), known(env["SLURM_JOB_PARTITION"])
	}
	cpus := runtime.NumCPU() // by sched_getaffinity(2), when the process began
	m.CPUs = &cpus
	var name unix.Utsname
	if unix.Uname(&name) == nil {
		m.Kernel, m.Arch = known(unix.ByteSliceToString(name.Release[:])), known(unix.ByteSliceToString(name.Machine[:]))
	}
	return m
}

// known is nil for a text that says nothing.
func known(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// cpuModel is the first processor's name. An ARM kernel tells none.
func cpuModel(path string) *string {
	data, _ := os.ReadFile(path)
	for line := range strings.Lines(string(data)) {
		if name, value, _ := strings.Cut(line, ":"); strings.TrimSpace(name) == "model name" {
			return known(strings.TrimSpace(value))
		}
	}
	return nil
}

func memoryOf(path string) *int64 {
	kib, ok := readNumber(path, "MemTotal:")
	if !ok {
		return nil
	}
	kib *= 1024
	return &kib
}

// libcPaths is where glibc is: Debian's folder for the architecture, else Red Hat's.
func libcPaths() []string {
	found, _ := filepath.Glob("/lib/*-linux-gnu*/libc.so.6") // the pattern is well-formed
	return append(found, "/lib64/libc.so.6", "/usr/lib/libc.so.6", "/lib/libc.so.6")
}

// libcRelease is in the text that the library prints when it is run as a program.
var libcRelease = regexp.MustCompile(`GNU C Library [^\n]*release version ([0-9.]*[0-9])`)

func libcVersion(paths []string) *string {
	for _, path := range paths {
		data, err := os.ReadFile(path) // 2 MB
		if err != nil {
			continue
		}
		at := bytes.Index(data, []byte("GNU C Library "))
		if at < 0 {
			continue
		}
		if m := libcRelease.FindSubmatch(data[at:min(at+200, len(data))]); m != nil {
			return known(string(m[1]))
		}
	}
	return nil
}

// cudaVersion is in the head of nvidia-smi's report: "CUDA Version : 12.4".
var cudaVersion = regexp.MustCompile(`CUDA Version\s*:\s*([0-9][0-9.]*)`)

// takeVersion asks the driver for its version of CUDA, which no --query-gpu tells.
func (s *sampler) takeVersion(ctx context.Context, program string) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, "-q", "-d", "COMPUTE")
	cmd.Env = []string{"PATH=" + standardPath, "LANG=C"}
	cmd.WaitDelay = time.Second
	out, err := cmd.Output()
	if err != nil {
		return
	}
	if m := cudaVersion.FindSubmatch(out); m != nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.cuda = known(string(m[1]))
	}
}

// version is the version of CUDA, nil if it could not be read.
func (s *sampler) version() *string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.cuda
}
