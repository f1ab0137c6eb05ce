package codec

import (
	"bytes"
	"encoding/binary"
)

// Decode reads one datagram as it came from the network. It accepts what can be
// understood without risk and tells by the notes what it had to overlook;
// otherwise the error is one of [ErrEmpty], [ErrShort], [ErrOversized],
// [ErrType] and [ErrOperation], as it stands, and datagram and notes are zero.
//
// Decode neither allocates nor changes b, whatever b holds. User and Payload of
// the result are parts of b. Their bytes are the peer's: nothing is promised
// about them but their length. They are not to reach a terminal as they are.
func Decode(b []byte) (Datagram, Notes, error) {
	if isStub(b) {
		user, notes := readUser(b[1:stubLen:stubLen])
		return Datagram{Kind: ERR, Form: Stub, User: user}, notes | Stub.notes(), nil
	}
	if err := checkSize(b); err != nil {
		return Datagram{}, 0, err
	}
	kind, form, err := kindOf(b[offType], b[offOperation])
	if err != nil {
		return Datagram{}, 0, err
	}
	d := Datagram{Kind: kind, Form: form, Seq: b[offSeq]}
	notes := form.notes()
	if d.Seq > 1 {
		notes |= SeqAbove1.bit()
	}
	user, more := readUser(b[offUser:offLength:offLength])
	d.User = user
	notes |= more

	if len(b) == offLength {
		return d, notes | NoLength.bit(), nil
	}
	// From here on b is the header and its payload, without anything behind.
	b, behind, more := cutToLength(b)
	if d.canLabel() && isLabel(behind) {
		d.Label, more = behind[1:], 0
	}
	notes |= more
	d.Payload = b[offPayload:]
	switch {
	case d.Kind == CHAT && len(d.Payload) > 0 && d.Payload[0] == 0:
		d.Payload = d.Payload[1:]
		notes |= LeadingNUL.bit()
	case d.canAnnounce():
		if words, ok := openAnnouncement(b); ok {
			d.takeWords(words)
		}
	}
	return d, notes | judgePayload(d), nil
}

// isStub tells a Stub by the two things that it has: its mark and its length.
func isStub(b []byte) bool { return len(b) == stubLen && b[offType] == stubMark }

// isLabel tells a label from whatever else may be behind a payload: it begins
// with a NUL, and then with one of the words that we know.
func isLabel(behind []byte) bool {
	if len(behind) < 2 || behind[0] != 0 || !printable(behind[1:]) {
		return false
	}
	return behind[1] == numberMark || tokenIn(behind[1:]) != Token{}
}

// checkSize refuses what cannot hold a header. One kind of peer leaves the
// Length field out of its control datagrams, which are 35 bytes; a chat
// datagram that short has lost its message and is not worth an acknowledgement.
func checkSize(b []byte) error {
	switch {
	case len(b) == 0:
		return ErrEmpty
	case len(b) > MaxReceive:
		return ErrOversized
	case len(b) == offLength && b[offType] == typeControl:
		return nil
	case len(b) < HeaderLen:
		return ErrShort
	}
	return nil
}

// cutToLength reduces the datagram b to what Length counts, and returns what is
// behind. Length is a claim, not a size: it is compared with what is there and
// never added to anything, so that no value of it can overflow or reach beyond b.
func cutToLength(b []byte) (counted, behind []byte, n Notes) {
	there := len(b) - HeaderLen
	length := binary.BigEndian.Uint32(b[offLength:])
	switch {
	case uint64(length) > uint64(there):
		return b, nil, LengthLong.bit()
	case int(length) == there:
		return b, nil, 0
	}
	end := HeaderLen + int(length)
	counted, behind = b[:end:end], b[end:len(b):len(b)]
	if len(behind) == trailerLen && Checksum(counted) == [trailerLen]byte(behind) {
		return counted, behind, Trailer.bit()
	}
	return counted, behind, LengthShort.bit()
}

// readUser takes the name out of its field, whichever way it is padded.
func readUser(field []byte) ([]byte, Notes) {
	var notes Notes
	user := field
	if end := bytes.IndexByte(field, 0); end >= 0 {
		user = field[:end:end]
		for _, c := range field[end:] {
			if c != 0 {
				notes |= UserAfterNUL.bit()
				break
			}
		}
	}
	if trimmed := bytes.TrimRight(user, " "); len(trimmed) < len(user) {
		if len(user) == UserLen {
			notes |= UserPaddedWithSpaces.bit()
		} else {
			notes |= UserBlanks.bit()
		}
		user = trimmed
	}
	if trimmed := bytes.TrimLeft(user, " "); len(trimmed) < len(user) {
		notes |= UserBlanks.bit()
		user = trimmed
	}
	if len(user) == 0 {
		notes |= UserEmpty.bit()
	}
	notASCII, control := unprintable(user)
	if notASCII {
		notes |= UserNotASCII.bit()
	}
	if control {
		notes |= UserControl.bit()
	}
	return user, notes
}

func judgePayload(d Datagram) Notes {
	var notes Notes
	notASCII, control := unprintable(d.Payload)
	if notASCII {
		notes |= PayloadNotASCII.bit()
	}
	if control {
		notes |= PayloadControl.bit()
	}
	if len(d.Payload) > 0 && !expectsPayload(d) {
		notes |= ExtraPayload.bit()
	}
	return notes
}

// expectsPayload reports whether d's payload means something to us.
func expectsPayload(d Datagram) bool {
	switch d.Kind {
	case CHAT, ERR:
		return true
	case SYN, SYNACK:
		return d.Announced
	case ACK:
		return AckOf(d.Payload) != Invalid
	case FIN:
		return d.Announced || d.Form == FINERR || ReasonOf(d.Payload) != ReasonNone
	case Invalid:
	}
	return false
}

// unprintable reports what b has besides printable ASCII (0x20 to 0x7e): bytes
// above 0x7f, and control characters.
func unprintable(b []byte) (notASCII, control bool) {
	for _, c := range b {
		notASCII = notASCII || c > 0x7f
		control = control || c < ' ' || c == 0x7f
	}
	return notASCII, control
}
