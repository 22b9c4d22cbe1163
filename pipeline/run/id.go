package run

import (
	"crypto/rand"
	"time"
)

// idLetters are those of a run id's tail, in the order of their codes: no
// vowels, so that no words come out, and nothing that is mistaken for another.
const idLetters = "23456789bcdfghjkmnpqrstvwxz"

// NewID makes a run id, such as 20261123-142233-k3f9: the time in UTC to the
// second, two letters for the part of the second, so that ids sort by time, and
// two that tell apart what starts in the same millisecond.
func NewID(now time.Time) string {
	const n = len(idLetters)
	part := now.Nanosecond() * (n * n) / int(time.Second)
	chance := make([]byte, 2)
	_, _ = rand.Read(chance) // never fails: crypto/rand ends the program instead
	tail := []byte{
		idLetters[part/n], idLetters[part%n],
		idLetters[int(chance[0])%n], idLetters[int(chance[1])%n],
	}
	return now.UTC().Format("20060102-150405-") + string(tail)
}
