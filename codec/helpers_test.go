package codec

import (
	"encoding/binary"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// golden compares got with a file of testdata, or rewrites the file.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("..", "testdata", "codec", name)
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v (write it with: go test ./codec -update)", err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

// datagram puts a datagram together field by field, right or wrong, without the
// help of what is tested.
func datagram(typ, op, seq byte, user string, length uint32, payload string) []byte {
	b := make([]byte, HeaderLen, HeaderLen+len(payload))
	b[0], b[1], b[2] = typ, op, seq
	copy(b[3:35], user)
	binary.BigEndian.PutUint32(b[35:], length)
	return append(b, payload...)
}

// stub is the 33 bytes that one implementation sends when its user is busy.
func stub(name string) []byte {
	b := make([]byte, 33)
	b[0] = 0x08
	copy(b[1:], name)
	return b
}

// wires are all that have a name.
func wires() []Wire { return []Wire{Canonical, Trailing, Spaced, Short, Counting} }

// drawWire draws one of those, or any other combination of their ways.
func drawWire(t *rapid.T) Wire {
	return rapid.OneOf(
		rapid.SampledFrom(wires()),
		rapid.Map(rapid.Uint8(), wireFrom),
	).Draw(t, "wire")
}

// wireFrom has each way of writing that is not the specification's if its bit is
// set.
func wireFrom(bits uint8) Wire {
	w := Wire{
		Name:       "any",
		Trailer:    bits&2 != 0,
		Short:      bits&4 != 0,
		LeadingNUL: bits&8 != 0,
		Counts:     bits&16 != 0,
	}
	if bits&1 != 0 {
		w.Pad = ' '
	}
	return w
}

func drawUser(t *rapid.T) []byte {
	return []byte(rapid.OneOf(
		rapid.StringMatching(`[!-~]`),
		rapid.StringMatching(`[!-~][ -~]{0,30}[!-~]`),
		rapid.StringMatching(`[!-~]{32}`),
	).Draw(t, "user"))
}

// wireNotes is what decoding has to remark on the way w writes d, and on
// nothing else.
func wireNotes(w Wire, d Datagram) Notes {
	var notes Notes
	if w.Pad == ' ' && len(d.User) < UserLen {
		notes |= NotesOf(UserPaddedWithSpaces)
	}
	switch d.Form {
	case Usual:
	case FINERR:
		notes |= NotesOf(FormFINERR)
	case FINACK:
		notes |= NotesOf(FormFINACK)
	case Stub:
		return notes | NotesOf(FormStub)
	}
	if w.Short && d.Kind != CHAT {
		return notes | NotesOf(NoLength)
	}
	if w.Trailer {
		notes |= NotesOf(Trailer)
	}
	if w.LeadingNUL && d.Kind == CHAT {
		notes |= NotesOf(LeadingNUL)
	}
	return notes
}

// formNotes are the notes of what some wire, or some form, is meant to have.
func formNotes() Notes {
	return NotesOf(UserPaddedWithSpaces, NoLength, Trailer, LeadingNUL, FormFINERR, FormFINACK, FormStub)
}

// wireOf is the reverse of wireNotes: a wire that a datagram can have been
// written with.
func wireOf(notes Notes) Wire {
	w := Wire{
		Name:       "as noted",
		Trailer:    notes.Has(Trailer),
		Short:      notes.Has(NoLength),
		LeadingNUL: notes.Has(LeadingNUL),
		Counts:     notes.Has(SeqAbove1),
	}
	if notes.Has(UserPaddedWithSpaces) {
		w.Pad = ' '
	}
	return w
}

// received is what is left of d once w has written it.
func received(w Wire, d Datagram) Datagram {
	switch {
	case d.Form == Stub:
		d.Seq, d.Payload = 0, nil
	case w.Short && d.Kind != CHAT:
		d.Payload = nil
	}
	return d
}
