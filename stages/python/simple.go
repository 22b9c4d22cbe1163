package python

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/runpipe/runpipe/stages/git"
)

// defaultIndex is the one of pip and uv.
const defaultIndex = "https://pypi.org/simple"

// SourcesOf is where pip and uv would look: index and extra if they are given,
// else what the variables of environ ("NAME=value") say, else PyPI. lines are
// those of requirements files that name further places.
func SourcesOf(environ []string, index string, extra, lines []string) Sources {
	env := map[string]string{}
	for _, entry := range environ {
		name, value, _ := strings.Cut(entry, "=")
		env[name] = value
	}
	first := func(names ...string) []string {
		for _, name := range names {
			if env[name] != "" {
				return strings.Fields(env[name])
			}
		}
		return nil
	}
	s := Sources{}
	if s.Indexes = strings.Fields(index); len(s.Indexes) == 0 {
		s.Indexes = first("PIP_INDEX_URL", "UV_DEFAULT_INDEX", "UV_INDEX_URL")
	}
	if len(s.Indexes) == 0 {
		s.Indexes = []string{defaultIndex}
	}
	if len(extra) == 0 && index == "" {
		extra = first("PIP_EXTRA_INDEX_URL", "UV_INDEX", "UV_EXTRA_INDEX_URL")
	}
	s.Indexes = append(s.Indexes, extra...)
	for _, line := range lines {
		option, value, _ := strings.Cut(strings.Replace(line, "=", " ", 1), " ")
		value = LineVariable.ReplaceAllStringFunc(strings.TrimSpace(value), func(found string) string { return env[found[2:len(found)-1]] })
		if option == "-i" || option == "--index-url" || option == "--extra-index-url" {
			s.Indexes = append(s.Indexes, value)
		}
	}
	if index == "" {
		for _, folder := range first("PIP_FIND_LINKS", "UV_FIND_LINKS") {
			if !strings.Contains(folder, "://") {
				s.Folders = append(s.Folders, folder)
			}
		}
	}
	return s
}

// find says where each file of a package is to be had.
func (f *fetching) find(ctx context.Context, p Package) (map[string]place, error) {
	found := map[string]place{}
	if p.URL != "" {
		found[fileName(p.URL)] = place{address: p.URL}
		return found, nil
	}
	for name := range p.Files {
		for _, folder := range f.Folders {
			path := filepath.Join(folder, name)
			if _, err := os.Stat(path); err == nil {
				found[name] = place{path: path}
			}
		}
	}
	var faults []error
	for _, index := range f.Indexes {
		if p.allIn(found) {
			break
		}
		listed, err := list(ctx, index, p.Name)
		if err != nil {
			faults = append(faults, fmt.Errorf("asking %s for %s: %s", git.Redact(index), p.Name, git.Redact(err.Error())))
		}
		for name, at := range listed {
			if _, there := found[name]; !there {
				found[name] = at
			}
		}
	}
	if p.allIn(found) {
		return found, nil
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	var asked []string
	for _, index := range f.Indexes {
		asked = append(asked, git.Redact(index))
	}
	return nil, errors.Join(append(faults, fmt.Errorf("the files of %s %s that are locked are not all there on %s", p.Name, p.Version, strings.Join(asked, ", ")))...)
}

func (p Package) allIn(found map[string]place) bool {
	for name := range p.Files {
		if _, ok := found[name]; !ok {
			return false
		}
	}
	return true
}

// largestPage bounds a page of an index, in bytes: those of the largest packages
// have a few million.
const largestPage = 64 << 20

// list asks an index for the files of a package by the simple API (PEP 503 and
// PEP 691). A package that it does not have has none.
func list(ctx context.Context, index, name string) (map[string]place, error) {
	page, err := url.Parse(strings.TrimRight(index, "/") + "/" + name + "/")
	if err != nil {
		return nil, errors.New("its address is none") // the reason would show it
	}
	at := place{}
	if page.User != nil {
		at.user, at.authenticated = page.User.Username(), true
		at.secret, _ = page.User.Password()
		page.User = nil
	}
	at.address = page.String()
	response, err := at.get(ctx, "application/vnd.pypi.simple.v1+json, text/html;q=0.1")
	var status *statusError
	if errors.As(err, &status) && status.code == http.StatusNotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	data, err := io.ReadAll(io.LimitReader(response.Body, largestPage))
	if err != nil {
		return nil, err
	}
	links, err := linksOf(data, strings.Contains(response.Header.Get("Content-Type"), "json"))
	if err != nil {
		return nil, err
	}
	files := map[string]place{}
	for _, link := range links {
		full, err := response.Request.URL.Parse(link)
		if err != nil {
			continue // a link that leads nowhere is no file
		}
		full.Fragment = ""
		file := place{address: full.String()}
		if full.Host == page.Host {
			file.user, file.secret, file.authenticated = at.user, at.secret, at.authenticated
		}
		files[fileName(full.String())] = file
	}
	return files, nil
}

var anchor = regexp.MustCompile(`(?is)<a\s[^>]*?href\s*=\s*["']([^"']+)["']`)

// linksOf are the addresses on a page, relative ones among them.
func linksOf(page []byte, isJSON bool) ([]string, error) {
	var links []string
	if !isJSON {
		for _, m := range anchor.FindAllSubmatch(page, -1) {
			links = append(links, html.UnescapeString(string(m[1])))
		}
		return links, nil
	}
	var listing struct {
		Files []struct {
			URL string `json:"url"`
		} `json:"files"`
	}
	if err := json.Unmarshal(page, &listing); err != nil {
		return nil, fmt.Errorf("its answer is no JSON: %w", err)
	}
	for _, file := range listing.Files {
		links = append(links, file.URL)
	}
	return links, nil
}
