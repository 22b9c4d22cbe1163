package view

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Duration writes a length of time as a person would: 0.4s, 12s, 1m12s, 2h05m,
// 3d04h. Tenths are shown below ten seconds.
func Duration(d time.Duration) string {
	if d >= 0 && d < 9950*time.Millisecond {
		return fmt.Sprintf("%.1fs", d.Seconds())
	}
	return elapsed(d.Round(time.Second))
}

// elapsed is Duration in whole seconds, for a clock that is seen running.
func elapsed(d time.Duration) string {
	s := int64(max(d, 0) / time.Second)
	switch {
	case s < 60:
		return fmt.Sprintf("%ds", s)
	case s < 3600:
		return two(s/60, "m", s%60, "s")
	case s < 24*3600:
		return two(s/3600, "h", s%3600/60, "m")
	}
	return two(s/86400, "d", s%86400/3600, "h")
}

func two(large int64, unit string, small int64, smallUnit string) string {
	if small == 0 {
		return fmt.Sprintf("%d%s", large, unit)
	}
	return fmt.Sprintf("%d%s%02d%s", large, unit, small, smallUnit)
}

// Size writes a number of bytes with a binary unit: 512 B, 1.2 GiB.
func Size(bytes int64) string {
	if bytes < 1024 {
		return fmt.Sprintf("%d B", bytes)
	}
	value, units := float64(bytes)/1024, "KMGTPE"
	for value >= 1023.95 && len(units) > 1 {
		value, units = value/1024, units[1:]
	}
	return fmt.Sprintf("%.1f %ciB", value, units[0])
}

// Metric writes a metric to four decimal places, very large and very small ones
// with four digits and an exponent.
func Metric(value float64) string {
	switch size := math.Abs(value); {
	case value == math.Trunc(value) && size < 1e15:
		return strconv.FormatFloat(value, 'f', -1, 64)
	case size < 1e-3 || size >= 1e6:
		return strconv.FormatFloat(value, 'g', 4, 64)
	}
	text := strconv.FormatFloat(value, 'f', 4, 64)
	return strings.TrimSuffix(strings.TrimRight(text, "0"), ".")
}

// metricsInLine is how many metrics a line about a stage names.
const metricsInLine = 4

// metrics lists metrics by name: "accuracy 0.9731, loss 0.09", and says how many
// it leaves out.
func metrics(values map[string]float64) string {
	var list []string
	names := slices.Sorted(maps.Keys(values))
	for i, name := range names {
		if len(names) > metricsInLine && i == metricsInLine-1 {
			list = append(list, fmt.Sprintf("%d more", len(names)-i))
			break
		}
		list = append(list, name+" "+Metric(values[name]))
	}
	return strings.Join(list, ", ")
}

// moment is a point in time as someone sees it who looks at now: the clock's
// time today, else the date as well.
func moment(t, now time.Time) string {
	t, now = t.Local(), now.Local()
	if t.YearDay() == now.YearDay() && t.Year() == now.Year() {
		return t.Format("15:04:05")
	}
	return t.Format("2006-01-02 15:04")
}

// count is "1 stage", "2 stages".
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
