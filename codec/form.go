package codec

import "strconv"

// Form is how a datagram of its kind is written. The specification has one form
// for each kind; what others were seen to write besides means the same and is
// read as the same [Kind], so that nobody but the codec has to know of it.
type Form uint8

// The forms. A kind has the forms that are named with it, and Usual.
const (
	// Usual is the specification's form.
	Usual Form = iota

	// FINERR is a FIN with operation 0x09, the bits of FIN and ERR together (d
	// in testdata/traces): it declines, and its payload is a text that says why.
	FINERR

	// FINACK is an ACK with operation 0x0C, the bits of FIN and ACK together (e
	// in testdata/traces): it acknowledges a FIN and nothing else.
	FINACK

	// Stub is an ERR of exactly 33 bytes, 0x08 and a User field, with which one
	// implementation says that its user is busy (e-busy in testdata/traces).
	// There is no Sequence and no text, and the name is not the sender's: it is
	// that of the user who is being answered.
	Stub
)

const (
	// stubMark is the first byte of a Stub, in the place of Type.
	stubMark = 0x08

	// stubLen is how long a Stub is, in bytes: no more and no less, since this
	// and the mark are all there is to know it by.
	stubLen = 1 + UserLen
)

// forms is what there is to know of each form. It is read only.
//
// An operation of 0 belongs to no datagram: those forms are not told by their
// operation.
var forms = [...]struct {
	name string
	kind Kind // the only kind that has this form; Invalid: every kind
	op   byte // of a control datagram in this form
	note Note // what remarks on it
	mark string
}{
	Usual:  {name: "usual"},
	FINERR: {name: "finerr", kind: FIN, op: 0x08 | 0x01, note: FormFINERR, mark: "09"},
	FINACK: {name: "finack", kind: ACK, op: 0x08 | 0x04, note: FormFINACK, mark: "0c"},
	Stub:   {name: "stub", kind: ERR, note: FormStub, mark: "stub"},
}

// of reports whether a datagram of kind k can have the form f.
func (f Form) of(k Kind) bool {
	return int(f) < len(forms) && (f == Usual || forms[f].kind == k)
}

// notes returns what there is to remark on the form f: nothing for Usual.
func (f Form) notes() Notes {
	if f == Usual {
		return 0
	}
	return forms[f].note.bit()
}

// mark is how a summary shows f behind the kind.
func (f Form) mark() string {
	if int(f) < len(forms) {
		return forms[f].mark
	}
	return "?"
}

// String returns the name of f: "usual", "finerr", "finack" or "stub".
func (f Form) String() string {
	if int(f) < len(forms) {
		return forms[f].name
	}
	return "Form(" + strconv.Itoa(int(f)) + ")"
}
