// Package protocol has the numbered sentences of PROTOCOL.md, for commands that quote them.
package protocol

import (
	_ "embed"
	"strings"
)

// sentences is what a test takes out of PROTOCOL.md, which stands where no package can embed it: a line each, the number first.
//
//go:embed sentences.txt
var sentences string

// Sentence returns the sentence with a number such as "4.2", in one line, or "" if there is none.
func Sentence(number string) string {
	_, text, _ := strings.Cut("\n"+sentences, "\n"+number+" ")
	line, _, _ := strings.Cut(text, "\n")
	return line
}
