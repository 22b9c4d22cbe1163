// Package archive unpacks tar (plain, gzip, bzip2) and zip files that came from
// anywhere: nothing is written outside of the folder that they are unpacked into,
// whatever their names and links say, and no device, owner or special mode is
// taken from them.
package archive
