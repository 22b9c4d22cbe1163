package run

import (
	"crypto/rand"
	"time"
)

// idLetters are those of a run id's tail: no vowels, so that no words come out,
// and nothing that is mistaken for another.
const idLetters = "bcdfghjkmnpqrstvwxz23456789"

// NewID makes a run id, such as 20261123-142233-k3f9: ids sort by time (UTC),
// and the tail tells two of one second apart.
func NewID(now time.Time) string {
	tail := make([]byte, 4)
	_, _ = rand.Read(tail) // never fails: crypto/rand ends the program instead
	for i, b := range tail {
		tail[i] = idLetters[int(b)%len(idLetters)]
	}
	return now.UTC().Format("20060102-150405-") + string(tail)
}
