package main

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/runpipe/runpipe/stages"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

const helpTemplate = `{{with (or .Long .Short)}}{{. | trimTrailingWhitespaces}}

{{end}}{{.UsageString}}`

const usageTemplate = `Usage:
  {{if .HasAvailableSubCommands}}{{.CommandPath}} VERB [flags]{{else}}{{.UseLine}}{{end}}
{{- if .HasExample}}

Examples:
{{.Example}}{{end}}
{{- if .HasAvailableSubCommands}}{{$cmds := .Commands}}{{range $group := .Groups}}

{{.Title}}{{range $cmds}}{{if (and (eq .GroupID $group.ID) .IsAvailableCommand)}}
  {{rpad .Name .NamePadding }} {{.Short}}{{end}}{{end}}{{end}}

Other verbs:{{range $cmds}}{{if (and (eq .GroupID "") .IsAvailableCommand)}}
  {{rpad .Name .NamePadding }} {{.Short}}{{end}}{{end}}{{end}}
{{- if .HasAvailableLocalFlags}}

Flags:
{{.LocalFlags.FlagUsagesWrapped COLUMNS | trimTrailingWhitespaces}}{{end}}
{{- if .HasAvailableInheritedFlags}}

Flags of every verb:
{{.InheritedFlags.FlagUsagesWrapped COLUMNS | trimTrailingWhitespaces}}{{end}}
{{- with index .Annotations "` + statusKey + `"}}

Exit status:
{{.}}{{end}}
{{- if .HasAvailableSubCommands}}

"{{.CommandPath}} VERB --help" tells more about a verb.{{end}}
`

// usageFor is the template for a terminal of so many columns, 0 for any number.
func usageFor(columns int) string {
	return strings.ReplaceAll(usageTemplate, "COLUMNS", strconv.Itoa(columns))
}

func newHelp(root *cobra.Command) *cobra.Command {
	return &cobra.Command{
		Use:         "help [VERB]",
		Short:       "Tell more about a verb",
		Example:     "  runpipe help apply",
		Annotations: statuses{0: "done", 2: "wrong usage, or no such verb"}.annotation(),
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
			var names []cobra.Completion
			for _, cmd := range root.Commands() {
				if cmd.IsAvailableCommand() {
					names = append(names, cmd.Name())
				}
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return root.Help()
			}
			cmd, _, err := root.Find(args[:1])
			if err != nil || cmd == root {
				return unknownVerb(root, args[0])
			}
			cmd.InitDefaultHelpFlag()
			return cmd.Help()
		},
	}
}

var unknownFlag = regexp.MustCompile(`^unknown flag: --(.*)$`)

// flagFault is pflag's complaint, with the flag that was probably meant.
func flagFault(cmd *cobra.Command, err error) string {
	text := err.Error()
	if m := unknownFlag.FindStringSubmatch(text); m != nil {
		var names []string
		cmd.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
		if near := stages.Suggest(m[1], names); near != "" {
			text += ". Did you mean --" + near + "?"
		}
	}
	return text
}
