package compare

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/runpipe/runpipe/pipeline/plan"
	"github.com/runpipe/runpipe/pipeline/record"
	"github.com/runpipe/runpipe/pipeline/run"
	"github.com/runpipe/runpipe/stages"
)

// Verdict is how far a result was reproduced.
type Verdict string

// The verdicts, the best first. The first two count as reproduced.
const (
	Identical       Verdict = "IDENTICAL"        // the same digests and metrics
	WithinTolerance Verdict = "WITHIN TOLERANCE" // other bytes, and every metric as near as it has to be
	Drifted         Verdict = "DRIFTED"          // another result, on other packages or other hardware
	Different       Verdict = "DIFFERENT"        // another result, and nothing known that would explain it
	Failed          Verdict = "FAILED"           // no result
)

var verdicts = []Verdict{Identical, WithinTolerance, Drifted, Different, Failed}

func (v Verdict) rank() int { return slices.Index(verdicts, v) }

// Reproduced reports whether the result stands.
func (v Verdict) Reproduced() bool { return v == Identical || v == WithinTolerance }

// Judged is the verdict on one stage.
type Judged struct {
	Address string   `json:"address"`
	Verdict Verdict  `json:"verdict"`
	Reasons []string `json:"reasons"`
	Metrics []Metric `json:"metrics"`
}

// Metric is one number of both runs. Tolerance is as a person writes it, "" for
// none: then they have to be equal.
type Metric struct {
	Name      string   `json:"name"`
	Was       *float64 `json:"was"`
	Is        *float64 `json:"is"`
	Tolerance string   `json:"tolerance,omitempty"`
	Holds     bool     `json:"holds"`
}

// Judgement is the verdict on a run.
type Judgement struct {
	Verdict Verdict  `json:"verdict"` // the worst of the stages'
	Asked   []Change `json:"asked"`   // what else was asked for: stages, code, parameters, data
	Drift   []Change `json:"drift"`   // of packages and hardware
	Stages  []Judged `json:"stages"`
}

// judge holds one run against another.
type judge struct {
	was, is    *run.Run
	tolerances map[string][]stages.Tolerance
	judgement  Judgement
	open       map[int]bool // stages without metrics whose outputs differ
}

// Judge says how far the run is reproduces the run was, whose stages have all
// succeeded. The tolerances are those of was, and further, which stand for every
// stage and come before them.
func Judge(was, is *run.Run, further []stages.Tolerance) (Judgement, error) {
	changes, err := Diff(was, is)
	if err != nil {
		return Judgement{}, err
	}
	j := &judge{was: was, is: is, tolerances: map[string][]stages.Tolerance{}, open: map[int]bool{}}
	if e, err := plan.ReadEvaluated(was.Dir, ""); err == nil { // an older run has none
		for _, s := range e.Stages {
			j.tolerances[s.Address.String()] = s.Tolerances
		}
	}
	for _, c := range changes {
		switch c.Topic {
		case Packages, Hardware:
			j.judgement.Drift = append(j.judgement.Drift, c)
		case Stages, Code, Parameters, Data:
			if !sameKey(was, is, c.Address) { // another commit of the same files is no other code
				j.judgement.Asked = append(j.judgement.Asked, c)
			}
		}
	}
	for i, s := range was.Stages {
		judged, err := j.stage(i, s, further)
		if err != nil {
			return Judgement{}, err
		}
		j.judgement.Stages = append(j.judgement.Stages, judged)
	}
	j.settleOpen()
	j.judgement.Verdict = Identical
	for i := range j.judgement.Stages {
		v := &j.judgement.Stages[i].Verdict
		if *v == Different && len(j.judgement.Drift) > 0 {
			*v = Drifted
		}
		if v.rank() > j.judgement.Verdict.rank() {
			j.judgement.Verdict = *v
		}
	}
	return j.judgement, nil
}

// sameKey reports whether a stage was asked for the same in both runs.
func sameKey(was, is *run.Run, address string) bool {
	a, inWas := was.Stage(address)
	b, inIs := is.Stage(address)
	return inWas && inIs && a.Key == b.Key
}

func (j *judge) stage(i int, s plan.SubmittedStage, further []stages.Tolerance) (Judged, error) {
	v := Judged{Address: s.Address, Verdict: Failed, Reasons: []string{}, Metrics: []Metric{}}
	was, err := recordOf(j.was, s)
	if err != nil {
		return v, err
	}
	repeated, ok := j.is.Stage(s.Address)
	if !ok || was == nil {
		v.Reasons = append(v.Reasons, "there is no such stage in the other run")
		return v, nil
	}
	is, err := recordOf(j.is, repeated)
	if err != nil {
		return v, err
	}
	if is == nil || is.State != record.Succeeded {
		v.Reasons = append(v.Reasons, failureOf(is))
		return v, nil
	}
	differ := differingOutputs(s.Kind, was, is)
	v.Metrics = metrics(was, is, slices.Concat(further, j.tolerances[s.Address]))
	equal, hold := true, true
	for _, m := range v.Metrics {
		equal = equal && m.Was != nil && m.Is != nil && *m.Was == *m.Is
		hold = hold && m.Holds
	}
	if was.Run != "" && was.Run == is.Run {
		v.Reasons = append(v.Reasons, "made once, by run "+was.Run+": nothing was repeated")
	}
	if len(differ) > 0 {
		v.Reasons = append(v.Reasons, "other bytes: "+strings.Join(differ, ", "))
	}
	switch {
	case len(differ) == 0 && equal:
		v.Verdict = Identical
	case !hold:
		v.Verdict = Different
	case len(v.Metrics) > 0:
		v.Verdict = WithinTolerance
	default:
		v.Verdict, j.open[i] = Different, true
	}
	return v, nil
}

func failureOf(is *record.Record) string {
	if is == nil {
		return "it did not run"
	}
	return string(is.State) + ": " + is.Reason
}

// differingOutputs names those with other digests. An environment's folder is
// another each time (it holds its own path, and times); its packages are compared
// by version and by the sha256 of what was installed.
func differingOutputs(kind string, was, is *record.Record) []string {
	if kind == "environment" {
		return nil
	}
	digests := map[string]string{}
	for _, o := range is.Outputs {
		digests[o.Name] = o.Digest
	}
	var differ []string
	for _, o := range was.Outputs {
		if digests[o.Name] != o.Digest {
			differ = append(differ, o.Name)
		}
	}
	return differ
}

// metrics pairs the numbers of both runs, by name.
func metrics(was, is *record.Record, tolerances []stages.Tolerance) []Metric {
	all := maps.Clone(was.Metrics)
	if all == nil {
		all = map[string]float64{}
	}
	maps.Copy(all, is.Metrics)
	list := []Metric{}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		m := Metric{Name: name}
		a, inWas := was.Metrics[name]
		b, inIs := is.Metrics[name]
		if inWas {
			m.Was = &a
		}
		if inIs {
			m.Is = &b
		}
		allowed := stages.Tolerance{Metric: name}
		if i := slices.IndexFunc(tolerances, func(t stages.Tolerance) bool { return t.Metric == name }); i >= 0 {
			allowed = tolerances[i]
			m.Tolerance = allowed.String()
		}
		m.Holds = inWas && inIs && allowed.Allows(a, b)
		list = append(list, m)
	}
	return list
}

// settleOpen judges a stage without metrics, such as a training whose weights are
// other bytes each time, by the stages that use what it made: the worst of them
// counts. Users stand after what they use.
func (j *judge) settleOpen() {
	for i := len(j.judgement.Stages) - 1; i >= 0; i-- {
		if !j.open[i] {
			continue
		}
		v := &j.judgement.Stages[i]
		worst, by := Identical, []string(nil)
		for k, s := range j.was.Stages {
			if slices.Contains(s.Inputs, v.Address) {
				by = append(by, s.Address)
				if r := j.judgement.Stages[k].Verdict; r.rank() > worst.rank() {
					worst = r
				}
			}
		}
		if len(by) == 0 || !worst.Reproduced() {
			continue // nobody speaks for it
		}
		v.Verdict = WithinTolerance
		v.Reasons = append(v.Reasons, fmt.Sprintf("judged by %s, which it is used by", strings.Join(by, ", ")))
	}
}
