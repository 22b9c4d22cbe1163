package run

import "golang.org/x/sys/unix"

// hardlyAnything is so little room, in bytes, that a record may not fit.
const hardlyAnything = 64 << 10

// isFull reports whether the file system of a folder has hardly any room left for
// this user.
func isFull(dir string) bool {
	var room unix.Statfs_t
	if unix.Statfs(dir, &room) != nil || room.Blocks == 0 { // some do not say
		return false
	}
	return room.Bavail*uint64(room.Bsize) < hardlyAnything
}
