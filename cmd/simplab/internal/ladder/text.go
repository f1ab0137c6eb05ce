package ladder

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"

	"simp/engine/follow"
)

// TextOptions say how a ladder is drawn with characters.
type TextOptions struct {
	Width  int  // columns; 0: UsualWidth
	Colour bool // with the escape sequences of a terminal

	// Hold is how many bytes of other conversations are kept until those in front of them have ended, so that each is drawn as a
	// whole: beyond that, they are drawn in parts. Below 0: nothing is kept, and everything is drawn at once.
	Hold int
}

const (
	// UsualWidth is what is drawn on when nobody says how wide it may be.
	UsualWidth = 100

	usualHold = 16 << 20
)

// Text draws two lanes with characters, one conversation after the other.
type Text struct {
	to     io.Writer
	pen    pen
	hold   int
	strips []*strip // of conversations that have not ended or wait for others, in their order
	of     map[*Conversation]*strip
	held   int
	shown  *strip // what was drawn last
	any    bool
}

// strip is what is drawn of one conversation.
type strip struct {
	c     *Conversation
	kept  bytes.Buffer // drawn already, and waiting
	begun bool         // some of it has gone out
	ended bool
}

// NewText returns a drawing with characters.
func NewText(to io.Writer, o TextOptions) *Text {
	switch {
	case o.Hold == 0:
		o.Hold = usualHold
	case o.Hold < 0:
		o.Hold = -1
	}
	return &Text{to: to, pen: newPen(o), hold: o.Hold, of: make(map[*Conversation]*strip)}
}

// Row implements [Drawing].
func (t *Text) Row(r *Row) error {
	s := t.strip(r.Conversation)
	drawn := t.pen.row(r)
	if r.Counted == 1 {
		drawn = t.pen.lanes(r) + drawn
	}
	if s == t.strips[0] && t.hold >= 0 {
		return t.show(s, drawn)
	}
	s.kept.WriteString(drawn)
	if t.held += len(drawn); t.held <= t.hold {
		return nil
	}
	return t.flush()
}

func (t *Text) strip(c *Conversation) *strip {
	s := t.of[c]
	if s == nil {
		s = &strip{c: c}
		t.strips, t.of[c] = append(t.strips, s), s
	}
	return s
}

// flush draws all that waits.
func (t *Text) flush() error {
	for _, s := range t.strips {
		if err := t.release(s); err != nil {
			return err
		}
	}
	return nil
}

func (t *Text) release(s *strip) error {
	if s.kept.Len() == 0 {
		return nil
	}
	t.held -= s.kept.Len()
	err := t.show(s, s.kept.String())
	s.kept = bytes.Buffer{}
	return err
}

// show lets a part of a conversation go out, below its title if something else was there last.
func (t *Text) show(s *strip, drawn string) error {
	if t.shown != s {
		title := t.pen.title(s.c, s.begun)
		if t.any {
			title = "\n" + title
		}
		drawn = title + drawn
	}
	t.shown, t.any, s.begun = s, true, true
	_, err := io.WriteString(t.to, drawn)
	return err
}

// Ended implements [Drawing].
func (t *Text) Ended(c *Conversation) error {
	t.strip(c).ended = true
	for len(t.strips) > 0 && t.strips[0].ended {
		if err := t.release(t.strips[0]); err != nil {
			return err
		}
		delete(t.of, t.strips[0].c)
		if t.strips = t.strips[1:]; len(t.strips) > 0 {
			if err := t.release(t.strips[0]); err != nil {
				return err
			}
		}
	}
	return nil
}

// Close implements [Drawing].
func (t *Text) Close() error { return t.flush() }

// pen draws with characters. It holds no state.
type pen struct {
	width, lane, wire int
	colour            bool
	slim              bool // too narrow for lanes
}

// The columns, from left to right: time, packet, lane, lifeline, wire, lifeline, lane.
const (
	timeColumns   = 8
	numberColumns = 7
	margin        = timeColumns + 1 + numberColumns + 1
	lifelines     = len(" |") + len("| ")
	slimBelow     = 76 // columns
)

func newPen(o TextOptions) pen {
	if o.Width <= 0 {
		o.Width = UsualWidth
	}
	p := pen{width: o.Width, colour: o.Colour, slim: o.Width < slimBelow}
	p.lane = min(max(p.width/5-2, len("retransmission")), 24)
	p.wire = p.width - margin - lifelines - 2*p.lane
	return p
}

// The styles, as escape sequences (ECMA-48, SGR).
const (
	bold  = "\x1b[1m"
	dim   = "\x1b[2m"
	bad   = "\x1b[31m"
	again = "\x1b[35m"
	none  = "\x1b[0m"
)

// tint is the colour of a side.
func tint(s follow.Side) string { return [...]string{"\x1b[36m", "\x1b[33m"}[s] }

func (p pen) paint(style, text string) string {
	inner := strings.Trim(text, " ")
	if !p.colour || style == "" || inner == "" {
		return text
	}
	at := strings.Index(text, inner)
	return text[:at] + style + inner + none + text[at+len(inner):]
}

// title says which conversation follows.
func (p pen) title(c *Conversation, continued bool) string {
	text := fmt.Sprintf("Conversation %d: %s and %s", c.ID, full(c.Parties[0]), full(c.Parties[1]))
	if continued {
		text += ", continued"
	}
	var b strings.Builder
	for _, line := range wrap(text, p.width) {
		b.WriteString(p.paint(bold, line) + "\n")
	}
	b.WriteByte('\n')
	return b.String()
}

// full is the name with the address.
func full(p Party) string {
	if p.Name == "" {
		return p.Where()
	}
	return p.Who() + " (" + p.Where() + ")"
}

// lanes says whose is which, and where both stand before.
func (p pen) lanes(r *Row) string {
	if p.slim {
		return ""
	}
	var who [2][]string
	for i, party := range r.Conversation.Parties {
		who[i] = wrap(party.Who(), p.lane)
		for j := range who[i] {
			who[i][j] = p.paint(tint(follow.Side(i))+bold, pad(who[i][j], p.lane))
		}
	}
	return p.rows(p.paint(dim, pad(" seconds", timeColumns)+" "+pad(" packet", numberColumns)), who, nil)
}

// row draws a row: one line or several.
func (p pen) row(r *Row) string {
	at := strings.Repeat(" ", timeColumns)
	if !r.At.IsZero() {
		at = fmt.Sprintf("%*s", timeColumns, Seconds(r.Since))
	}
	number := ""
	if r.What == Packet {
		number = fmt.Sprintf("#%d", r.N)
	}
	if p.slim {
		return p.narrow(r, strings.TrimSpace(at), number)
	}
	front := p.paint(dim, at) + " " + fmt.Sprintf("%*s", numberColumns, number)
	if r.What == Remark {
		return p.remark(front, r.Summary)
	}
	var beside [2][]string
	for side, changed := range r.Changed {
		if changed {
			for _, line := range wrap(r.States[side].String(), p.lane) {
				beside[side] = append(beside[side], p.paint(tint(follow.Side(side))+bold, pad(line, p.lane)))
			}
		}
	}
	reader, style := r.From, again
	if r.What == Missing {
		reader, style = r.From.Other(), bad // it did not get there
	}
	for _, said := range r.beside() {
		for _, line := range wrap(said, p.lane) {
			beside[reader] = append(beside[reader], p.paint(style, pad(line, p.lane)))
		}
	}
	return p.rows(front, beside, p.arrow(r))
}

// rows puts the columns together.
func (p pen) rows(front string, beside [2][]string, wire []string) string {
	var b strings.Builder
	blank := strings.Repeat(" ", margin-1)
	for i := range max(1, len(beside[0]), len(beside[1]), len(wire)) {
		left, right, middle := strings.Repeat(" ", p.lane), "", strings.Repeat(" ", p.wire)
		if i < len(beside[0]) {
			left = beside[0][i]
		}
		if i < len(beside[1]) {
			right = " " + beside[1][i]
		}
		if i < len(wire) {
			middle = wire[i]
		}
		b.WriteString(strings.TrimRight(front+" "+left+" │"+middle+"│"+right, " ") + "\n")
		front = blank
	}
	return b.String()
}

// remark draws a remark across the lanes.
func (p pen) remark(front, text string) string {
	var b strings.Builder
	for _, line := range wrap(text, p.width-margin-2) {
		b.WriteString(front + " " + p.paint(dim, "· "+line) + "\n")
		front = strings.Repeat(" ", margin-1)
	}
	return b.String()
}

// arrow draws the wire: the arrow with its label in it, or below it where there is not room enough.
func (p pen) arrow(r *Row) []string {
	style := tint(r.From)
	switch {
	case r.What == Missing:
		style = bad
	case r.Copy != follow.Fresh:
		style = again
	}
	label := wrap(r.Summary, p.wire-6) // a stub, blanks, a line of one and the tip
	var lines []string
	if len(label) > 1 {
		for _, line := range wrap(r.Summary, p.wire-2) {
			lines = append(lines, p.paint(style, pad(" "+line, p.wire)))
		}
		label = []string{""}
	}
	return append(lines, p.paint(style, shaft(label[0], p.wire, r.From, r.What == Missing)))
}

// shaft is an arrow of some columns with a label near its beginning.
func shaft(label string, width int, from follow.Side, dashed bool) string {
	stub, tip := "──", [2]string{"▶", "◀"}[from]
	if dashed {
		stub, tip = "- -", [2]string{">", "<"}[from]
	}
	if label != "" {
		label = " " + label + " "
	}
	rest := max(width-columns(stub)-columns(label)-1, 0)
	run := strings.Repeat("─", rest)
	if dashed {
		run = strings.Repeat(" -", rest/2+1)[:rest]
		if label != "" {
			run = strings.Repeat("- ", rest/2+1)[:rest]
		}
	}
	if from == follow.Caller {
		return stub + label + run + tip
	}
	return tip + mirrored(run) + label + stub
}

// mirrored is a run of ASCII or of one character the other way round.
func mirrored(run string) string {
	all := []rune(run)
	slices.Reverse(all)
	return string(all)
}

// narrow draws a row without lanes.
func (p pen) narrow(r *Row, at, number string) string {
	c := r.Conversation
	from, to := c.Parties[r.From].Who(), c.Parties[r.From.Other()].Who()
	arrow, style := " -> ", tint(r.From)
	if r.What == Missing {
		arrow, style = " - -> ", bad
	}
	head := strings.TrimSpace(at + " " + number)
	text := []string{r.Summary}
	if r.What != Remark {
		head = strings.TrimSpace(head + " " + from + arrow + to)
		text = append(text, r.beside()...)
	}
	if r.Changed[0] || r.Changed[1] {
		text = append(text, fmt.Sprintf("%s: %s, %s: %s", c.Parties[0].Who(), r.States[0], c.Parties[1].Who(), r.States[1]))
	}
	var b strings.Builder
	for _, line := range wrap(head, p.width) {
		b.WriteString(p.paint(style, line) + "\n")
	}
	for _, t := range text {
		for _, line := range wrap(t, max(p.width-2, 1)) {
			b.WriteString("  " + line + "\n")
		}
	}
	return b.String()
}
