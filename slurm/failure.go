package slurm

import (
	"fmt"
	"strings"
)

// classify tells a Slurm that cannot be reached from one that refuses.
func classify(err *commandError) error {
	text := strings.Join(err.Lines, "\n")
	for _, sign := range []struct {
		words string
		kind  error
	}{
		{"Socket timed out", ErrAmbiguous},                        // 10 s without an answer: the request may have been carried out
		{"Message receive failure", ErrAmbiguous},                 // sent, and the answer got lost
		{"Zero Bytes were transmitted or received", ErrAmbiguous}, // the connection broke
		{"Unexpected message received", ErrAmbiguous},             // scontrol, of a controller that was frozen
		{"Job dependency problem", ErrDependency},
		{"Slurm accounting storage is disabled", ErrNoAccounting},
		{"Unable to contact slurm controller", ErrUnreachable},
		{"Connection refused", ErrUnreachable},
		{"No route to host", ErrUnreachable},
		{"Could not establish a configuration source", ErrAbsent}, // neither slurm.conf nor SLURM_CONF nor a DNS record
		{"Unable to process configuration file", ErrUnreachable},
		{"Slurm backup controller in standby mode", ErrUnreachable},
		{"slurmdbd", ErrUnreachable}, // sacct: the accounting's daemon
	} {
		if strings.Contains(strings.ToLower(text), strings.ToLower(sign.words)) {
			return fmt.Errorf("%w: %w", sign.kind, err)
		}
	}
	return err
}
