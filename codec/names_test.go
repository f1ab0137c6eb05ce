package codec

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestKindNames(t *testing.T) {
	var got []string
	for k := range Kind(8) {
		got = append(got, k.String())
	}
	want := []string{"invalid", "SYN", "SYN+ACK", "ACK", "FIN", "ERR", "CHAT", "Kind(7)"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestKindCodeOfNoKind(t *testing.T) {
	for _, k := range []Kind{Invalid, CHAT + 1, 255} {
		if typ, op := k.Code(); typ != 0 || op != 0 {
			t.Errorf("%v: %#02x %#02x", k, typ, op)
		}
	}
}

func TestFormNames(t *testing.T) {
	var got []string
	for f := range Form(5) {
		got = append(got, f.String())
	}
	want := []string{"usual", "finerr", "finack", "stub", "Form(4)"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestNotes(t *testing.T) {
	var all Notes
	names := make(map[string]bool)
	for n := range Note(NumNotes) {
		if name := n.String(); name == "" || strings.HasPrefix(name, "Note(") || names[name] {
			t.Errorf("note %d is counted as %q", n, name)
		}
		names[n.String()] = true
		if all.Has(n) {
			t.Errorf("%v shares its bit with another note", n)
		}
		all |= NotesOf(n)
	}
	if got := len(slices.Collect(all.All())); got != NumNotes {
		t.Errorf("the set of all %d notes yields %d", NumNotes, got)
	}
	if got := Note(NumNotes).String(); got != "Note(18)" {
		t.Errorf("a note that does not exist is called %q", got)
	}

	two := NotesOf(Trailer, SeqAbove1)
	if got := slices.Collect(two.All()); !slices.Equal(got, []Note{SeqAbove1, Trailer}) {
		t.Errorf("All yields %v", got)
	}
	if got := two.String(); got != "seq-above-1,trailer" {
		t.Errorf("String: %q", got)
	}
	if got := Notes(0).String(); got != "" {
		t.Errorf("String of the empty set: %q", got)
	}
	for n := range two.All() {
		if n != SeqAbove1 {
			t.Errorf("All goes on with %v after the loop was left", n)
		}
		break
	}
}

func TestAckWords(t *testing.T) {
	for _, tt := range []struct {
		kind Kind
		word string
	}{{SYN, "syn"}, {SYNACK, "syn+ack"}, {CHAT, "chat"}, {FIN, "fin"}} {
		if got := AckWord(tt.kind); got != tt.word {
			t.Errorf("AckWord(%v) = %q, want %q", tt.kind, got, tt.word)
		}
		for _, payload := range []string{tt.word, tt.word + " ", tt.word + " later words"} {
			if got := AckOf([]byte(payload)); got != tt.kind {
				t.Errorf("AckOf(%q) = %v, want %v", payload, got, tt.kind)
			}
		}
	}
	for _, k := range []Kind{Invalid, ACK, ERR, CHAT + 1, 255} {
		if got := AckWord(k); got != "" {
			t.Errorf("AckWord(%v) = %q, want none", k, got)
		}
	}
	for _, payload := range []string{"", " ", " syn", "SYN", "syn+", "syn+ack+", "err", "ack", "invalid", "chat\t", "chat\x00"} {
		if got := AckOf([]byte(payload)); got != Invalid {
			t.Errorf("AckOf(%q) = %v, want none", payload, got)
		}
	}
}

func TestReasons(t *testing.T) {
	for _, tt := range []struct {
		reason Reason
		word   string
	}{{Left, "left"}, {Declined, "declined"}, {Cancelled, "cancelled"}, {Busy, "busy"}, {Shutdown, "shutdown"}} {
		if got := tt.reason.String(); got != tt.word {
			t.Errorf("String of %d: %q, want %q", tt.reason, got, tt.word)
		}
		if got := tt.reason.Word(); got != tt.word {
			t.Errorf("Word of %v: %q", tt.reason, got)
		}
		for _, payload := range []string{tt.word, tt.word + " later words"} {
			if got := ReasonOf([]byte(payload)); got != tt.reason {
				t.Errorf("ReasonOf(%q) = %v, want %v", payload, got, tt.reason)
			}
		}
	}
	for _, r := range []Reason{ReasonNone, Restarted + 1, 255} {
		if got := r.Word(); got != "" {
			t.Errorf("Word of %v: %q, want none", r, got)
		}
	}
	for _, payload := range []string{"", "none", "Left", " left", "Error: The other client declined your request"} {
		if got := ReasonOf([]byte(payload)); got != ReasonNone {
			t.Errorf("ReasonOf(%q) = %v, want none", payload, got)
		}
	}
	if got := ReasonNone.String(); got != "none" {
		t.Errorf("String of ReasonNone: %q", got)
	}
	if got := (Restarted + 1).String(); got != "Reason(7)" {
		t.Errorf("String of a reason that does not exist: %q", got)
	}
}

func TestTokens(t *testing.T) {
	first, second := TokenFrom(1), TokenFrom(1<<40-1)
	if got := string(first[:]) + " " + string(second[:]); got != "baaaaaaa 77777777" {
		t.Errorf("the tokens are %q", got)
	}
	for _, tt := range []struct {
		payload       string
		first, second Token
	}{
		{string(AppendWords(nil, "chat")), Token{}, Token{}},
		{string(AppendWords(nil, "chat", first)), first, Token{}},
		{string(AppendWords(nil, Announcement, first, second)), first, second},
		{string(AppendWords(nil, Announcement, Token{}, second)), second, Token{}}, // a zero one leaves no gap
		{"chat baaaaaaa later words", first, Token{}},
		{"", Token{}, Token{}},
		{"chat ", Token{}, Token{}},
		{"chat baaaaaa", Token{}, Token{}},
		{"chat baaaaaaaa", Token{}, Token{}},
		{"chat BAAAAAAA", Token{}, Token{}},
		{"chat baaaaaa1", Token{}, Token{}},
		{"chat x 77777777", Token{}, second},
	} {
		d := Datagram{Kind: SYNACK, Payload: []byte(tt.payload)}
		if first, second := d.Name(); first != tt.first || second != tt.second {
			t.Errorf("%q names %q and %q, want %q and %q", tt.payload, first, second, tt.first, tt.second)
		}
	}
}

// §4.19: what says which message it is, and what does not.
func TestNumbers(t *testing.T) {
	for _, tt := range []struct {
		words string
		want  uint32
	}{
		{"chat baaaaaaa #1", 1},
		{"chat #17", 17},
		{"chat baaaaaaa #4294967295", 1<<32 - 1},
		{"chat baaaaaaa later #12 words", 12},
		{"chat baaaaaaa", 0},
		{"chat baaaaaaa 1", 0},
		{"chat baaaaaaa #", 0},
		{"chat baaaaaaa #-1", 0},
		{"chat baaaaaaa #1x", 0},
		{"chat baaaaaaa #4294967296", 0},
		{"chat baaaaaaa #99999999999999999999999999", 0},
		{"chat  #3", 3},
		{"#5", 0}, // the first word says what is acknowledged
		{"", 0},
	} {
		ack := Datagram{Kind: ACK, Payload: []byte(tt.words)}
		if got := ack.Number(); got != tt.want {
			t.Errorf("an ACK that says %q is of message %d, want %d", tt.words, got, tt.want)
		}
		_, label, _ := strings.Cut(tt.words, " ")
		message := Datagram{Kind: CHAT, Payload: []byte("#9"), Label: []byte(label)}
		if got := message.Number(); got != tt.want {
			t.Errorf("a message labelled %q is number %d, want %d", label, got, tt.want)
		}
	}
	for _, k := range []Kind{SYN, SYNACK, FIN, ERR} {
		if d := (Datagram{Kind: k, Payload: []byte("word #1"), Label: []byte("#1")}); d.Number() != 0 {
			t.Errorf("%v has number %d", k, d.Number())
		}
	}
}

// §1.6: a label is behind the payload and not counted; who does not look for one sees a message with something behind.
func TestLabel(t *testing.T) {
	name := TokenFrom(1)
	for _, k := range []Kind{CHAT, ERR} {
		sent := Datagram{Kind: k, Seq: 1, User: []byte("bob"), Payload: []byte("hello"), Label: AppendLabel(nil, name, 2)}
		b, err := Canonical.Append(nil, sent)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := string(b[HeaderLen:]), "hello\x00baaaaaaa #2"; got != want || b[offLength+3] != 5 {
			t.Errorf("%v: behind the header is %q, Length %d, want %q and 5", k, got, b[offLength+3], want)
		}
		d, notes, err := Decode(b)
		if got, _ := d.Name(); err != nil || notes != 0 || string(d.Payload) != "hello" || got != name {
			t.Errorf("read as %s of %q, notes %s, error %v", d, got, notes, err)
		}
		again, err := Canonical.Append(nil, d)
		if err != nil || !bytes.Equal(again, b) {
			t.Errorf("written again: %q, %v", again, err)
		}
	}
	longest := Datagram{Kind: CHAT, User: []byte("bob"), Payload: bytes.Repeat([]byte("x"), MaxPayload-MaxLabel), Label: AppendLabel(nil, name, 1<<32-1)}
	b, err := Canonical.Append(nil, longest)
	if err != nil || len(b) != MaxDatagram {
		t.Errorf("the longest labelled message: %d bytes, %v", len(b), err)
	}
	for what, d := range map[string]Datagram{
		"one byte more":      {Kind: CHAT, User: []byte("bob"), Payload: append(longest.Payload, 'x'), Label: longest.Label},
		"a label of a SYN":   {Kind: SYN, User: []byte("bob"), Label: []byte("x")},
		"a label with a NUL": {Kind: CHAT, User: []byte("bob"), Label: []byte("#1\x00")},
	} {
		if _, err := Canonical.Append(nil, d); !errors.Is(err, ErrPayload) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := Trailing.Append(nil, Datagram{Kind: CHAT, User: []byte("bob"), Label: []byte("x")}); !errors.Is(err, ErrPayload) {
		t.Errorf("a label in front of a checksum: %v", err)
	}
	for _, behind := range []string{"\x00", "\x00baaaaaaa\x00", "baaaaaaa", "\x00#1\xff", "\x00baaaaaaa\n", "\x00hi", "\x00baaaaaa", "\x00\x00baaaaaaa"} {
		b, _ := Canonical.Append(nil, Datagram{Kind: CHAT, User: []byte("bob"), Payload: []byte("hello")})
		d, notes, err := Decode(append(b, behind...))
		if err != nil || len(d.Label) > 0 || notes != LengthShort.bit() || string(d.Payload) != "hello" {
			t.Errorf("with %q behind: %s, notes %s, error %v", behind, d, notes, err)
		}
	}
}
