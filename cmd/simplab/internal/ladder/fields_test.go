package ladder_test

import (
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"simp/cmd/simplab/internal/ladder"
	"simp/codec"
)

// Each byte of whatever was recorded belongs to one field.
func TestFields_CoverEverything(t *testing.T) {
	fields := ladder.NewFields()
	for _, name := range recordings(t) {
		for _, p := range packets(t, name) {
			cover(t, fields, p.Bytes)
			for _, f := range fields.Of(p.Bytes) {
				if f.Name == "Rest" {
					t.Errorf("%s #%d: nothing is known of %d bytes of %q", name, p.N, f.Size, p.Bytes)
				}
			}
		}
	}
}

func cover(t *testing.T, fields ladder.Fields, b []byte) {
	t.Helper()
	at := 0
	for _, f := range fields.Of(b) {
		if f.Offset != at || f.Size <= 0 || f.Name == "" {
			t.Fatalf("%q: %+v at %d", b, f, at)
		}
		at += f.Size
		for _, r := range f.Value {
			if !unicode.IsPrint(r) {
				t.Fatalf("%q: the value %q cannot be shown", b, f.Value)
			}
		}
	}
	if at != len(b) {
		t.Fatalf("%q: the fields end at %d of %d", b, at, len(b))
	}
}

// What native peers add, and others, has names of its own.
func TestFields_OfForms(t *testing.T) {
	encode := func(w codec.Wire, d codec.Datagram) []byte {
		d.User = []byte("bob")
		b, err := w.Append(nil, d)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	head := []string{"Type", "Operation", "Sequence", "User", "Length"}
	for name, test := range map[string]struct {
		bytes []byte
		want  []string
	}{
		"announcement": {encode(codec.Canonical, codec.Datagram{Kind: codec.SYN, Payload: []byte("simp/1 abcdefgh"), Announced: true}), []string{"Words", "Filler", "Seal"}},
		"sealed FIN":   {encode(codec.Canonical, codec.Datagram{Kind: codec.FIN, Payload: []byte("left abcdefgh"), Announced: true}), []string{"Announcement", "Blank", "Words", "Filler", "Seal"}},
		"sealed, bare": {encode(codec.Canonical, codec.Datagram{Kind: codec.FIN, Announced: true}), []string{"Announcement", "Filler", "Seal"}},
		"label":        {encode(codec.Canonical, codec.Datagram{Kind: codec.CHAT, Payload: []byte("hi"), Label: []byte("abcdefgh #1")}), []string{"Payload", "NUL", "Label"}},
		"trailer":      {encode(codec.Trailing, codec.Datagram{Kind: codec.CHAT, Payload: []byte("hi")}), []string{"Payload", "Trailer"}},
		"leading NUL":  {encode(codec.Short, codec.Datagram{Kind: codec.CHAT, Payload: []byte("hi")}), []string{"NUL", "Payload"}},
		"rest":         {[]byte(string(encode(codec.Canonical, codec.Datagram{Kind: codec.CHAT, Payload: []byte("hi")})) + "??"), []string{"Payload", "Rest"}},
	} {
		var got []string
		for _, f := range ladder.NewFields().Of(test.bytes) {
			got = with(got, f.Name)
		}
		if diff := cmp.Diff(with(head, test.want...), got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		cover(t, ladder.NewFields(), test.bytes)
	}
	var got []string
	for _, f := range ladder.NewFields().Of(encode(codec.Short, codec.Datagram{Kind: codec.ACK})) {
		got = with(got, f.Name)
	}
	if diff := cmp.Diff(head[:4], got); diff != "" {
		t.Errorf("without Length (-want +got):\n%s", diff)
	}
}

func with(to []string, more ...string) []string {
	return append(to[:len(to):len(to)], more...)
}

// Whatever comes is taken apart.
func FuzzFields(f *testing.F) {
	for _, name := range []string{"a-chat", "b-chat", "c-chat", "d-decline", "e-busy"} {
		for _, p := range packets(f, name) {
			f.Add(p.Bytes)
		}
	}
	for _, p := range native(f, "lost-syn-ack") {
		f.Add(p.Bytes)
	}
	fields := ladder.NewFields()
	f.Fuzz(func(t *testing.T, b []byte) { cover(t, fields, b) })
}
