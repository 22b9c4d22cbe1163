package supervise

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/runpipe/runpipe/pipeline/record"
	"github.com/runpipe/runpipe/stages"
)

func TestMetricsThatFailAStage(t *testing.T) {
	for name, test := range map[string]struct {
		script  string
		metrics string
		metric  []stages.Metric
		says    string
	}{
		"no file":      {"touch metric.json", "metrics.json", nil, "metrics: metrics.json was not written; the working copy holds metric.json"},
		"no match":     {"mkdir r", "r/*.json", nil, "no file matches r/*.json; r holds nothing"},
		"two matches":  {"mkdir r; echo '{}' | tee r/a.json > r/b.json", "r/*.json", nil, "2 files match r/*.json"},
		"NaN":          {`echo '{"accuracy": NaN}' > m.json`, "m.json", nil, "NaN"},
		"not JSON":     {"echo accuracy=1 > m.json", "m.json", nil, "m.json: "},
		"not printed":  {"echo hello", "", []stages.Metric{metricLoss}, "metric loss: nothing in the log"},
		"NaN printed":  {"echo loss: nan", "", []stages.Metric{{Name: "loss", Pattern: `loss: (\S+)`}}, "metric loss: "},
		"value absent": {`echo '{"a": 1}' > m.json`, "m.json", []stages.Metric{{Name: "b", Value: "metrics.results.b"}}, "metric b: "},
		"leads out":    {"ln -s /etc/hostname m.json", "m.json", nil, "m.json"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t, test.script)
			s.manifest.Metrics, s.manifest.Metric = test.metrics, test.metric
			o := s.run()
			o.want(t, 1, record.Failed, test.says)
			if o.Step != "metrics" {
				t.Errorf("step %q", o.Step)
			}
		})
	}
}

func TestMetricsOfAFileFoundByPattern(t *testing.T) {
	s := newStage(t, `mkdir -p results/model; echo '{"results": {"acc,none": 0.5}}' > results/model/results_2026-01-01.json`)
	s.manifest.Metrics = "results/*/results_*.json"
	s.manifest.Metric = []stages.Metric{{Name: "acc", Value: `metrics.results["acc,none"]`}}
	o := s.run()
	o.want(t, 0, record.Succeeded)
	if o.Metrics["acc"] != 0.5 || o.Results == nil {
		t.Errorf("metrics %v, results %v", o.Metrics, o.Results)
	}
}

func TestOnlyThisAttemptsLogCounts(t *testing.T) {
	s := newStage(t, `echo "loss: 1"; [ "$SLURM_RESTART_COUNT" = 0 ] && exit 1 || true`)
	s.manifest.Metric = []stages.Metric{metricLoss}
	s.onSlurm("12", 0)
	s.run().want(t, 1, record.Failed)
	s.script = "true"
	s.onSlurm("12", 1)
	s.run().want(t, 1, record.Failed, "metric loss: nothing in the log")
}

// bound is a check that accuracy exceeds a number.
func bound(name, least string, warn bool) stages.Check {
	return stages.Check{Name: name, Condition: "metrics.accuracy >= " + least, Message: `"accuracy ${metrics.accuracy} is below ` + least + `"`, Warn: warn}
}

func TestAFailingCheckKeepsTheResult(t *testing.T) {
	s := newStage(t, `echo '{"accuracy": 0.5}' > m.json; echo model > model`)
	s.manifest.Metrics, s.manifest.Outputs = "m.json", map[string]string{"model": "model"}
	s.manifest.Checks = []stages.Check{bound("good", "0.9", false), bound("fair", "0.4", false), bound("splendid", "0.99", true)}
	o := s.run()
	o.want(t, 4, record.Failed, `check "good": accuracy 0.5 is below 0.9`)
	if o.Step != "checks" || len(o.Checks) != 3 || o.Checks[0].Passed || !o.Checks[1].Passed || strings.Contains(o.Reason, "splendid") {
		t.Errorf("record: step %s, %+v, %s", o.Step, o.Checks, o.Reason)
	}
	if !strings.Contains(o.log, `warning: check "splendid"`) {
		t.Errorf("no warning in the log:\n%s", o.log)
	}
	stored, err := record.Read(s.workspace.Finished(s.manifest.Key))
	if err != nil || stored.State != record.Succeeded || stored.Checks != nil || stored.Metrics["accuracy"] != 0.5 {
		t.Errorf("stored: %+v, %v", stored, err)
	}
	// The same stage with a lower bound is judged on what is stored.
	s.script = "exit 9"
	s.manifest.Attempt = 2
	s.manifest.Checks = []stages.Check{bound("good", "0.45", false)}
	o = s.run()
	o.want(t, 0, record.Succeeded, "already made by run")
	if len(o.Checks) != 1 || !o.Checks[0].Passed {
		t.Errorf("checks: %+v", o.Checks)
	}
	s.manifest.Attempt = 3
	s.manifest.Checks = []stages.Check{bound("good", "0.55", false)}
	s.run().want(t, 4, record.Failed, `check "good"`)
}

func TestAWarningAloneFailsNothing(t *testing.T) {
	s := newStage(t, `echo '{"accuracy": 0.5}' > m.json`)
	s.manifest.Metrics = "m.json"
	s.manifest.Checks = []stages.Check{bound("splendid", "0.99", true)}
	s.run().want(t, 0, record.Succeeded)
}

func TestChecksSeeUpstreamMetrics(t *testing.T) {
	s := newStage(t, `echo '{"accuracy": 0.5}' > m.json`)
	s.manifest.Metrics = "m.json"
	s.manifest.Upstreams = []stages.Upstream{s.finish("evaluate.baseline", map[string]float64{"accuracy": 0.6})}
	s.manifest.Checks = []stages.Check{{
		Name: "better", Condition: "metrics.accuracy > evaluate.baseline.metrics.accuracy",
		Message: `"not above ${evaluate.baseline.metrics.accuracy}"`, Upstreams: []string{"evaluate.baseline"},
	}}
	s.run().want(t, 4, record.Failed, "not above 0.6")
}

// What came first in the store is what the checks are judged on, not what this
// job has measured and thrown away.
func TestChecksAreJudgedOnTheResultThatIsKept(t *testing.T) {
	s := newStage(t, `echo '{"accuracy": 0.99}' > m.json; touch up; while [ ! -e go-on ]; do sleep 0.02; done`)
	s.manifest.Metrics = "m.json"
	s.manifest.Checks = []stages.Check{bound("good", "0.95", false)}
	job := s.start()
	job.await(filepath.Join(s.work(), "up"))
	s.finish("train.cnn", map[string]float64{"accuracy": 0.9})
	if err := os.WriteFile(filepath.Join(s.work(), "go-on"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	o := job.wait()
	o.want(t, 4, record.Failed, `check "good": accuracy 0.9 is below 0.95`)
	if len(o.Checks) != 1 || o.Checks[0].Passed || o.Metrics["accuracy"] != 0.9 {
		t.Errorf("record: %+v, %+v", o.Checks, o.Metrics)
	}
}
