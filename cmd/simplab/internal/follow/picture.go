package follow

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"simp/cmd/simplab/internal/ladder"
	"simp/codec/client"
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
	lines := []line{{style: bold, text: head(m.daemon)}, {style: dim, text: p.counts(m, len(all))}}
	if m.missed > 0 {
		lines = append(lines, line{text: missed(m.missed)})
	}
	if len(all) == 0 {
		lines = append(lines, line{})
		lines = append(lines, folded("", "", "No conversations: whatever comes appears here. Ctrl-C ends.", p.Width)...)
	}
	shown := p.fitting(all, p.Height-len(lines))
	left := len(all) - len(shown)
	slices.SortFunc(shown, func(a, b *conversation) int { return a.place - b.place }) // so that they stay where they are
	for _, c := range shown {
		lines = append(lines, p.block(c)...)
	}
	if left > 0 {
		lines = append(lines, line{style: dim, text: fmt.Sprintf("... and %s for which the screen is too small",
			count(left, "more", "more"))})
	}
	if room := max(p.Height, 1); len(lines) > room {
		lines = lines[:room]
		lines[room-1].text += " …"
	}
	drawn := make([]string, 0, len(lines))
	for _, l := range lines {
		drawn = append(drawn, p.paint(l))
	}
	return drawn
}

// fitting returns as many conversations, from the first on, as there is room for: one at least.
func (p Picture) fitting(all []*conversation, room int) []*conversation {
	for i, c := range all {
		room -= len(p.block(c))
		last := i == len(all)-1
		if i > 0 && (room < 0 || room == 0 && !last) { // a line has to say how many are left
			return slices.Clone(all[:i])
		}
	}
	return slices.Clone(all)
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
	if c.change != nil && c.change != c.last {
		lines = append(lines, p.move(dim, *c.change))
	}
	lines = append(lines, p.move("", s))
	rule := "rule " + s.From + "/" + s.Rule
	r := ruleOf(s)
	if r != nil && r.When != "" {
		rule += ", when " + r.When
	}
	lines = append(lines, folded("", indent, rule, p.Width)...)
	if r != nil {
		number, further, more := strings.Cut(r.Ref, " ")
		sentence := number + " " + p.Sentence(number)
		if more {
			sentence += " (And " + further + ".)"
		}
		lines = append(lines, folded(dim, indent, sentence, p.Width)...)
	}
	return append(lines, line{style: dim, text: fmt.Sprintf("%s%s, %s in, %d out", indent,
		count(c.steps, "step", "steps"), count(c.in, "datagram", "datagrams"), c.out)})
}

// move draws where a step led, and when.
func (p Picture) move(style string, s client.Step) line {
	return line{style: style, text: "  " + s.At.In(p.Zone).Format("15:04:05.000") + "  " + move(s)}
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
	text := ladder.Cut(strings.TrimRight(l.text, " "), p.Width) // by columns: a name may be in wide characters
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
