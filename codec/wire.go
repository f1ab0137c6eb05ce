package codec

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"unicode/utf8"
)

// Wire is how one kind of peer writes its datagrams, and wants them written.
// Reading needs none of it: [Decode] accepts every form.
type Wire struct {
	Name       string // what logs call it
	Pad        byte   // fills the User field behind the name
	Trailer    bool   // a [Checksum] ends the datagram; Length does not count it
	Short      bool   // a control datagram ends with its User field: no Length, payload or Trailer
	LeadingNUL bool   // a NUL stands in front of a message, and Length counts it
	Counts     bool   // CHAT and FIN are numbered by a whole byte instead of 0 and 1
}

// The known wires. They are values to be copied, not to be assigned to. A
// further way of writing is a further field of Wire and a row here.
var (
	// Canonical is the specification's form, and the one for a peer of which
	// nothing is known (a and d in testdata/traces).
	Canonical = Wire{Name: "canonical", Pad: 0}

	// Trailing is for peers that end every datagram with a checksum, and stop
	// at one that does not (b in testdata/traces).
	Trailing = Wire{Name: "trailing", Pad: 0, Trailer: true}

	// Spaced is for peers that pad the name with blanks (c in testdata/traces).
	Spaced = Wire{Name: "spaced", Pad: ' '}

	// Short is for peers whose control datagrams have no Length, and whose
	// messages begin with a NUL (e in testdata/traces).
	Short = Wire{Name: "short", Pad: 0, Short: true, LeadingNUL: true}

	// Counting is for peers that count their messages with a whole byte (f in
	// testdata/traces).
	Counting = Wire{Name: "counting", Pad: 0, Counts: true}
)

// MaxPayload returns how many bytes of a message fit into a datagram of at most
// [MaxDatagram] bytes. Other payloads have no more room; what seals one comes
// off it, and if w.Short there is none at all.
func (w Wire) MaxPayload() int {
	room := MaxPayload
	if w.Trailer {
		room -= trailerLen
	}
	if w.LeadingNUL {
		room--
	}
	return room
}

// Append appends the encoding of d to dst. User and Payload must not overlap
// dst's spare capacity. It does not allocate when dst has room for
// [MaxDatagram] bytes.
//
// It is strict, since a datagram that is slightly off ends some of the programs
// that receive it. On error dst is returned as it was, and the error wraps
//
//   - [ErrKind] for anything but the six kinds;
//   - [ErrForm] for a form that the kind does not have;
//   - [ErrSeq] for a Sequence above 1, except in ACK and SYN+ACK: they echo the
//     number of what they answer, whatever byte it is (PROTOCOL.md, 3.2 and 3.4);
//     and except in CHAT and FIN if w.Counts;
//   - [ErrUser] for a name that is not 1 to 32 bytes of printable ASCII with no
//     blank at either end;
//   - [ErrPayload] for a datagram above MaxDatagram bytes; for a CHAT that is
//     not UTF-8 or has a NUL in it; for any other payload that is not printable
//     ASCII; for an announcement that does not begin with "simp/" (of a SYN or
//     SYN+ACK; that of a FIN is Append's to write) or stands in anything but a
//     SYN, a SYN+ACK or a FIN of the usual form; for a payload or an
//     announcement in a control datagram if w.Short; for a label of anything but
//     a CHAT or an ERR, or that is not printable ASCII, or where something else
//     ends the datagram.
//
// A text that only a person would read is not worth an error: that of an ERR or
// [FINERR] is left out if w.Short, and always in a [Stub], which has no place for
// a Sequence either.
func (w Wire) Append(dst []byte, d Datagram) ([]byte, error) {
	if err := w.check(d); err != nil {
		return dst, err
	}
	if d.Form == Stub {
		return w.appendUser(append(dst, stubMark), d.User), nil
	}
	start := len(dst)
	typ, op := d.Kind.Code()
	if d.Form != Usual {
		op = forms[d.Form].op
	}
	dst = append(dst, typ, op, d.Seq)
	dst = w.appendUser(dst, d.User)
	if w.noLength(d.Kind) {
		return dst, nil
	}
	dst = append(dst, 0, 0, 0, 0) // Length, once it is known
	if d.Announced {
		dst = appendSeal(appendWords(dst, &d), start) // and Length, which the seal covers
	} else {
		if w.LeadingNUL && d.Kind == CHAT {
			dst = append(dst, 0)
		}
		dst = append(dst, d.Payload...)
		binary.BigEndian.PutUint32(dst[start+offLength:], uint32(len(dst)-start-HeaderLen))
	}
	if len(d.Label) > 0 {
		dst = append(append(dst, 0), d.Label...)
	}
	if w.Trailer {
		checksum := Checksum(dst[start:])
		dst = append(dst, checksum[:]...)
	}
	return dst, nil
}

// appendUser appends the User field.
func (w Wire) appendUser(dst, user []byte) []byte {
	dst = append(dst, user...)
	for range UserLen - len(user) {
		dst = append(dst, w.Pad)
	}
	return dst
}

// noLength reports whether w ends datagrams of kind k before Length.
func (w Wire) noLength(k Kind) bool { return w.Short && k != CHAT }

// check refuses what Append must not send. The names and texts that go into an
// error are copied: a slice that may escape through an error would make every
// caller's datagram a heap allocation, also of those that never fail.
func (w Wire) check(d Datagram) error {
	if !d.Kind.valid() {
		return fmt.Errorf("codec: append %v: %w", d.Kind, ErrKind)
	}
	if !d.Form.of(d.Kind) {
		return fmt.Errorf("codec: append %v in form %v: %w", d.Kind, d.Form, ErrForm)
	}
	if d.Seq > 1 && !w.numbersFreely(d.Kind) {
		return fmt.Errorf("codec: append %v with sequence %d: %w", d.Kind, d.Seq, ErrSeq)
	}
	if !sendableUser(d.User) {
		return fmt.Errorf("codec: append %v from user %q: %w", d.Kind, string(d.User), ErrUser)
	}
	if why := w.refusePayload(d); why != "" {
		return fmt.Errorf("codec: append %v with %d bytes of payload: %w: %s", d.Kind, len(d.Payload), ErrPayload, why)
	}
	return nil
}

// numbersFreely reports whether a datagram of kind k can have any Sequence: as
// an echo, or because the peer counts what it sends and expects the same of us.
func (w Wire) numbersFreely(k Kind) bool {
	return kinds[k].echo || w.Counts && (k == CHAT || k == FIN)
}

func sendableUser(user []byte) bool {
	if len(user) == 0 || len(user) > UserLen {
		return false
	}
	return printable(user) && user[0] != ' ' && user[len(user)-1] != ' '
}

// refusePayload returns why d's payload cannot be sent, or "".
func (w Wire) refusePayload(d Datagram) string {
	switch {
	case len(d.Payload) > w.MaxPayload()-d.announcedLen()-d.labelLen():
		return "it does not fit into a datagram of 1200 bytes"
	case d.Announced && !d.canAnnounce():
		return "only a SYN, a SYN+ACK or a FIN of the usual form can announce"
	case d.Announced && d.Kind != FIN && !isAnnouncement(d.Payload):
		return `an announcement begins with "` + announcementPrefix + `"`
	case len(d.Label) > 0 && (!d.canLabel() || w.Trailer || w.Short):
		return "only a message and an error in the specification's form can have a label"
	case !printable(d.Label):
		return "a label is printable ASCII"
	case w.noLength(d.Kind) && (d.Announced || len(d.Payload) > 0 && !d.forPeople()):
		return "a control datagram without a Length has no payload"
	case d.Kind != CHAT && !printable(d.Payload):
		return "only a message can be anything but printable ASCII"
	case d.Kind == CHAT && bytes.IndexByte(d.Payload, 0) >= 0:
		return "a message cannot contain a NUL"
	case d.Kind == CHAT && !utf8.Valid(d.Payload):
		return "a message has to be valid UTF-8"
	}
	return ""
}

// canLabel reports whether a datagram like d can have a label.
func (d *Datagram) canLabel() bool { return (d.Kind == CHAT || d.Kind == ERR) && d.Form == Usual }

// labelLen is how much a label adds to the size of d.
func (d *Datagram) labelLen() int {
	if len(d.Label) == 0 {
		return 0
	}
	return 1 + len(d.Label)
}

// forPeople reports whether the payload of d is a text that changes nothing if
// it is left out, instead of words that a daemon acts upon.
func (d *Datagram) forPeople() bool { return d.Kind == ERR || d.Form == FINERR }

func printable(b []byte) bool {
	notASCII, control := unprintable(b)
	return !notASCII && !control
}
