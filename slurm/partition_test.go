package slurm

import (
	"testing"
	"time"
)

func TestPartitionLimit(t *testing.T) {
	p := Partitions{Default: "short", Limits: map[string]time.Duration{}}
	for name, text := range map[string]string{"short": "10:00", "day": "1-00:00:00", "odd": "1:00:30", "ever": "infinite", "none": "n/a"} {
		p.Limits[name] = parseLimit(text)
	}
	for partitions, want := range map[string]time.Duration{
		"": 10 * time.Minute, "short": 10 * time.Minute, "day": 24 * time.Hour, "short,odd": time.Hour + 30*time.Second,
		"ever": 0, "none": 0, "short,ever": 0, "unheard of": 0,
	} {
		if got := p.Limit(partitions); got != want {
			t.Errorf("Limit(%q) = %s, want %s", partitions, got, want)
		}
	}
}
