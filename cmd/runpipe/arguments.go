package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
)

// oneFile wants exactly one pipeline file.
func oneFile(cmd *cobra.Command, args []string) error {
	switch {
	case len(args) > 1:
		return usage(cmd, "%s wants one pipeline file, and %d were given.", cmd.Name(), len(args))
	case len(args) == 1:
		return nil
	}
	hint := "such as mnist.hcl."
	if here := pipelinesIn("."); len(here) > 0 {
		hint = "such as " + here[0] + "."
	}
	return usage(cmd, "%s wants a pipeline file, %s", cmd.Name(), hint)
}

// pipelinesIn lists the files in dir that may be pipelines.
func pipelinesIn(dir string) []string {
	all, _ := fs.Glob(os.DirFS(dir), "*.hcl") // the pattern is well-formed
	var files []string
	for _, name := range all {
		file := filepath.Join(dir, name)
		info, err := os.Stat(file)
		if err == nil && info.Mode().IsRegular() && !strings.HasSuffix(file, ".lock.hcl") {
			files = append(files, file)
		}
	}
	return files
}

// between wants at least low and at most high arguments.
func between(low, high int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) < low:
			hint := ""
			if strings.Contains(cmd.Use, " RUN") {
				hint = " (runpipe runs lists them)"
			}
			return usage(cmd, "%s wants more: %s%s", cmd.Name(), cmd.UseLine(), hint)
		case len(args) > high:
			return usage(cmd, "%s takes no argument %q: %s", cmd.Name(), args[high], cmd.UseLine())
		}
		return nil
	}
}

// completeFile completes pipeline files.
func completeFile(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
	return []cobra.Completion{"hcl"}, cobra.ShellCompDirectiveFilterFileExt
}
