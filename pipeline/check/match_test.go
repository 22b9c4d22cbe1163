package check

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

// bar is how Keras redraws its progress: colours, backspaces, carriage returns.
const bar = "Epoch 1/2\n" +
	"\x1b[1m  1/938\x1b[0m \x1b[37m━━━━\x1b[0m \x1b[1m2:01\x1b[0m 130ms/step - accuracy: 0.1250 - loss: 2.3062" +
	"\x08\x08\x08\x08\r\x1b[1m938/938\x1b[0m \x1b[32m━━━━\x1b[0m\x1b[37m\x1b[0m \x1b[1m3s\x1b[0m 3ms/step - accuracy: \x1b[1m0.9312\x1b[0m - loss: 0.2290\n" +
	"Test loss: 0.02541324682533741\nTest accuracy: 0.9918000102043152\n"

func TestMatch(t *testing.T) {
	long := strings.Repeat("x", longestLine-7) // so that "loss: 0.25" straddles the end of the first piece
	for _, c := range []struct {
		name, pattern, log string
		want               float64
		found              bool
	}{
		{"the tutorial", `Test accuracy: ([0-9.]+)`, bar, 0.9918000102043152, true},
		{"after a carriage return", `^938/938 .* accuracy: ([0-9.]+)`, bar, 0.9312, true},
		{"at the end of a redrawn line", `loss: ([0-9.]+)$`, bar[:strings.Index(bar, "\r")+1], 2.3062, true},
		{"the last line counts", `loss: (\S+)`, "loss: 3\nloss: 2\nother\n", 2, true},
		{"the last on a line counts", `loss: (\S+)`, "loss: 3 loss: 2", 2, true},
		{"an earlier NaN does not", `loss: (\S+)`, "loss: nan\nloss: 2", 2, true},
		{"no newline at the end", `loss: (\S+)`, "loss: 3", 3, true},
		{"Windows line ends", `loss: ([0-9.]+)$`, "loss: 3\r\nloss: 4\r\n", 4, true},
		{"an exponent and a sign", `loss: (\S+)`, "loss: -1.5e-3", -0.0015, true},
		{"nothing", `loss: (\S+)`, "no such thing", 0, false},
		{"an empty log", `loss: (\S+)`, "", 0, false},
		{"a window title", `loss: (\S+)`, "\x1b]0;loss: 1\x07loss: 2", 2, true},
		{"a line without end", `loss: ([0-9.]+)`, long + "loss: 0.25" + long, 0.25, true},
		{"no match over two lines", `loss:\s([0-9.]+)`, "loss:\n5", 0, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			for name, log := range map[string]io.Reader{
				"whole":        strings.NewReader(c.log),
				"half by half": iotest.HalfReader(strings.NewReader(c.log)),
			} {
				got, found, err := Match(c.pattern, log)
				if err != nil || got != c.want || found != c.found {
					t.Errorf("%s: %v, %v, %v; want %v, %v", name, got, found, err, c.want, c.found)
				}
			}
		})
	}
}

func TestMatchRefused(t *testing.T) {
	for _, c := range []struct{ pattern, log, want string }{
		{`loss: (\S+)`, "loss: 1\nloss: nan", `the last match is "nan", which is not a finite number`},
		{`loss: (\S+)`, "loss: -inf", `the last match is "-inf", which is not a finite number`},
		{`loss: (\S+)`, "loss: 1e999", `not a finite number`},
		{`loss: (\S+)`, "loss: low", `the last match is "low", which is not a number`},
		{`loss: (\d+)?`, "loss: low", `the last match is "", which is not a number`},
		{`loss: [0-9]+`, "loss: 1", `the pattern has 0 groups`},
		{`(loss): ([0-9]+)`, "loss: 1", `the pattern has 2 groups`},
		{`loss: (`, "loss: 1", `the pattern is no regular expression`},
	} {
		n, found, err := Match(c.pattern, strings.NewReader(c.log))
		if found || err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s in %q: %v, %v, %v; want an error with %q", c.pattern, c.log, n, found, err, c.want)
		}
	}
	unreadable := iotest.ErrReader(errors.New("stale file handle"))
	if _, _, err := Match(`(.)`, unreadable); err == nil || !strings.Contains(err.Error(), "stale file handle") {
		t.Errorf("an unreadable log gives %v", err)
	}
}

func FuzzMatch(f *testing.F) {
	f.Add(`loss: ([0-9.]+)`, "loss: 0.5\r\n")
	f.Add(`(.*)`, "\x1b[1m\x1b]0;\x07\x08")
	f.Add(`(?:a|b)(\d)`, "a1b2")
	f.Fuzz(func(t *testing.T, pattern, log string) {
		n, found, err := Match(pattern, strings.NewReader(log))
		if _, ok := number(n); !ok || found && err != nil {
			t.Fatalf("%v, %v, %v", n, found, err)
		}
	})
}

// BenchmarkMatch searches 64 MiB of a training's progress.
func BenchmarkMatch(b *testing.B) {
	log := strings.Repeat(bar, 64<<20/len(bar))
	b.SetBytes(int64(len(log)))
	for b.Loop() {
		if _, found, err := Match(`Test accuracy: ([0-9.]+)`, strings.NewReader(log)); err != nil || !found {
			b.Fatal(found, err)
		}
	}
}
