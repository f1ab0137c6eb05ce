package fsm

import (
	"strings"
	"unicode/utf8"
)

// narrowest is the least width in which a column of prose can be read.
const narrowest = 24

// hang writes text behind a head, and folds it there.
func hang(b *strings.Builder, head, text string, width int) {
	lines := []string{text}
	if width > 0 {
		lines = fold(text, max(width-len(head), narrowest))
	}
	for _, line := range lines {
		b.WriteString(head + line + "\n")
		head = strings.Repeat(" ", len(head))
	}
}

// fold breaks text between words into lines of at most width columns; a longer word has a line to itself.
func fold(text string, width int) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(text) {
		switch {
		case line == "":
			line = word
		case utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) <= width:
			line += " " + word
		default:
			lines = append(lines, line)
			line = word
		}
	}
	return append(lines, line)
}
