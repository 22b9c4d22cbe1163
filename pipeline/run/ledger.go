package run

import "time"

// ledger is what the journals tell, by stage.
type ledger struct {
	jobs       map[string]submittedJob // address → its newest submission
	tries      map[string]int          // address → submissions that may have made a job
	rolledBack string                  // why the submission failed, in the scheduler's words, if it did
	refused    string                  // address that was refused
	takenBack  bool                    // nothing of a failed submission is left
	cancelled  map[string]string       // address → who asked for it to be cancelled, first
	cancelling map[string]int          // address → which time that was, from 1
	cancels    int
	skipped    map[string]string // address → the stage whose job has cancelled its
	releasing  bool              // the whole chain was accepted
	released   bool              // and may run
	newest     time.Time         // of all lines
}

type submittedJob struct {
	id      string
	attempt int
	token   string
	at      time.Time
}

func newLedger(entries []Entry) ledger {
	l := ledger{jobs: map[string]submittedJob{}, tries: map[string]int{}, cancelled: map[string]string{}, cancelling: map[string]int{}, skipped: map[string]string{}}
	for _, e := range entries {
		l.add(e)
		l.newest = e.Time
	}
	return l
}

func (l *ledger) add(e Entry) {
	switch e.Event {
	case EventSubmit:
		l.tries[e.Address]++
	case EventUnsent:
		l.tries[e.Address]--
	case EventSubmitted:
		l.jobs[e.Address] = submittedJob{id: e.Job, attempt: e.Attempt, token: e.Token, at: e.Time}
	case EventRestart:
		l.jobs, l.tries, l.releasing = map[string]submittedJob{}, map[string]int{}, false
	case EventRefused:
		l.refused, l.rolledBack = e.Address, e.Error
		l.tries[e.Address]--
	case EventRollback:
		if l.rolledBack == "" {
			l.rolledBack = e.Error
		}
	case EventTakenBack:
		l.takenBack = true
	case EventRelease:
		l.releasing = true
	case EventReleased:
		l.released = true
	case EventCancel:
		l.cancels++
		for _, address := range e.Addresses {
			if l.cancelling[address] == 0 {
				l.cancelled[address], l.cancelling[address] = e.By, l.cancels
			}
		}
	case EventSkip:
		for _, address := range e.Addresses {
			l.skipped[address] = e.Address
		}
	}
}

// settled reports whether the submission is over: the chain was let go, or
// taken back. If not, its submitter is at work, or died at it.
func (l ledger) settled() bool { return l.released || l.takenBack }

// cancelledFirst reports whether a stage was cancelled by itself, and not together
// with its upstream: whatever becomes of that one later, it stays cancelled.
func (l ledger) cancelledFirst(address, upstream string) bool {
	n := l.cancelling[address]
	return n > 0 && n != l.cancelling[upstream]
}

// doubtful reports whether a job of the stage may exist of which no line tells.
func (l ledger) doubtful(address string) bool {
	return l.tries[address] > 1 || l.tries[address] == 1 && l.jobs[address].id == ""
}

// whyTakenBack is the reason of a stage of a submission that was taken back.
func (l ledger) whyTakenBack(address string) string {
	switch {
	case l.cancelled[address] != "":
		return "cancelled by " + l.cancelled[address] + " before it was submitted"
	case l.refused == "":
		return "not submitted: " + l.rolledBack
	case l.refused == address:
		return "refused: " + l.rolledBack
	}
	return "not submitted, since " + l.refused + " was refused"
}
