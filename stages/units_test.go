package stages

import (
	"strings"
	"testing"
	"time"
)

func TestParseDuration(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"90s": 90 * time.Second, "30m": 30 * time.Minute, "1h30m": 90 * time.Minute, "2d": 48 * time.Hour, "1d12h": 36 * time.Hour,
		"01:30:00": 90 * time.Minute, "100:00:00": 100 * time.Hour, "1-12:00:00": 36 * time.Hour, "90m": 90 * time.Minute,
	} {
		if got, err := ParseDuration(text); err != nil || got != want {
			t.Errorf("%s: got %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "1", "1.5h", "1h 30m", "30m1h", "1:30", "01:60:00", "-1h", "0s", "00:00:00", "1w", "99999999999999999999s", "100000d", "h", "1H"} {
		if got, err := ParseDuration(text); err == nil {
			t.Errorf("%q is read as %v", text, got)
		}
	}
}

func TestParseSize(t *testing.T) {
	for text, want := range map[string]int64{"512M": 512 << 20, "16G": 16 << 30, "1T": 1 << 40} {
		if got, err := ParseSize(text); err != nil || got != want {
			t.Errorf("%s: got %d, %v", text, got, err)
		}
	}
	for text, better := range map[string]string{
		"16GB": `"16G"`, "16g": `"16G"`, "16 GiB": `"16G"`, "1.5G": `"1536M"`, "0.5T": `"512G"`, "16": `"16G"`, "2048K": `"2M"`, "100k": `"1M"`,
		"": "", "G": "", "0G": "", "-1G": "", "1P": "", "99999999999999999999G": "", "9999999T": "",
	} {
		got, err := ParseSize(text)
		if err == nil || !strings.Contains(err.Error(), better) || better == "" && strings.Contains(err.Error(), "Did you mean") {
			t.Errorf("%q: got %d, %v, want %s", text, got, err, better)
		}
	}
}

func TestSuggest(t *testing.T) {
	names := []string{"command", "environment", "env", "outputs"}
	for given, want := range map[string]string{
		"comand": "command", "Command": "command", "enviroment": "environment", "envs": "env", "output": "outputs", "xyz": "", "": "", "c": "",
	} {
		if got := Suggest(given, names); got != want {
			t.Errorf("%q: got %q, want %q", given, got, want)
		}
	}
}

func TestIdentifier(t *testing.T) {
	for name, want := range map[string]string{"7b": "m7b", "my model": "my_model", "a.b": "a_b", "ok-1": "ok-1", "ünder": "nder", "": "", "...": "", "1": "m1", "-a-": "a"} {
		got := Identifier(name)
		if got != want || got != "" && !isIdentifier(got) {
			t.Errorf("%q: got %q, want %q", name, got, want)
		}
	}
}

func TestOptionsThatAreOwned(t *testing.T) {
	for name, want := range map[string]string{
		"mail-type": "", "signal": "", "gres": "", "time-min": "", "mem-bind": "", "licenses": "", "wait-all-nodes": "", "begin": "", "nodefile": "",
		"output": "output", "outp": "output", "no-req": "no-requeue", "job": "job-name", "dep": "dependency", "time": "time", "part": "partition",
		"kill-on": "kill-on-invalid-dep", "requeue": "requeue", "mem-per-cpu": "mem-per-cpu", "export": "export", "wrap": "wrap", "arr": "array",
	} {
		if got := ownedBy(name); got != want {
			t.Errorf("--%s: got %q, want %q", name, got, want)
		}
	}
}

func TestSuggestBearsSwappedLetters(t *testing.T) {
	for given, want := range map[string]string{"mpl": "mlp", "cnnn": "cnn", "epoch": "epochs", "xyz": "", "tarin": "train"} {
		if got := Suggest(given, []string{"cnn", "epochs", "mlp", "train"}); got != want {
			t.Errorf("Suggest(%q) = %q, want %q", given, got, want)
		}
	}
}
