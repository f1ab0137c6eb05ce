package record

import (
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"simp/codec"
	"simp/codec/text"
)

// Difference is the first input of which something else came than the recording says.
type Difference struct {
	File string
	Line int
	At   time.Duration // since the start of the recording

	What string // "step", "event", "datagram", "state"; "": nothing but what was asked
	Nth  int    // which of them, from 1

	Then  Entry   // the line of the recording
	Now   Outcome // what comes of it now
	Asked error   // what the conversation asked otherwise, nil if nothing
}

// String tells the difference and both views, in lines.
func (d *Difference) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "first difference: line %d of %s, after %s, with %s\n", d.Line, text.Visible(d.File), d.At, d.Then.Peer)
	fmt.Fprintf(&b, "  what happened: %s\n", d.Then.happened())
	switch d.What {
	case "":
	case "state":
		b.WriteString("  what differs:  the state after it\n")
	default:
		fmt.Fprintf(&b, "  what differs:  %s %d\n", d.What, d.Nth)
	}
	if d.Asked != nil {
		fmt.Fprintf(&b, "  what it asks:  %s\n", text.Visible(d.Asked.Error()))
	}
	b.WriteString("  recorded then:\n")
	d.view(&b, d.Then.Outcome)
	b.WriteString("  computed now:\n")
	d.view(&b, d.Now)
	return b.String()
}

// happened says what an input was.
func (e *Entry) happened() string {
	switch {
	case len(e.Raw) > 0:
		return "a datagram came: " + datagram(e.Raw)
	case len(e.Command) > 0:
		return "the user asked: " + text.Visible(string(e.Command))
	case e.Cause == "timer":
		return "a timer was due"
	}
	return e.Cause
}

// view writes one side's outcome. What differs has a mark.
func (d *Difference) view(b *strings.Builder, o Outcome) {
	line := func(what string, nth int, format string, args ...any) {
		mark := ' '
		if d.What == what && d.Nth == nth {
			mark = '*'
		}
		fmt.Fprintf(b, "  %c %-8s ", mark, what)
		b.WriteString(text.Visible(fmt.Sprintf(format, args...)))
		b.WriteByte('\n')
	}
	for i, st := range o.Steps {
		line("step", i+1, "%s", st)
	}
	for i, ev := range o.Events {
		line("event", i+1, "%s", ev)
	}
	for i, raw := range o.Sent {
		line("datagram", i+1, "%s", datagram(raw))
		if d.What == "datagram" && d.Nth == i+1 { // the words may be the same
			line("datagram", i+1, "%s", hex.EncodeToString(raw))
		}
	}
	if d.Nth > map[string]int{"step": len(o.Steps), "event": len(o.Events), "datagram": len(o.Sent)}[d.What] {
		line(d.What, d.Nth, "none")
	}
	line("state", 0, "%s", o.State)
}

// String names a step: "idle -> syn-received by idle/invitation (RecvSYN), seq 0, tries 1".
func (s Step) String() string {
	return fmt.Sprintf("%s -> %s by %s/%s (%s), seq %d, tries %d", s.From, s.To, s.From, s.Rule, s.On, s.Seq, s.Tries)
}

func datagram(raw []byte) string {
	d, _, err := codec.Decode(raw)
	if err != nil {
		return fmt.Sprintf("%d bytes that are no datagram (%s)", len(raw), codec.ErrorName(err))
	}
	return string(d.AppendSummary(nil))
}
