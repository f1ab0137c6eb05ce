// Package simp is the text of the protocol, for programs that quote it.
package simp

import (
	_ "embed"
	"strings"
)

// Protocol is PROTOCOL.md.
//
//go:embed PROTOCOL.md
var Protocol string

// Sentence returns the sentence of PROTOCOL.md with a number such as "4.2", in one line, or "" if there is none.
func Sentence(number string) string {
	_, text, found := strings.Cut(Protocol, "\n- **"+number+"** ")
	if !found {
		return ""
	}
	var words []string
	for i, line := range strings.Split(text, "\n") {
		if i > 0 && !strings.HasPrefix(line, "  ") {
			break // the lines of one sentence are indented
		}
		words = append(words, strings.Fields(line)...)
	}
	return strings.Join(words, " ")
}
