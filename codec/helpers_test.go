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

func drawWire(t *rapid.T) Wire {
	return rapid.SampledFrom([]Wire{Canonical, Trailing, Spaced}).Draw(t, "wire")
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
	if w.Trailer {
		notes |= NotesOf(Trailer)
	}
	if w.Pad == ' ' && len(d.User) < UserLen {
		notes |= NotesOf(UserPaddedWithSpaces)
	}
	return notes
}

// wireOf is the reverse: the wire that a datagram was written with.
func wireOf(notes Notes) Wire {
	trailer, spaced := notes.Has(Trailer), notes.Has(UserPaddedWithSpaces)
	switch {
	case trailer && spaced:
		return Wire{Name: "both", Pad: ' ', Trailer: true}
	case trailer:
		return Trailing
	case spaced:
		return Spaced
	}
	return Canonical
}
