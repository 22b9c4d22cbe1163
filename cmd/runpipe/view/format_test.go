package view

import (
	"math"
	"testing"
	"time"
)

func TestDuration(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0.0s", 400 * time.Millisecond: "0.4s", 9949 * time.Millisecond: "9.9s", 9960 * time.Millisecond: "10s",
		72 * time.Second: "1m12s", 3600 * time.Second: "1h", 59*time.Minute + 59700*time.Millisecond: "1h",
		2*time.Hour + 5*time.Minute: "2h05m", 76 * time.Hour: "3d04h", -time.Second: "0s",
	} {
		if got := Duration(d); got != want {
			t.Errorf("Duration(%v) = %s, want %s", d, got, want)
		}
	}
}

func TestSize(t *testing.T) {
	for n, want := range map[int64]string{0: "0 B", 1023: "1023 B", 1024: "1.0 KiB", 1288490189: "1.2 GiB", 1<<20 - 1: "1.0 MiB", math.MaxInt64: "8.0 EiB"} {
		if got := Size(n); got != want {
			t.Errorf("Size(%d) = %s, want %s", n, got, want)
		}
	}
}

func TestMetric(t *testing.T) {
	for v, want := range map[float64]string{
		0.97314: "0.9731", 0.97: "0.97", 1: "1", 10000: "10000", -0.5: "-0.5", 5e-5: "5e-05", 1234567.5: "1.235e+06", 0.99999: "1", 0: "0", 12.34567: "12.3457",
	} {
		if got := Metric(v); got != want {
			t.Errorf("Metric(%v) = %s, want %s", v, got, want)
		}
	}
}

func TestPlain(t *testing.T) {
	for text, want := range map[string]string{
		"\x1b[1;31mred\x1b[0m":              "red",
		"\x1b]0;title\x07after":             "after",
		"\x1b]8;;http://x\x1b\\link\x1b\\.": "link.",
		"a\tb\x00c":                         "a b c",
		"\xff\xfe":                          " ",
		"\x1b[2":                            "",
		"\x1b":                              "",
		"naïve 你好":                          "naïve 你好",
	} {
		if got := plain(text); got != want {
			t.Errorf("plain(%q) = %q, want %q", text, got, want)
		}
	}
}

func TestCut(t *testing.T) {
	for _, c := range []struct {
		text  string
		width int
		want  string
	}{{"train.cnn", 9, "train.cnn"}, {"train.cnn", 6, "train…"}, {"你好你好", 5, "你好…"}, {"abc", 1, "."}, {"abc", 0, ""}, {"abc", -1, ""}} {
		if got := cut(c.text, c.width, true); got != c.want {
			t.Errorf("cut(%q, %d) = %q, want %q", c.text, c.width, got, c.want)
		}
	}
}

func TestTail(t *testing.T) {
	for text, want := range map[string]string{
		"":                               "",
		"\n\n":                           "",
		"one\ntwo":                       "two",
		" 1/9 a\r 5/9 b\r 9/9 c":         " 9/9 c",
		" 1/9 a\r 5/9 b\r":               " 5/9 b",
		"epoch\r\n":                      "epoch",
		"\x1b[32m9/9\x1b[0m\x1b[K done ": "9/9 done",
	} {
		got := Tail(writeLog(t, text), 1)
		switch {
		case want == "" && len(got) != 0:
			t.Errorf("Tail(%q) = %q, want nothing", text, got)
		case want != "" && (len(got) != 1 || got[0] != want):
			t.Errorf("Tail(%q) = %q, want %q", text, got, want)
		}
	}
}
