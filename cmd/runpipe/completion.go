package main

import (
	"github.com/spf13/cobra"

	"github.com/runpipe/runpipe/stages"
)

func newCompletion(a *app) *cobra.Command {
	shells := map[string]func(*cobra.Command) error{
		"bash":       func(root *cobra.Command) error { return root.GenBashCompletionV2(a.out, true) },
		"zsh":        func(root *cobra.Command) error { return root.GenZshCompletion(a.out) },
		"fish":       func(root *cobra.Command) error { return root.GenFishCompletion(a.out, true) },
		"powershell": func(root *cobra.Command) error { return root.GenPowerShellCompletionWithDesc(a.out) },
	}
	names := []string{"bash", "zsh", "fish", "powershell"}
	return &cobra.Command{
		Use:   "completion bash|zsh|fish|powershell",
		Short: "Write a script that completes runpipe's command line",
		Long: `Writes a completion script for a shell to stdout. Verbs, options, pipeline files,
runs and the addresses of their stages are completed.

bash needs the package bash-completion.`,
		Example: `  source <(runpipe completion bash)                   # this shell
  runpipe completion bash > ~/.local/share/bash-completion/completions/runpipe
  runpipe completion zsh > "${fpath[1]}/_runpipe"
  runpipe completion fish > ~/.config/fish/completions/runpipe.fish`,
		Annotations: statuses{0: "done", 2: "wrong usage, or an unknown shell"}.annotation(),
		Args:        between(1, 1),
		ValidArgs:   names,
		RunE: func(cmd *cobra.Command, args []string) error {
			write, ok := shells[args[0]]
			if !ok {
				return usage(cmd, "There is no completion for %q.%s", args[0], stages.DidYouMean(args[0], names))
			}
			return write(cmd.Root())
		},
	}
}
