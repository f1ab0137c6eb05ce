package codec

import (
	"math"
	"strconv"
)

// Between peers that have announced themselves, the first word of the payload
// of ACK and FIN has a meaning (PROTOCOL.md, 2.3), and the second word of these
// and of an announcement names the conversation (2.8). The payloads of CHAT and
// ERR are for people: there the name stands behind the payload, in a label. A
// CHAT and its ACK say besides which message it is (4.19). Words are separated
// by single blanks; others are ignored, which leaves room for extensions.

// TokenLen is the length of a conversation's name, in bytes.
const TokenLen = 8

// Token names a conversation between native peers, so that datagrams of an
// earlier one cannot be taken for this one's: lower-case letters and the digits
// 2 to 7. The zero value names none.
type Token [TokenLen]byte

const tokenAlphabet = "abcdefghijklmnopqrstuvwxyz234567"

// TokenFrom makes a token of the lower 40 bits.
func TokenFrom(bits uint64) Token {
	var t Token
	for i := range t {
		t[i] = tokenAlphabet[bits&31]
		bits >>= 5
	}
	return t
}

// afterWord returns what follows the first word and its blank.
func afterWord(payload []byte) []byte {
	return payload[min(len(firstWord(payload))+1, len(payload)):]
}

// tokenIn returns the token that words begin with.
func tokenIn(words []byte) Token {
	word := firstWord(words)
	if len(word) != TokenLen {
		return Token{}
	}
	for _, c := range word {
		if (c < 'a' || c > 'z') && (c < '2' || c > '7') {
			return Token{}
		}
	}
	return Token(word)
}

// AppendWords appends the words of an announcement, or the payload of a native
// ACK or FIN: the first word and the tokens that are not zero.
func AppendWords(dst []byte, word string, tokens ...Token) []byte {
	dst = append(dst, word...)
	for _, t := range tokens {
		if t != (Token{}) {
			dst = append(dst, ' ')
			dst = append(dst, t[:]...)
		}
	}
	return dst
}

// Name returns the token by which d names its conversation, and the second one
// of a SYN+ACK or a FIN; the zero Token where there is none.
func (d *Datagram) Name() (name, second Token) {
	if d.Kind == CHAT || d.Kind == ERR {
		return tokenIn(d.Label), Token{}
	}
	words := afterWord(d.Payload)
	if name = tokenIn(words); d.Kind == SYNACK || d.Kind == FIN {
		second = tokenIn(afterWord(words))
	}
	return name, second
}

// numberMark is in front of the number of a message, so that no token can be
// taken for one.
const numberMark = '#'

// Number returns which message of its chat a CHAT is, or an ACK acknowledges,
// counted from 1; 0 if it does not say.
func (d *Datagram) Number() uint32 {
	words := d.Label
	switch d.Kind {
	case CHAT:
	case ACK:
		words = afterWord(d.Payload)
	case SYN, SYNACK, FIN, ERR, Invalid:
		return 0
	}
	for len(words) > 0 {
		if words[0] == numberMark {
			return number(firstWord(words[1:]))
		}
		words = afterWord(words)
	}
	return 0
}

// number reads a number of 32 bits, in decimal digits; 0 if it is none.
func number(digits []byte) uint32 {
	var n uint64
	for _, c := range digits {
		if n = 10*n + uint64(c-'0'); c < '0' || c > '9' || n > math.MaxUint32 {
			return 0
		}
	}
	return uint32(n)
}

// MaxLabel is the longest label that we send, in bytes: a NUL, a token, a blank
// and a number of 32 bits.
const MaxLabel = 1 + TokenLen + 1 + 1 + 10

// AppendLabel appends the label of a CHAT or an ERR: the name of its
// conversation unless it is zero, and the number of the message unless it is 0.
func AppendLabel(dst []byte, name Token, num uint32) []byte {
	if name != (Token{}) {
		dst = append(dst, name[:]...)
	}
	return appendNumber(dst, num)
}

// AppendNumbered appends the payload of an ACK of message num: like
// [AppendWords], with the number behind it unless it is 0.
func AppendNumbered(dst []byte, word string, name Token, num uint32) []byte {
	return appendNumber(AppendWords(dst, word, name), num)
}

func appendNumber(dst []byte, num uint32) []byte {
	if num == 0 {
		return dst
	}
	if len(dst) > 0 {
		dst = append(dst, ' ')
	}
	return strconv.AppendUint(append(dst, numberMark), uint64(num), 10)
}

// AckOf returns what an ACK with this payload acknowledges, or Invalid if it
// does not say, or says something unknown.
func AckOf(payload []byte) Kind {
	switch string(firstWord(payload)) {
	case "syn":
		return SYN
	case "syn+ack":
		return SYNACK
	case "chat":
		return CHAT
	case "fin":
		return FIN
	}
	return Invalid
}

// AckWord is the first word in an ACK of a datagram of kind of: "syn",
// "syn+ack", "chat" or "fin"; "" for a kind that nobody acknowledges. It tells
// apart what the Sequence alone cannot: the ACK that ends the handshake and the
// ACK of the first message have the same number (PROTOCOL.md, 4.9 and 4.10).
func AckWord(of Kind) string {
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
	Restarted                // the daemon knows of no such chat: it has lost it
)

// reasonNames is read only.
var reasonNames = [...]string{
	ReasonNone: "none",
	Left:       "left",
	Declined:   "declined",
	Cancelled:  "cancelled",
	Busy:       "busy",
	Shutdown:   "shutdown",
	Restarted:  "restarted",
}

// String returns the word for r, as it is sent; "none" for ReasonNone.
func (r Reason) String() string {
	if int(r) < len(reasonNames) {
		return reasonNames[r]
	}
	return "Reason(" + strconv.Itoa(int(r)) + ")"
}

// Word is the first word in a FIN for this reason, "" for ReasonNone.
func (r Reason) Word() string {
	if r == ReasonNone || int(r) >= len(reasonNames) {
		return ""
	}
	return reasonNames[r]
}

// ReasonOf returns the reason that the payload of a FIN gives, sealed or not.
func ReasonOf(payload []byte) Reason {
	word := firstWord(payload)
	for r := Left; int(r) < len(reasonNames); r++ {
		if reasonNames[r] == string(word) {
			return r
		}
	}
	return ReasonNone
}

// firstWord is a loop, because the words are too short for a call to pay off; it runs for each ACK.
func firstWord(payload []byte) []byte {
	for i, c := range payload {
		if c == ' ' {
			return payload[:i]
		}
	}
	return payload
}
