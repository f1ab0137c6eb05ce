package codec

import (
	"bytes"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// FuzzDecode: nothing that arrives does harm, and what arrives in a form that
// we send ourselves is sent by us in the same form.
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
		if !d.Kind.valid() || len(d.User) > UserLen || len(d.Payload) > max(0, len(b)-HeaderLen) {
			t.Fatalf("decoded %#v", d)
		}
		if line := d.String(); !printableLine(line) {
			t.Fatalf("summary %q", line)
		}
		if len(b) > MaxDatagram || notes&^NotesOf(Trailer, UserPaddedWithSpaces) != 0 {
			return // not a form of ours
		}
		again, err := wireOf(notes).Append(nil, d)
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
	f.Add(uint8(SYN), uint8(0), "alice", "simp/1", true, uint8(0), false)
	f.Add(uint8(CHAT), uint8(1), "bob", "hello", false, uint8(0), true)
	f.Add(uint8(ERR), uint8(0), "bob", "User already in another chat", false, uint8(' '), false)
	f.Add(uint8(ACK), uint8(255), "bob", "chat", false, uint8(0), true)
	f.Add(uint8(9), uint8(2), " bob\xff", "\x00", true, uint8(' '), true)
	f.Fuzz(func(t *testing.T, kind, seq uint8, user, payload string, announced bool, pad uint8, trailer bool) {
		if pad != 0 {
			pad = ' '
		}
		wire := Wire{Pad: pad, Trailer: trailer}
		d := Datagram{Kind: Kind(kind), Seq: seq, User: []byte(user), Payload: []byte(payload), Announced: announced}
		dst := []byte("before")
		b, err := wire.Append(dst, d)
		if err != nil {
			if name := ErrorName(err); name == "other" || string(b) != "before" {
				t.Fatalf("error %v (%s), dst %q", err, name, b)
			}
			return
		}
		b = b[len(dst):]
		if len(b) < HeaderLen || len(b) > MaxDatagram {
			t.Fatalf("%d bytes", len(b))
		}
		got, notes, err := Decode(b)
		if err != nil {
			t.Fatal(err)
		}
		if wireOf(notes).Trailer != trailer {
			t.Fatalf("notes %q", notes)
		}
		if got.Announced && !announced {
			return // a payload that happens to be sealed already
		}
		if diff := cmp.Diff(d, got); diff != "" {
			t.Fatalf("(-sent +received):\n%s", diff)
		}
	})
}
