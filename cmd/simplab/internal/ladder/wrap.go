package ladder

import (
	"strings"
	"unicode"

	"golang.org/x/text/width"
)

// columns is how many columns of a terminal text takes. Everything that reaches a drawing has been made printable before.
func columns(s string) int {
	n := 0
	for _, r := range s {
		n += columnsOf(r)
	}
	return n
}

func columnsOf(r rune) int {
	if r < 0x300 { // nothing of what is written most is wide or combines
		return 1
	}
	if unicode.In(r, unicode.Mn, unicode.Me) {
		return 0
	}
	switch width.LookupRune(r).Kind() {
	case width.EastAsianWide, width.EastAsianFullwidth:
		return 2
	case width.Neutral, width.EastAsianAmbiguous, width.EastAsianNarrow, width.EastAsianHalfwidth:
	}
	return 1
}

// pad fills s with blanks up to some columns.
func pad(s string, to int) string { return s + strings.Repeat(" ", max(0, to-columns(s))) }

// Cut shortens text to some columns, and shows that it did.
func Cut(s string, to int) string {
	if columns(s) <= to {
		return s
	}
	used := 0
	for i, r := range s {
		if used += columnsOf(r); used > to-1 {
			return s[:i] + "…"
		}
	}
	return s
}

// wrap breaks text into lines of at most some columns: at blanks, or in the middle of what is longer than a line.
func wrap(s string, to int) []string {
	var lines []string
	for {
		head, tail := cut(s, to)
		lines = append(lines, strings.TrimRight(head, " "))
		if s = strings.TrimLeft(tail, " "); s == "" {
			return lines
		}
	}
}

// cut returns the beginning of s that fits into some columns, and the rest. It takes at least one character.
func cut(s string, room int) (head, tail string) {
	used, blank := 0, 0
	for i, r := range s {
		w := columnsOf(r)
		if used+w > room && i > 0 {
			if r == ' ' || blank == 0 {
				return s[:i], s[i:]
			}
			return s[:blank], s[blank:]
		}
		used += w
		if r == ' ' {
			blank = i + 1
		}
	}
	return s, ""
}
