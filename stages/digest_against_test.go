package stages_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/runpipe/runpipe/stages"
	"github.com/runpipe/runpipe/stages/digest"
)

// BenchmarkAgainstSha256sum digests one file of 1 GiB, and a folder of 10,000 small
// files, in turn by sha256sum and by what runpipe does, and reports how many times as
// long the latter takes: below 1 it is quicker.
//
//	go test -run - -bench Against -benchtime 5x ./stages
func BenchmarkAgainstSha256sum(b *testing.B) {
	if _, err := exec.LookPath("sha256sum"); err != nil {
		b.Skip("sha256sum is not installed")
	}
	b.Run("1GiB", func(b *testing.B) {
		file := filepath.Join(b.TempDir(), "data.bin")
		random(b, file, 1<<30)
		theirs := func() string { return strings.Fields(output(b, "sha256sum", file))[0] }
		b.Run("digest", func(b *testing.B) {
			against(b, theirs, func() (string, error) { return stages.FileDigest(file) })
		})
		b.Run("cache", func(b *testing.B) { // that has not seen the file yet
			against(b, theirs, func() (string, error) {
				cache, err := digest.Open(filepath.Join(b.TempDir(), "none"))
				if err != nil {
					return "", err
				}
				return cache.Read(context.Background(), file, func(int64, int64) {})
			})
		})
	})
	b.Run("10000files", func(b *testing.B) {
		dir := b.TempDir()
		for i := range 10_000 {
			folder := filepath.Join(dir, fmt.Sprint(i%100))
			if err := os.MkdirAll(folder, 0o755); err != nil {
				b.Fatal(err)
			}
			random(b, filepath.Join(folder, fmt.Sprint(i)), 1<<10+i%(16<<10))
		}
		want, err := stages.FolderDigest(dir)
		if err != nil {
			b.Fatal(err)
		}
		against(b, func() string {
			output(b, "sh", "-c", `find "$1" -type f -print0 | xargs -0 sha256sum`, "sh", dir)
			return strings.TrimPrefix(want, "sha256:")
		}, func() (string, error) { return stages.FolderDigest(dir) })
	})
}

func random(b *testing.B, path string, size int) {
	b.Helper()
	source := rand.NewChaCha8(sha256.Sum256([]byte(path)))
	f, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	block := make([]byte, 1<<20)
	for size > 0 {
		part := block[:min(size, len(block))]
		_, _ = source.Read(part)
		if _, err := f.Write(part); err != nil {
			b.Fatal(err)
		}
		size -= len(part)
	}
}

func output(b *testing.B, words ...string) string {
	b.Helper()
	out, err := exec.Command(words[0], words[1:]...).Output()
	if err != nil {
		b.Fatal(err)
	}
	return string(out)
}

// against takes the time of both, in turn, so that other load of the machine meets
// both alike.
func against(b *testing.B, theirs func() string, ours func() (string, error)) {
	var them, us time.Duration
	want := theirs() // both find the files in memory
	for range b.N {
		start := time.Now()
		theirs()
		middle := time.Now()
		got, err := ours()
		them, us = them+middle.Sub(start), us+time.Since(middle)
		if err != nil || got != "sha256:"+want {
			b.Fatalf("%s, %v; sha256sum says %s", got, err, want)
		}
	}
	b.ReportMetric(us.Seconds()/them.Seconds(), "x-sha256sum")
	b.ReportMetric(us.Seconds()/float64(b.N), "s/ours")
	b.ReportMetric(them.Seconds()/float64(b.N), "s/sha256sum")
	b.ReportMetric(0, "ns/op")
}
