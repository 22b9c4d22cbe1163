package compare

import (
	"slices"
	"strings"

	"github.com/runpipe/runpipe/pipeline/plan"
	"github.com/runpipe/runpipe/pipeline/record"
	"github.com/runpipe/runpipe/pipeline/run"
)

// Topic is what a change is about.
type Topic string

// The topics, in the order in which one looks for the cause of another result.
const (
	Stages     Topic = "stages"     // a stage that only one of the runs has
	Code       Topic = "code"       // commits
	Packages   Topic = "packages"   // what environments hold, and modules
	Parameters Topic = "parameters" // commands, variables and all else that a block says
	Data       Topic = "data"       // files beside the pipeline
	Hardware   Topic = "hardware"
	Outputs    Topic = "outputs" // by their digests
	Metrics    Topic = "metrics"
)

var topics = []Topic{Stages, Code, Packages, Parameters, Data, Hardware, Outputs, Metrics}

// Change is one thing in which two runs differ. Was and Is are texts, "" where
// there is nothing.
type Change struct {
	Topic   Topic  `json:"topic"`
	Address string `json:"address"`
	Name    string `json:"name"`
	Was     string `json:"was"`
	Is      string `json:"is"`
}

// facts is what is known of one stage, by topic and name.
type facts map[Topic]map[string]string

func (f facts) set(t Topic, name, value string) {
	if value == "" {
		return
	}
	if f[t] == nil {
		f[t] = map[string]string{}
	}
	f[t][name] = value
}

// Diff tells in what two runs differ, and nothing else: sorted by topic, then in
// the order of the stages.
func Diff(was, is *run.Run) ([]Change, error) {
	var all []Change
	for _, address := range addresses(was, is) {
		a, err := factsOf(was, address)
		if err != nil {
			return nil, err
		}
		b, err := factsOf(is, address)
		if err != nil {
			return nil, err
		}
		all = append(all, changes(address, a, b)...)
	}
	slices.SortStableFunc(all, func(a, b Change) int { return slices.Index(topics, a.Topic) - slices.Index(topics, b.Topic) })
	return all, nil
}

// addresses lists the stages of both runs, each once.
func addresses(was, is *run.Run) []string {
	var all []string
	for _, s := range slices.Concat(was.Stages, is.Stages) {
		if !slices.Contains(all, s.Address) {
			all = append(all, s.Address)
		}
	}
	return all
}

// changes compares what is known of a stage in both runs; nil stands for none.
func changes(address string, was, is facts) []Change {
	switch {
	case was == nil:
		return []Change{{Topic: Stages, Address: address, Name: "stage", Is: "there"}}
	case is == nil:
		return []Change{{Topic: Stages, Address: address, Name: "stage", Was: "there"}}
	}
	var all []Change
	for _, topic := range topics {
		for _, name := range names(was[topic], is[topic]) {
			if a, b := was[topic][name], is[topic][name]; a != b && !unread(topic, name, a, b) {
				a, b = middle(a, b)
				all = append(all, Change{topic, address, name, a, b})
			}
		}
	}
	return all
}

// unread reports whether one of the machines did not tell: nothing is known to
// differ. No GPU is a fact.
func unread(t Topic, name, was, is string) bool {
	told := t == Hardware && name != "gpus" || t == Packages && name == interpreter
	return told && (was == "" || is == "")
}

func names(a, b map[string]string) []string {
	var all []string
	for name := range a {
		all = append(all, name)
	}
	for name := range b {
		if _, ok := a[name]; !ok {
			all = append(all, name)
		}
	}
	slices.Sort(all)
	return all
}

// middle is what differs of two lists of words: a command's other words are the
// same. One word in front stays, which may be the option.
func middle(was, is string) (string, string) {
	a, b := strings.Split(was, "\x00"), strings.Split(is, "\x00")
	if len(a) == 1 || len(b) == 1 {
		return strings.Join(a, " "), strings.Join(b, " ")
	}
	head, tail := 0, 0
	for head < min(len(a), len(b)) && a[head] == b[head] {
		head++
	}
	for tail < min(len(a), len(b))-head && a[len(a)-1-tail] == b[len(b)-1-tail] {
		tail++
	}
	if head > 0 && strings.HasPrefix(a[head-1], "-") {
		head--
	}
	return strings.Join(a[head:len(a)-tail], " "), strings.Join(b[head:len(b)-tail], " ")
}

// factsOf gathers what run.json and the record tell of a stage; nil if the run
// has no such stage.
func factsOf(r *run.Run, address string) (facts, error) {
	s, ok := r.Stage(address)
	if !ok {
		return nil, nil
	}
	f := facts{}
	f.fromPlan(r, s)
	rec, err := recordOf(r, s)
	if err != nil {
		return nil, err
	}
	if rec != nil {
		f.fromRecord(s, rec)
	}
	return f, nil
}

// interpreter is the name of the fact which Python an environment was made with: the
// lock says 3.11, and not which 3.11.
const interpreter = "interpreter"

// fromInstalled takes what the lock does not tell. The packages are those of the lock.
func (f facts) fromInstalled(i *record.Installed) {
	if i == nil {
		return
	}
	f.set(Packages, interpreter, strings.TrimSpace(i.Interpreter.Implementation+" "+i.Interpreter.Version))
	for name, value := range i.Facts {
		f.set(Packages, name, value)
	}
}

// private reports whether a stage's outputs are runpipe's own affair: what they
// hold is told as commits and as packages.
func private(kind string) bool { return kind == "clone" || kind == "environment" }

func (f facts) fromRecord(s plan.SubmittedStage, rec *record.Record) {
	for name, value := range rec.Metrics {
		f.set(Metrics, name, number(value))
	}
	for _, o := range rec.Outputs {
		if !private(s.Kind) {
			f.set(Outputs, o.Name, o.Digest)
		}
	}
	f.set(Packages, "modules", strings.Join(rec.Modules, " "))
	f.fromInstalled(rec.Installed)
	if private(s.Kind) {
		return // where a checkout was written changes nothing in it
	}
	f.fromMachine(rec)
}
