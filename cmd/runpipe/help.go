package main

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/runpipe/runpipe/stages"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

const helpTemplate = `{{with (or .Long .Short)}}{{. | fitted COLUMNS | trimTrailingWhitespaces}}

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

// forColumns is a template for a terminal of so many columns, 0 for any number.
func forColumns(template string, columns int) string {
	return strings.ReplaceAll(template, "COLUMNS", strconv.Itoa(columns))
}

func init() { cobra.AddTemplateFunc("fitted", fitted) }

// fitted breaks the paragraphs of a text anew that are wider than the terminal. Those
// with an indented line are lists, and stay.
func fitted(columns int, text string) string {
	paragraphs := strings.Split(text, "\n\n")
	for i, p := range paragraphs {
		wide := slices.ContainsFunc(strings.Split(p, "\n"), func(line string) bool { return utf8.RuneCountInString(line) > columns })
		if columns > 0 && wide && !strings.Contains("\n"+p, "\n ") {
			paragraphs[i] = broken(columns, strings.Fields(p))
		}
	}
	return strings.Join(paragraphs, "\n\n")
}

// broken puts words on lines of at most so many columns.
func broken(columns int, words []string) string {
	var b strings.Builder
	at := 0
	for _, word := range words {
		length := utf8.RuneCountInString(word)
		switch {
		case at == 0:
		case at+1+length > columns:
			b.WriteByte('\n')
			at = 0
		default:
			b.WriteByte(' ')
			at++
		}
		b.WriteString(word)
		at += length
	}
	return b.String()
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
