package git

import (
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/go-git/go-billy/v5/osfs"
	"github.com/go-git/go-git/v5/plumbing/cache"
	"github.com/go-git/go-git/v5/plumbing/format/config"
	"github.com/go-git/go-git/v5/storage/filesystem"
)

// LFSPlaces is where the objects of a repository's Git LFS are: in folders of this
// machine, and on a server.
type LFSPlaces struct {
	Folders []string // in each an object is at its first two digits / the next two / all
	Server  string   // address that /objects/batch is put behind, without credentials; or ""
	Header  http.Header
	Remote  Remote // whose objects they are, for messages

	login *url.Userinfo // of the repository's address; nil if it has none
}

// LFSPlacesOf finds where the LFS objects of a pinned commit are. The bare repository
// is r's, or a submodule's, whose own address it remembers.
func LFSPlacesOf(ctx context.Context, bare, commit string, r Remote, inside string) (LFSPlaces, error) {
	places := LFSPlaces{}
	remote := r
	if inside != bare {
		origin, err := originOf(inside)
		if err != nil {
			return places, err
		}
		if r.Local() { // beside the repository, where git submodule keeps it
			if dir, err := gitDir(r); err == nil {
				beside, _ := fs.Glob(os.DirFS(commonDir(dir)), "modules/*/lfs/objects") // the pattern is well-formed
				for _, folder := range beside {
					places.Folders = append(places.Folders, filepath.Join(commonDir(dir), folder))
				}
			}
		}
		remote = origin
	}
	places.Remote = remote
	to, err := readSettings(ctx).reached(remote)
	if err != nil {
		return places, err
	}
	named := ""
	if inside == bare {
		if named, err = lfsSetting(bare, commit); err != nil {
			return places, err
		}
	}
	switch {
	case to.Local():
		return places.local(ctx, to, named)
	case named != "":
		return places.at(ctx, named, to)
	}
	return places.derived(ctx, to)
}

// originOf is the remote that a bare repository was fetched from.
func originOf(bare string) (Remote, error) {
	settings, err := filesystem.NewStorage(osfs.New(bare), cache.NewObjectLRU(0)).Config()
	if err != nil {
		return Remote{}, fmt.Errorf("reading where %s is from: %w", bare, err)
	}
	origin := settings.Remotes["origin"]
	if origin == nil || len(origin.URLs) == 0 {
		return Remote{}, fmt.Errorf("%s does not know where it is from", bare)
	}
	return ParseRemote(origin.URLs[0], "/")
}

// local looks into the repository itself, and then at the server that it names, or was
// cloned from: a checkout without its objects is no rarity.
func (p LFSPlaces) local(ctx context.Context, r Remote, named string) (LFSPlaces, error) {
	dir, err := gitDir(r)
	if err != nil {
		return p, err
	}
	common := commonDir(dir)
	p.Folders = append(p.Folders, filepath.Join(common, "lfs", "objects"))
	data, err := os.ReadFile(filepath.Join(common, "config"))
	if err != nil {
		return p, nil // without it, git's defaults hold
	}
	if storage := settingIn(data, "lfs", "storage"); filepath.IsAbs(storage) {
		p.Folders = append(p.Folders, filepath.Join(storage, "objects"))
	} else if storage != "" {
		p.Folders = append(p.Folders, filepath.Join(common, storage, "objects"))
	}
	from, err := upstream(r)
	if err != nil {
		return p, nil // the address of an upstream that is none
	}
	if address := cmp.Or(settingIn(data, "lfs", "url"), named); address != "" {
		return p.at(ctx, address, from)
	}
	if from.Local() {
		if dir, err := gitDir(from); err == nil {
			p.Folders = append(p.Folders, filepath.Join(commonDir(dir), "lfs", "objects"))
		}
		return p, nil
	}
	if from, err = readSettings(ctx).reached(from); err != nil {
		return p, err
	}
	return p.derived(ctx, from)
}

// at is the server at an address that a repository names. It cannot name a folder of
// this machine.
func (p LFSPlaces) at(ctx context.Context, address string, r Remote) (LFSPlaces, error) {
	server, err := ParseRemote(address, "/")
	if err != nil || server.Local() {
		return p, fault(ErrAddress, "Unsuitable LFS server", fmt.Sprintf("The lfs.url of %s, %s, is not the address of a server.", p.Remote, Redact(address)))
	}
	if server.kind == overSSH {
		return p.derived(ctx, server)
	}
	u, err := url.Parse(server.url)
	if err != nil {
		return p, fault(ErrAddress, "Unsuitable LFS server", fmt.Sprintf("The lfs.url of %s is not a valid address.", p.Remote))
	}
	p.login, u.User = u.User, nil
	// The repository's login is for its own host.
	if own, err := url.Parse(r.url); p.login == nil && err == nil && r.kind == overHTTP && own.Host == u.Host && own.Scheme == u.Scheme {
		p.login = own.User
	}
	p.Server = strings.TrimRight(u.String(), "/")
	return p.authorised(), nil
}

// derived is the server that git-lfs takes where nothing names one
// (docs/api/server-discovery.md of git-lfs).
func (p LFSPlaces) derived(ctx context.Context, r Remote) (LFSPlaces, error) {
	if r.kind == overSSH {
		return p.overSSH(ctx, r)
	}
	address := strings.TrimRight(r.url, "/")
	if !strings.HasSuffix(address, ".git") {
		address += ".git"
	}
	return p.at(ctx, address+"/info/lfs", r)
}

// overSSH asks the server where its objects are to be had, and for a login there.
func (p LFSPlaces) overSSH(ctx context.Context, r Remote) (LFSPlaces, error) {
	git, ok := findProgram()
	if !ok {
		return p, fault(ErrFetch, "No git", fmt.Sprintf("The Git LFS objects of %s are reached over SSH, and that takes git, which is not installed.", p.Remote))
	}
	host, port, place := r.sshParts()
	if strings.HasPrefix(host, "-") || strings.ContainsFunc(place, isControl) {
		return p, fault(ErrAddress, "Unsuitable LFS server", fmt.Sprintf("%s cannot be asked for its Git LFS over SSH.", p.Remote))
	}
	command := `"$GIT_SSH"`
	if own := git.sshCommand(ctx); own != "" {
		command = own + " -o BatchMode=yes -o ConnectTimeout=20"
	}
	if !plainPath.MatchString(place) {
		place = "'" + strings.ReplaceAll(place, "'", `'\''`) + "'"
	}
	cmd := exec.CommandContext(ctx, "sh", "-c", command+` ${2:+-p "$2"} "$1" "git-lfs-authenticate $3 download"`, "sh", host, port, place)
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	if err := cmd.Run(); err != nil {
		return p, explain(ctx, p.Remote, fmt.Errorf("asking for its Git LFS by git-lfs-authenticate: %s", complaint(said.String())))
	}
	var answer struct {
		Href   string            `json:"href"`
		Header map[string]string `json:"header"`
	}
	if err := json.Unmarshal(out.Bytes(), &answer); err != nil || !strings.HasPrefix(answer.Href, "https://") && !strings.HasPrefix(answer.Href, "http://") {
		return p, fault(ErrFetch, "Unsuitable answer", fmt.Sprintf("git-lfs-authenticate of %s does not say where its objects are.", p.Remote))
	}
	p.Server, p.Header = strings.TrimRight(answer.Href, "/"), http.Header{}
	for name, value := range answer.Header {
		p.Header.Set(name, value)
	}
	return p, nil
}

// plainPath needs no quoting in the other host's shell. Not every server that is no
// shell takes quotes away.
var plainPath = regexp.MustCompile(`\A[A-Za-z0-9_./+@%:=~-]+\z`)

// sshParts are what ssh is told, and the path on the host.
func (r Remote) sshParts() (host, port, place string) {
	u, err := url.Parse(r.url)
	if err != nil || u.Scheme != "ssh" {
		host, place, _ = strings.Cut(r.url, ":")
		return host, "", place
	}
	host = u.Hostname()
	if name := u.User.Username(); name != "" {
		host = name + "@" + host
	}
	return host, u.Port(), u.Path
}

func (p LFSPlaces) authorised() LFSPlaces {
	if p.login != nil {
		password, _ := p.login.Password()
		p.Header = http.Header{"Authorization": {basic(p.login.Username(), password)}}
	}
	return p
}

func basic(user, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
}

// LogIn asks the user's credential helpers, without a prompt, for a login at the
// server; false if they know none.
func (p LFSPlaces) LogIn(ctx context.Context) (LFSPlaces, bool) {
	git, ok := findProgram()
	u, err := url.Parse(p.Server)
	if !ok || err != nil || p.login != nil {
		return p, false
	}
	ask := fmt.Sprintf("protocol=%s\nhost=%s\npath=%s\n\n", u.Scheme, u.Host, strings.TrimPrefix(u.Path, "/"))
	if strings.ContainsFunc(u.Host+u.Path, isControl) {
		return p, false
	}
	cmd := exec.CommandContext(ctx, git.path, "credential", "fill")
	cmd.Dir, cmd.Stdin = "/", strings.NewReader(ask)
	cmd.Env = append(environment(ctx, git, Remote{}), git.with...)
	out, err := cmd.Output()
	if err != nil {
		return p, false
	}
	user, password := "", ""
	for line := range strings.Lines(string(out)) {
		name, value, _ := strings.Cut(strings.TrimRight(line, "\n"), "=")
		switch name {
		case "username":
			user = value
		case "password":
			password = value
		}
	}
	p.login = url.UserPassword(user, password)
	return p.authorised(), password != ""
}

// settingIn is a setting of a file in git's own format, or "". Subsections do not count.
func settingIn(data []byte, section, name string) string {
	file := config.New()
	if config.NewDecoder(bytes.NewReader(data)).Decode(file) != nil {
		return ""
	}
	values := file.Section(section).OptionAll(name)
	if len(values) == 0 {
		return ""
	}
	return values[len(values)-1]
}
