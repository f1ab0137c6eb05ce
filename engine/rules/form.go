package rules

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"

	"simp/codec"
)

// formRules are about how a datagram is written.
func formRules() []*Rule {
	unreadable := []string{"hs/", "sw/3", "sw/6", "sw/7", "sw/9", "bz/", "cl/1", "cl/4", "er/"}
	return []*Rule{
		{
			ID: "dg/1", Name: "Type and Operation are known",
			Sentence: "Type: 0x01 control, 0x02 chat. Operation: control: 0x01 ERR, 0x02 SYN, 0x04 ACK, 0x06 SYN+ACK (SYN or ACK, bitwise), 0x08 FIN; chat: 0x01.",
			Ref:      "1.4", explains: unreadable,
			Usually: "It combines the bits of several operations, or writes the fields in another order. Most programs drop such a datagram, and some end on it.",
			seen:    knownCode,
		},
		{
			ID: "dg/2", Name: "The header is whole",
			Sentence: "Type, Operation, Sequence, 32 bytes of User, 4 bytes of Length: 39 bytes, then the payload.",
			Ref:      "1.1 1.4", explains: unreadable,
			Usually: "It leaves out the Length where there is no payload, or does not fill the User field up to 32 bytes.",
			seen:    wholeHeader,
		},
		{
			ID: "dg/3", Name: "Length is the payload's length",
			Sentence: "Length: payload length, unsigned, big endian.",
			Ref:      "1.1", explains: unreadable,
			Usually: "It writes the Length in the byte order of its machine, counts the header too, or counts characters instead of bytes.",
			seen:    trueLength,
		},
		{
			ID: "dg/4", Name: "Sequence is 0 or 1",
			Sentence: "Sequence: 0x00 or 0x01.",
			Ref:      "1.1 4.1", explains: []string{"hs/1", "hs/4", "hs/5", "sw/1", "sw/2", "sw/5"},
			Usually: "It counts its messages instead of changing between 0 and 1.",
			seen: func(x *scene) {
				if x.Notes.Has(codec.SeqAbove1) {
					x.breaks(fmt.Sprintf("%s carries the number %d", x.Datagram.Kind, x.Datagram.Seq), "0 or 1")
				}
			},
		},
		{
			ID: "dg/5", Name: "User is a name in ASCII",
			Sentence: "User: ASCII, at most 32 bytes.",
			Ref:      "1.1",
			Usually:  "It writes the name in the encoding of its terminal, or a buffer that was not cleared.",
			seen: func(x *scene) {
				switch n := x.Notes; {
				case n.Has(codec.UserEmpty):
					x.breaks(fmt.Sprintf("%s without a name", x.Datagram.Kind), "a name of 1 to 32 bytes")
				case n.Has(codec.UserNotASCII), n.Has(codec.UserControl):
					x.breaks(fmt.Sprintf("the name %q", x.Datagram.User), "printable ASCII")
				case n.Has(codec.UserAfterNUL):
					x.breaks("bytes behind the NUL that ends the name", "NUL up to the end of the field")
				}
			},
		},
		{
			ID: "dg/6", Name: "User is padded with NUL",
			Sentence: "User: padded at the end with NUL.",
			Ref:      "1.1",
			Usually:  "It pads with blanks, as a text format does. Whoever compares names without removing them takes \"bob\" and \"bob   \" for two.",
			seen: func(x *scene) {
				switch {
				case x.Notes.Has(codec.UserPaddedWithSpaces):
					x.breaks("the name is padded with blanks", "NUL up to the end of the field")
				case x.Notes.Has(codec.UserBlanks):
					x.breaks("blanks at an end of the name that are no padding", "the name, and then NUL")
				}
			},
		},
		{
			ID: "dg/7", Name: "Only ERR and chat have a payload",
			Sentence: "Payload: ERR: human-readable text. Chat: the message. Otherwise empty.",
			Ref:      "1.1 2.1 2.3",
			Usually:  "It writes a text for people where others expect nothing. Programs that check the length of a control datagram drop it.",
			seen: func(x *scene) {
				if x.Notes.Has(codec.ExtraPayload) && !x.c.Native() { // for whom na/1 says what it is to be
					x.breaks(fmt.Sprintf("%s with a payload of %d bytes", x.Datagram.Kind, len(x.Datagram.Payload)), "no payload")
				}
			},
		},
		{
			ID: "dg/8", Name: "Nothing follows the payload",
			Sentence: "Exactly this layout, NUL padding, ASCII only, Length = actual payload length.",
			Ref:      "1.1 1.6",
			Usually:  "It adds a checksum of its own behind the datagram. UDP has one already, and programs that read all bytes as the message show it.",
			seen: func(x *scene) {
				const expected = "the datagram ends where Length says"
				switch {
				case x.Notes.Has(codec.Trailer):
					x.breaks("2 bytes behind the payload, a checksum", expected)
				case x.Notes.Has(codec.LengthShort) && emptyBehind(x.Bytes):
					x.breaks("NUL bytes behind the payload", expected)
				}
			},
		},
		{
			ID: "dg/9", Name: "The payload of a chat datagram is the message",
			Sentence: "Payload: Chat: the message.",
			Ref:      "1.1",
			Usually:  "It sends a string with the byte that its language puts in front of it, or ends the User field one byte too late.",
			seen: func(x *scene) {
				switch n := len(x.Datagram.Payload); {
				case x.Notes.Has(codec.LeadingNUL):
					x.breaks("a NUL in front of the message", "the message")
				case x.Err == nil && x.Datagram.Kind == codec.CHAT && n > 0 && x.Datagram.Payload[n-1] == 0:
					x.breaks("a NUL behind the message", "the message")
				}
			},
		},
		{
			ID: "dg/10", Name: "User is the sender's name", Severity: Deviation,
			Sentence: "A user is identified by IP address and port; the user name is a label.",
			Ref:      "1.1",
			Usually:  "It answers with a copy of the datagram that it answers, and does not put its own name into it.",
			seen:     ownName,
		},
	}
}

func knownCode(x *scene) {
	switch {
	case errors.Is(x.Err, codec.ErrType), errors.Is(x.Err, codec.ErrOperation):
		x.breaks(fmt.Sprintf("Type 0x%02x, Operation 0x%02x", x.Bytes[0], x.Bytes[1]), "a pair that the table has")
	case x.Err == nil && x.Datagram.Form == codec.Stub:
		x.breaks("33 bytes: 0x08 and a name", "Type 0x01 and an Operation in front, a Sequence, and a Length behind the name")
	case x.Err == nil && x.Datagram.Form != codec.Usual:
		x.breaks(fmt.Sprintf("Operation 0x%02x", x.Bytes[1]), "one of 0x01, 0x02, 0x04, 0x06 and 0x08")
	}
}

func wholeHeader(x *scene) {
	switch {
	case x.Cut:
	case errors.Is(x.Err, codec.ErrEmpty), errors.Is(x.Err, codec.ErrShort):
		x.breaks(fmt.Sprintf("a datagram of %d bytes", len(x.Bytes)), fmt.Sprintf("at least %d bytes", codec.HeaderLen))
	case errors.Is(x.Err, codec.ErrOversized):
		x.breaks(fmt.Sprintf("a datagram of %d bytes", len(x.Bytes)), fmt.Sprintf("one that others can read: the most that any was seen to read is %d bytes", codec.MaxReceive))
	case x.Err == nil && x.Notes.Has(codec.NoLength):
		x.breaks(fmt.Sprintf("%s of %d bytes, without the Length", x.Datagram.Kind, len(x.Bytes)), fmt.Sprintf("%d bytes, Length 0", codec.HeaderLen))
	}
}

func trueLength(x *scene) {
	if x.Cut || x.Err != nil || !x.Notes.Has(codec.LengthLong) && !x.Notes.Has(codec.LengthShort) || x.Notes.Has(codec.LengthShort) && emptyBehind(x.Bytes) {
		return
	}
	const at = codec.HeaderLen - 4
	length, there := binary.BigEndian.Uint32(x.Bytes[at:]), len(x.Bytes)-codec.HeaderLen
	seen := fmt.Sprintf("Length says %d, and %d bytes are there", length, there)
	switch {
	case bits.ReverseBytes32(length) == uint32(there):
		seen += " (in little endian it would be right)"
	case int64(length) == int64(len(x.Bytes)):
		seen += " (it counts the header too)"
	}
	x.breaks(seen, fmt.Sprint(there))
}

// emptyBehind reports whether a datagram has nothing but NUL behind what Length counts.
func emptyBehind(b []byte) bool {
	const at = codec.HeaderLen - 4
	return len(bytes.Trim(b[codec.HeaderLen+int(binary.BigEndian.Uint32(b[at:])):], "\x00")) == 0
}

// ownName looks for a name that is not the one that its sender has given itself before.
func ownName(x *scene) {
	if x.Err != nil || x.Strayed || x.Datagram.Form == codec.Stub || len(x.Datagram.User) == 0 {
		return
	}
	own := &x.file.sides[x.By]
	switch kind := x.Datagram.Kind; {
	case own.name == "" && (kind == codec.SYN || kind == codec.SYNACK || kind == codec.CHAT):
		own.name = string(x.Datagram.User)
	case own.name == "" || own.name == string(x.Datagram.User):
	case x.file.sides[x.By.Other()].name == string(x.Datagram.User):
		x.breaks(fmt.Sprintf("%s carries the name of the other side, %q", kind, x.Datagram.User), "its own")
	default:
		x.breaksAs(Remark, fmt.Sprintf("%s in the name of %q, who was %q before", kind, x.Datagram.User, own.name), "one name in a chat")
	}
}
