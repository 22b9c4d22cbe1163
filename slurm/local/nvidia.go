package local

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// smiPatience bounds nvidia-smi. Where no process keeps the driver loaded it
// takes a second and more per device; one that hangs must not hang us.
const smiPatience = 15 * time.Second

// discoverGPUs asks nvidia-smi. No nvidia-smi is no fault; one that fails is.
func discoverGPUs(ctx context.Context) (gpus []GPU, fault string) {
	visible, limited := os.LookupEnv("CUDA_VISIBLE_DEVICES")
	if limited && visible == "" {
		return nil, ""
	}
	program, err := exec.LookPath("nvidia-smi")
	if err != nil {
		return nil, ""
	}
	ctx, cancel := context.WithTimeout(ctx, smiPatience)
	defer cancel()
	command := exec.CommandContext(ctx, program, "--query-gpu=index,uuid,name,memory.total", "--format=csv,noheader,nounits")
	command.WaitDelay = time.Second
	out, err := command.Output()
	if ctx.Err() == context.DeadlineExceeded {
		return nil, fmt.Sprintf("nvidia-smi did not answer within %s", smiPatience)
	}
	if err != nil {
		return nil, smiFault(err, out)
	}
	if gpus, err = parseGPUs(string(out)); err != nil {
		return nil, err.Error()
	}
	if limited {
		gpus = visibleGPUs(gpus, visible)
	}
	return gpus, ""
}

// smiFault quotes nvidia-smi, which explains itself on stdout.
func smiFault(err error, out []byte) string {
	said := string(out)
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		said += string(exit.Stderr)
	}
	return strings.TrimSpace("nvidia-smi: " + err.Error() + ": " + strings.Join(strings.Fields(said), " "))
}

// parseGPUs reads lines such as "0, GPU-5f3c…, NVIDIA A100-SXM4-40GB, 40960".
// The memory, in MiB, may be "[N/A]".
func parseGPUs(csv string) ([]GPU, error) {
	var gpus []GPU
	for line := range strings.Lines(csv) {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		fields := strings.Split(line, ",")
		for i := range fields {
			fields[i] = strings.TrimSpace(fields[i])
		}
		if len(fields) < 4 {
			return nil, fmt.Errorf("nvidia-smi printed %q, which is no GPU", line)
		}
		index, err := strconv.Atoi(fields[0])
		if err != nil || fields[1] == "" {
			return nil, fmt.Errorf("nvidia-smi printed %q, which is no GPU", line)
		}
		mib, _ := strconv.ParseInt(fields[len(fields)-1], 10, 64)
		gpus = append(gpus, GPU{
			Index: index, UUID: fields[1],
			Model:  strings.Join(fields[2:len(fields)-1], ","),
			Memory: mib << 20,
		})
	}
	return gpus, nil
}

// visibleGPUs are those that CUDA would see: entries are indices or the
// beginnings of UUIDs, and the first invalid one ends the list (CUDA C++
// Programming Guide, CUDA Environment Variables).
func visibleGPUs(gpus []GPU, visible string) []GPU {
	var list []GPU
	for entry := range strings.SplitSeq(visible, ",") {
		entry = strings.TrimSpace(entry)
		if strings.HasPrefix(entry, "MIG-") { // nvidia-smi's query does not list slices
			list = append(list, GPU{Index: -1, UUID: entry, Model: "MIG"})
			continue
		}
		gpu, ok := findGPU(gpus, entry)
		if !ok {
			break
		}
		list = append(list, gpu)
	}
	return list
}

func findGPU(gpus []GPU, entry string) (GPU, bool) {
	index, err := strconv.Atoi(entry)
	for _, g := range gpus {
		if err == nil && g.Index == index || strings.HasPrefix(entry, "GPU-") && strings.HasPrefix(g.UUID, entry) {
			return g, true
		}
	}
	return GPU{}, false
}

// device is how a job's CUDA_VISIBLE_DEVICES names g. It is the index, as Slurm
// gives it: programs there are that read numbers only.
func (g GPU) device() string {
	if g.Index < 0 {
		return g.UUID
	}
	return strconv.Itoa(g.Index)
}
