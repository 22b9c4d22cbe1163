package supervise

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/runpipe/runpipe/pipeline/record"
	"github.com/runpipe/runpipe/stages"
)

// in is the same stage in another run, with another script.
func (s *stageUnderTest) in(run, script string) *stageUnderTest {
	other := *s
	other.script = script
	other.manifest.Run = run
	other.manifest.StageDir = strings.Replace(s.manifest.StageDir, s.manifest.Run, run, 1)
	return &other
}

// trainAndEvaluate is an evaluation beside the training that it rests on, which
// is finished.
func trainAndEvaluate(t *testing.T, evaluate string) (train, evaluation *stageUnderTest) {
	t.Helper()
	train = newStage(t, "echo one > model")
	train.manifest.Outputs = map[string]string{"model": "model"}
	train.run().want(t, 0, record.Succeeded)
	evaluation = newStageIn(t, train.workspace, "evaluate.accuracy", strings.ReplaceAll(evaluate, "MODEL", train.workspace.Output(train.manifest.Key, "model")))
	evaluation.manifest.Outputs = map[string]string{"report": "report"}
	evaluation.manifest.Upstreams = []stages.Upstream{{Address: "train.cnn", Key: train.manifest.Key}}
	return train, evaluation
}

// A second training under the same key gives another model, of which an
// evaluation of the first says nothing.
func TestWhatWasMadeFromAnotherResultIsMadeAgain(t *testing.T) {
	train, evaluation := trainAndEvaluate(t, "cp MODEL report")
	evaluation.run().want(t, 0, record.Succeeded)

	again := train.in("second", "echo two > model")
	again.manifest.Replace = true
	again.run().want(t, 0, record.Succeeded)
	o := evaluation.in("second", evaluation.script).run()
	o.want(t, 0, record.Succeeded)
	report := evaluation.workspace.Output(evaluation.manifest.Key, "report")
	if got := readFile(t, report); o.Reason != "" || got != "two\n" {
		t.Errorf("%s; the store holds %q", o.Reason, got)
	}
	evaluation.in("third", "echo three > report").run().want(t, 0, record.Succeeded, "already made by run second")
	evaluation.wantTidyStore()
}

func TestAnEntryMadeFromAnotherResultIsReplaced(t *testing.T) {
	train, evaluation := trainAndEvaluate(t, "cp MODEL report; touch up; while [ ! -e go-on ]; do sleep 0.02; done")
	job := evaluation.start()
	job.await(filepath.Join(evaluation.work(), "up"))
	stale := record.Record{
		Run: "earlier", Address: "evaluate.accuracy", Key: evaluation.manifest.Key, State: record.Succeeded,
		Inputs: []record.Input{{Stage: "train.cnn", Key: train.manifest.Key, Output: "model", Digest: "sha256:other"}},
	}
	if err := record.Write(evaluation.workspace.Finished(stale.Key), &stale); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(evaluation.work(), "go-on"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if o := job.wait(); o.Reason != "" || o.State != record.Succeeded {
		t.Errorf("%s: %s", o.State, o.Reason)
	}
	if got := readFile(t, evaluation.workspace.Output(stale.Key, "report")); got != "one\n" {
		t.Errorf("the store holds %q", got)
	}
}

// An environment that is built again stands at another place, and is the same.
func TestAnEnvironmentBuiltAgainMakesNothingStale(t *testing.T) {
	environment := record.Record{Key: "k", Outputs: []record.Output{{Name: "venv", Digest: "sha256:link-2", Contents: "sha256:c"}}}
	r := record.Record{Inputs: []record.Input{{Stage: "environment.python", Key: "k", Output: "venv", Digest: "sha256:link-1"}}}
	if r.MadeFromAnother(&environment) {
		t.Error("it is called another result")
	}
	layer := record.Record{Key: "l", Kind: "environment", Outputs: []record.Output{{Name: "path", Digest: "sha256:2"}}}
	r.Inputs = []record.Input{{Stage: "environment.python", Key: "l", Output: "path", Digest: "sha256:1"}}
	if r.MadeFromAnother(&layer) {
		t.Error("a layer is called another result")
	}
	if layer.Kind = "train"; !r.MadeFromAnother(&layer) {
		t.Error("another training is called the same")
	}
}

func TestAReplacingJobThatIsRequeuedAfterItPublishedIsDone(t *testing.T) {
	s := newStage(t, "echo trained; echo model > model")
	s.finish("train.cnn", nil)
	s.manifest.Outputs = map[string]string{"model": "model"}
	s.manifest.Replace = true
	s.restarted(0).run().want(t, 0, record.Succeeded)
	o := s.restarted(1).run()
	o.want(t, 0, record.Succeeded, "already made by run "+s.manifest.Run)
	if n := strings.Count(o.log, "trained"); n != 1 {
		t.Errorf("it has trained %d times:\n%s", n, o.log)
	}
}
