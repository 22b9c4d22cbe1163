package local

import (
	"context"
	"log"
	"time"

	"github.com/runpipe/runpipe/slurm"
)

// claim is what a job takes of the machine while it runs.
type claim struct {
	cpus   int
	memory int64 // bytes
	gpus   int
}

func (a claim) plus(b claim) claim {
	return claim{a.cpus + b.cpus, a.memory + b.memory, a.gpus + b.gpus}
}

// within reports whether a is no more than b in any respect.
func (a claim) within(b claim) bool {
	return a.cpus <= b.cpus && a.memory <= b.memory && a.gpus <= b.gpus
}

// claimOf is what r takes of m: at least one CPU, never more than there is, so
// that a job written for a larger machine runs alone. Without GPUs at all it
// runs without.
func claimOf(r slurm.Resources, m Machine) claim {
	return claim{
		cpus:   min(max(r.CPUs, 1), m.CPUs),
		memory: min(r.Memory, m.Memory),
		gpus:   min(r.GPUs, len(m.GPUs)),
	}
}

// schedule settles all jobs and starts those that fit, in the order of
// submission. A later job may overtake one that does not fit, as long as the
// overtakers together leave room for it: it starts, at the latest, when all
// that was submitted before it has ended.
func (s *scheduler) schedule(ctx context.Context) {
	s.ledger.settle(time.Now().UTC())
	for _, j := range s.ledger.jobs {
		if j.ready() && j.Resources.GPUs > 0 {
			s.lookForGPUs(ctx)
		}
	}
	total := claim{s.machine.CPUs, s.machine.Memory, len(s.machine.GPUs)}
	var oldest *job // that does not fit
	var reserved claim
	for _, j := range s.ledger.jobs {
		if !j.ready() {
			continue
		}
		need := claimOf(j.Resources, s.machine)
		fits := s.used(0).plus(need).within(total)
		if oldest != nil {
			fits = fits && s.used(oldest.number).plus(need).plus(reserved).within(total)
		}
		started := fits && s.start(j, need)
		if started || oldest != nil {
			continue
		}
		oldest, reserved = j, need
		if fits { // only GPUs are missing, which another run has
			reserved = claim{gpus: need.gpus}
		}
	}
}

// used is what the running jobs take that were submitted after the given one.
func (s *scheduler) used(after int) claim {
	var sum claim
	for _, b := range s.running {
		if b.job.number > after {
			sum = sum.plus(b.claim)
		}
	}
	return sum
}

// lookForGPUs asks nvidia-smi, once, when the first job wants a GPU.
func (s *scheduler) lookForGPUs(ctx context.Context) {
	if s.looked {
		return
	}
	gpus, fault := discoverGPUs(ctx)
	if fault != "" {
		log.Print(fault)
	}
	s.haveGPUs(gpus)
}

func (s *scheduler) haveGPUs(gpus []GPU) {
	s.looked = true
	pool, err := newGPUPool(gpus)
	if err != nil {
		s.gpuFault = err
		return
	}
	s.machine.GPUs, s.gpus = gpus, pool
}

// start starts j, if the GPUs can be had. It reports false if j must wait for
// them. A job that cannot be started has failed.
func (s *scheduler) start(j *job, need claim) bool {
	slots, err := s.gpusFor(j, need)
	if err == nil && len(slots) < need.gpus {
		return false
	}
	var b *batch
	if err == nil {
		b, err = s.begin(j, slots)
	}
	j.Start, j.Node = time.Now().UTC(), s.self.Host
	if err != nil {
		s.gpus.give(slots)
		delete(s.env, j.id)
		log.Printf("job %s (%s) cannot start: %v", j.id, j.Name, err)
		j.State, j.Reason, j.End, j.Exit = "FAILED", reasonLaunch+": "+err.Error(), j.Start, &exit{Code: 1}
		s.ledger.settle(j.End)
		return true
	}
	delete(s.env, j.id)
	b.claim, b.gpus = need, slots
	s.running[j.id] = b
	j.State, j.Reason = "RUNNING", ""
	return true
}

func (s *scheduler) gpusFor(j *job, need claim) ([]*gpuSlot, error) {
	if j.Resources.GPUs == 0 {
		return nil, nil
	}
	if s.gpuFault != nil {
		return nil, s.gpuFault
	}
	if err := enoughGPUs(j.Resources, s.machine); err != nil {
		return nil, err
	}
	return s.gpus.take(need.gpus)
}
