package codec

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// seenByAll is the announced SYN that every known implementation was seen to
// accept.
func seenByAll() []byte {
	return datagram(typeControl, 2, 0, "gopher", 11, "simp/1 AAO]")
}

func TestAnnouncementSeenByAll(t *testing.T) {
	d, notes, err := Decode(seenByAll())
	if err != nil || notes != 0 {
		t.Fatalf("Decode: notes %q, error %v", notes, err)
	}
	want := Datagram{Kind: SYN, User: []byte("gopher"), Payload: []byte("simp/1"), Announced: true}
	if diff := cmp.Diff(want, d); diff != "" {
		t.Errorf("Decode (-want +got):\n%s", diff)
	}
	if !IsNative(d) {
		t.Error("the announcement is not taken for native")
	}
	again, err := Canonical.Append(nil, want)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(seenByAll(), again); diff != "" {
		t.Errorf("Append (-want +got):\n%s", diff)
	}
}

func TestAnnouncementIsNotTakenFromAnythingElse(t *testing.T) {
	spoil := func(change func(b []byte) []byte) []byte { return change(seenByAll()) }
	for _, tt := range []struct {
		name string
		in   []byte
	}{
		{"wrong seal", spoil(func(b []byte) []byte { b[len(b)-1]++; return b })},
		{"other user under the same seal", spoil(func(b []byte) []byte { b[offUser] = 'G'; return b })},
		{"other sequence under the same seal", spoil(func(b []byte) []byte { b[offSeq] = 1; return b })},
		{"other prefix", sealed("sump/1", "AA")},
		{"no filler", sealed("simp/1", "")},
		{"filler of one byte", sealed("simp/1", "A")},
		{"only one word", resealed(datagram(typeControl, 2, 0, "gopher", 0, "simp/1AAxx"))},
		{"nothing behind the prefix", datagram(typeControl, 2, 0, "gopher", 5, "simp/")},
		{"empty", datagram(typeControl, 2, 0, "gopher", 0, "")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d, _, err := Decode(tt.in)
			if err != nil {
				t.Fatal(err)
			}
			if d.Announced || IsNative(d) {
				t.Errorf("announced with the words %q", d.Payload)
			}
			if want := tt.in[HeaderLen:]; !bytes.Equal(d.Payload, want) {
				t.Errorf("payload %q, want it whole: %q", d.Payload, want)
			}
		})
	}
	for name, code := range map[string][2]byte{
		"ACK":     {typeControl, 0x04},
		"ERR":     {typeControl, 0x01},
		"FIN(09)": {typeControl, 0x09},
		"ACK(0c)": {typeControl, 0x0c},
		"CHAT":    {typeChat, 0x01},
	} {
		t.Run(name, func(t *testing.T) {
			b := seenByAll()
			b[offType], b[offOperation] = code[0], code[1]
			if d, _, err := Decode(resealed(b)); err != nil || d.Announced {
				t.Errorf("announced %v, error %v", d.Announced, err)
			}
		})
	}
}

// sealed builds an announcement with any filler, and with whatever bytes the
// seal then has.
func sealed(words, filler string) []byte {
	payload := words + " " + filler + "xx"
	return resealed(datagram(typeControl, 2, 0, "gopher", uint32(len(payload)), payload))
}

// resealed corrects Length, and the last two bytes to be the right seal.
func resealed(b []byte) []byte {
	binary.BigEndian.PutUint32(b[offLength:], uint32(len(b)-HeaderLen))
	seal := Checksum(b[:len(b)-trailerLen])
	copy(b[len(b)-trailerLen:], seal[:])
	return b
}

func TestAnnouncementWithLongerFillerIsUnderstood(t *testing.T) {
	found := 0
	for i := range 1000 {
		b := sealed("simp/1 later", string([]byte{'-', nthGraphic(i), nthGraphic(7 * i), '-', '-'}))
		if last := b[len(b)-trailerLen:]; !graphic(last[0]) || !graphic(last[1]) {
			continue
		}
		found++
		d, notes, err := Decode(b)
		if err != nil || notes != 0 || !d.Announced || string(d.Payload) != "simp/1 later" {
			t.Fatalf("Decode(%q) = %v, notes %q, error %v", b, d, notes, err)
		}
	}
	if found == 0 {
		t.Fatal("none of the fillers gives a graphic seal")
	}
}

func TestIsNative(t *testing.T) {
	for _, tt := range []struct {
		words     string
		announced bool
		want      bool
	}{
		{"simp/1", true, true},
		{"simp/1 utf8 more", true, true},
		{"simp/1", false, false},
		{"simp/2", true, false},
		{"simp/10", true, false},
		{"simp/", true, false},
		{"", true, false},
	} {
		for _, kind := range []Kind{SYN, SYNACK} {
			d := Datagram{Kind: kind, User: []byte("gopher"), Payload: []byte(tt.words), Announced: tt.announced}
			if got := IsNative(d); got != tt.want {
				t.Errorf("IsNative(%v, %q, announced %v) = %v", kind, tt.words, tt.announced, got)
			}
		}
	}
}

// TestSealedFIN shows that nobody who asks a FIN for its reason, its
// conversation or its sender's protocol has to know whether it is sealed.
func TestSealedFIN(t *testing.T) {
	token := TokenFrom(1)
	for _, tt := range []struct {
		payload string
		reason  Reason
		token   Token
	}{
		{"cancelled baaaaaaa", Cancelled, token},
		{"declined baaaaaaa more words", Declined, token},
		{"left", Left, Token{}},
		{"later baaaaaaa", ReasonNone, token},
		{"simp/1 baaaaaaa", ReasonNone, token}, // a word like any other
		{" left", ReasonNone, Token{}},
		{"", ReasonNone, Token{}},
	} {
		t.Run(tt.payload, func(t *testing.T) {
			sent := Datagram{Kind: FIN, Seq: 1, User: []byte("gopher"), Payload: []byte(tt.payload), Announced: true}
			b, err := Canonical.Append(nil, sent)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.HasPrefix(b[HeaderLen:], []byte("simp/1 ")) {
				t.Errorf("the payload is %q", b[HeaderLen:])
			}
			got, notes, err := Decode(b)
			if err != nil || notes != 0 {
				t.Fatalf("Decode: notes %q, error %v", notes, err)
			}
			if diff := cmp.Diff(sent, got); diff != "" {
				t.Errorf("(-sent +received):\n%s", diff)
			}
			if !IsNative(got) {
				t.Error("the FIN is not taken for native")
			}
			if r := ReasonOf(got.Payload); r != tt.reason {
				t.Errorf("reason %v, want %v", r, tt.reason)
			}
			if token, _ := got.Name(); token != tt.token {
				t.Errorf("token %q, want %q", token, tt.token)
			}
		})
	}
}

// TestSealedFINExample pins one byte for byte, put together without Append.
func TestSealedFINExample(t *testing.T) {
	b, err := Canonical.Append(nil, Datagram{Kind: FIN, User: []byte("gopher"), Payload: []byte("cancelled abcdefgh"), Announced: true})
	if err != nil {
		t.Fatal(err)
	}
	want := datagram(typeControl, 8, 0, "gopher", 32, "simp/1 cancelled abcdefgh ~~A!~0")
	if diff := cmp.Diff(want, b); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if end := len(want) - trailerLen; Checksum(want[:end]) != [2]byte(want[end:]) {
		t.Errorf("the last two bytes are not the checksum % x", Checksum(want[:end]))
	}
}

// TestFINOfAnotherVersion: its words may mean anything, so they are not taken
// for a reason.
func TestFINOfAnotherVersion(t *testing.T) {
	for _, words := range []string{"simp/2 left", "simp/10 left", "simp/"} {
		b := sealed(words, "AA")
		b[offOperation] = 0x08
		d, notes, err := Decode(resealed(b))
		if err != nil || d.Announced || IsNative(d) || !bytes.Equal(d.Payload, b[HeaderLen:]) || notes&NotesOf(ExtraPayload) == 0 {
			t.Errorf("Decode(%q) = %v, notes %q, error %v", b[HeaderLen:], d, notes, err)
		}
	}
}

// TestSealExistsForEverySum shows that appendSeal cannot fail. What the search
// depends on is the sum of the bytes so far and the parity of their number; the
// test goes through all of both, by way of two bytes of the User field that
// take every value.
func TestSealExistsForEverySum(t *testing.T) {
	for _, words := range []string{"simp/1", "simp/10"} {
		t.Run(fmt.Sprintf("%d bytes of words", len(words)), func(t *testing.T) {
			t.Parallel()
			buf := make([]byte, 0, MaxDatagram)
			longest := 0
			for sum := range 1 << 16 {
				buf = append(buf[:0], datagram(typeControl, 2, 0, "", 0, words)...)
				binary.LittleEndian.PutUint16(buf[4:], uint16(sum))
				buf = appendSeal(buf, 0)
				longest = max(longest, len(buf)-HeaderLen-len(words))
				if got, ok := openAnnouncement(buf); !ok || string(got) != words {
					t.Fatalf("sum %#04x: the seal in %q is not recognised", sum, buf[HeaderLen:])
				}
			}
			if longest != maxSealed {
				t.Errorf("at most %d bytes are appended, maxSealed is %d", longest, maxSealed)
			}
		})
	}
}

func TestAnnouncementRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := Datagram{
			Kind:      rapid.SampledFrom([]Kind{SYN, SYNACK, FIN}).Draw(t, "kind"),
			Seq:       uint8(rapid.IntRange(0, 1).Draw(t, "seq")),
			User:      drawUser(t),
			Payload:   []byte(rapid.StringMatching(`[ -~]{0,200}`).Draw(t, "words")),
			Announced: true,
		}
		if d.Kind != FIN {
			d.Payload = append([]byte(announcementPrefix), d.Payload...)
		}
		wire := drawWire(t)
		wire.Short = false // it has no room for an announcement
		b, err := wire.Append([]byte("before"), d)
		if err != nil {
			t.Fatal(err)
		}
		b = b[len("before"):]
		got, notes, err := Decode(b)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(d, got); diff != "" {
			t.Errorf("(-sent +received):\n%s", diff)
		}
		if want := wireNotes(wire, d); notes != want {
			t.Errorf("notes %q, want %q", notes, want)
		}
		// What makes it harmless to the peers that know nothing of it.
		payload := b[HeaderLen:]
		if wire.Trailer {
			payload = payload[:len(payload)-trailerLen]
		}
		if !printable(payload) {
			t.Errorf("payload %q is not printable ASCII", payload)
		}
		if length := binary.BigEndian.Uint32(b[offLength:]); int(length) != len(payload) {
			t.Errorf("Length %d, payload of %d bytes", length, len(payload))
		}
		end := HeaderLen + len(payload) - trailerLen
		if Checksum(b[:end]) != [2]byte(b[end:]) {
			t.Errorf("the last two bytes of %q are not the checksum of what is in front", payload)
		}
	})
}

func TestAnnouncementRefused(t *testing.T) {
	for _, tt := range []struct {
		name    string
		kind    Kind
		payload string
	}{
		{"on an ACK", ACK, "simp/1"},
		{"on an ERR", ERR, "simp/1"},
		{"on a CHAT", CHAT, "simp/1"},
		{"without the prefix", SYN, "hello"},
		{"without words", SYN, ""},
		{"with a control character", SYN, "simp/1\t"},
		{"beyond ASCII", SYN, "simp/1 \u00fc"},
		{"too long", SYN, "simp/" + string(bytes.Repeat([]byte("x"), MaxPayload-maxSealed-4))},
		{"on a FIN with a control character", FIN, "left\t"},
		{"on a FIN that is too long", FIN, string(bytes.Repeat([]byte("x"), MaxPayload-maxSealed-6))},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := Datagram{Kind: tt.kind, User: []byte("gopher"), Payload: []byte(tt.payload), Announced: true}
			if b, err := Canonical.Append(nil, d); !errors.Is(err, ErrPayload) || b != nil {
				t.Errorf("Append = %q, %v", b, err)
			}
		})
	}
	d := Datagram{Kind: FIN, Form: FINERR, User: []byte("gopher"), Payload: []byte("left"), Announced: true}
	if b, err := Canonical.Append(nil, d); !errors.Is(err, ErrPayload) || b != nil {
		t.Errorf("Append in the form FINERR = %q, %v", b, err)
	}
}
