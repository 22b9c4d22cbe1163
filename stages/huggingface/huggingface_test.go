package huggingface_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/runpipe/runpipe/stages/download"
	"github.com/runpipe/runpipe/stages/huggingface"
	"github.com/runpipe/runpipe/stages/huggingface/hubtest"
)

func TestParse(t *testing.T) {
	for text, want := range map[string]string{
		"meta/llama": "models meta/llama", "gpt2": "models gpt2", "datasets/ylecun/mnist": "datasets ylecun/mnist", "datasets/squad": "datasets squad",
		"spaces/a/b": "spaces a/b", "": "", "a/b/c": "", "datasets/a/b/c": "", "../etc": "", "a/..": "", "a b": "", "a/b?x": "", "-a/b": "", "https://host/a": "", "a/b@c": "",
	} {
		r, ok := huggingface.Parse(text)
		if ok != (want != "") || ok && (r.Kind+" "+r.Name != want || r.String() != text) {
			t.Errorf("%q is read as %+v, %v", text, r, ok)
		}
	}
}

func TestMatches(t *testing.T) {
	for _, c := range []struct {
		pattern, file string
		want          bool
	}{
		{"*.json", "config.json", true}, {"*.json", "a/b/config.json", true}, {"*.json", "config.jsonl", false}, {"config.json", "a/config.json", false},
		{"data/", "data/x/y", true}, {"data/", "database", false}, {"data/*", "data/x/y", true}, {"?.txt", "a.txt", true}, {"?.txt", "ab.txt", false},
		{"[ab].txt", "a.txt", true}, {"[!ab].txt", "a.txt", false}, {"[!ab].txt", "c.txt", true}, {"[^a].txt", "^.txt", true}, {"[a-c]x", "bx", true}, {"a[", "a[", true},
		{"a.b", "aXb", false}, {"a+b(c)", "a+b(c)", true}, {"ä*.bin", "ä1.bin", true}, {"*", "a\nb", true}, {`a\b`, `a\b`, true},
	} {
		if got := huggingface.Matches(c.pattern, c.file); got != c.want {
			t.Errorf("%q of %q: %v", c.pattern, c.file, got)
		}
	}
	if huggingface.ValidPattern("[z-a]") || huggingface.ValidPattern("") || !huggingface.ValidPattern("[a") {
		t.Error("patterns are taken for what they are not")
	}
}

func TestResolve(t *testing.T) {
	h := hubtest.New(t, "secret")
	large := strings.Repeat("x", hubtest.Large)
	files := map[string]string{"z.bin": large, "a b/ü.txt": "hello"}
	for i := range 10 { // more than stand on one page of the hub's list
		files[fmt.Sprintf("m/%d", i)] = "x"
	}
	commit := h.Commit("datasets/a/b", files)
	h.Tag("datasets/a/b", "refs/pr/1", commit)
	r, _ := huggingface.Parse("datasets/a/b")
	for _, revision := range []string{"main", commit, "refs/pr/1"} {
		found, err := huggingface.Resolve(t.Context(), huggingface.Access{Endpoint: h.URL}, r, revision)
		if err != nil || found.Commit != commit || len(found.Files) != 12 {
			t.Fatalf("%s: %+v, %v", revision, found, err)
		}
		small, big := found.Files[0], found.Files[11]
		if small.Path != "a b/ü.txt" || small.Blob == "" || small.SHA256 != "" || small.Size != 5 || len(big.SHA256) != 64 || big.Size != hubtest.Large {
			t.Errorf("the files are %+v", found.Files)
		}
		if got, err := download.Get(t.Context(), huggingface.Access{Endpoint: h.URL}.Address(r, commit, small.Path), t.TempDir(), download.Options{}); err != nil || got.Size != 5 {
			t.Errorf("a name that needs escaping: %+v, %v", got, err)
		}
	}
}

// What a hub says is not believed.
func TestAnswersThatCannotBe(t *testing.T) {
	commit, sum, blob := strings.Repeat("c0", 20), strings.Repeat("ab", 32), strings.Repeat("cd", 20)
	file := func(name string, more map[string]any) map[string]any {
		f := map[string]any{"type": "file", "path": name, "size": 1, "oid": blob}
		for key, value := range more {
			f[key] = value
		}
		return f
	}
	lfs := func(sum string) map[string]any { return map[string]any{"lfs": map[string]any{"oid": sum, "size": 1}} }
	for name, answer := range map[string]any{
		"leads out":      []any{file("../a", nil)},
		"absolute":       []any{file("/a", nil)},
		"twice":          []any{file("a", nil), file("a", nil)},
		"file in a file": []any{file("a", nil), file("a-b", nil), file("a/b", nil)},
		"no name":        []any{file("", nil)},
		"no digest":      []any{map[string]any{"type": "file", "path": "a", "size": 1}},
		"another digest": []any{file("a", lfs(sum[1:]))},
		"negative":       []any{file("a", map[string]any{"size": -1})},
		"no list":        map[string]any{},
		"no commit":      nil,
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			switch {
			case answer == nil:
				_, _ = w.Write([]byte(`{"sha": "main"}`))
			case strings.Contains(r.URL.Path, "/revision/"):
				_ = json.NewEncoder(w).Encode(map[string]any{"sha": commit})
			default:
				_ = json.NewEncoder(w).Encode(answer)
			}
		}))
		_, err := huggingface.Resolve(t.Context(), huggingface.Access{Endpoint: server.URL}, huggingface.Repository{Kind: "models", Name: "a/b"}, "main")
		server.Close()
		var fault *download.Fault
		if !errors.As(err, &fault) || fault.Summary != "Unsuitable answer" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A token is not sent in the open.
func TestATokenWantsEncryption(t *testing.T) {
	a := huggingface.Access{Endpoint: "http://hub.example.org", Token: "secret", TokenEnv: "HF_TOKEN"}
	_, err := huggingface.Resolve(t.Context(), a, huggingface.Repository{Kind: "models", Name: "a/b"}, "main")
	var fault *download.Fault
	if !errors.As(err, &fault) || fault.Summary != "Token without encryption" || strings.Contains(err.Error(), "secret") {
		t.Errorf("got %v", err)
	}
	if _, err := a.Options(huggingface.Repository{}, "main"); !errors.As(err, &fault) {
		t.Errorf("a download gives %v", err)
	}
}
