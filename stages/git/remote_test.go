package git_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/runpipe/runpipe/stages/git"
)

func TestRedact(t *testing.T) {
	for text, want := range map[string]string{
		"https://me:secret@host/x.git":                       "https://host/x.git",
		"https://secret@host/x.git":                          "https://host/x.git",
		"HTTPS://me:secret@host:8443/x":                      "HTTPS://host:8443/x",
		"https://me:se/cret@host/x":                          "https://host/x",
		"https://me:se@cret@host/x":                          "https://host/x",
		"https://host/x?private_token=secret":                "https://host/x",
		"https://host/@scope/x":                              "https://host/@scope/x",
		"https://host:8443/@scope/x":                         "https://host:8443/@scope/x",
		"https://[::1]:80/@scope/x":                          "https://[::1]:80/@scope/x",
		"ssh://git:secret@host/x":                            "ssh://git@host/x",
		"ssh://git@host/x":                                   "ssh://git@host/x",
		"git@host:x.git":                                     "git@host:x.git",
		`Get "https://u:secret@h/x/info/refs": no such host`: `Get "https://h/x/info/refs": no such host`,
		"a https://u:secret@h/x and http://secret@h/y.":      "a https://h/x and http://h/y.",
		"no address at all: a@b":                             "no address at all: a@b",
	} {
		if got := git.Redact(text); got != want {
			t.Errorf("Redact(%q) = %q, want %q", text, got, want)
		}
	}
}

func TestParseRemote(t *testing.T) {
	for written, local := range map[string]bool{
		"https://github.com/me/mnist.git": false,
		"http://host:8080/x":              false,
		"ssh://git@host:2222/me/x.git":    false,
		"git@github.com:me/x.git":         false,
		"host:x":                          false,
		"file:///srv/git/x.git":           true,
		".":                               true,
		"../code":                         true,
		"/srv/x:y":                        true,
		"./x:y":                           true,
		"~/code":                          true,
		"https://user:secret@host/x%20y":  false,
	} {
		r, err := git.ParseRemote(written, "/home/me")
		if err != nil || r.Local() != local {
			t.Errorf("ParseRemote(%q): local %v, %v", written, r.Local(), err)
		}
		for _, shown := range []string{fmt.Sprintf("%v %+v %#v %s", r, r, r, r), r.Bare("/repos")} {
			if strings.Contains(shown, "secret") {
				t.Errorf("%q shows its credentials: %s", written, shown)
			}
		}
	}
	for _, written := range []string{
		"", " ", "-oProxyCommand=x", "--upload-pack=x", "ext::sh -c id", "ftp://host/x", "https://", "https:///x", "https://host", "https://host/",
		"ssh://-oProxyCommand=x/y", "-x:y", "git@-oProxyCommand=x:y", "host:", "file://relative", "https://host/x?y=z", "https://u:secret@ho st/x", "a\nb", "https://u:se/cret@host/x", "ssh://user:secret@host/repository",
	} {
		r, err := git.ParseRemote(written, "/home/me")
		if err == nil {
			t.Errorf("ParseRemote(%q) = %s", written, r)
		} else if wantKind(t, err, git.ErrAddress); strings.Contains(err.Error(), "cret") {
			t.Errorf("%q shows its credentials: %v", written, err)
		}
	}
}

// The folder must stay what it is: jobs that wait in a queue look for it there.
func TestBareIsNamedByTheAddress(t *testing.T) {
	const want = "/repos/mnist-56f51d721bb6.git"
	for _, written := range []string{"https://github.com/me/mnist.git", "https://token@github.com/me/mnist.git", "https://me:secret@github.com/me/mnist.git"} {
		if got := remote(t, written).Bare("/repos"); got != want {
			t.Errorf("%q has the bare repository %s, want %s", written, got, want)
		}
	}
	for written, name := range map[string]string{"git@host:me/x.git": "x-", "/srv/we ird/": "we_ird-", "/home/me/code/.git": "code-", "/": "repository-"} {
		if got := remote(t, written).Bare("/repos"); !strings.HasPrefix(got, "/repos/"+name) {
			t.Errorf("%q has the bare repository %s, want the name %s…", written, got, name)
		}
	}
}
