package supervise

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/runpipe/runpipe/pipeline/check"
	"github.com/runpipe/runpipe/pipeline/record"
	"github.com/runpipe/runpipe/stages"
)

// judgeChecks judges the stage's checks on its metrics and those of its
// upstreams. The verdict waits until the outputs are published.
func (j *job) judgeChecks(context.Context) error {
	if len(j.manifest.Checks) == 0 {
		return nil
	}
	upstreams := map[string]map[string]float64{}
	for _, up := range j.manifest.Upstreams {
		if !slices.ContainsFunc(j.manifest.Checks, func(c stages.Check) bool { return slices.Contains(c.Upstreams, up.Address) }) {
			continue
		}
		made, err := j.finished(up.Key)
		if err != nil {
			return fmt.Errorf("reading the metrics of %s: %w", up.Address, err)
		}
		upstreams[up.Address] = made.Metrics
	}
	j.recorder.change(func(r *record.Record) {
		r.Checks = check.Judge(j.manifest.Checks, r.Results, r.Metrics, upstreams)
	})
	return nil
}

// verdictOfChecks fails the attempt for a check that did not hold. The store
// keeps the stage's result all the same: it is what the stage computes, and a
// changed bound is judged again without computing it.
func (j *job) verdictOfChecks() error {
	if !j.published && j.recorder.record.Checks == nil {
		if err := j.judgeChecks(context.Background()); err != nil {
			return err
		}
	}
	var failed []string
	for _, c := range j.recorder.record.Checks {
		if c.Passed {
			continue
		}
		if c.Warn {
			j.say("warning: check %q: %s", c.Name, c.Message)
		} else {
			failed = append(failed, fmt.Sprintf("check %q: %s", c.Name, c.Message))
		}
	}
	if len(failed) == 0 {
		return nil
	}
	return &failure{state: record.Failed, code: exitCheck, step: "checks", err: errors.New(strings.Join(failed, "; "))}
}
