package stages

import "fmt"

// treeOutput and venvOutput are the outputs that a clone and an environment
// leave, by name and by path in the store.
const (
	treeOutput = "tree"
	venvOutput = "venv"
)

// cloneWork checks the pinned tree out of the workspace's bare repository, so
// that a compute node needs no network, and has it verified before it is
// published.
func cloneWork(s *Stage, at Placement) (work, error) {
	c := s.Clone
	bare, err := at.Bare(c.Repository)
	if err != nil {
		return work{}, fmt.Errorf("finding the fetched repository: %w", err)
	}
	command := []string{at.Runpipe, "checkout", "--repository", bare, "--commit", c.Pin.Commit, "--digest", c.Pin.Digest}
	if !c.Pointers {
		command = append(command, "--lfs", at.Downloaded(""))
	}
	for _, path := range c.Paths {
		command = append(command, "--path", path)
	}
	return work{
		command: append(command, treeOutput),
		outputs: map[string]string{"path": treeOutput},
		verify:  &Verify{Output: "path", Repository: bare, Commit: c.Pin.Commit, Digest: c.Pin.Digest, Paths: c.Paths, LFS: !c.Pointers},
	}, nil
}
