package slurm

import (
	"slices"
	"strings"
)

// work writes what the job is for: its command, or its script.
func (s *script) work(j Job) {
	words := launch(j)
	if j.Script == "" {
		s.line("%s", wrap(words, commandWords(j)))
		return
	}
	text := strings.TrimRight(j.Script, "\n")
	if words == "" {
		s.line("set -euo pipefail")
		s.line("%s", text)
		return
	}
	s.line("# shellcheck disable=all") // it is checked, if at all, as the pipeline's own text
	s.line("%s bash -euo pipefail -c %s", words, quoteSingle(text))
}

// launch is what stands in front of the command. The tasks of a parallel job
// run under the supervisor, which keeps a record of each: srun's own exit status
// is no proof (0 after a node failure in 22.05), and it goes on with the others
// after one task failed, unless told not to.
func launch(j Job) string {
	switch {
	case j.Launcher != LaunchSrun:
		return ""
	case j.Resources.Tasks() == 1:
		return "srun"
	case len(j.Supervisor) == 0:
		return "srun --kill-on-bad-exit=1"
	}
	return `srun --kill-on-bad-exit=1 "$runpipe" task --`
}

// commandWords is the command, quoted word by word. Without a launcher, a first
// word that bash would take for its own (a keyword, a builtin, an assignment),
// or that does not look like a program's name, comes after exec, which runs
// programs only.
func commandWords(j Job) []string {
	words := quoteAll(j.Command)
	first := j.Command[0]
	switch {
	case j.Launcher == LaunchSrun && slices.Contains(j.Command, ":"):
		// A lone colon separates the parts of a heterogeneous step for srun, wherever it stands.
		words = []string{"bash", "-c", Quote("exec -- " + strings.Join(words, " "))}
	case j.Launcher == LaunchSrun && j.Resources.Tasks() == 1 && first[0] == '-':
		words = append([]string{"--"}, words...)
	case j.Launcher == LaunchSrun:
	case len(j.Supervisor) > 0 && first == j.Supervisor[0]: // runpipe's own work: by the name that the script gave it
		words[0] = `"$runpipe"`
	case first[0] == '-':
		words = append([]string{"exec", "--"}, words...)
	case ofBash[first] || !plainCommand(first):
		words = append([]string{"exec"}, words...)
	}
	return words
}

// ofBash are the words that bash does not look up on PATH (bash(1), RESERVED
// WORDS and SHELL BUILTIN COMMANDS), with the functions of the module systems.
var ofBash = set(`! { } [ [[ ]] : .
	case coproc do done elif else esac fi for function if in select then time until while
	alias bg bind break builtin caller cd command compgen complete compopt continue declare dirs disown echo enable
	eval exec exit export false fc fg getopts hash help history jobs kill let local logout mapfile popd printf pushd
	pwd read readarray readonly return set shift shopt source suspend test times trap true type typeset ulimit umask
	unalias unset wait module ml deactivate`)

func plainCommand(word string) bool {
	const ends = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+-"
	return strings.Trim(word, ends+"./:@") == "" && strings.ContainsRune(ends, rune(word[len(word)-1]))
}

func set(words string) map[string]bool {
	all := map[string]bool{}
	for _, word := range strings.Fields(words) {
		all[word] = true
	}
	return all
}

func quoteAll(words []string) []string {
	quoted := make([]string, len(words))
	for i, word := range words {
		quoted[i] = Quote(word)
	}
	return quoted
}

// width is where a long command is broken.
const width = 100

// wrap sets words after head, broken with backslashes where they are too long
// for one line. An option stays with its values where they fit.
func wrap(head string, words []string) string {
	lines := []string{head}
	for i := 0; i < len(words); {
		next := i + 1
		for next < len(words) && !strings.HasPrefix(words[next], "-") {
			next++
		}
		group := strings.Join(words[i:next], " ")
		last := &lines[len(lines)-1]
		switch {
		case *last == "":
			*last = group
		case len(*last)+1+len(group) <= width:
			*last += " " + group
		case len(group) > width && next > i+1: // too long by itself: word by word
			next = i + 1
			if len(*last)+1+len(words[i]) <= width {
				*last += " " + words[i]
			} else {
				lines = append(lines, "  "+words[i])
			}
		default:
			lines = append(lines, "  "+group)
		}
		i = next
	}
	return strings.Join(lines, " \\\n")
}
