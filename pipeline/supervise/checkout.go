package supervise

import (
	"context"
	"fmt"
	"io"

	"github.com/runpipe/runpipe/stages/git"
)

// CheckoutOptions is what a clone stage's script asks for.
type CheckoutOptions struct {
	Repository string   // bare, in the workspace
	Commit     string   // 40 hex digits
	Digest     string   // of what is checked out, as the lock file has it; "" is not compared
	Paths      []string // only these; none: everything
	LFS        string   // folder of what Git LFS keeps, by sha256; "" leaves pointers
	Dest       string   // a folder that does not exist yet
	Out        io.Writer
}

// Checkout writes the pinned tree into Dest, after it has made sure that the
// commit in the repository is what was pinned.
func Checkout(ctx context.Context, o CheckoutOptions) error {
	pin, err := git.PinOf(o.Repository, o.Commit, o.Paths)
	if err != nil {
		return fmt.Errorf("reading commit %s: %w", o.Commit, err)
	}
	if o.Digest != "" && pin.Digest != o.Digest {
		return drift("commit %s holds %s where %s was pinned", o.Commit, pin.Digest, o.Digest)
	}
	if err := git.Checkout(ctx, o.Repository, o.Commit, o.Paths, o.LFS, o.Dest); err != nil {
		return fmt.Errorf("checking out %s: %w", o.Commit, err)
	}
	fmt.Fprintf(o.Out, "checked out commit %s\n", o.Commit)
	return nil
}
