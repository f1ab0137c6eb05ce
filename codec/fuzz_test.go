package codec

import (
	"bytes"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// FuzzDecode: nothing that arrives does harm, and what arrives in a way in which
// we write to somebody is written by us in the same way.
func FuzzDecode(f *testing.F) {
	for _, all := range recordings(f) {
		for _, r := range all {
			f.Add(r.payload)
		}
	}
	f.Add([]byte{})
	f.Add(seenByAll())
	f.Add(workedExample())
	f.Add(make([]byte, MaxReceive+1))
	f.Add(stub("carol"))
	f.Add(datagram(1, 9, 0, "bob", 5, "sorry"))
	f.Add(datagram(1, 12, 7, "bob", 0, "")[:offLength])
	f.Add(datagram(2, 1, 200, "bob", 3, "\x00hi"))
	for _, s := range datagrams() {
		b, err := Canonical.Append(nil, s.d)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		before := bytes.Clone(b)
		d, notes, err := Decode(b)
		if !bytes.Equal(b, before) {
			t.Fatal("the input was changed")
		}
		if err != nil {
			if name := ErrorName(err); name == "other" || d.Kind != Invalid || notes != 0 {
				t.Fatalf("error %v (%s), %v, notes %q", err, name, d, notes)
			}
			return
		}
		if !d.Kind.valid() || !d.Form.of(d.Kind) || len(d.User) > UserLen || len(d.Payload) > max(0, len(b)-HeaderLen) {
			t.Fatalf("decoded %#v", d)
		}
		if line := d.String(); !printableLine(line) {
			t.Fatalf("summary %q", line)
		}
		wire := wireOf(notes)
		ours := formNotes()
		if wire.numbersFreely(d.Kind) {
			ours |= NotesOf(SeqAbove1)
		}
		if len(b) > MaxDatagram || notes&^ours != 0 {
			return // not as we write to anybody
		}
		again, err := wire.Append(nil, d)
		if d.Announced && errors.Is(err, ErrPayload) && len(b) > MaxDatagram-maxSealed {
			return // Append reserves room for the longer filler
		}
		if err != nil {
			t.Fatal(err)
		}
		if !d.Announced && !bytes.Equal(again, b) {
			t.Fatalf("encoded again:\n% x\n% x", b, again)
		}
		// The filler of an announcement is the sender's choice.
		d2, notes2, err := Decode(again)
		if diff := cmp.Diff(d, d2); diff != "" || notes2 != notes || err != nil {
			t.Fatalf("decoded again: notes %q, error %v (-first +second):\n%s", notes2, err, diff)
		}
	})
}

// FuzzAppend: what is sent is understood as it was meant, within the limits; what
// is refused leaves nothing behind.
func FuzzAppend(f *testing.F) {
	f.Add(uint8(SYN), uint8(0), uint8(0), "alice", "simp/1", true, uint8(0))
	f.Add(uint8(CHAT), uint8(0), uint8(1), "bob", "hello", false, uint8(2))
	f.Add(uint8(CHAT), uint8(0), uint8(0), "bob", "hello", false, uint8(4|8))
	f.Add(uint8(CHAT), uint8(0), uint8(99), "bob", "hello", false, uint8(16))
	f.Add(uint8(ERR), uint8(0), uint8(0), "bob", "User already in another chat", false, uint8(1))
	f.Add(uint8(ERR), uint8(Stub), uint8(0), "bob", "User already in another chat", false, uint8(0))
	f.Add(uint8(FIN), uint8(FINERR), uint8(0), "bob", "Not now.", false, uint8(4))
	f.Add(uint8(FIN), uint8(0), uint8(0), "bob", "cancelled abcdefgh", true, uint8(2))
	f.Add(uint8(ACK), uint8(0), uint8(255), "bob", "chat", false, uint8(2))
	f.Add(uint8(ACK), uint8(FINACK), uint8(0), "bob", "", false, uint8(4))
	f.Add(uint8(9), uint8(9), uint8(2), " bob\xff", "\x00", true, uint8(255))
	f.Fuzz(func(t *testing.T, kind, form, seq uint8, user, payload string, announced bool, wireBits uint8) {
		wire := wireFrom(wireBits)
		d := Datagram{Kind: Kind(kind), Form: Form(form), Seq: seq, User: []byte(user), Payload: []byte(payload), Announced: announced}
		dst := []byte("before")
		b, err := wire.Append(dst, d)
		if err != nil {
			if name := ErrorName(err); name == "other" || string(b) != "before" {
				t.Fatalf("error %v (%s), dst %q", err, name, b)
			}
			return
		}
		b = b[len(dst):]
		if len(b) < stubLen || len(b) > MaxDatagram {
			t.Fatalf("%d bytes", len(b))
		}
		got, notes, err := Decode(b)
		if err != nil {
			t.Fatal(err)
		}
		if want := wireNotes(wire, d); notes&formNotes() != want {
			t.Fatalf("notes %q, want %q of them", notes, want)
		}
		if got.Announced && !announced {
			return // a payload that happens to be sealed already
		}
		if diff := cmp.Diff(received(wire, d), got); diff != "" {
			t.Fatalf("(-sent +received):\n%s", diff)
		}
	})
}
