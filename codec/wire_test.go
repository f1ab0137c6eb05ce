package codec

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// workedExample is the specification's: "Hello World" from test, sequence 0.
func workedExample() []byte {
	b, err := hex.DecodeString("020100" +
		"74657374" + strings.Repeat("00", 28) +
		"0000000b" +
		"48656c6c6f20576f726c64")
	if err != nil {
		panic(err)
	}
	return b
}

func TestAppendWorkedExample(t *testing.T) {
	b, err := Canonical.Append(nil, Datagram{Kind: CHAT, User: []byte("test"), Payload: []byte("Hello World")})
	if err != nil {
		t.Fatal(err)
	}
	if len(b) != 50 {
		t.Errorf("%d bytes, want 50", len(b))
	}
	if diff := cmp.Diff(workedExample(), b); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestAppendWires(t *testing.T) {
	hello := Datagram{Kind: CHAT, User: []byte("alice"), Payload: []byte("hello bob")}
	for _, tt := range []struct {
		wire Wire
		want string
	}{
		{Canonical, "\x02\x01\x00alice" + strings.Repeat("\x00", 27) + "\x00\x00\x00\x09hello bob"},
		{Trailing, "\x02\x01\x00alice" + strings.Repeat("\x00", 27) + "\x00\x00\x00\x09hello bob\xc6\xc2"},
		{Spaced, "\x02\x01\x00alice" + strings.Repeat(" ", 27) + "\x00\x00\x00\x09hello bob"},
		{Short, "\x02\x01\x00alice" + strings.Repeat("\x00", 27) + "\x00\x00\x00\x0a\x00hello bob"},
		{Counting, "\x02\x01\x00alice" + strings.Repeat("\x00", 27) + "\x00\x00\x00\x09hello bob"},
	} {
		t.Run(tt.wire.Name, func(t *testing.T) {
			got, err := tt.wire.Append([]byte("before"), hello)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff("before"+tt.want, string(got)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestAppendRefuses(t *testing.T) {
	ok := Datagram{Kind: CHAT, User: []byte("bob"), Payload: []byte("hi")}
	with := func(change func(d *Datagram)) Datagram {
		d := ok
		change(&d)
		return d
	}
	user := func(name string) Datagram {
		return with(func(d *Datagram) { d.User = []byte(name) })
	}
	seq := func(k Kind, n uint8) Datagram {
		return with(func(d *Datagram) { d.Kind, d.Seq = k, n })
	}
	payload := func(k Kind, text string) Datagram {
		return with(func(d *Datagram) { d.Kind, d.Payload = k, []byte(text) })
	}
	longest := strings.Repeat("x", MaxPayload)
	for _, tt := range []struct {
		name string
		wire Wire
		d    Datagram
		want error // nil: accepted
	}{
		{"the model", Canonical, ok, nil},
		{"kind 0", Canonical, with(func(d *Datagram) { d.Kind = Invalid }), ErrKind},
		{"kind 7", Canonical, with(func(d *Datagram) { d.Kind = CHAT + 1 }), ErrKind},
		{"kind 255", Canonical, with(func(d *Datagram) { d.Kind = 255 }), ErrKind},

		{"message in the form FINERR", Canonical, with(func(d *Datagram) { d.Form = FINERR }), ErrForm},
		{"form 255", Canonical, with(func(d *Datagram) { d.Form = 255 }), ErrForm},

		{"CHAT with sequence 2", Canonical, seq(CHAT, 2), ErrSeq},
		{"SYN with sequence 2", Canonical, seq(SYN, 2), ErrSeq},
		{"FIN with sequence 2", Canonical, seq(FIN, 2), ErrSeq},
		{"ERR with sequence 255", Canonical, seq(ERR, 255), ErrSeq},
		{"ACK that echoes 255", Canonical, seq(ACK, 255), nil},
		{"SYN+ACK that echoes 2", Canonical, seq(SYNACK, 2), nil},
		{"message number 255 to who counts", Counting, seq(CHAT, 255), nil},
		{"FIN number 2 to who counts", Counting, seq(FIN, 2), nil},
		{"SYN number 2 to who counts", Counting, seq(SYN, 2), ErrSeq},
		{"ERR number 2 to who counts", Counting, seq(ERR, 2), ErrSeq},

		{"no name", Canonical, user(""), ErrUser},
		{"longest name", Canonical, user(strings.Repeat("n", 32)), nil},
		{"name too long", Canonical, user(strings.Repeat("n", 33)), ErrUser},
		{"blank within the name", Canonical, user("bob jr"), nil},
		{"blank in front of the name", Canonical, user(" bob"), ErrUser},
		{"blank behind the name", Canonical, user("bob "), ErrUser},
		{"name of a blank", Canonical, user(" "), ErrUser},
		{"NUL in the name", Canonical, user("b\x00b"), ErrUser},
		{"line feed in the name", Canonical, user("b\nb"), ErrUser},
		{"DEL in the name", Canonical, user("b\x7fb"), ErrUser},
		{"name beyond ASCII", Canonical, user("j\u00f6rg"), ErrUser},

		{"empty message", Canonical, payload(CHAT, ""), nil},
		{"message in UTF-8, two lines", Canonical, payload(CHAT, "Gr\u00fc\u00dfe\n\U0001f44b"), nil},
		{"message that is not UTF-8", Canonical, payload(CHAT, "\xff"), ErrPayload},
		{"NUL in a message", Canonical, payload(CHAT, "a\x00b"), ErrPayload},
		{"longest message", Canonical, payload(CHAT, longest), nil},
		{"message too long", Canonical, payload(CHAT, longest+"x"), ErrPayload},
		{"longest message with a trailer", Trailing, payload(CHAT, longest[2:]), nil},
		{"message too long for a trailer", Trailing, payload(CHAT, longest[1:]), ErrPayload},
		{"longest message with a NUL", Short, payload(CHAT, longest[1:]), nil},
		{"message too long for a NUL", Short, payload(CHAT, longest), ErrPayload},
		{"message that begins with the NUL itself", Short, payload(CHAT, "\x00hi"), ErrPayload},
		{"ERR text without a Length", Short, payload(ERR, "User already in another chat"), nil},
		{"ERR text beyond ASCII without a Length", Short, payload(ERR, "caf\u00e9"), ErrPayload},
		{"SYN without a Length", Short, payload(SYN, ""), nil},
		{"ACK of chat without a Length", Short, payload(ACK, "chat"), ErrPayload},
		{"FIN with a reason without a Length", Short, payload(FIN, "left"), ErrPayload},
		{"FIN with a text without a Length", Short, with(func(d *Datagram) { d.Kind, d.Form = FIN, FINERR }), nil},
		{"announcement without a Length", Short, with(func(d *Datagram) { d.Kind, d.Payload, d.Announced = SYN, []byte("simp/1"), true }), ErrPayload},
		{"sealed FIN without words, without a Length", Short, with(func(d *Datagram) { d.Kind, d.Payload, d.Announced = FIN, nil, true }), ErrPayload},
		{"ERR text", Canonical, payload(ERR, "User already in another chat"), nil},
		{"ERR text beyond ASCII", Canonical, payload(ERR, "caf\u00e9"), ErrPayload},
		{"ERR text of two lines", Canonical, payload(ERR, "a\nb"), ErrPayload},
		{"ERR text too long", Canonical, payload(ERR, longest+"x"), ErrPayload},
		{"ACK of chat", Canonical, payload(ACK, "chat"), nil},
		{"ACK of an escape sequence", Canonical, payload(ACK, "\x1bchat"), ErrPayload},
		{"FIN with a tab", Canonical, payload(FIN, "\tleft"), ErrPayload},
		{"SYN beyond ASCII", Canonical, payload(SYN, "\x80"), ErrPayload},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dst := []byte("before")
			b, err := tt.wire.Append(dst, tt.d)
			if !errors.Is(err, tt.want) {
				t.Fatalf("error %v, want %v", err, tt.want)
			}
			if tt.want == nil {
				if n := len(b) - len(dst); n > MaxDatagram {
					t.Errorf("%d bytes", n)
				}
				return
			}
			if string(b) != "before" {
				t.Errorf("dst is returned as %q", b)
			}
			if !strings.HasPrefix(err.Error(), "codec: append ") {
				t.Errorf("error %q does not tell where it comes from", err)
			}
		})
	}
}

func TestErrorNames(t *testing.T) {
	names := make(map[string]bool)
	for _, err := range []error{
		ErrEmpty, ErrShort, ErrOversized, ErrType, ErrOperation,
		ErrKind, ErrForm, ErrSeq, ErrUser, ErrPayload,
	} {
		name := ErrorName(fmt.Errorf("wrapped: %w", err))
		if name == "" || name == "other" || names[name] {
			t.Errorf("%v is counted as %q", err, name)
		}
		names[name] = true
	}
	if got := ErrorName(nil); got != "" {
		t.Errorf("nil is counted as %q", got)
	}
	if got := ErrorName(errors.New("anything")); got != "other" {
		t.Errorf("an unknown error is counted as %q", got)
	}
}

func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		wire := drawWire(t)
		d := drawPlain(t, wire)
		b, err := wire.Append(nil, d)
		if err != nil {
			t.Fatal(err)
		}
		got, notes, err := Decode(b)
		if err != nil {
			t.Fatal(err)
		}
		want := received(wire, d)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-sent +received):\n%s", diff)
		}
		if want := wireNotes(wire, d) | payloadNotes(want); notes != want {
			t.Errorf("notes %q, want %q", notes, want)
		}
		checkLength(t, wire, b)
		again, err := wireOf(notes).Append(nil, got)
		if err != nil || !bytes.Equal(again, b) {
			t.Errorf("encoded again:\n% x\n% x, %v", b, again, err)
		}
	})
}

// checkLength: Length is there or not, and what is there is what it counts.
func checkLength(t *rapid.T, w Wire, b []byte) {
	switch {
	case b[0] == 0x08:
		if len(b) != 33 {
			t.Errorf("stub of %d bytes", len(b))
		}
		return
	case w.Short && b[offType] == typeControl:
		if len(b) != 35 {
			t.Errorf("control datagram of %d bytes", len(b))
		}
		return
	}
	there := len(b) - 39
	if w.Trailer {
		there -= 2
	}
	if n := binary.BigEndian.Uint32(b[offLength:]); int(n) != there {
		t.Errorf("Length %d, payload of %d bytes", n, there)
	}
}

// drawPlain draws a datagram that can be sent and announces nothing.
func drawPlain(t *rapid.T, w Wire) Datagram {
	d := Datagram{
		Kind: rapid.SampledFrom([]Kind{SYN, SYNACK, ACK, FIN, ERR, CHAT}).Draw(t, "kind"),
		User: drawUser(t),
	}
	if form := rapid.Map(rapid.Uint8Range(0, 3), func(n uint8) Form { return Form(n) }).Draw(t, "form"); form.of(d.Kind) {
		d.Form = form
	}
	d.Seq = rapid.Uint8Range(0, 1).Draw(t, "seq")
	if d.Kind == ACK || d.Kind == SYNACK || w.Counts && (d.Kind == CHAT || d.Kind == FIN) {
		d.Seq = rapid.Uint8().Draw(t, "any seq")
	}
	if w.Short && (d.Kind == SYN || d.Kind == SYNACK || d.Kind == ACK || d.Kind == FIN && d.Form == Usual) {
		return d
	}
	text := rapid.OneOf(
		rapid.Just(""),
		rapid.StringMatching(`[ -~]{1,80}`),
		rapid.StringOfN(rapid.RuneFrom([]rune(" az~")), 0, w.MaxPayload(), w.MaxPayload()),
	)
	if d.Kind == CHAT {
		text = rapid.OneOf(text, rapid.StringOfN(
			rapid.Rune().Filter(func(r rune) bool { return r != 0 }), 0, -1, w.MaxPayload()))
	}
	d.Payload = []byte(text.Draw(t, "payload"))
	return d
}

// payloadNotes is what decoding has to remark on d apart from its wire.
func payloadNotes(d Datagram) Notes {
	var notes Notes
	if d.Seq > 1 {
		notes |= NotesOf(SeqAbove1)
	}
	if strings.IndexFunc(string(d.Payload), func(r rune) bool { return r > 0x7f }) >= 0 {
		notes |= NotesOf(PayloadNotASCII)
	}
	if strings.IndexFunc(string(d.Payload), func(r rune) bool { return r < 0x20 || r == 0x7f }) >= 0 {
		notes |= NotesOf(PayloadControl)
	}
	word, _, _ := strings.Cut(string(d.Payload), " ")
	meant := d.Kind == CHAT || d.Kind == ERR || d.Form == FINERR ||
		d.Kind == ACK && slices.Contains([]string{"syn", "syn+ack", "chat", "fin"}, word) ||
		d.Kind == FIN && slices.Contains([]string{"left", "declined", "cancelled", "busy", "shutdown"}, word)
	if len(d.Payload) > 0 && !meant {
		notes |= NotesOf(ExtraPayload)
	}
	return notes
}
