package codec

import (
	"iter"
	"strconv"
	"strings"
)

// Note is one tolerance: something that [Decode] accepted although we would not
// have sent it ourselves, or would have sent it to some peers only.
type Note uint8

// The tolerances.
const (
	// LengthShort: Length is smaller than what is there. The bytes behind the
	// payload are left out.
	LengthShort Note = iota
	// LengthLong: Length is larger than what is there. The payload is what is
	// there.
	LengthLong
	// NoLength: a control datagram of 35 bytes, without the Length field.
	NoLength
	// SeqAbove1: the Sequence is neither 0 nor 1.
	SeqAbove1
	// UserEmpty: there is no name.
	UserEmpty
	// UserNotASCII: the name has bytes above 0x7f.
	UserNotASCII
	// UserControl: the name has control characters.
	UserControl
	// UserPaddedWithSpaces: the name is padded with blanks to the end of its
	// field.
	UserPaddedWithSpaces
	// UserBlanks: the name begins or ends with blanks that are no padding. They
	// are removed: "bob " must not pass for somebody other than "bob".
	UserBlanks
	// UserAfterNUL: there is something behind the NUL that ends the name. It is
	// left out.
	UserAfterNUL
	// PayloadNotASCII: the payload has bytes above 0x7f. Between native peers,
	// whose messages are UTF-8, that is nothing unusual.
	PayloadNotASCII
	// PayloadControl: the payload has control characters; NUL, tab and line
	// feed are among them.
	PayloadControl
	// Trailer: two bytes behind the payload are the right [Checksum].
	Trailer
	// ExtraPayload: a control datagram has a payload that means nothing here: it
	// is neither the text of an ERR or [FINERR] nor an announcement, nor a word
	// that native peers put into ACK and FIN.
	ExtraPayload
	// LeadingNUL: a NUL stands in front of a message. It is left out.
	LeadingNUL
	// FormFINERR: a FIN in the form [FINERR].
	FormFINERR
	// FormFINACK: an ACK in the form [FINACK].
	FormFINACK
	// FormStub: an ERR in the form [Stub].
	FormStub

	// NumNotes is how many notes there are: the size of an array of counters.
	NumNotes = int(iota)
)

// noteNames is read only.
var noteNames = [NumNotes]string{
	LengthShort:          "length-short",
	LengthLong:           "length-long",
	NoLength:             "no-length",
	SeqAbove1:            "seq-above-1",
	UserEmpty:            "user-empty",
	UserNotASCII:         "user-not-ascii",
	UserControl:          "user-control",
	UserPaddedWithSpaces: "user-padded-with-spaces",
	UserBlanks:           "user-blanks",
	UserAfterNUL:         "user-after-nul",
	PayloadNotASCII:      "payload-not-ascii",
	PayloadControl:       "payload-control",
	Trailer:              "trailer",
	ExtraPayload:         "extra-payload",
	LeadingNUL:           "leading-nul",
	FormFINERR:           "form-finerr",
	FormFINACK:           "form-finack",
	FormStub:             "form-stub",
}

// String returns the name by which n is counted.
func (n Note) String() string {
	if int(n) < NumNotes {
		return noteNames[n]
	}
	return "Note(" + strconv.Itoa(int(n)) + ")"
}

// Notes is a set of notes; the zero value is the empty set.
type Notes uint32

// A note that does not fit into Notes would be lost without a word.
const _ = uint(32 - NumNotes)

// NotesOf returns the set of the given notes.
func NotesOf(notes ...Note) Notes {
	var s Notes
	for _, n := range notes {
		s |= n.bit()
	}
	return s
}

func (n Note) bit() Notes { return 1 << n }

// Has reports whether n is in the set.
func (s Notes) Has(n Note) bool { return s&n.bit() != 0 }

// All yields the notes of the set in the order in which they are declared.
func (s Notes) All() iter.Seq[Note] {
	return func(yield func(Note) bool) {
		for n := range Note(NumNotes) {
			if s.Has(n) && !yield(n) {
				return
			}
		}
	}
}

// String returns the names of the notes, separated by commas; "" for none.
func (s Notes) String() string {
	var b strings.Builder
	for n := range s.All() {
		if b.Len() > 0 {
			b.WriteByte(',')
		}
		b.WriteString(n.String())
	}
	return b.String()
}
