package ladder

import (
	"io"
	"strconv"
)

// Plain draws nothing: each row is one whole line, for screen readers and for diff. It keeps nothing.
type Plain struct {
	to   io.Writer
	line []byte
}

// NewPlain returns a drawing in plain lines.
func NewPlain(to io.Writer) *Plain { return &Plain{to: to} }

// Row implements [Drawing].
func (p *Plain) Row(r *Row) error {
	c := r.Conversation
	b := p.line[:0]
	if r.At.IsZero() {
		b = append(b, "at any time"...)
	} else {
		b = appendSeconds(b, r)
		b = append(b, " s"...)
	}
	b = append(b, ", conversation "...)
	b = strconv.AppendInt(b, int64(c.ID), 10)
	switch r.What {
	case Packet:
		b = append(b, ", packet "...)
		b = strconv.AppendInt(b, int64(r.N), 10)
	case Missing:
		b = append(b, ", missing"...)
	case Remark:
		b = append(b, ", remark"...)
	}
	if r.What != Remark {
		b = append(b, ", "...)
		b = append(b, c.Parties[r.From].Where()...)
		b = append(b, " to "...)
		b = append(b, c.Parties[r.From.Other()].Where()...)
	}
	b = append(b, ": "...)
	b = append(b, r.Summary...)
	for _, said := range r.Said() {
		b = append(b, "; "...)
		b = append(b, said...)
	}
	if r.Notes != 0 {
		b = append(b, "; written with "...)
		b = append(b, r.Notes.String()...)
	}
	if r.What == Packet {
		b = append(b, "; "...)
		b = appendSides(b, r)
	}
	b = append(b, '\n')
	p.line = b
	_, err := p.to.Write(b)
	return err
}

// appendSides says where both stand.
func appendSides(b []byte, r *Row) []byte {
	for i, state := range r.States {
		if i > 0 {
			b = append(b, ", "...)
		}
		b = append(b, r.Conversation.Parties[i].Where()...)
		if r.Changed[i] {
			b = append(b, " becomes "...)
		} else {
			b = append(b, " is "...)
		}
		b = append(b, state.String()...)
	}
	return b
}

func appendSeconds(b []byte, r *Row) []byte {
	return strconv.AppendFloat(b, r.Since.Seconds(), 'f', 3, 64)
}

// Ended implements [Drawing].
func (p *Plain) Ended(*Conversation) error { return nil }

// Close implements [Drawing].
func (p *Plain) Close() error { return nil }
