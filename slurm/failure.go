package slurm

import (
	"fmt"
	"strings"
)

// signs are the words, of Slurm's slurm_strerror() and of the C library's
// strerror(), by which a failure is known. The first that is found counts: where
// one failure has words of two kinds, it is the one that promises less.
var signs = []struct {
	words string
	kind  error
}{
	// A request went out, or may have. Slurm's clients say what broke the connection
	// in several ways, by the moment.
	{"Socket timed out", ErrAmbiguous}, // 10 s without an answer
	{"Message send failure", ErrAmbiguous},
	{"Message receive failure", ErrAmbiguous},
	{"Unable to contact slurm controller (send failure)", ErrAmbiguous},
	{"Unable to contact slurm controller (receive failure)", ErrAmbiguous},
	{"Unable to contact slurm controller (shutdown failure)", ErrAmbiguous},
	{"Communication connection failure", ErrAmbiguous},
	{"Communication shutdown failure", ErrAmbiguous},
	{"Zero Bytes were transmitted or received", ErrAmbiguous},
	{"Header lengths are longer than data received", ErrAmbiguous},
	{"Insane message length", ErrAmbiguous},
	{"Unexpected message received", ErrAmbiguous}, // scontrol, of a controller that was frozen
	{"Transport endpoint is not connected", ErrAmbiguous},
	{"Connection reset by peer", ErrAmbiguous},
	{"Broken pipe", ErrAmbiguous},
	{"Software caused connection abort", ErrAmbiguous},
	{"Connection timed out", ErrAmbiguous},
	{"Interrupted system call", ErrAmbiguous},

	{"Job dependency problem", ErrDependency},
	{"Slurm accounting storage is disabled", ErrNoAccounting},

	// No request went out, or to nobody who could have carried it out.
	{"Unable to contact slurm controller", ErrUnreachable}, // (connect failure)
	{"Connection refused", ErrUnreachable},
	{"No route to host", ErrUnreachable},
	{"Network is unreachable", ErrUnreachable},
	{"Host is down", ErrUnreachable},
	{"Could not establish a configuration source", ErrAbsent}, // neither slurm.conf nor SLURM_CONF nor a DNS record
	{"Unable to process configuration file", ErrUnreachable},
	{"in standby mode", ErrUnreachable}, // a backup controller
	{"slurmdbd", ErrUnreachable},        // sacct: the accounting's daemon
}

// classify tells a Slurm that cannot be reached from one that refuses.
func classify(err *commandError) error {
	text := strings.Join(err.Lines, "\n")
	for _, sign := range signs {
		if strings.Contains(strings.ToLower(text), strings.ToLower(sign.words)) {
			return fmt.Errorf("%w: %w", sign.kind, err)
		}
	}
	return err
}
