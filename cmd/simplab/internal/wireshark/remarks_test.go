package wireshark

import (
	"testing"

	"simp/codec"
)

// Each note and each error of the codec has its sentence, and no name is given twice.
func TestRemarks(t *testing.T) {
	seen := make(map[string]bool)
	for _, r := range remarks() {
		if seen[r.name] || r.name == "" || r.text == "" || r.weight == "" || r.group == "" {
			t.Errorf("%+v", r)
		}
		seen[r.name] = true
	}
	for n := range codec.NumNotes {
		if name := codec.Note(n).String(); !seen[name] {
			t.Errorf("no remark for %s", name)
		}
	}
	for _, err := range codec.DecodeErrors() {
		if name := codec.ErrorName(err); !seen[name] {
			t.Errorf("no remark for %s", name)
		}
	}
}

func TestLiteral(t *testing.T) {
	if got, want := literal("a\"b\\c\x07\n\xff1"), `"a\"b\\c\007\010\2551"`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
