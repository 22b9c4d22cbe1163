package stages

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/runpipe/runpipe/stages/conda"
	"github.com/runpipe/runpipe/stages/git"
)

// ReadRequirements reads the requirements file at file and all that it includes
// with -r and -c, through open, which is given slash-separated paths relative to
// the folder that none of them may leave. An error names file and line.
//
// What would not be the same tomorrow or elsewhere is refused: editable installs
// and local paths. The format is pip's
// (https://pip.pypa.io/en/stable/reference/requirements-file-format/).
func ReadRequirements(open func(path string) ([]byte, error), file string) (*Requirements, error) {
	clean, err := insidePath(file)
	if err != nil {
		return nil, fmt.Errorf("%s %w", file, err)
	}
	r := &Requirements{Path: clean, Files: map[string][]byte{}}
	if err := r.add(open, clean); err != nil {
		return nil, err
	}
	r.Digest = r.digest()
	return r, nil
}

// add reads one file, and those that it includes.
func (r *Requirements) add(open func(string) ([]byte, error), file string) error {
	if _, read := r.Files[file]; read {
		return nil // included twice, or by itself
	}
	content, err := open(file)
	if err != nil {
		return fmt.Errorf("reading %s: %w", file, err)
	}
	if !utf8.Valid(content) {
		return fmt.Errorf("%s is not text in UTF-8", file)
	}
	r.Files[file] = content
	if conda.IsList(content) {
		return nil // in another language, and complete
	}
	for _, line := range requirementLines(string(content)) {
		included, err := checkRequirementLine(line.text)
		if err != nil {
			return fmt.Errorf("%s:%d: %w", file, line.number, err)
		}
		if included == "" {
			continue
		}
		target, err := insidePath(path.Join(path.Dir(file), included))
		if err != nil || path.IsAbs(included) {
			return fmt.Errorf("%s:%d: %s lies outside of the folder that is pinned with this file: move it there", file, line.number, included)
		}
		if err := r.add(open, target); err != nil {
			return fmt.Errorf("included at %s:%d: %w", file, line.number, err)
		}
	}
	return nil
}

// digest is over each path and content, sorted by path.
func (r *Requirements) digest() string {
	sum := sha256.New()
	for _, file := range slices.Sorted(maps.Keys(r.Files)) {
		content := sha256.Sum256(r.Files[file])
		fmt.Fprintf(sum, "%q %s\n", file, hex.EncodeToString(content[:]))
	}
	return digest(sum.Sum(nil))
}

// requirementLine is a line with its continuations, without its comment.
type requirementLine struct {
	text   string
	number int // from 1, of the line where it starts
}

var requirementComment = regexp.MustCompile(`(^|\s+)#.*$`)

// requirementLines joins lines that end in a backslash, then drops comments and
// blank lines, in pip's order.
func requirementLines(text string) []requirementLine {
	var lines []requirementLine
	text = strings.TrimPrefix(text, "\ufeff")
	raw := strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	for i := 0; i < len(raw); i++ {
		line := requirementLine{text: raw[i], number: i + 1}
		for strings.HasSuffix(line.text, `\`) && i+1 < len(raw) {
			i++
			line.text = strings.TrimSuffix(line.text, `\`) + raw[i]
		}
		line.text = strings.TrimSpace(requirementComment.ReplaceAllString(line.text, ""))
		if line.text != "" {
			lines = append(lines, line)
		}
	}
	return lines
}

var (
	includeLine = regexp.MustCompile(`^(?:-r|--requirement|-c|--constraint)(?:\s+|=)?(.+)$`)
	// A letter and the colon of a drive, or anything that pip takes for a path or an archive on disk.
	localPath   = regexp.MustCompile(`^(\.|/|~|\\|[A-Za-z]:[\\/]|file:)`)
	localTarget = regexp.MustCompile(`@\s*(\.|/|~|file:)`)
	// The schemes of pip's VCS support, with or without a name in front.
	fromRepository = regexp.MustCompile(`^([^#;]*@\s*)?(git|hg|svn|bzr)\+[a-z]+:`)
	archive        = regexp.MustCompile(`(?i)^[^\s@:;]+\.(whl|zip|tar\.gz|tgz|tar\.bz2)$`)
)

// checkRequirementLine returns the path that a line includes, if it does, and
// refuses what cannot be pinned.
func checkRequirementLine(line string) (included string, err error) {
	switch {
	case strings.HasPrefix(line, "-e") || strings.HasPrefix(line, "--editable"):
		return "", errors.New("an editable install points into a folder that changes: give a version, or lay a clone over the environment (install)")
	case strings.HasPrefix(line, "--find-links") || strings.HasPrefix(line, "-f ") || strings.HasPrefix(line, "-f="):
		if target := strings.TrimLeft(strings.TrimPrefix(strings.TrimPrefix(line, "--find-links"), "-f"), " ="); !strings.Contains(target, "://") || strings.HasPrefix(target, "file:") {
			return "", errors.New("a folder of packages on this machine is not there on another: give an address that starts with https://")
		}
	case lineVariable.MatchString(line) && !indexOption.MatchString(line):
		return "", errors.New("the value of ${NAME} would come to stand in the lock file: only the address of an index may hold it (--index-url, --extra-index-url)")
	case indexOption.MatchString(line) && git.Redact(line) != line && !lineVariable.MatchString(line):
		return "", errors.New("a password does not belong into a file: write ${NAME} in its place, set that variable where the pipeline is applied and name it in pass_env of the environment's block, or give index = … in the environment's block, which may use a sensitive variable")
	case includeLine.MatchString(line):
		included = strings.Trim(includeLine.FindStringSubmatch(line)[1], `"' `)
		if strings.Contains(included, "://") || strings.HasPrefix(included, "file:") {
			return "", fmt.Errorf("%s can change at any time: copy it beside this file", included)
		}
		return included, nil
	case fromRepository.MatchString(line):
		return "", errors.New("no installer can check the hash of what comes from a repository: give a version, or lay a clone over the environment (install)")
	case localPath.MatchString(line) || localTarget.MatchString(line) || archive.MatchString(line):
		return "", errors.New("a local path is not part of what is pinned: give a version, or lay a clone over the environment (install)")
	}
	return "", nil
}

// insidePath cleans a slash-separated path and refuses one that is absolute or
// leads out of its folder. The error goes on after the path: "… is absolute".
func insidePath(file string) (string, error) {
	clean := path.Clean(file)
	switch {
	case file == "":
		return "", errors.New("is empty")
	case hasControl(file):
		return "", errors.New("holds a control character")
	case path.IsAbs(file):
		return "", errors.New("is absolute, and must be relative")
	case clean == ".." || strings.HasPrefix(clean, "../"):
		return "", errors.New("leads out of the folder it starts in")
	}
	return clean, nil
}

// hasControl reports whether text holds a character that no name should: a
// newline, an escape, a NUL.
func hasControl(text string) bool {
	return strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f })
}
