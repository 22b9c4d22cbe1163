package view

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/runpipe/runpipe/pipeline/run"
)

func TestFrame(t *testing.T) {
	tails := map[string][]string{"train.cnn": {"Epoch 3/5  ━━━━━━━━  loss: 0.1273 - accuracy: 0.9612 - a line that is longer than most terminals are wide, by far"}}
	for _, size := range []struct{ cols, rows int }{{80, 24}, {120, 24}, {50, 24}, {30, 24}, {10, 24}, {80, 7}, {80, 5}, {80, 3}, {2, 2}} {
		for _, look := range looks[:2] {
			s := screen(&bytes.Buffer{}, size.cols, look.color, look.unicode)
			lines := frame{s, running(), now, 3, tails, size.cols, size.rows}.lines()
			for _, line := range lines {
				if columns(line) >= size.cols {
					t.Errorf("%dx%d: line fills %d columns: %q", size.cols, size.rows, columns(line), line)
				}
			}
			if len(lines) >= max(size.rows, 4) {
				t.Errorf("%dx%d: %d lines", size.cols, size.rows, len(lines))
			}
			name := fmt.Sprintf("frame-%dx%d", size.cols, size.rows)
			if look.color {
				name += "-color"
			}
			golden(t, name, strings.Join(lines, "\n")+"\n")
		}
	}
}

// A frame of very many stages is as high as the terminal, and counts what it leaves out.
func TestFrameOfManyStages(t *testing.T) {
	st := running()
	for i := range 200 {
		stage := run.StageStatus{Address: fmt.Sprintf("train.cnn[\"seed=%d\"]", i), Kind: "train", State: run.Waiting}
		if i < 90 {
			stage.State, stage.Started, stage.Ended = run.Succeeded, before(time.Minute), before(time.Second)
		}
		st.Stages = append(st.Stages, stage)
	}
	lines := frame{screen(&bytes.Buffer{}, 80, false, true), st, now, 0, nil, 80, 12}.lines()
	golden(t, "frame-many", strings.Join(lines, "\n")+"\n")
}
