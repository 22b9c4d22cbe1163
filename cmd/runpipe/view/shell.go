package view

import "strings"

// ShellWord quotes a word for a shell, if it needs that.
func ShellWord(word string) string {
	if word != "" && !strings.ContainsFunc(word, needsQuotes) {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

func needsQuotes(r rune) bool {
	letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
	return !letter && !strings.ContainsRune("._/+=,@:-", r)
}

// ShellAddress is a stage's address in the form that needs no quotes in a shell.
func ShellAddress(address string) string {
	head, key, found := strings.Cut(address, `["`)
	if !found {
		return address
	}
	return head + "/" + strings.TrimSuffix(key, `"]`)
}
