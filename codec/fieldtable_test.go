package codec

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestLayoutIsTheHeader(t *testing.T) {
	at := 0
	for _, f := range Layout() {
		if f.Offset != at {
			t.Errorf("%s begins at %d, the field before ends at %d", f.Name, f.Offset, at)
		}
		at += f.Size
	}
	if at != HeaderLen || HeaderLen != 39 || UserLen != 32 {
		t.Errorf("the fields end at %d; HeaderLen %d, UserLen %d", at, HeaderLen, UserLen)
	}
}

// The table describes what is written: each field stands where it says, and holds the value that has the name.
func TestLayout_OfWhatIsWritten(t *testing.T) {
	for _, c := range Codes() {
		d := Datagram{Kind: c.Kind, Form: c.Form, Seq: 1, User: []byte("alice")}
		if c.Kind == CHAT || c.Kind == ERR {
			d.Payload = []byte("hello")
		}
		b, err := Canonical.Append(nil, d)
		if err != nil {
			t.Fatal(err)
		}
		name := make(map[string]string)
		for _, f := range Layout() {
			if f.Type == FieldNumber && len(f.Values) > 0 {
				for _, v := range f.Values {
					if v.Value == uint32(b[f.Offset]) && (v.Type == 0 || v.Type == b[0]) {
						name[f.Name] += v.Name
					}
				}
			}
		}
		wantType := "control"
		if c.Kind == CHAT {
			wantType = "chat"
		}
		if diff := cmp.Diff(map[string]string{"Type": wantType, "Operation": c.Name()}, name); diff != "" {
			t.Errorf("%v (-want +got):\n%s", d, diff)
		}
		if b[0] != c.Type || b[1] != c.Operation {
			t.Errorf("%s is written % x, the table has %02x %02x", c.Name(), b[:2], c.Type, c.Operation)
		}
		if got, notes, err := Decode(b); err != nil || got.Kind != c.Kind || got.Form != c.Form || notes != c.Notes {
			t.Errorf("%s is read as %v with %v, %v", c.Name(), got, notes, err)
		}
	}
}

func TestCodes(t *testing.T) {
	var got []string
	for _, c := range Codes() {
		got = append(got, c.Name())
	}
	want := []string{"ERR", "SYN", "ACK", "SYN+ACK", "FIN", "FIN(09)", "ACK(0c)", "CHAT"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestStubLayout_OfWhatIsWritten(t *testing.T) {
	b, err := Canonical.Append(nil, Datagram{Kind: ERR, Form: Stub, User: []byte("alice")})
	if err != nil {
		t.Fatal(err)
	}
	fields := StubLayout()
	mark, user := fields[0], fields[1]
	if v := mark.Values[0]; uint32(b[mark.Offset]) != v.Value || v.Name != "ERR(stub)" {
		t.Errorf("a stub begins with %02x, the table says %+v", b[mark.Offset], v)
	}
	if user.Offset+user.Size != len(b) || string(b[user.Offset:][:5]) != "alice" {
		t.Errorf("a stub is %q, the table has the name at %d", b, user.Offset)
	}
}

// Each word of the vocabulary is one that the decoder knows, and there is none besides.
func TestWords(t *testing.T) {
	v := Words()
	for word, k := range v.Acks {
		if AckOf([]byte(word)) != k {
			t.Errorf("an ACK of %q acknowledges %v, the table says %v", word, AckOf([]byte(word)), k)
		}
	}
	if diff := cmp.Diff([]string{"chat", "fin", "syn", "syn+ack"}, slices.Sorted(maps.Keys(v.Acks))); diff != "" {
		t.Errorf("words of ACK (-want +got):\n%s", diff)
	}
	for i, word := range v.Reasons {
		if got := ReasonOf([]byte(word)); got != Left+Reason(i) {
			t.Errorf("a FIN with %q has the reason %v", word, got)
		}
	}
	if len(v.Reasons) != int(Restarted) {
		t.Errorf("%d reasons, want %d", len(v.Reasons), Restarted)
	}
	var token Token
	for i := range len(v.Alphabet) / TokenLen {
		copy(token[:], v.Alphabet[i*TokenLen:])
		if tokenIn(token[:]) != token {
			t.Errorf("%q is no token, though made of the alphabet", token)
		}
	}
	for c := range 0x100 {
		inside := strings.IndexByte(v.Alphabet, byte(c)) >= 0
		for i := range token {
			token[i] = byte(c)
		}
		if got := tokenIn(token[:]) != (Token{}); got != inside {
			t.Errorf("a token of 0x%02x: %t, want %t", c, got, inside)
		}
	}
}

// The list has every error that Decode returns, and in its order: of two that apply Decode returns the first.
func TestDecodeErrorsOrder(t *testing.T) {
	for i, b := range [][]byte{nil, make([]byte, MaxReceive+1), make([]byte, HeaderLen-1), make([]byte, HeaderLen), datagram(1, 0, 0, "alice", 0, "")} {
		if _, _, err := Decode(b); !errors.Is(err, DecodeErrors()[i]) {
			t.Errorf("%d bytes give %v, want %v", len(b), err, DecodeErrors()[i])
		}
	}
}
