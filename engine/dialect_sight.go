package engine

import (
	"time"

	"simp/codec"
	"simp/fsm"
)

// What there is to see of a peer, for the evidence in the rows.

// shape is what can be told from the look of a single datagram.
type shape uint8

const (
	shapeless shape = iota // tells nothing: a name without padding, say
	regular                // as the specification has it
	trailing               // ends with a checksum
	spaced                 // pads the name with blanks
	short                  // leaves out the Length of control datagrams, puts a NUL before a message
)

// shapeOf says how a datagram looks.
func shapeOf(d *codec.Datagram, n codec.Notes) shape {
	switch {
	case n.Has(codec.Trailer):
		return trailing
	case n.Has(codec.NoLength), n.Has(codec.LeadingNUL), d.Form == codec.Stub:
		return short
	case n.Has(codec.UserPaddedWithSpaces):
		return spaced
	case len(d.User) == codec.UserLen:
		return shapeless
	}
	return regular
}

// sight is a datagram with what it means depends on, for the evidence.
type sight struct {
	*codec.Datagram
	look  shape
	known *dialect // as what the peer is treated so far
	now   time.Time
	s     *Session
}

// answers reports whether it accepts our invitation.
func (x sight) answers() bool { return x.Kind == codec.SYNACK && x.s.snap.State == fsm.SynSent }

// finAgain reports whether it is a FIN that comes again because it was not acknowledged.
func (x sight) finAgain() bool {
	return x.Kind == codec.FIN && x.s.snap.State == fsm.Idle && !x.s.finAt.IsZero() && x.now.Sub(x.s.finAt) >= copyAfter
}

// firstMessage reports whether it is the first message of a chat, in either direction, after a handshake numbered 0.
func (x sight) firstMessage() bool {
	v := &x.s.snap
	opened := v.State == fsm.Established || v.State == fsm.SynReceived && v.Answered
	return x.Kind == codec.CHAT && opened && x.s.taken == 0 && x.s.finished == 0 && v.HsSeq == 0
}

// anotherMessage reports whether it is a message behind another one of the peer's, with none of ours in between.
func (x sight) anotherMessage() bool {
	return x.Kind == codec.CHAT && x.s.snap.State == fsm.Established && !x.s.snap.InFlight && x.s.taken > 0 && x.s.finished == x.s.latest.finished && string(x.Payload) != string(x.s.latest.text)
}

// answersFirst reports whether it is an ACK with this number while our first message, numbered 0, waits for its own.
func (x sight) answersFirst(number uint8) bool {
	v := &x.s.snap
	first := v.State == fsm.Established && v.InFlight && !v.Acked && x.s.finished == 0 && v.TxSeq == 0 && v.HsSeq == 0
	return x.Kind == codec.ACK && first && x.Seq == number
}
