package demo

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// Width is how many columns the picture has.
const Width = 100

// The columns, from left to right: time, lane, lifeline, wire, lifeline, lane.
const (
	timeWidth = 7
	laneWidth = 23
	wireWidth = Width - timeWidth - 2*laneWidth - len("  |") - len("| ")
)

// Cast is who plays.
type Cast struct {
	Name [2]string // of the users
	Addr [2]string // of their daemons, IP:port

	Latency    time.Duration // from sending to arriving
	Retransmit time.Duration
}

// Painter draws what happened. It holds no state: every line depends on the arguments alone.
type Painter struct {
	Cast   Cast
	Colour bool // with the escape sequences of a terminal
}

// Head explains the picture.
func (p Painter) Head() string {
	var b strings.Builder
	c := p.Cast
	b.WriteString(p.paint(bold, fmt.Sprintf("A conversation in SIMP between %s and %s", c.Name[Left], c.Name[Right])) + "\n\n")
	b.WriteString(wrapped(fmt.Sprintf("Two daemons on this host talk over UDP, %s's at %s and %s's at %s. Each user's client "+
		"is attached to its own daemon over TCP. The wire takes %d ms each way, and what is not answered within %d ms is sent "+
		"again (in real life after 5 s).", c.Name[Left], c.Addr[Left], c.Name[Right], c.Addr[Right],
		c.Latency.Milliseconds(), c.Retransmit.Milliseconds()), 0))
	b.WriteByte('\n')
	for _, legend := range [][2]string{
		{"> hello", "what a user does"},
		{"< hello", "what a user is told by the daemon"},
		{"idle → syn-sent", "that side's state machine takes a step, by a rule of the table in PROTOCOL.md"},
		{"established: send", "the same without a change of state"},
		{"── SYN seq=0 ──▶", "a datagram leaves: its kind, its sequence number, what it carries"},
	} {
		b.WriteString("  " + pad(legend[0], laneWidth-2) + legend[1] + "\n")
	}
	return b.String()
}

// Entry draws one thing that happened: a line, or several.
func (p Painter) Entry(e Entry) string {
	at := fmt.Sprintf("%*.3f", timeWidth, e.At.Seconds())
	switch e.Kind {
	case Chapter:
		return "\n" + p.paint(bold, e.Text) + "\n\n" + wrapped(e.Detail, 0) + "\n" + p.lanes()
	case Act:
		return p.lane(at, e.Side, bold, "> ", e.Text)
	case Step:
		if e.Text == e.Detail {
			return p.lane(at, e.Side, dim, "", e.Text+": "+e.Rule)
		}
		return p.lane(at, e.Side, tint(e.Side), "", e.Text+" → "+e.Detail) +
			p.lane("", e.Side, dim, "", "rule "+e.Rule)
	case Told:
		return p.lane(at, e.Side, "", "< ", e.Text)
	case Datagram:
		return p.arrow(at, e)
	}
	return ""
}

// Verdict draws the end.
func (p Painter) Verdict(v Verdict) string {
	if len(v.Missing) == 0 {
		return "\n" + p.paint(bold+good, "Verdict: as it should be.") + "\n\n" + wrapped(v.Summary, 0)
	}
	var b strings.Builder
	b.WriteString("\n" + p.paint(bold+bad, "Verdict: NOT as it should be.") + "\n\n")
	for _, m := range v.Missing {
		b.WriteString("- " + strings.TrimPrefix(wrapped(m, 2), "  "))
	}
	return b.String()
}

// lanes says whose is which.
func (p Painter) lanes() string {
	var who [2]string
	for _, side := range []Side{Left, Right} {
		who[side] = cut(p.Cast.Name[side]+" "+p.Cast.Addr[side], laneWidth)
	}
	return p.row("seconds", p.paint(tint(Left)+bold, pad(who[Left], laneWidth)),
		strings.Repeat(" ", wireWidth), p.paint(tint(Right)+bold, who[Right]))
}

// lane draws text beside a lifeline, on as many lines as it takes.
func (p Painter) lane(at string, side Side, style, mark, text string) string {
	var b strings.Builder
	for i, line := range wrap(text, laneWidth-len(mark)) {
		if i > 0 {
			mark, at = strings.Repeat(" ", len(mark)), ""
		}
		left, right := strings.Repeat(" ", laneWidth), ""
		if side == Left {
			left = p.paint(style, pad(mark+line, laneWidth))
		} else {
			right = p.paint(style, mark+line)
		}
		b.WriteString(p.row(at, left, strings.Repeat(" ", wireWidth), right))
	}
	return b.String()
}

// arrow draws a datagram on its way. What there is to say about it stands in the lanes: that it is a copy at its sender's,
// that it is lost at the side where it does not arrive.
func (p Painter) arrow(at string, e Entry) string {
	style, shaft, gap := tint(e.Side), wireWidth-1, ""
	tip := [2]string{"▶", "◀"}[e.Side]
	var notes [2]string
	if e.Copy > 1 {
		notes[e.Side] = p.paint(dim, fmt.Sprintf("copy %d", e.Copy))
	}
	if e.Lost {
		style, tip = bad, "✗"
		gap = "   "
		shaft -= len(gap)
		notes[e.Side.Other()] = p.paint(bad, "lost on the way")
	}
	const stub = "──"
	label := cut(e.Text, shaft-len("-- ")-len(" --"))
	line := strings.Repeat("─", shaft-len("-- ")-len(" ")-utf8.RuneCountInString(label))
	wire := gap + tip + line + " " + label + " " + stub
	if e.Side == Left {
		wire = stub + " " + label + " " + line + tip + gap
	}
	notes[Left] += strings.Repeat(" ", laneWidth-visible(notes[Left]))
	return p.row(at, notes[Left], p.paint(style, wire), notes[Right])
}

// visible is the width of text that was painted.
func visible(s string) int {
	n, inEscape := 0, false
	for _, r := range s {
		switch {
		case r == '\x1b':
			inEscape = true
		case inEscape:
			inEscape = r != 'm'
		default:
			n++
		}
	}
	return n
}

// row puts the columns together. The lanes and the wire come with their widths, apart from the rightmost.
func (p Painter) row(at, left, wire, right string) string {
	line := p.paint(dim, pad(at, timeWidth)) + " " + left + " │" + wire + "│ " + right
	return strings.TrimRight(line, " ") + "\n"
}

// The styles, as escape sequences (ECMA-48, SGR).
const (
	bold = "\x1b[1m"
	dim  = "\x1b[2m"
	good = "\x1b[32m"
	bad  = "\x1b[31m"
	none = "\x1b[0m"
)

// tint is the colour of a side.
func tint(s Side) string { return [...]string{Left: "\x1b[36m", Right: "\x1b[33m"}[s] }

// paint gives text a style, without touching the blanks round it.
func (p Painter) paint(style, text string) string {
	inner := strings.Trim(text, " ")
	if !p.Colour || style == "" || inner == "" {
		return text
	}
	start := strings.Index(text, inner)
	return text[:start] + style + inner + none + text[start+len(inner):]
}

// pad fills s with blanks to a width.
func pad(s string, width int) string {
	return s + strings.Repeat(" ", max(0, width-utf8.RuneCountInString(s)))
}

// cut shortens s to a width, and shows that it did.
func cut(s string, width int) string {
	if utf8.RuneCountInString(s) <= width {
		return s
	}
	return string([]rune(s)[:max(0, width-1)]) + "…"
}

// wrap breaks text into lines of at most width, at blanks where there are some.
func wrap(text string, width int) []string {
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(text) {
		for utf8.RuneCountInString(word) > width {
			if line != "" {
				lines, line = append(lines, line), ""
			}
			r := []rune(word)
			lines, word = append(lines, string(r[:width])), string(r[width:])
		}
		switch {
		case line == "":
			line = word
		case utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) <= width:
			line += " " + word
		default:
			lines, line = append(lines, line), word
		}
	}
	if line != "" || len(lines) == 0 {
		lines = append(lines, line)
	}
	return lines
}

// wrapped is text broken into lines of the picture's width, indented.
func wrapped(text string, indent int) string {
	var b strings.Builder
	for _, line := range wrap(text, Width-indent) {
		b.WriteString(strings.Repeat(" ", indent) + line + "\n")
	}
	return b.String()
}
