package follow

import (
	"net/netip"
	"time"

	"simp/codec"
	"simp/fsm"
)

// Packet is a datagram as it was captured.
type Packet struct {
	N        int // its number in the capture, from 1
	At       time.Time
	From, To netip.AddrPort
	Bytes    []byte
	Cut      bool // the capture does not hold all of it
}

// Copy says how a datagram repeats an earlier one.
type Copy uint8

// The ways in which a datagram can repeat one.
const (
	Fresh     Copy = iota // it repeats none
	Doubled               // the same again, sooner than a timer would send it: the network's doing, or an answer given twice
	Repeated              // the same bytes again, about when a timer would send them
	Rewritten             // what an unanswered one says, about when a timer would send it, in other bytes
)

// String returns "", "duplicate", "retransmission" or "changed retransmission".
func (c Copy) String() string {
	switch c {
	case Doubled:
		return "duplicate"
	case Repeated:
		return "retransmission"
	case Rewritten:
		return "changed retransmission"
	case Fresh:
	}
	return ""
}

// Seen is a datagram with what is to be said of it. It and everything in it are valid during the call only.
type Seen struct {
	Packet
	Conversation *Conversation
	By           Side // who sent it

	Datagram codec.Datagram // its parts are parts of Bytes
	Notes    codec.Notes    // what there is to remark on how it is written
	Err      error          // not nil: it cannot be read as a datagram, and nothing below says anything

	Begins  bool       // it is the first of this conversation
	Strayed bool       // it names another conversation than the present one (native peers only), and changes nothing
	Of      codec.Kind // of an ACK: what it acknowledges, as far as that can be told; Invalid: nothing known

	// Answers is what it answers, as that was before; nil if nothing that is known. Again says that this had its answer
	// before, Late that the answer was reported as missing.
	Answers *Ask
	Again   bool
	Late    bool

	Copy     Copy
	Reworded bool          // of a changed retransmission: it says more than the first copy, or less
	First    int           // of a copy: the number of the packet that it repeats, the first of all copies
	Copies   int           // how many there have been, with this one; 0 for what is never repeated by itself
	Gap      time.Duration // how long it comes after the copy before it

	// Passed is a datagram of the other side which the sender has seen, as this one shows, and has not answered: a SYN+ACK
	// before a message. Pushed is one of its own, of the same kind, which had no answer when this one, no copy of it, was sent.
	Passed *Ask
	Pushed *Ask

	Elsewhere bool // its sender is in a chat with somebody else

	Was, Is [2]fsm.State // of both sides, before and after
}
