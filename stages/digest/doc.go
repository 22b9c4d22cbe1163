// Package digest takes the digests of files, and remembers those of large ones,
// so that a data set of gigabytes beside a pipeline is read once and not at
// every plan.
//
// A file is taken for unchanged while its device, inode, size, modification time
// and change time are: the change time cannot be set by a program, unlike the
// other (inode(7)). What was written within two seconds of being read is read
// again the next time, since a clock that ticks slowly could hide another write.
//
// It is a cache and no more: whoever must be sure (verify) reads the file itself.
package digest
