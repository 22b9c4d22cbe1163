package supervise

import (
	"context"
	"encoding/csv"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/runpipe/runpipe/pipeline/record"
)

// gpuQuery is what is asked of each GPU: nvidia-smi --help-query-gpu.
const gpuQuery = "--query-gpu=index,uuid,name,driver_version,memory.used,utilization.gpu"

// gpuSample is one line of nvidia-smi's answer. A field that it cannot tell
// ("[N/A]", as with MIG) is negative.
type gpuSample struct {
	index               int
	uuid, model, driver string
	memory, use         int64 // bytes and percent
}

// sampler asks for the GPUs again and again while the command runs. It neither
// delays nor fails a job: what it could not find out is left out.
type sampler struct {
	cancel context.CancelFunc
	done   sync.WaitGroup
	mu     sync.Mutex
	seen   map[string]*gpuTotal // by UUID
	cuda   *string
}

type gpuTotal struct {
	gpu  record.GPU
	used []int64
}

func (j *job) sampleGPUs() *sampler {
	ctx, cancel := context.WithCancel(context.Background())
	s := &sampler{cancel: cancel, seen: map[string]*gpuTotal{}}
	program, err := exec.LookPath("nvidia-smi")
	if j.manifest.GPUs == 0 || err != nil {
		return s
	}
	visible := j.environ["CUDA_VISIBLE_DEVICES"]
	s.done.Go(func() { s.takeVersion(ctx, program) })
	s.done.Go(func() {
		tick := time.NewTicker(j.options.Timing.Sample)
		defer tick.Stop()
		for {
			s.add(queryGPUs(ctx, program), visible)
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
		}
	})
	return s
}

// stop ends the sampling; a question that is under way is given up.
func (s *sampler) stop() {
	s.cancel()
	s.done.Wait()
}

func (s *sampler) add(samples []gpuSample, visible string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, sample := range samples {
		if !isVisible(sample, visible) {
			continue
		}
		total := s.seen[sample.uuid]
		if total == nil {
			total = &gpuTotal{gpu: record.GPU{Index: sample.index, UUID: sample.uuid, Model: sample.model, Driver: sample.driver}}
			s.seen[sample.uuid] = total
		}
		if peak := total.gpu.PeakMemory; sample.memory >= 0 && (peak == nil || *peak < sample.memory) {
			total.gpu.PeakMemory = &sample.memory
		}
		if sample.use >= 0 {
			total.used = append(total.used, sample.use)
		}
	}
}

// gpus is what was found out, by index.
func (s *sampler) gpus() []record.GPU {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []record.GPU
	for _, total := range s.seen {
		gpu, sum := total.gpu, int64(0)
		for _, use := range total.used {
			sum += use
		}
		if n := len(total.used); n > 0 {
			mean := float64(sum) / float64(n)
			gpu.MeanUse = &mean
		}
		list = append(list, gpu)
	}
	slices.SortFunc(list, func(a, b record.GPU) int { return a.Index - b.Index })
	return list
}

// isVisible reports whether the job was given this GPU: CUDA_VISIBLE_DEVICES
// lists numbers or (the beginnings of) UUIDs; "" means all.
func isVisible(g gpuSample, visible string) bool {
	if visible == "" {
		return true
	}
	for _, id := range strings.Split(visible, ",") {
		id = strings.TrimSpace(id)
		if id == strconv.Itoa(g.index) || strings.HasPrefix(id, "GPU-") && strings.HasPrefix(g.uuid, id) {
			return true
		}
	}
	return false
}

// queryGPUs asks once. A driver in trouble can keep nvidia-smi waiting for
// minutes: it is given 10 s.
func queryGPUs(ctx context.Context, program string) []gpuSample {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, gpuQuery, "--format=csv,noheader,nounits")
	cmd.Env = []string{"PATH=" + standardPath, "LANG=C"}
	cmd.WaitDelay = time.Second
	out, err := cmd.Output()
	if err != nil {
		return nil
	}
	return parseGPUs(string(out))
}

func parseGPUs(text string) []gpuSample {
	reader := csv.NewReader(strings.NewReader(text))
	reader.TrimLeadingSpace = true
	reader.FieldsPerRecord = 6
	rows, err := reader.ReadAll()
	if err != nil {
		return nil
	}
	var samples []gpuSample
	for _, row := range rows {
		index, err := strconv.Atoi(row[0])
		if err != nil {
			continue
		}
		s := gpuSample{index: index, uuid: row[1], model: row[2], driver: row[3], memory: -1, use: -1}
		if mib, err := strconv.ParseInt(row[4], 10, 64); err == nil {
			s.memory = mib << 20
		}
		if percent, err := strconv.ParseInt(row[5], 10, 64); err == nil {
			s.use = percent
		}
		samples = append(samples, s)
	}
	return samples
}
