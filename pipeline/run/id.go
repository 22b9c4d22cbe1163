package run

import (
	"crypto/rand"
	"os"
	"strings"
	"time"

	"github.com/runpipe/runpipe/pipeline/workspace"
)

// idLetters are those of a run id's tail, in the order of their codes: no
// vowels, so that no words come out, and nothing that is mistaken for another.
const idLetters = "23456789bcdfghjkmnpqrstvwxz"

// NextID makes the id of a new run, later than those of all runs that the workspace
// has: the clocks of two login nodes differ, and the newest run must come last. An id
// that is more than a day ahead is that of a clock which was never right.
func NextID(w *workspace.Workspace, now time.Time) string {
	entries, _ := os.ReadDir(w.Runs()) // there need be none
	for _, e := range entries {
		made, ok := timeOf(e.Name())
		if ok && !made.Before(now) && made.Sub(now) < 24*time.Hour {
			now = made.Add(step)
		}
	}
	return NewID(now)
}

// step is longer than the part of a second that two letters of an id stand for.
const step = 2 * time.Millisecond

// timeOf is when the run with this id was made, to the next such part.
func timeOf(id string) (time.Time, bool) {
	if len(id) != len("20060102-150405-xxxx") {
		return time.Time{}, false
	}
	made, err := time.Parse("20060102-150405", id[:15])
	high, low := strings.IndexByte(idLetters, id[16]), strings.IndexByte(idLetters, id[17])
	if err != nil || high < 0 || low < 0 {
		return time.Time{}, false
	}
	const n = time.Duration(len(idLetters))
	return made.Add((time.Duration(high)*n + time.Duration(low) + 1) * time.Second / (n * n)), true
}

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
