package ui

import (
	"net/netip"
	"strconv"
	"strings"

	"golang.org/x/text/width"

	"simp/codec/client"
	"simp/codec/text"
)

const (
	noticeMark = "* "
	noticeRest = "  "   // in front of the further lines of a notice
	textRest   = "    " // in front of the further lines of a message

	// own names the person in front of the screen, and therefore nobody else.
	own = "you"

	// longestMessage is how many lines of one message are shown as lines. A message of a thousand line feeds would
	// otherwise sweep the screen empty.
	longestMessage = 24

	// narrowest is the fewest columns for which lines are broken; below that nothing can be read anyway.
	narrowest = 16
)

// Name returns a remote user's name as it may stand in a line: as it is if it is one plain word, else in quotes with
// everything in it escaped that could end them.
func Name(user string) string {
	if plainWord(user) && !strings.EqualFold(user, own) {
		return user
	}
	return strconv.Quote(text.Visible(user))
}

func plainWord(s string) bool {
	for i := range len(s) {
		c := s[i]
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
		if !letter && (i == 0 || strings.IndexByte("._-", c) < 0) {
			return false
		}
	}
	return s != ""
}

// Address returns an address as people type it: without the port that is meant anyway.
func Address(peer netip.AddrPort) string {
	if peer.Port() == client.DefaultPort {
		return peer.Addr().String()
	}
	return client.FormatPeer(peer)
}

// OneLine returns a message as one line for a reader that takes lines: line feeds are shown, not obeyed.
func OneLine(from, message string) string {
	return from + ": " + text.Visible(message)
}

// paragraph returns a message as lines of at most columns columns (0: any number), each but the first indented.
func paragraph(from, message string, columns int) []string {
	lines := strings.Split(strings.ReplaceAll(message, "\r\n", "\n"), "\n")
	if len(lines) > longestMessage {
		lines = []string{message}
	}
	var out []string
	first := from + ": "
	for _, l := range lines {
		out = append(out, wrap(first, textRest, text.Visible(l), columns)...)
		first = textRest
	}
	return out
}

// Notice returns a sentence of this program as lines of at most columns columns; 0: as one line.
func Notice(sentence string, columns int) []string {
	return wrap(noticeMark, noticeRest, sentence, columns)
}

// wrap breaks s into lines of at most columns columns, at a blank where there is one in the second half of the line.
// first and rest stand in front of the first line and the others. The last column stays empty: some terminals go to the
// next line when it is filled, some do not.
func wrap(first, rest, s string, columns int) []string {
	if columns < narrowest {
		return []string{first + s}
	}
	limit := columns - 1
	var out []string
	lead := first
	for {
		head, tail := cut(s, max(limit-columnsOf(lead), narrowest/2))
		if tail == "" {
			return append(out, lead+head)
		}
		out = append(out, lead+strings.TrimRight(head, " "))
		s, lead = tail, rest
	}
}

// cut returns the beginning of s that fits into room columns, and the rest. It takes at least one character.
func cut(s string, room int) (head, tail string) {
	used, blank := 0, -1
	for i, r := range s {
		w := columnsOfRune(r)
		if used+w > room && i > 0 {
			if blank > 0 {
				return s[:blank], s[blank:]
			}
			return s[:i], s[i:]
		}
		used += w
		if r == ' ' && used >= room/2 {
			blank = i + 1
		}
	}
	return s, ""
}

func columnsOf(s string) int {
	n := 0
	for _, r := range s {
		n += columnsOfRune(r)
	}
	return n
}

// columnsOfRune overestimates marks and emoji sequences, which makes a line end early and never late.
func columnsOfRune(r rune) int {
	switch width.LookupRune(r).Kind() {
	case width.EastAsianWide, width.EastAsianFullwidth:
		return 2
	case width.Neutral, width.EastAsianAmbiguous, width.EastAsianNarrow, width.EastAsianHalfwidth:
	}
	return 1
}
