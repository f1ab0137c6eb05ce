package codec

import (
	"bytes"
	"strconv"
)

// Between peers that have announced themselves, the first word of the payload
// of ACK and FIN has a meaning (PROTOCOL.md, 2.3). Words are separated by single blanks; what
// follows the first one is ignored, which leaves room for extensions.

// AckPayload returns the payload of an ACK for a datagram of kind of: "syn",
// "syn+ack", "chat" or "fin"; nil for a kind that nobody acknowledges. It tells
// apart what the Sequence alone cannot: the ACK that ends the handshake and the
// ACK of the first message have the same number (PROTOCOL.md, 4.9 and 4.10). The
// slice is a new one with every call.
func AckPayload(of Kind) []byte {
	if word := ackWord(of); word != "" {
		return []byte(word)
	}
	return nil
}

// AckOf returns what an ACK with this payload acknowledges, or Invalid if it
// does not say, or says something unknown.
func AckOf(payload []byte) Kind {
	word := firstWord(payload)
	for k := SYN; k <= CHAT; k++ {
		if w := ackWord(k); w != "" && w == string(word) {
			return k
		}
	}
	return Invalid
}

func ackWord(of Kind) string {
	switch of {
	case SYN:
		return "syn"
	case SYNACK:
		return "syn+ack"
	case CHAT:
		return "chat"
	case FIN:
		return "fin"
	case Invalid, ACK, ERR:
	}
	return ""
}

// Reason is why a peer sent FIN.
type Reason uint8

// The reasons of a FIN.
const (
	ReasonNone Reason = iota // none given, or one that we do not know
	Left                     // the user left the chat
	Declined                 // the user declined the invitation
	Cancelled                // the user took the invitation back
	Busy                     // the user is in another chat
	Shutdown                 // the daemon ends
)

// reasonNames is read only.
var reasonNames = [...]string{
	ReasonNone: "none",
	Left:       "left",
	Declined:   "declined",
	Cancelled:  "cancelled",
	Busy:       "busy",
	Shutdown:   "shutdown",
}

// String returns the word for r, as it is sent; "none" for ReasonNone.
func (r Reason) String() string {
	if int(r) < len(reasonNames) {
		return reasonNames[r]
	}
	return "Reason(" + strconv.Itoa(int(r)) + ")"
}

// Payload returns the payload of a FIN for this reason, nil for ReasonNone. The
// slice is a new one with every call.
func (r Reason) Payload() []byte {
	if r == ReasonNone || int(r) >= len(reasonNames) {
		return nil
	}
	return []byte(reasonNames[r])
}

// ReasonOf returns the reason that the payload of a FIN gives.
func ReasonOf(payload []byte) Reason {
	word := firstWord(payload)
	for r := Left; int(r) < len(reasonNames); r++ {
		if reasonNames[r] == string(word) {
			return r
		}
	}
	return ReasonNone
}

func firstWord(payload []byte) []byte {
	word, _, _ := bytes.Cut(payload, []byte(" "))
	return word
}
