package supervise

import (
	"testing"

	"github.com/runpipe/runpipe/pipeline/record"
)

func TestReasonsOfTheCommandsEnd(t *testing.T) {
	for name, test := range map[string]struct {
		script string
		code   int
		says   string
	}{
		"controller": {`echo "srun: error: Unable to confirm allocation for job 7: Unable to contact slurm controller (connect failure)" >&2; exit 1`, 1, "srun could not reach Slurm's controller"},
		"memory":     {`echo "srun: error: n1: task 0: Out Of Memory" >&2; exit 1`, 1, "lack of memory"},
		"not srun":   {`echo "Out Of Memory"; exit 1`, 1, "the command ended with exit code 1"},
		"not found":  {`exec no-such-program`, 127, "was not found"},
		"no program": {`exec /etc`, 126, "could not be executed"},
		"killed":     {`kill -KILL $$`, 137, "killed (SIGKILL)"},
	} {
		t.Run(name, func(t *testing.T) {
			newStage(t, test.script).run().want(t, test.code, record.Failed, test.says)
		})
	}
}

func TestAnEarlierStartsLogExplainsNothing(t *testing.T) {
	s := newStage(t, `echo "srun: error: n1: task 0: Out Of Memory" >&2; exit 1`)
	s.run()
	s.script = "exit 1"
	if o := s.run(); o.Reason != "the command ended with exit code 1" {
		t.Errorf("reason: %s", o.Reason)
	}
}
