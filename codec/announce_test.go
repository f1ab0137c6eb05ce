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
	for _, kind := range []Kind{ACK, FIN, ERR, CHAT} {
		t.Run(kind.String(), func(t *testing.T) {
			b := seenByAll()
			b[offType], b[offOperation] = kind.Code()
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
		d := Datagram{Kind: SYN, User: []byte("gopher"), Payload: []byte(tt.words), Announced: tt.announced}
		if got := IsNative(d); got != tt.want {
			t.Errorf("IsNative(%q, announced %v) = %v", tt.words, tt.announced, got)
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
			Kind:      rapid.SampledFrom([]Kind{SYN, SYNACK}).Draw(t, "kind"),
			Seq:       uint8(rapid.IntRange(0, 1).Draw(t, "seq")),
			User:      drawUser(t),
			Payload:   []byte("simp/" + rapid.StringMatching(`[ -~]{0,200}`).Draw(t, "words")),
			Announced: true,
		}
		wire := drawWire(t)
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
		{"on a FIN", FIN, "simp/1"},
		{"on an ERR", ERR, "simp/1"},
		{"on a CHAT", CHAT, "simp/1"},
		{"without the prefix", SYN, "hello"},
		{"without words", SYN, ""},
		{"with a control character", SYN, "simp/1\t"},
		{"beyond ASCII", SYN, "simp/1 \u00fc"},
		{"too long", SYN, "simp/" + string(bytes.Repeat([]byte("x"), MaxPayload-maxSealed-4))},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := Datagram{Kind: tt.kind, User: []byte("gopher"), Payload: []byte(tt.payload), Announced: true}
			if b, err := Canonical.Append(nil, d); !errors.Is(err, ErrPayload) || b != nil {
				t.Errorf("Append = %q, %v", b, err)
			}
		})
	}
}
