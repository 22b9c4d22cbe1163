package slurm

import (
	"bytes"
	"math/rand/v2"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

func TestQuote(t *testing.T) {
	for in, want := range map[string]string{
		"":                   `''`,
		"train.py":           `train.py`,
		"--lr=0.1,1e-3":      `--lr=0.1,1e-3`,
		"/a/b:c@d%e+f":       `/a/b:c@d%e+f`,
		"two words":          `'two words'`,
		"*.json":             `'*.json'`,
		"{a,b}":              `'{a,b}'`,
		"#":                  `'#'`,
		"~/data":             `\~/data`,
		"~":                  `\~`,
		"~/my data":          `\~'/my data'`,
		"it's":               `"it's"`,
		"then":               `'then'`,
		"=":                  `'='`,
		"$(rm -rf x)":        `"\$(rm -rf x)"`,
		"`id` \"q\" \\":      "\"\\`id\\` \\\"q\\\" \\\\\"",
		"line\nline":         "'line\nline'",
		"bell\a and é\r":     `$'bell\007 and é\r'`,
		"it's\r\\":           `$'it\'s\r\\'`,
		"\xff1":              `$'\3771'`,
		"right\u202eto left": `$'right\342\200\256to left'`,
	} {
		if got := Quote(in); got != want {
			t.Errorf("Quote(%q) = %s, want %s", in, got, want)
		}
	}
}

// nasty are words that have broken scripts.
var nasty = []string{
	"", " ", "  two  blanks  ", "\t", "\n", "a\nb\n", "\r\n", "'", "''", `"`, `\`, `\\`, `a\`, `'\''`, "$", "$x", "${x}", "$(touch pwned)", "$((1+1))",
	"`touch pwned`", "!", "!!", "#", "# c", "a # b", "a#b", "%", "%j", "%%", "~", "~root", "~/x", "a~b", "x=~/y", "a:~/b", "=", "a=b", "=ls", "*", "?", "[a-z]", "{a,b}", "{1..3}", "a{b",
	"-", "--", "-n", "-e", "--x=y z", "&", "&&", "|", ";", ";;", "<", ">", ">>", "<<EOF", "(", ")", "()", "{", "}", "[[", "]]", "if", "then", "time", "function",
	"^", "^a^b", ",", "@", "+", ":", "/", ".", "..", "é", "日本語", "🙂", "\u00a0", "“quoted”", "‘single’", "“it’s”", "\u00b4", "then", "done", "do", "–", "\u2028", "\u202e", "\u0085", "\x01", "\x1b[31m", "\x7f",
	"\xff", "\xff\xfe", "a\xc3", "EOF", "'$x'", `"$x"`, `\$x`, `$'x'`, `a'b"c\d$e` + "`f", strings.Repeat("x", 5000), strings.Repeat("it's $x ", 300),
	"0", "00", "1e5", "true", "null", "{\"lr\": 0.1, \"name\": \"it's\"}", "import os\nprint(f\"{os.environ['HOME']}\")\n", "shellcheck disable=all", "#SBATCH --time=1",
}

// printed runs a script that prints words with NULs after them.
func printed(t testing.TB, script string) []string {
	t.Helper()
	cmd := exec.Command("bash", "-euo", "pipefail", "-s")
	cmd.Stdin = strings.NewReader(script)
	cmd.Dir = t.TempDir()
	cmd.Env = []string{"PATH=/usr/bin:/bin", "LC_ALL=C.UTF-8", "HOME=/nowhere"}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("bash: %v: %s\n%s", err, stderr.String(), script)
	}
	words := strings.Split(string(out), "\x00")
	return words[:len(words)-1]
}

func TestQuoteUnderBash(t *testing.T) {
	words := slices.Clone(nasty)
	random := rand.New(rand.NewPCG(1, 2))
	const alphabet = "ab $`'\"\\\n\t\r!#%&()*+,-./:;<=>?@[]^_{|}~\x01\x7f\xc3\xa9\xff0"
	for range 2000 {
		word := make([]byte, random.IntN(12))
		for i := range word {
			word[i] = alphabet[random.IntN(len(alphabet))]
		}
		words = append(words, string(word))
	}
	got := printed(t, `printf '%s\0' `+strings.Join(quoteAll(words), " ")+"\n")
	if !slices.Equal(got, words) {
		for i := range min(len(got), len(words)) {
			if got[i] != words[i] {
				t.Fatalf("bash reads %s as %q, not %q", Quote(words[i]), got[i], words[i])
			}
		}
		t.Fatalf("bash reads %d words, not %d", len(got), len(words))
	}
}

func FuzzQuote(f *testing.F) {
	for _, word := range nasty {
		f.Add(word)
	}
	f.Fuzz(func(t *testing.T, word string) {
		if strings.ContainsRune(word, 0) {
			t.Skip("no argument holds a NUL")
		}
		if got := printed(t, `printf '%s\0' `+Quote(word)+"\n"); len(got) != 1 || got[0] != word {
			t.Errorf("bash reads %s as %q, not %q", Quote(word), got, word)
		}
	})
}
