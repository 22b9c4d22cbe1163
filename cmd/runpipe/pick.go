package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/runpipe/runpipe/cmd/runpipe/view"
	"github.com/runpipe/runpipe/pipeline/plan"
	"github.com/runpipe/runpipe/pipeline/run"
	"github.com/runpipe/runpipe/pipeline/workspace"
	"github.com/runpipe/runpipe/stages"
)

// pick opens the run that was asked for: its id or a part of it, or the folder of
// a run in another workspace; "" is the newest.
func (a *app) pick(id string) (*run.Run, error) {
	if strings.ContainsRune(id, filepath.Separator) {
		return pickFolder(id)
	}
	w, err := a.open()
	if err != nil {
		return nil, err
	}
	return run.Open(w, id)
}

// pickFolder opens a run by its folder, <workspace>/runs/<id>.
func pickFolder(folder string) (*run.Run, error) {
	if _, err := os.Stat(filepath.Join(folder, plan.SubmittedFile)); err != nil {
		return nil, fmt.Errorf("%s is not the folder of a run: it has no %s", folder, plan.SubmittedFile)
	}
	folder, err := filepath.Abs(folder)
	if err != nil {
		return nil, fmt.Errorf("opening the run: %w", err)
	}
	w, err := workspace.Open(filepath.Dir(filepath.Dir(folder)))
	if err != nil {
		return nil, err
	}
	return run.Open(w, filepath.Base(folder))
}

// statusOf asks where a run stands.
func (a *app) statusOf(ctx context.Context, r *run.Run) (run.Status, error) {
	x, err := a.executorOf(r)
	if err != nil {
		return run.Status{}, err
	}
	return r.Status(ctx, x)
}

// pickStage finds a stage of the run by its address, in either of its forms.
func pickStage(r *run.Run, given string) (string, error) {
	var known []string
	for _, s := range r.Stages {
		known = append(known, s.Address)
	}
	if address, err := stages.ParseAddress(given); err == nil {
		for _, one := range known {
			if one == address.String() {
				return one, nil
			}
		}
	}
	hint := stages.DidYouMean(given, known)
	if hint == "" {
		hint = " It has " + strings.Join(known, ", ") + "."
	}
	return "", fmt.Errorf("run %s has no stage %q.%s", r.Run, given, hint)
}

// runAndStage reads the arguments [RUN] [ADDR]: a single one may be either.
func (a *app) runAndStage(args []string) (r *run.Run, address string, err error) {
	id, given := "", ""
	switch {
	case len(args) == 2:
		id, given = args[0], args[1]
	case len(args) == 1 && looksLikeAddress(args[0]):
		given = args[0]
	case len(args) == 1:
		id = args[0]
	}
	if r, err = a.pick(id); err != nil || given == "" {
		return r, "", err
	}
	address, err = pickStage(r, given)
	return r, address, err
}

// looksLikeAddress tells train.cnn from the id or the name of a run.
func looksLikeAddress(text string) bool { return strings.Contains(text, ".") }

// results are the values of the pipeline's output blocks, as they were submitted.
func results(r *run.Run) []view.Result {
	var list []view.Result
	for _, o := range r.Outputs {
		list = append(list, view.Result{Name: o.Name, Value: o.Value, Description: o.Description})
	}
	return list
}

// outputValues are the values of the output blocks, as run.json keeps them.
// Sensitive ones are not among them.
func outputValues(p *plan.Plan) []plan.SubmittedOutput {
	var list []plan.SubmittedOutput
	for _, o := range p.Outputs {
		if !o.Sensitive {
			list = append(list, plan.SubmittedOutput{Name: o.Name, Description: o.Description, Value: o.Text})
		}
	}
	return list
}
