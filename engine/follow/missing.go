package follow

import (
	"fmt"
	"strings"
	"time"

	"simp/codec"
)

// Missing is a datagram that should have come and did not. It is valid during the call only.
type Missing struct {
	Conversation *Conversation
	By           Side       // who should have sent it
	Kind         codec.Kind // what it should have been
	Of           codec.Kind // of an ACK: what it should have acknowledged
	Seq          uint8      // the number that it should have carried
	For          *Ask       // because of what
	Repeat       bool       // it should have been a further copy of For
	Due          time.Time  // when the time for it was up; zero: a person decides, and there is no such time

	// Awaited says that the capture ends before that: it may still come.
	Awaited bool
}

// String says what is missing, such as "ACK seq=0 of CHAT #12".
func (m *Missing) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s seq=%d", m.Kind, m.Seq)
	switch {
	case m.Repeat:
		fmt.Fprintf(&b, ", copy %d of #%d", m.For.Copies+1, m.For.First)
	case m.Of != codec.Invalid:
		fmt.Fprintf(&b, " of %s #%d", m.Of, m.For.Last)
	default:
		fmt.Fprintf(&b, " for %s #%d", m.For.Kind, m.For.Last)
	}
	return b.String()
}

// missing describes what is awaited because of an ask.
func (c *Conversation) missing(a *Ask, w want) Missing {
	m := Missing{Conversation: c, For: a, Seq: a.Seq, Due: a.due[w], Repeat: w == wantRepeat, By: a.By.Other(), Kind: codec.ACK, Of: a.Kind}
	switch {
	case w == wantRepeat:
		m.By, m.Kind, m.Of = a.By, a.Kind, codec.Invalid
	case a.Kind == codec.SYN:
		m.Kind, m.Of = codec.SYNACK, codec.Invalid
	case a.Kind == codec.ERR: // the FIN that belongs to a refusal
		m.By, m.Kind, m.Of = a.By, codec.FIN, codec.Invalid
	}
	return m
}
