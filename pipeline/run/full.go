package run

import (
	"golang.org/x/sys/unix"

	"github.com/runpipe/runpipe/pipeline/record"
)

// isFull reports whether the file system of a folder has less room left for this
// user than a job needs to run at all.
func isFull(dir string) bool {
	var room unix.Statfs_t
	if unix.Statfs(dir, &room) != nil || room.Blocks == 0 { // some do not say
		return false
	}
	return room.Bavail*uint64(room.Bsize) < record.Room
}
