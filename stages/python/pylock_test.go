package python

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var one, two = strings.Repeat("1", 64), strings.Repeat("2", 64)

func TestParsePylock(t *testing.T) {
	text := `lock-version = "1.0"
created-by = "uv"

[[packages]]
name = "Regex"
version = "2026.11.15"
index = "https://pypi.org/simple"
sdist = { url = "https://files.example/regex-2026.11.15.tar.gz", upload-time = 2026-11-15T17:04:15Z, size = 419660, hashes = { sha256 = "` + two + `" } }
wheels = [
    { url = "https://files.example/regex-2026.11.15-cp311-cp311-manylinux_2_28_x86_64.whl", size = 806289, hashes = { sha256 = "` + one + `" } },
    { url = "https://files.example/a%2Bb/regex-2026.11.15-cp311-cp311-manylinux_2_17_x86_64.whl", hashes = { md5 = "x", sha256 = "` + two + `" } },
]

[[packages]]
name = "six"
version = "1.17.0"
archive = { url = "https://files.example/six-1.17.0-py2.py3-none-any.whl", hashes = { sha256 = "` + one + `" } }

[[packages]]
name = "local"
version = "1.0"
wheels = [{ path = "/opt/wheels/local-1.0-py3-none-any.whl", hashes = { sha256 = "` + one + `" } }]
`
	got, err := parsePylock(text)
	if err != nil {
		t.Fatal(err)
	}
	want := []Package{
		{Name: "regex", Version: "2026.11.15", Files: map[string]string{
			"regex-2026.11.15-cp311-cp311-manylinux_2_28_x86_64.whl": "sha256:" + one,
			"regex-2026.11.15-cp311-cp311-manylinux_2_17_x86_64.whl": "sha256:" + two,
		}},
		{Name: "six", Version: "1.17.0", URL: "https://files.example/six-1.17.0-py2.py3-none-any.whl",
			Files: map[string]string{"six-1.17.0-py2.py3-none-any.whl": "sha256:" + one}},
		{Name: "local", Version: "1.0", Files: map[string]string{"local-1.0-py3-none-any.whl": "sha256:" + one}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("packages (-want +got):\n%s", diff)
	}
}

func TestWhatNoHashCanBeCheckedOfIsRefused(t *testing.T) {
	var origin *OriginError
	_, err := parsePylock("[[packages]]\nname = \"fork\"\nvcs = { type = \"git\", url = \"https://example.org/fork\", commit-id = \"x\" }\n")
	if !errors.As(err, &origin) || origin.Name != "fork" {
		t.Errorf("of a pylock.toml: %v", err)
	}
	_, err = parseReport([]byte(`{"version":"1","install":[{"is_direct":true,"metadata":{"name":"fork","version":"1"},
		"download_info":{"url":"https://example.org/fork","vcs_info":{"vcs":"git","commit_id":"x"}}}]}`))
	if !errors.As(err, &origin) || origin.Name != "fork" {
		t.Errorf("of a report: %v", err)
	}
	_, err = parseReport([]byte(`{"version":"1","install":[{"is_direct":true,"metadata":{"name":"a","version":"1"},
		"download_info":{"url":"https://me:secret@example.org/a-1-py3-none-any.whl","archive_info":{"hashes":{"sha256":"` + one + `"}}}}]}`))
	if err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("of an address with a password: %v", err)
	}
}

func TestRequirementsOfALock(t *testing.T) {
	lock := &Lock{Packages: []Package{
		{Name: "a", Version: "1+cu124", Files: map[string]string{"y.whl": "sha256:" + one, "x.whl": "sha256:" + two}},
		{Name: "b", Version: "2", URL: "https://example.org/b-2-py3-none-any.whl", Files: map[string]string{"b-2-py3-none-any.whl": "sha256:" + one}},
		{Name: "c", Version: "3", Files: map[string]string{"c-3.tar.gz": "sha256:" + two}},
	}}
	want := "a==1+cu124 \\\n    --hash=sha256:" + one + " \\\n    --hash=sha256:" + two + "\n" +
		"b @ https://example.org/b-2-py3-none-any.whl \\\n    --hash=sha256:" + one + "\n"
	if diff := cmp.Diff(want, string(lock.Wheels())); diff != "" {
		t.Errorf("wheels (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff("c==3 \\\n    --hash=sha256:"+two+"\n", string(lock.Sources())); diff != "" {
		t.Errorf("sources (-want +got):\n%s", diff)
	}
}
