package codec

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDecodeWorkedExample(t *testing.T) {
	d, notes, err := Decode(workedExample())
	if err != nil || notes != 0 {
		t.Fatalf("notes %q, error %v", notes, err)
	}
	want := Datagram{Kind: CHAT, User: []byte("test"), Payload: []byte("Hello World")}
	if diff := cmp.Diff(want, d); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestDecodeTolerances(t *testing.T) {
	full := strings.Repeat("n", UserLen)
	spaced := func(name string) string { return fmt.Sprintf("%-32s", name) }
	trailing := func(b []byte) []byte {
		sum := Checksum(b)
		return append(b, sum[:]...)
	}
	for _, tt := range []struct {
		name    string
		in      []byte
		user    string
		payload string
		notes   Notes
	}{
		{"nothing to overlook", datagram(2, 1, 1, "bob", 5, "hello"), "bob", "hello", 0},
		{"empty message", datagram(2, 1, 0, "bob", 0, ""), "bob", "", 0},
		{"name without padding", datagram(2, 1, 0, full, 2, "hi"), full, "hi", 0},
		{"blank within the name", datagram(2, 1, 0, "bob jr", 2, "hi"), "bob jr", "hi", 0},

		{"Length 0", datagram(2, 1, 0, "bob", 0, "hello"), "bob", "", NotesOf(LengthShort)},
		{"Length too small by one", datagram(2, 1, 0, "bob", 4, "hello"), "bob", "hell", NotesOf(LengthShort)},
		{"Length too small by two", datagram(2, 1, 0, "bob", 3, "hello"), "bob", "hel", NotesOf(LengthShort)},
		{"Length too large by one", datagram(2, 1, 0, "bob", 6, "hello"), "bob", "hello", NotesOf(LengthLong)},
		{"Length 2^31", datagram(2, 1, 0, "bob", 1<<31, "hello"), "bob", "hello", NotesOf(LengthLong)},
		{"Length 2^32-1", datagram(2, 1, 0, "bob", math.MaxUint32, "hello"), "bob", "hello", NotesOf(LengthLong)},
		{"Length 2^32-39, which wraps", datagram(2, 1, 0, "bob", math.MaxUint32-38, ""), "bob", "", NotesOf(LengthLong)},
		{"no Length", datagram(1, 4, 0, "bob", 0, "")[:offLength], "bob", "", NotesOf(NoLength)},
		{"no Length, padded with blanks", datagram(1, 4, 0, spaced("bob"), 0, "")[:offLength], "bob", "", NotesOf(NoLength, UserPaddedWithSpaces)},

		{"trailer", trailing(datagram(2, 1, 0, "bob", 5, "hello")), "bob", "hello", NotesOf(Trailer)},
		{"trailer without payload", trailing(datagram(1, 2, 0, "bob", 0, "")), "bob", "", NotesOf(Trailer)},
		{"wrong trailer", append(datagram(2, 1, 0, "bob", 5, "hello"), 1, 2), "bob", "hello", NotesOf(LengthShort)},
		{"trailer and more", append(trailing(datagram(2, 1, 0, "bob", 5, "hello")), 0), "bob", "hello", NotesOf(LengthShort)},
		{"trailer over a wrong Length", trailing(datagram(2, 1, 0, "bob", 4, "hello")), "bob", "hell", NotesOf(LengthShort)},

		{"no name", datagram(2, 1, 0, "", 2, "hi"), "", "hi", NotesOf(UserEmpty)},
		{"no name but padding", datagram(2, 1, 0, spaced(""), 2, "hi"), "", "hi", NotesOf(UserEmpty, UserPaddedWithSpaces)},
		{"no name but blanks", datagram(2, 1, 0, "  ", 2, "hi"), "", "hi", NotesOf(UserEmpty, UserBlanks)},
		{"nothing but what is behind the name", datagram(2, 1, 0, "\x00bob", 2, "hi"), "", "hi", NotesOf(UserEmpty, UserAfterNUL)},
		{"name beyond ASCII", datagram(2, 1, 0, "j\u00f6rg", 2, "hi"), "j\u00f6rg", "hi", NotesOf(UserNotASCII)},
		{"name that is not UTF-8", datagram(2, 1, 0, "j\xf6rg", 2, "hi"), "j\xf6rg", "hi", NotesOf(UserNotASCII)},
		{"escape sequence in the name", datagram(2, 1, 0, "\x1b[2J", 2, "hi"), "\x1b[2J", "hi", NotesOf(UserControl)},
		{"DEL in the name", datagram(2, 1, 0, "b\x7fob", 2, "hi"), "b\x7fob", "hi", NotesOf(UserControl)},
		{"name padded with blanks", datagram(2, 1, 0, spaced("bob"), 2, "hi"), "bob", "hi", NotesOf(UserPaddedWithSpaces)},
		{"one blank of padding", datagram(2, 1, 0, spaced(full[1:]), 2, "hi"), full[1:], "hi", NotesOf(UserPaddedWithSpaces)},
		{"blank behind the name", datagram(2, 1, 0, "bob ", 2, "hi"), "bob", "hi", NotesOf(UserBlanks)},
		{"blank in front of the name", datagram(2, 1, 0, "  bob", 2, "hi"), "bob", "hi", NotesOf(UserBlanks)},
		{"blank in front, padded with blanks", datagram(2, 1, 0, spaced(" bob"), 2, "hi"), "bob", "hi", NotesOf(UserBlanks, UserPaddedWithSpaces)},
		{"another name behind the NUL", datagram(2, 1, 0, "bob\x00alice", 2, "hi"), "bob", "hi", NotesOf(UserAfterNUL)},
		{"last byte behind the NUL", datagram(2, 1, 0, "bob"+strings.Repeat("\x00", 28)+"!", 2, "hi"), "bob", "hi", NotesOf(UserAfterNUL)},

		{"UTF-8", datagram(2, 1, 0, "bob", 3, "h\u00fc"), "bob", "h\u00fc", NotesOf(PayloadNotASCII)},
		{"not UTF-8", datagram(2, 1, 0, "bob", 2, "h\xfc"), "bob", "h\xfc", NotesOf(PayloadNotASCII)},
		{"NUL in front of the message", datagram(2, 1, 0, "bob", 3, "\x00hi"), "bob", "hi", NotesOf(LeadingNUL)},
		{"NUL in front of the message, and a trailer", trailing(datagram(2, 1, 0, "bob", 3, "\x00hi")), "bob", "hi", NotesOf(LeadingNUL, Trailer)},
		{"NUL in front of a message cut short", datagram(2, 1, 0, "bob", 2, "\x00hi"), "bob", "h", NotesOf(LeadingNUL, LengthShort)},
		{"NUL and no message", datagram(2, 1, 0, "bob", 1, "\x00"), "bob", "", NotesOf(LeadingNUL)},
		{"two NULs in front of the message", datagram(2, 1, 0, "bob", 4, "\x00\x00hi"), "bob", "\x00hi", NotesOf(LeadingNUL, PayloadControl)},
		{"NUL that Length does not reach", datagram(2, 1, 0, "bob", 0, "\x00hi"), "bob", "", NotesOf(LengthShort)},
		{"NUL within the message", datagram(2, 1, 0, "bob", 3, "h\x00i"), "bob", "h\x00i", NotesOf(PayloadControl)},
		{"NUL in front of a text", datagram(1, 1, 0, "bob", 6, "\x00sorry"), "bob", "\x00sorry", NotesOf(PayloadControl)},
		{"escape sequence", datagram(2, 1, 0, "bob", 4, "\x1b[2J"), "bob", "\x1b[2J", NotesOf(PayloadControl)},
		{"what is cut off is not judged", datagram(2, 1, 0, "bob", 2, "hi\x00\xff"), "bob", "hi", NotesOf(LengthShort)},

		{"text of an ERR", datagram(1, 1, 0, "bob", 5, "sorry"), "bob", "sorry", 0},
		{"text on a SYN", datagram(1, 2, 0, "bob", 5, "hello"), "bob", "hello", NotesOf(ExtraPayload)},
		{"text on a SYN+ACK", datagram(1, 6, 0, "bob", 5, "hello"), "bob", "hello", NotesOf(ExtraPayload)},
		{"text on an ACK", datagram(1, 4, 0, "bob", 5, "hello"), "bob", "hello", NotesOf(ExtraPayload)},
		{"text on a FIN", datagram(1, 8, 0, "bob", 5, "sorry"), "bob", "sorry", NotesOf(ExtraPayload)},
		{"native ACK", datagram(1, 4, 0, "bob", 7, "syn+ack"), "bob", "syn+ack", 0},
		{"native FIN", datagram(1, 8, 0, "bob", 8, "left now"), "bob", "left now", 0},

		{"FIN with operation 0x09", datagram(1, 9, 0, "bob", 0, ""), "bob", "", NotesOf(FormFINERR)},
		{"text on a FIN with operation 0x09", datagram(1, 9, 1, "bob", 5, "sorry"), "bob", "sorry", NotesOf(FormFINERR)},
		{"FIN with operation 0x09 and no Length", datagram(1, 9, 0, "bob", 0, "")[:offLength], "bob", "", NotesOf(FormFINERR, NoLength)},
		{"ACK with operation 0x0c", datagram(1, 12, 0, "bob", 0, ""), "bob", "", NotesOf(FormFINACK)},
		{"ACK with operation 0x0c and no Length", datagram(1, 12, 0, "bob", 0, "")[:offLength], "bob", "", NotesOf(FormFINACK, NoLength)},
		{"text on an ACK with operation 0x0c", datagram(1, 12, 2, "bob", 5, "sorry"), "bob", "sorry", NotesOf(FormFINACK, SeqAbove1, ExtraPayload)},
		{"ERR of 33 bytes", stub("carol"), "carol", "", NotesOf(FormStub)},
		{"ERR of 33 bytes, padded with blanks", stub(spaced("carol")), "carol", "", NotesOf(FormStub, UserPaddedWithSpaces)},
		{"ERR of 33 bytes without padding", stub(full), full, "", NotesOf(FormStub)},
		{"ERR of 33 bytes without a name", stub(""), "", "", NotesOf(FormStub, UserEmpty)},
		{"ERR of 33 bytes, name with an escape sequence", stub("\x1b[2J\x00\xff"), "\x1b[2J", "", NotesOf(FormStub, UserControl, UserAfterNUL)},

		{
			"everything at once", datagram(1, 8, 7, " \x07\xff\x00x", 99, "\x00\xff"), "\x07\xff", "\x00\xff",
			NotesOf(LengthLong, SeqAbove1, UserBlanks, UserControl, UserNotASCII, UserAfterNUL, PayloadControl, PayloadNotASCII, ExtraPayload),
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d, notes, err := Decode(tt.in)
			if err != nil {
				t.Fatal(err)
			}
			if string(d.User) != tt.user || string(d.Payload) != tt.payload {
				t.Errorf("user %q, payload %q; want %q, %q", d.User, d.Payload, tt.user, tt.payload)
			}
			if notes != tt.notes {
				t.Errorf("notes %q, want %q", notes, tt.notes)
			}
		})
	}
}

func TestDecodeErrors(t *testing.T) {
	type badCase struct {
		name string
		in   []byte
		want error
	}
	cases := []badCase{
		{"nil", nil, ErrEmpty},
		{"empty", []byte{}, ErrEmpty},
		{"longest UDP datagram", make([]byte, 65507), ErrOversized},
		{"one byte too long", datagram(2, 1, 0, "bob", MaxReceive-HeaderLen+1, strings.Repeat("x", MaxReceive-HeaderLen+1)), ErrOversized},
		{"35 bytes of chat", datagram(2, 1, 0, "bob", 0, "")[:offLength], ErrShort},
		{"35 bytes of nothing known", datagram(3, 1, 0, "bob", 0, "")[:offLength], ErrShort},
		{"35 bytes, unknown operation", datagram(1, 0x0a, 0, "bob", 0, "")[:offLength], ErrOperation},
		{"operation 0", datagram(1, 0, 0, "bob", 0, ""), ErrOperation},
		{"operation 0x09 of a chat", datagram(2, 9, 0, "bob", 0, ""), ErrOperation},
		{"32 bytes that begin like a stub", stub("carol")[:32], ErrShort},
		{"34 bytes that begin like a stub", append(stub("carol"), 0), ErrShort},
		{"35 bytes that begin like a stub", append(stub("carol"), 0, 0), ErrShort},
		{"39 bytes that begin like a stub", append(stub("carol"), 0, 0, 0, 0, 0, 0), ErrType},
		{"33 bytes of something else", append([]byte{0x09}, stub("carol")[1:]...), ErrShort},
		{"39 zeros", make([]byte, HeaderLen), ErrType},
	}
	for n := 1; n < HeaderLen; n++ {
		if n != offLength {
			cases = append(cases, badCase{fmt.Sprintf("%d bytes", n), datagram(1, 2, 0, "bob", 0, "")[:n], ErrShort})
		}
	}
	for _, tt := range cases {
		t.Run(tt.name, func(t *testing.T) {
			d, notes, err := Decode(tt.in)
			if !errors.Is(err, tt.want) {
				t.Errorf("error %v, want %v", err, tt.want)
			}
			if diff := cmp.Diff(Datagram{}, d); diff != "" || notes != 0 {
				t.Errorf("something was decoded in spite of the error: %v, notes %q", d, notes)
			}
		})
	}
}

func TestDecodeLongestReceived(t *testing.T) {
	text := strings.Repeat("x", MaxReceive-HeaderLen)
	d, notes, err := Decode(datagram(2, 1, 0, "bob", uint32(len(text)), text))
	if err != nil || notes != 0 || string(d.Payload) != text {
		t.Errorf("%d bytes of payload, notes %q, error %v", len(d.Payload), notes, err)
	}
}

// TestDecodeTypeAndOperation goes through all 65,536 pairs: six are the
// specification's datagrams, two are other forms of them.
func TestDecodeTypeAndOperation(t *testing.T) {
	type reading struct {
		kind Kind
		form Form
	}
	known := map[[2]byte]reading{
		{0x01, 0x01}: {ERR, Usual},
		{0x01, 0x02}: {SYN, Usual},
		{0x01, 0x04}: {ACK, Usual},
		{0x01, 0x06}: {SYNACK, Usual},
		{0x01, 0x08}: {FIN, Usual},
		{0x01, 0x09}: {FIN, FINERR},
		{0x01, 0x0c}: {ACK, FINACK},
		{0x02, 0x01}: {CHAT, Usual},
	}
	for typ := range 256 {
		for op := range 256 {
			d, _, err := Decode(datagram(byte(typ), byte(op), 0, "bob", 0, ""))
			is, ok := known[[2]byte{byte(typ), byte(op)}]
			var want error
			switch {
			case ok:
			case typ == 1, typ == 2:
				want = ErrOperation
			default:
				want = ErrType
			}
			if got := (reading{d.Kind, d.Form}); got != is || !errors.Is(err, want) || (err == nil) != ok {
				t.Errorf("type %#02x operation %#02x: %v, %v; want %v, %v", typ, op, got, err, is, want)
			}
		}
	}
}

func TestDecodeSequence(t *testing.T) {
	for seq := range 256 {
		d, notes, err := Decode(datagram(2, 1, byte(seq), "bob", 2, "hi"))
		if err != nil || d.Seq != uint8(seq) || notes.Has(SeqAbove1) != (seq > 1) {
			t.Errorf("sequence %d: decoded as %d, notes %q, error %v", seq, d.Seq, notes, err)
		}
	}
}

// TestDecodeAliases shows what the caller relies on: the result points into the
// buffer, and appending to it cannot overwrite what stands behind.
func TestDecodeAliases(t *testing.T) {
	b := append(datagram(2, 1, 0, strings.Repeat("n", UserLen), 5, "hello"), "garbage"...)
	before := bytes.Clone(b)
	d, _, err := Decode(b)
	if err != nil {
		t.Fatal(err)
	}
	_ = append(d.User, '!')
	_ = append(d.Payload, '!')
	if !bytes.Equal(b, before) {
		t.Errorf("appending to the result changed the datagram: %q", b)
	}
	b[offUser], b[offPayload] = 'N', 'H'
	if d.User[0] != 'N' || d.Payload[0] != 'H' {
		t.Errorf("user %q, payload %q are copies", d.User, d.Payload)
	}
}
