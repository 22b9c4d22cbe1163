package view

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/runpipe/runpipe/pipeline/record"
)

// provenance is what a result rests on besides its command: what went in, what
// was left to chance, and the machine.
func provenance(r *record.Record) table {
	t := facts("determinism", determinism(r), "modules", strings.Join(r.Modules, ", "))
	for _, in := range r.Inputs {
		name := in.File
		if in.Stage != "" {
			name = in.Stage + " " + in.Output
		}
		t = append(t, facts("input", fmt.Sprintf("%s (%.19s)", name, in.Digest))...)
	}
	if i := r.Installed; i != nil {
		t = append(t, facts("installed", installed(i))...)
	}
	if m := r.Machine; m != nil {
		t = append(t, facts("machine", machine(m), "nodes", text(m.Nodes), "partition", text(m.Partition))...)
	}
	if u := r.Usage; u != nil {
		t = append(t, facts("used", usage(u))...)
	}
	return t
}

func determinism(r *record.Record) string {
	if r.Determinism == "" || r.Seed == nil {
		return r.Determinism
	}
	return fmt.Sprintf("%s, seed %d", r.Determinism, *r.Seed)
}

// installed is what an environment turned out to hold. Its packages, which the lock
// names, are counted.
func installed(i *record.Installed) string {
	var parts []string
	if p := i.Interpreter; p.Version != "" {
		parts = append(parts, fmt.Sprintf("%s %s (%s)", p.Implementation, p.Version, p.Path))
	}
	parts = append(parts, count(len(i.Packages), "package"))
	for _, name := range slices.Sorted(maps.Keys(i.Facts)) {
		parts = append(parts, name+" "+i.Facts[name])
	}
	return plain(strings.Join(parts, ", "))
}

// machine is all that could be read of it.
func machine(m *record.Machine) string {
	var parts []string
	add := func(format string, args ...any) { parts = append(parts, fmt.Sprintf(format, args...)) }
	if m.CPUs != nil {
		add("%d × %s", *m.CPUs, orElse(text(m.CPU), orElse(text(m.Arch), "CPU")))
	}
	if m.Memory != nil {
		add("%s", Size(*m.Memory))
	}
	if m.Kernel != nil {
		add("Linux %s", *m.Kernel)
	}
	if m.Libc != nil {
		add("glibc %s", *m.Libc)
	}
	if m.CUDA != nil {
		add("CUDA %s", *m.CUDA)
	}
	return plain(strings.Join(parts, ", "))
}

func usage(u *record.Usage) string {
	var parts []string
	if u.CPU != nil {
		parts = append(parts, Duration(time.Duration(*u.CPU*float64(time.Second)))+" of CPU time")
	}
	if u.PeakMemory != nil {
		parts = append(parts, "at most "+Size(*u.PeakMemory))
	}
	return strings.Join(parts, ", ")
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func orElse(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}
