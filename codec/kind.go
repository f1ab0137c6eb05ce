package codec

import "strconv"

// Kind is what a datagram is: the fact that Type and Operation name together.
type Kind uint8

// The kinds of datagrams. Invalid is the zero value; it is never decoded and
// cannot be encoded.
const (
	Invalid Kind = iota
	SYN
	SYNACK
	ACK
	FIN
	ERR
	CHAT
)

const (
	typeControl = 0x01
	typeChat    = 0x02
)

// kinds is what there is to know of each kind, in the specification's words. It
// is read only. A second way to write a kind is a row of forms, with a note of
// its own, and never one here: this table is what is written to a peer of which
// nothing else is known.
var kinds = [...]struct {
	name    string
	typ, op byte
	// echo: the Sequence repeats the number of the datagram being answered.
	// Peers were seen to number up to 255, and an echo has to follow them.
	echo bool
}{
	Invalid: {name: "invalid"},
	SYN:     {name: "SYN", typ: typeControl, op: 0x02},
	SYNACK:  {name: "SYN+ACK", typ: typeControl, op: 0x02 | 0x04, echo: true},
	ACK:     {name: "ACK", typ: typeControl, op: 0x04, echo: true},
	FIN:     {name: "FIN", typ: typeControl, op: 0x08},
	ERR:     {name: "ERR", typ: typeControl, op: 0x01},
	CHAT:    {name: "CHAT", typ: typeChat, op: 0x01},
}

// kindOf reads the first two bytes of a datagram.
func kindOf(typ, op byte) (Kind, Form, error) {
	if typ != typeControl && typ != typeChat {
		return Invalid, Usual, ErrType
	}
	for k := SYN; k <= CHAT; k++ {
		if kinds[k].typ == typ && kinds[k].op == op {
			return k, Usual, nil
		}
	}
	if typ == typeControl && op != 0 {
		for f := FINERR; int(f) < len(forms); f++ {
			if forms[f].op == op {
				return forms[f].kind, f, nil
			}
		}
	}
	return Invalid, Usual, ErrOperation
}

func (k Kind) valid() bool { return k >= SYN && k <= CHAT }

// Code returns the bytes that stand for k in a datagram of the usual form: Type
// and Operation. Both are 0 when k is none of the kinds above.
func (k Kind) Code() (typ, op byte) {
	if !k.valid() {
		return 0, 0
	}
	return kinds[k].typ, kinds[k].op
}

// String returns the name by which the specification calls k, "SYN+ACK" for
// example.
func (k Kind) String() string {
	if int(k) < len(kinds) {
		return kinds[k].name
	}
	return "Kind(" + strconv.Itoa(int(k)) + ")"
}
