package stages

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
)

var (
	unitDuration  = regexp.MustCompile(`^(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?$`)
	clockDuration = regexp.MustCompile(`^(?:(\d+)-)?(\d+):([0-5]\d):([0-5]\d)$`)
	plainNumber   = regexp.MustCompile(`^\d+(\.\d+)?$`)
	size          = regexp.MustCompile(`^(\d+)([MGT])$`)
	sloppySize    = regexp.MustCompile(`(?i)^(\d+(?:\.\d+)?)\s*([KMGT])(i?B)?$`)
)

// maxDuration is what any scheduler can count in minutes, and far beyond any limit.
const maxDuration = 10 * 365 * 24 * time.Hour

// ParseDuration reads 90s, 30m, 1h30m, 2d, 01:30:00 or 1-12:00:00.
func ParseDuration(text string) (time.Duration, error) {
	var parts []string
	if m := clockDuration.FindStringSubmatch(text); m != nil {
		parts = m[1:]
	} else if m := unitDuration.FindStringSubmatch(text); m != nil && text != "" {
		parts = m[1:]
	} else if plainNumber.MatchString(text) {
		return 0, fmt.Errorf("a duration needs its unit: %sm is minutes, %ss seconds", text, text)
	} else {
		return 0, errors.New("a duration is written as 90s, 30m, 1h30m, 2d or 01:30:00")
	}
	var total float64
	for i, seconds := range []float64{86400, 3600, 60, 1} {
		if parts[i] != "" {
			n, _ := strconv.ParseFloat(parts[i], 64)
			total += n * seconds
		}
	}
	switch {
	case total == 0:
		return 0, errors.New("a duration must be longer than nothing")
	case total > maxDuration.Seconds():
		return 0, errors.New("a duration may be ten years at most")
	}
	return time.Duration(total) * time.Second, nil
}

// ParseSize reads 512M, 16G or 1T as bytes, with 1G being 1024M as for Slurm.
func ParseSize(text string) (int64, error) {
	m := size.FindStringSubmatch(text)
	if m == nil {
		if better := betterSize(text); better != "" {
			return 0, fmt.Errorf("a size is a whole number with M, G or T. Did you mean %q?", better)
		}
		return 0, errors.New("a size is written as 512M, 16G or 1T")
	}
	n, err := strconv.ParseInt(m[1], 10, 64)
	unit := map[string]int64{"M": 1 << 20, "G": 1 << 30, "T": 1 << 40}[m[2]]
	switch {
	case err != nil || n > math.MaxInt64/unit || n*unit > 1<<60:
		return 0, errors.New("a size may be 1048576T at most")
	case n == 0:
		return 0, errors.New("a size must be more than nothing; leave it out to ask for what the site gives")
	}
	return n * unit, nil
}

// betterSize is the right form of 16GB, 16g, 1.5G or 16384.
func betterSize(text string) string {
	if plainNumber.MatchString(text) && !strings.Contains(text, ".") {
		return text + "G"
	}
	m := sloppySize.FindStringSubmatch(text)
	if m == nil {
		return ""
	}
	n, err := strconv.ParseFloat(m[1], 64)
	unit := strings.ToUpper(m[2])
	if err != nil || n == 0 || n > 1e6 {
		return ""
	}
	if unit == "K" {
		n, unit = math.Ceil(n/1024), "M"
	}
	for n != math.Trunc(n) && unit != "M" {
		n *= 1024
		unit = map[string]string{"T": "G", "G": "M"}[unit]
	}
	return strconv.FormatFloat(math.Ceil(n), 'f', -1, 64) + unit
}
