package view

import (
	"fmt"
	"time"

	"github.com/runpipe/runpipe/pipeline/run"
)

// Progress shows a run as it goes.
type Progress interface {
	// Update shows where the run stands now.
	Update(run.Status)
	// Close ends the view and leaves the terminal as it was; what was shown last
	// stays. It may be called twice.
	Close()
	// Clear is Close, but takes what can be taken off the screen: the same is
	// about to be said better.
	Clear()
}

// NewProgress is a view that is painted again and again where the screen can
// do that, and else writes one line an event.
func NewProgress(s *Screen, now func() time.Time) Progress {
	if s.Live && s.Width() > 0 {
		return NewLive(s, now)
	}
	return NewEvents(s, now)
}

// Events writes one plain line for each change of a stage.
type Events struct {
	screen *Screen
	now    func() time.Time
	told   map[string]string // address → what was said of it last
	stale  string
}

var _ Progress = (*Events)(nil)

// NewEvents returns a view that has said nothing yet.
func NewEvents(s *Screen, now func() time.Time) *Events {
	return &Events{screen: s, now: now, told: map[string]string{}}
}

// Update writes a line for each stage of which there is news.
func (e *Events) Update(st run.Status) {
	for _, stage := range st.Stages {
		if said := event(stage); said != "" && said != e.told[stage.Address] {
			e.told[stage.Address] = said
			e.say(stage.Address + " " + said)
		}
	}
	if st.Stale != e.stale {
		if e.stale = st.Stale; st.Stale != "" {
			e.say("the scheduler could not be asked: " + plain(st.Stale))
		} else {
			e.say("the scheduler answers again")
		}
	}
}

// Close does nothing: all that was to be said is said.
func (e *Events) Close() {}

// Clear does nothing: a line that was written stays.
func (e *Events) Clear() {}

func (e *Events) say(text string) {
	e.screen.print(e.now().Local().Format("15:04:05") + " " + text)
}

// event says how a stage came to its state, or "" if that is no news.
func event(stage run.StageStatus) string {
	reason := remark(stage)
	switch stage.State {
	case run.Waiting:
		return ""
	case run.Queued:
		return "queued" + brackets(jobOf(stage)) + colon(reason)
	case run.Running:
		on := ""
		if stage.Node != "" {
			on = " on " + stage.Node
		}
		return "running" + on + brackets(jobOf(stage))
	case run.Succeeded:
		if stage.Reused {
			return "reused"
		}
		return "succeeded" + span(" in ", stage) + colon(reason)
	case run.Skipped:
		return "skipped" + colon(reason)
	}
	return string(stage.State) + span(" after ", stage) + colon(reason)
}

func jobOf(stage run.StageStatus) string {
	if stage.Job == "" {
		return ""
	}
	return "job " + stage.Job
}

func span(word string, stage run.StageStatus) string {
	if stage.Started == nil || stage.Ended == nil || stage.Reused {
		return ""
	}
	return word + Duration(stage.Ended.Sub(*stage.Started))
}

func brackets(text string) string {
	if text == "" {
		return ""
	}
	return fmt.Sprintf(" (%s)", text)
}

func colon(text string) string {
	if text == "" {
		return ""
	}
	return ": " + text
}
