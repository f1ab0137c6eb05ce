package codec

import (
	"strconv"
	"unicode/utf8"
)

// SummaryCharacters is how much of a payload a summary shows, in characters: enough
// to recognise a message, and a line that fits on a screen.
const SummaryCharacters = 60

// AppendSummary appends d in one line, for logs and for people:
//
//	SYN seq=0 user="alice" announce="simp/1"
//	ACK seq=0 user="bob" of="chat"
//	CHAT seq=1 user="bob" len=5 "hello"
//	CHAT seq=1 user="bob" len=5 "hello" label="abcdefgh #2"
//	ERR seq=0 user="bob" "User already in another chat"
//	FIN seq=0 user="bob" "left"
//	FIN seq=0 user="bob" sealed="cancelled abcdefgh"
//	FIN(09) seq=0 user="bob" "Chat invitation rejected."
//
// What is behind the kind in parentheses is a form that is not the usual one: an
// operation in hexadecimal, or "stub".
//
// Name and payload are quoted in the manner of [strconv.Quote]: printable text
// stays as it is, in any script, while control characters, escape sequences,
// bidirectional overrides and bytes that are not UTF-8 are written out. A line
// is one line, then, and safe to print, whatever the peer sent.
//
// A payload is cut to 60 characters, with three dots behind the quotes as the
// mark; "len" is its true length in bytes, shown if it was cut, and for CHAT
// always. AppendSummary does not allocate if dst has room.
func (d Datagram) AppendSummary(dst []byte) []byte {
	dst = append(dst, d.Kind.String()...)
	if d.Form != Usual {
		dst = append(dst, '(')
		dst = append(dst, d.Form.mark()...)
		dst = append(dst, ')')
	}
	dst = append(dst, " seq="...)
	dst = strconv.AppendUint(dst, uint64(d.Seq), 10)
	dst = append(dst, " user="...)
	dst = appendQuoted(dst, d.User)
	if len(d.Payload) == 0 && d.Kind != CHAT && !d.Announced {
		return d.appendLabel(dst)
	}
	shown := firstRunes(d.Payload, SummaryCharacters)
	cut := len(shown) < len(d.Payload)
	if cut || d.Kind == CHAT {
		dst = append(dst, " len="...)
		dst = strconv.AppendInt(dst, int64(len(d.Payload)), 10)
	}
	switch {
	case d.Announced && d.Kind == FIN:
		dst = append(dst, " sealed="...)
	case d.Announced:
		dst = append(dst, " announce="...)
	case d.Kind == ACK && AckOf(d.Payload) != Invalid:
		dst = append(dst, " of="...)
	default:
		dst = append(dst, ' ')
	}
	dst = appendQuoted(dst, shown)
	if cut {
		dst = append(dst, "..."...)
	}
	return d.appendLabel(dst)
}

func (d *Datagram) appendLabel(dst []byte) []byte {
	if len(d.Label) == 0 {
		return dst
	}
	return appendQuoted(append(dst, " label="...), firstRunes(d.Label, SummaryCharacters))
}

// String returns the line that [Datagram.AppendSummary] appends.
func (d Datagram) String() string {
	return string(d.AppendSummary(nil))
}

// firstRunes returns the first n characters of b. A byte that is not UTF-8
// counts as a character.
func firstRunes(b []byte, n int) []byte {
	end := 0
	for range n {
		if end == len(b) {
			break
		}
		_, size := utf8.DecodeRune(b[end:])
		end += size
	}
	return b[:end]
}

// appendQuoted appends b as strconv.Quote would quote it. It goes character by
// character, because strconv takes a string, and only a short conversion stays
// off the heap.
func appendQuoted(dst, b []byte) []byte {
	dst = append(dst, '"')
	for len(b) > 0 {
		_, size := utf8.DecodeRune(b)
		var buf [12]byte // \U0010ffff in quotes, the longest there is
		quoted := strconv.AppendQuote(buf[:0], string(b[:size]))
		dst = append(dst, quoted[1:len(quoted)-1]...)
		b = b[size:]
	}
	return append(dst, '"')
}
