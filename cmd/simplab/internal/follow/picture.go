package follow

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"simp/fsm"
)

// Picture draws a model. It holds no state: every line depends on the arguments alone.
type Picture struct {
	Width, Height int                        // of the screen
	Colour        bool                       // with the escape sequences of a terminal
	Zone          *time.Location             // in which times are shown
	Sentence      func(number string) string // of PROTOCOL.md
}

// styles, as escape sequences (ECMA-48, SGR).
const (
	bold = "\x1b[1m"
	dim  = "\x1b[2m"
	lit  = "\x1b[1;7m"
	none = "\x1b[0m"
)

// line is one of the picture's. mark, if any, is the part of it that the style is for.
type line struct{ style, text, mark string }

// timeWidth is how many columns a time takes, with what surrounds it.
const timeWidth = len("  15:09:26.535  ")

// Lines draws the model in at most Height lines of at most Width columns.
func (p Picture) Lines(m *Model) []string {
	all := m.conversations()
	lines := []line{{style: bold, text: Head(m.daemon)}, {style: dim, text: p.counts(m, len(all))}}
	if m.missed > 0 {
		lines = append(lines, line{text: missed(m.missed)})
	}
	if len(all) == 0 {
		lines = append(lines, line{}, line{text: "No conversations: whatever comes appears here. Ctrl-C ends."})
	}
	left := 0
	for i, c := range all {
		block := p.block(c)
		room := p.Height - len(lines)
		if i < len(all)-1 {
			room-- // for the line that says how many are left
		}
		if len(block) > room && i > 0 {
			left = len(all) - i
			break
		}
		lines = append(lines, block...)
	}
	if left > 0 {
		lines = append(lines, line{style: dim, text: fmt.Sprintf("... and %s for which the screen is too small",
			count(left, "more", "more"))})
	}
	drawn := make([]string, 0, len(lines))
	for _, l := range lines[:min(len(lines), max(p.Height, 1))] {
		drawn = append(drawn, p.paint(l))
	}
	return drawn
}

func (p Picture) counts(m *Model, conversations int) string {
	return fmt.Sprintf("%s; since we look: %s, %s in, %d out", count(conversations, "conversation", "conversations"),
		count(m.steps, "step", "steps"), count(m.in, "datagram", "datagrams"), m.out)
}

// block draws one conversation.
func (p Picture) block(c *conversation) []line {
	var states []string
	known := false
	for _, s := range fsm.States() {
		if name := s.String(); name == c.state {
			known = true
			states = append(states, "["+name+"]")
		} else {
			states = append(states, " "+name+" ")
		}
	}
	if !known {
		states = append(states, "["+c.state+"]")
	}
	lines := []line{
		{}, {style: bold, text: who(c.peer, c.user)},
		{style: lit, text: " " + strings.Join(states, " "), mark: "[" + c.state + "]"},
	}
	if c.last == nil {
		return append(lines, line{style: dim, text: "  no step since we look"})
	}
	s := *c.last
	indent := strings.Repeat(" ", timeWidth)
	move := s.From + " -> " + s.To
	if s.From == s.To {
		move = "stays in " + s.To
	}
	lines = append(lines,
		line{text: "  " + s.At.In(p.Zone).Format("15:04:05.000") + "  " + move + " " + what(s) + ": " + causeOf(s)})
	rule := "rule " + s.From + "/" + s.Rule
	r := ruleOf(s)
	if r != nil && r.When != "" {
		rule += ", when " + r.When
	}
	lines = append(lines, folded("", indent, rule, p.Width)...)
	if r != nil {
		for number := range strings.FieldsSeq(r.Ref) {
			lines = append(lines, folded(dim, indent, number+" "+p.Sentence(number), p.Width)...)
		}
	}
	return append(lines, line{style: dim, text: fmt.Sprintf("%s%s, %s in, %d out", indent,
		count(c.steps, "step", "steps"), count(c.in, "datagram", "datagrams"), c.out)})
}

// folded is words on as many indented lines as they take.
func folded(style, indent, words string, width int) []line {
	var lines []line
	row := indent
	for word := range strings.FieldsSeq(words) {
		if row != indent && utf8.RuneCountInString(row)+1+utf8.RuneCountInString(word) > width {
			lines, row = append(lines, line{style: style, text: row}), indent
		}
		if row != indent {
			row += " "
		}
		row += word
	}
	return append(lines, line{style: style, text: row})
}

// paint cuts a line to the width and gives it its style.
func (p Picture) paint(l line) string {
	text := strings.TrimRight(l.text, " ")
	if utf8.RuneCountInString(text) > p.Width {
		text = string([]rune(text)[:max(0, p.Width-1)]) + "…"
	}
	mark := l.mark
	if mark == "" {
		mark = strings.TrimLeft(text, " ")
	}
	before, after, found := strings.Cut(text, mark)
	if !p.Colour || l.style == "" || mark == "" || !found {
		return text
	}
	return before + l.style + mark + none + after
}
