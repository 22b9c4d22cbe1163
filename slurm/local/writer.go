package local

import (
	"encoding/json"
	"fmt"
	"log"
	"time"
)

// stateWriter writes the state apart from the event loop, so that a slow disk
// keeps no job from starting. States that come while one is being written are
// written as one, the last.
type stateWriter struct {
	path string
	next chan snapshot // holds the newest one that waits
	done chan error
}

// snapshot is a state, and the calls that are answered when it is written.
type snapshot struct {
	data  string
	calls []*call
}

func newStateWriter(path string) *stateWriter {
	w := &stateWriter{path: path, next: make(chan snapshot, 1), done: make(chan error, 1)}
	go w.run()
	return w
}

// put hands over s and does not wait. There must be one caller only.
func (w *stateWriter) put(s snapshot) {
	select {
	case waiting := <-w.next:
		s.calls = append(waiting.calls, s.calls...)
	default:
	}
	w.next <- s
}

// close waits until the last state is written.
func (w *stateWriter) close() error {
	close(w.next)
	return <-w.done
}

func (w *stateWriter) run() {
	var err error
	for s := range w.next {
		if err = w.write(s.data); err != nil {
			log.Print(err)
		}
		for _, c := range s.calls {
			if err != nil {
				c.answer(answer{Error: err.Error()})
			} else {
				c.answer(answer{})
			}
		}
	}
	w.done <- err
}

// write tries for a while: a full disk is often not full for long.
func (w *stateWriter) write(data string) error {
	const attempts = 5
	for n := 1; ; n++ {
		err := writeFile(w.path, []byte(data))
		if err == nil || n == attempts {
			return err
		}
		time.Sleep(time.Second)
	}
}

// write hands the state to the writer if it has changed or someone waits for
// it. scheduler is nil in the last one.
func (s *scheduler) write(scheduler *identity) {
	data := s.encode(scheduler)
	if data == s.written && len(s.unheard) == 0 {
		return
	}
	s.writer.put(snapshot{data, s.unheard})
	s.written, s.unheard = data, nil
}

// encode is the content of state.json.
func (s *scheduler) encode(scheduler *identity) string {
	st := state{Version: fileVersion, Scheduler: scheduler, Jobs: map[string]status{}}
	for _, j := range s.ledger.jobs {
		st.Jobs[j.id] = j.status
	}
	data, err := json.Marshal(st)
	if err != nil {
		panic(fmt.Sprintf("a state is numbers and strings: %v", err))
	}
	return string(data) + "\n"
}
