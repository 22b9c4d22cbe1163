package slurm

import (
	"errors"
	"testing"
)

// What sbatch and squeue said when the controller was killed, started again, frozen
// or gone, and what a loaded one is known to say.
func TestClassify(t *testing.T) {
	const failed = "Batch job submission failed: "
	for words, want := range map[string]error{
		failed + "Socket timed out on send/recv operation":               ErrAmbiguous,
		failed + "Transport endpoint is not connected":                   ErrAmbiguous,
		failed + "Connection reset by peer":                              ErrAmbiguous,
		failed + "Unable to contact slurm controller (receive failure)":  ErrAmbiguous,
		failed + "Unable to contact slurm controller (send failure)":     ErrAmbiguous,
		failed + "Zero Bytes were transmitted or received":               ErrAmbiguous,
		failed + "Unable to contact slurm controller (connect failure)":  ErrUnreachable,
		"slurm_load_jobs error: Slurm backup controller in standby mode": ErrUnreachable,
		failed + "Job dependency problem":                                ErrDependency,
		failed + "Invalid account or account/partition combination":      nil,
		failed + "Job violates accounting/QOS policy (job submit limit)": nil,
	} {
		err := classify(&commandError{Command: "sbatch", Lines: []string{words}})
		for _, kind := range []error{ErrAmbiguous, ErrUnreachable, ErrDependency, ErrAbsent, ErrNoAccounting} {
			if errors.Is(err, kind) != (kind == want) {
				t.Errorf("%q is classified as %v, want %v", words, err, want)
			}
		}
	}
}
