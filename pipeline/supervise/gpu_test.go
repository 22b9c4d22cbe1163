package supervise

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/runpipe/runpipe/pipeline/record"
)

func TestParseGPUs(t *testing.T) {
	got := parseGPUs("0, GPU-aaa, NVIDIA H200, 570.1, 512, 50\n1, GPU-bbb, NVIDIA H200, 570.1, [N/A], [N/A]\n")
	want := []gpuSample{
		{index: 0, uuid: "GPU-aaa", model: "NVIDIA H200", driver: "570.1", memory: 512 << 20, use: 50},
		{index: 1, uuid: "GPU-bbb", model: "NVIDIA H200", driver: "570.1", memory: -1, use: -1},
	}
	if len(got) != 2 || got[0] != want[0] || got[1] != want[1] {
		t.Errorf("got %+v", got)
	}
	for _, text := range []string{"", "No devices were found\n", "Failed to initialize NVML: Driver/library version mismatch\n"} {
		if got := parseGPUs(text); len(got) != 0 {
			t.Errorf("%q: %+v", text, got)
		}
	}
}

func TestVisibleGPUs(t *testing.T) {
	g := gpuSample{index: 3, uuid: "GPU-abc-def"}
	for visible, want := range map[string]bool{
		"": true, "3": true, "0, 3": true, "GPU-abc": true, "GPU-abc-def": true, "0,1": false, "33": false, "GPU-x": false, "MIG-abc": false,
	} {
		if isVisible(g, visible) != want {
			t.Errorf("%q: want %v", visible, want)
		}
	}
}

// withGPUs puts an nvidia-smi on the batch process's path: no machine that runs
// these tests need have a GPU.
func withGPUs(s *stageUnderTest, script string) {
	path := s.write("bin/nvidia-smi", "#!/bin/bash\n"+script)
	if err := os.Chmod(path, 0o755); err != nil {
		s.t.Fatal(err)
	}
	s.environ = append(s.environ, "PATH="+filepath.Dir(path)+":"+os.Getenv("PATH"))
}

func TestGPUsAreSampledWhileTheCommandRuns(t *testing.T) {
	asked := filepath.Join(t.TempDir(), "asked")
	told := filepath.Join(t.TempDir(), "told")
	s := newStage(t, `until [ -f `+told+` ] && [ "$(wc -l < `+asked+` || echo 0)" -ge 3 ]; do sleep 0.02; done 2> /dev/null; sleep 0.1`)
	withGPUs(s, `[ "$1" != -q ] || { echo; echo "Driver Version                  : 570.1"; echo "CUDA Version                    : 12.8"; touch `+told+`; exit; }
echo "$@" >> `+asked+`
n=$(wc -l < `+asked+`)
echo "0, GPU-aaa, NVIDIA H200, 570.1, $((n * 100)), $((n * 10))"
echo "1, GPU-bbb, NVIDIA H200, 570.1, 7, 7"`)
	s.manifest.GPUs = 1
	s.environ = append(s.environ, "CUDA_VISIBLE_DEVICES=0")
	o := s.run()
	o.want(t, 0, record.Succeeded)
	if len(o.GPUs) != 1 {
		t.Fatalf("GPUs: %+v", o.GPUs)
	}
	gpu := o.GPUs[0]
	if gpu.UUID != "GPU-aaa" || gpu.Model != "NVIDIA H200" || gpu.Driver != "570.1" || *gpu.PeakMemory < 200<<20 || *gpu.MeanUse < 15 {
		t.Errorf("%+v, peak %d, use %f", gpu, *gpu.PeakMemory, *gpu.MeanUse)
	}
	if o.Machine.CUDA == nil || *o.Machine.CUDA != "12.8" {
		t.Errorf("CUDA: %v", o.Machine.CUDA)
	}
	if !strings.Contains(readFile(t, asked), gpuQuery) {
		t.Errorf("asked %s", readFile(t, asked))
	}
}

func TestAHangingNvidiaSmiDelaysNobody(t *testing.T) {
	s := newStage(t, "true")
	withGPUs(s, "exec sleep 1000")
	s.manifest.GPUs = 1
	s.run().want(t, 0, record.Succeeded)
}

// TestARealGPUIsSampled needs a machine with a GPU.
func TestARealGPUIsSampled(t *testing.T) {
	if _, err := exec.LookPath("nvidia-smi"); err != nil {
		t.Skip("no nvidia-smi on this machine")
	}
	s := newStage(t, "sleep 2")
	s.manifest.GPUs = 1
	o := s.run()
	o.want(t, 0, record.Succeeded)
	if len(o.GPUs) == 0 {
		t.Fatal("no GPU in the record")
	}
	for _, gpu := range o.GPUs {
		if !strings.HasPrefix(gpu.UUID, "GPU-") || gpu.Model == "" || gpu.Driver == "" || gpu.PeakMemory == nil {
			t.Errorf("%+v", gpu)
		}
		t.Logf("%d %s %s, driver %s, peak %d MiB", gpu.Index, gpu.Model, gpu.UUID, gpu.Driver, *gpu.PeakMemory>>20)
	}
}
