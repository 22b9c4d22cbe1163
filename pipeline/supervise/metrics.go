package supervise

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"strings"

	"github.com/runpipe/runpipe/pipeline/check"
	"github.com/runpipe/runpipe/pipeline/record"
	"github.com/runpipe/runpipe/stages"
)

// readMetrics reads the metrics file and the metric blocks. One that is
// missing, or not a finite number, fails the stage.
func (j *job) readMetrics(context.Context) error {
	var results any
	metrics := map[string]float64{}
	if j.manifest.Metrics != "" {
		var err error
		if results, err = j.readResults(); err != nil {
			return fmt.Errorf("metrics: %w", err)
		}
		metrics = check.Numbers(results)
	}
	for _, m := range j.manifest.Metric {
		value, err := j.readMetric(m, results)
		if err == nil && (math.IsNaN(value) || math.IsInf(value, 0)) {
			err = fmt.Errorf("it is %v, not a finite number", value)
		}
		if err != nil {
			return fmt.Errorf("metric %s: %w", m.Name, err)
		}
		metrics[m.Name] = value
	}
	j.recorder.change(func(r *record.Record) {
		r.Results = results
		if len(metrics) > 0 {
			r.Metrics = metrics
		}
	})
	return nil
}

// readResults reads the one file that Metrics names or matches.
func (j *job) readResults() (any, error) {
	work, start, err := j.openWork()
	if err != nil {
		return nil, err
	}
	defer work.Close()
	defer start.Close()
	pattern := j.manifest.Metrics
	data, err := fs.ReadFile(start.FS(), pattern)
	if errors.Is(err, fs.ErrNotExist) && strings.ContainsAny(pattern, `*?[\`) {
		matches, globErr := fs.Glob(start.FS(), pattern)
		switch {
		case globErr != nil:
			return nil, fmt.Errorf("%s: %w", pattern, globErr)
		case len(matches) == 0:
			return nil, fmt.Errorf("no file matches %s%s", pattern, instead(start, pattern))
		case len(matches) > 1:
			return nil, fmt.Errorf("%d files match %s, and one is wanted: %s", len(matches), pattern, strings.Join(matches, ", "))
		}
		pattern = matches[0]
		data, err = fs.ReadFile(start.FS(), pattern)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s was not written%s", pattern, instead(start, pattern))
	}
	if err != nil {
		return nil, err
	}
	results, err := check.Results(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", pattern, err)
	}
	return results, nil
}

func (j *job) readMetric(m stages.Metric, results any) (float64, error) {
	if m.Pattern == "" {
		return check.Value(m, results)
	}
	log, err := j.openLog()
	if err != nil {
		return 0, err
	}
	defer log.Close()
	value, found, err := check.Match(m.Pattern, log)
	if err == nil && !found {
		err = fmt.Errorf("nothing in the log matches %q", m.Pattern)
	}
	return value, err
}

// openLog opens the log where this attempt began in it.
func (j *job) openLog() (*os.File, error) {
	log, err := os.Open(j.log())
	if err != nil {
		return nil, fmt.Errorf("reading the log: %w", err)
	}
	if _, err := log.Seek(j.logStart, io.SeekStart); err != nil {
		log.Close()
		return nil, fmt.Errorf("reading the log: %w", err)
	}
	return log, nil
}
