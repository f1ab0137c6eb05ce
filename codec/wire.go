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
	Name    string // what logs call it
	Pad     byte   // fills the User field behind the name
	Trailer bool   // a [Checksum] ends the datagram; Length does not count it
}

// The known wires. They are values to be copied, not to be assigned to. A
// further way of writing is a further field of Wire and a row here.
var (
	// Canonical is the specification's form, and the one for a peer of which
	// nothing is known.
	Canonical = Wire{Name: "canonical", Pad: 0}

	// Trailing is for peers that end every datagram with a checksum, and stop
	// at one that does not (b in testdata/traces).
	Trailing = Wire{Name: "trailing", Pad: 0, Trailer: true}

	// Spaced is for peers that pad the name with blanks (c in testdata/traces).
	Spaced = Wire{Name: "spaced", Pad: ' '}
)

// MaxPayload returns how many bytes of payload fit into a datagram of at most
// [MaxDatagram] bytes.
func (w Wire) MaxPayload() int {
	if w.Trailer {
		return MaxPayload - trailerLen
	}
	return MaxPayload
}

// Append appends the encoding of d to dst. User and Payload must not overlap
// dst's spare capacity. It does not allocate when dst has room for
// [MaxDatagram] bytes.
//
// It is strict, since a datagram that is slightly off ends some of the programs
// that receive it. On error dst is returned as it was, and the error wraps
//
//   - [ErrKind] for anything but the six kinds;
//   - [ErrSeq] for a Sequence above 1, except in ACK and SYN+ACK: they echo the
//     number of what they answer, whatever byte it is (PROTOCOL.md, 3.2 and 3.4);
//   - [ErrUser] for a name that is not 1 to 32 bytes of printable ASCII with no
//     blank at either end;
//   - [ErrPayload] for a datagram above MaxDatagram bytes; for a CHAT that is
//     not UTF-8 or has a NUL in it; for any other payload that is not printable
//     ASCII; for an announcement that does not begin with "simp/" or stands
//     in anything but a SYN or SYN+ACK.
func (w Wire) Append(dst []byte, d Datagram) ([]byte, error) {
	if err := w.check(d); err != nil {
		return dst, err
	}
	start := len(dst)
	typ, op := d.Kind.Code()
	dst = append(dst, typ, op, d.Seq)
	dst = append(dst, d.User...)
	for range UserLen - len(d.User) {
		dst = append(dst, w.Pad)
	}
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(d.Payload)))
	dst = append(dst, d.Payload...)
	if d.Announced {
		dst = appendSeal(dst, start)
	}
	if w.Trailer {
		checksum := Checksum(dst[start:])
		dst = append(dst, checksum[:]...)
	}
	return dst, nil
}

// check refuses what Append must not send. The names and texts that go into an
// error are copied: a slice that may escape through an error would make every
// caller's datagram a heap allocation, also of those that never fail.
func (w Wire) check(d Datagram) error {
	if !d.Kind.valid() {
		return fmt.Errorf("codec: append %v: %w", d.Kind, ErrKind)
	}
	if d.Seq > 1 && !kinds[d.Kind].echo {
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

func sendableUser(user []byte) bool {
	if len(user) == 0 || len(user) > UserLen {
		return false
	}
	return printable(user) && user[0] != ' ' && user[len(user)-1] != ' '
}

// refusePayload returns why d's payload cannot be sent, or "".
func (w Wire) refusePayload(d Datagram) string {
	room := w.MaxPayload()
	if d.Announced {
		room -= maxSealed
	}
	switch {
	case len(d.Payload) > room:
		return "it does not fit into a datagram of 1200 bytes"
	case d.Announced && d.Kind != SYN && d.Kind != SYNACK:
		return "only a SYN or SYN+ACK can announce"
	case d.Announced && !isAnnouncement(d.Payload):
		return `an announcement begins with "` + announcementPrefix + `"`
	case d.Kind != CHAT && !printable(d.Payload):
		return "only a message can be anything but printable ASCII"
	case d.Kind == CHAT && bytes.IndexByte(d.Payload, 0) >= 0:
		return "a message cannot contain a NUL"
	case d.Kind == CHAT && !utf8.Valid(d.Payload):
		return "a message has to be valid UTF-8"
	}
	return ""
}

func printable(b []byte) bool {
	notASCII, control := unprintable(b)
	return !notASCII && !control
}
