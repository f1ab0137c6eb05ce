package codec

import (
	"bytes"
	"strconv"
	"strings"
	"testing"
)

// FuzzWords: the words of native peers are read as the table of the protocol says, whatever surrounds them, and what is written
// is read back as it was meant.
func FuzzWords(f *testing.F) {
	for _, all := range recordings(f) {
		for _, r := range all {
			if d, _, err := Decode(r.payload); err == nil {
				f.Add(d.Payload, uint64(0), uint64(1))
			}
		}
	}
	for _, word := range []string{"syn", "syn+ack", "chat", "fin", "left", "declined", "cancelled", "busy", "shutdown", Announcement, "simp/2"} {
		f.Add(AppendWords(nil, word, TokenFrom(7), TokenFrom(8)), uint64(7), uint64(8))
		f.Add([]byte(word+"  #12"), uint64(7), uint64(8))
	}
	f.Fuzz(func(t *testing.T, payload []byte, first, second uint64) {
		before := bytes.Clone(payload)
		words := append(strings.Split(string(payload), " "), "", "")
		if got := AckOf(payload); got != Invalid && AckWord(got) != words[0] || got == Invalid && words[0] != "" && ackWords[words[0]] {
			t.Errorf("an ACK with %q is one of %v", payload, got)
		}
		if got := ReasonOf(payload); got.Word() != words[0] && got != ReasonNone {
			t.Errorf("a FIN with %q is for %v", payload, got)
		}
		d := Datagram{Kind: SYNACK, Payload: payload}
		if one, two := d.Name(); one != tokenFromText(words[1]) || two != tokenFromText(words[2]) {
			t.Errorf("%q names %q and %q", payload, one, two)
		}
		d.Kind = ACK
		if got, want := d.Number(), numberFromWords(words[1:]); got != want {
			t.Errorf("%q is of message %d, want %d", payload, got, want)
		}
		one, two := TokenFrom(first), TokenFrom(second)
		written := AppendWords(nil, words[0], one, two)
		d = Datagram{Kind: SYNACK, Payload: written}
		if a, b := d.Name(); a != one || b != two || AckOf(written) != AckOf([]byte(words[0])) || ReasonOf(written) != ReasonOf([]byte(words[0])) {
			t.Errorf("%q is read as %q and %q", written, a, b)
		}
		if !bytes.Equal(payload, before) {
			t.Error("the payload was changed")
		}
	})
}

var ackWords = map[string]bool{"syn": true, "syn+ack": true, "chat": true, "fin": true}

// tokenFromText reads a token by its description: eight letters of an alphabet of 32.
func tokenFromText(s string) Token {
	if len(s) != TokenLen || strings.Trim(s, "abcdefghijklmnopqrstuvwxyz234567") != "" {
		return Token{}
	}
	return Token([]byte(s))
}

// numberFromWords reads the number of a message by its description: the first word with the mark in front.
func numberFromWords(words []string) uint32 {
	for _, w := range words {
		if digits, marked := strings.CutPrefix(w, "#"); marked {
			n, err := strconv.ParseUint(digits, 10, 32)
			if err != nil {
				return 0
			}
			return uint32(n)
		}
	}
	return 0
}

// FuzzLabel: what stands behind a message is read back as it was written, and is no part of the message. Bytes behind it that
// are no label are left out, and change nothing in it.
func FuzzLabel(f *testing.F) {
	for _, all := range recordings(f) {
		for _, r := range all {
			if d, _, err := Decode(r.payload); err == nil && d.Kind == CHAT {
				f.Add(d.Payload, uint64(1), uint32(1), []byte("\x00baaaaaaa #2"))
			}
		}
	}
	f.Add([]byte("hello\x00baaaaaaa #1"), uint64(7), uint32(1<<32-1), []byte("\x00#7"))
	f.Add([]byte(""), uint64(0), uint32(0), []byte("\x00aaaaaaaa\x00"))
	f.Fuzz(func(t *testing.T, text []byte, bits uint64, num uint32, behind []byte) {
		for _, kind := range [...]Kind{CHAT, ERR} {
			sent := Datagram{Kind: kind, User: []byte("bob"), Payload: text, Label: AppendLabel(nil, TokenFrom(bits), num)}
			b, err := Canonical.Append(nil, sent)
			if err != nil {
				if ErrorName(err) == "other" {
					t.Fatal(err)
				}
				return
			}
			d, _, err := Decode(b)
			said := text
			if kind == CHAT && len(said) > 0 && said[0] == 0 {
				said = said[1:] // one kind of peer puts it there
			}
			if err != nil || !bytes.Equal(d.Payload, said) {
				t.Fatalf("%v with %q is read as %q, %v", kind, text, d.Payload, err)
			}
			name, _ := d.Name()
			if name != TokenFrom(bits) || kind == CHAT && d.Number() != num || kind == ERR && d.Number() != 0 {
				t.Fatalf("%v: the label %q is read as %q and %d", kind, sent.Label, name, d.Number())
			}
			bare, err := Canonical.Append(nil, Datagram{Kind: kind, User: []byte("bob"), Payload: text})
			if err != nil {
				t.Fatal(err)
			}
			if d, _, err = Decode(append(bare, behind...)); err == nil && !bytes.Equal(d.Payload, said) {
				t.Fatalf("%v: with %q behind, %q is read as %q", kind, behind, text, d.Payload)
			}
		}
	})
}

// FuzzSeal: an announcement that is sent arrives, and one of which any byte has changed on its way is none.
func FuzzSeal(f *testing.F) {
	f.Add(uint8(SYN), "alice", "simp/1 baaaaaaa", uint16(40), uint8(1))
	f.Add(uint8(SYNACK), "bob", "simp/1 baaaaaaa caaaaaaa", uint16(0), uint8(255))
	f.Add(uint8(FIN), "carol", "cancelled baaaaaaa", uint16(2), uint8(7))
	f.Add(uint8(FIN), "", "", uint16(36), uint8(128))
	f.Add(uint8(SYN), "~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~", "simp/7 what may come", uint16(60), uint8(3))
	f.Fuzz(func(t *testing.T, kind uint8, user, words string, at uint16, by uint8) {
		d := Datagram{Kind: Kind(kind), User: []byte(user), Payload: []byte(words), Announced: true}
		b, err := Canonical.Append(nil, d)
		if err != nil {
			if name := ErrorName(err); name == "other" {
				t.Fatal(err)
			}
			return
		}
		got, notes, err := Decode(b)
		if err != nil || !got.Announced || string(got.Payload) != words || string(got.User) != user || notes&formNotes() != 0 {
			t.Fatalf("%v is sent as % x and read as %v [%v], %v", d, b, got, notes, err)
		}
		if native := d.Kind == FIN || words == Announcement || strings.HasPrefix(words, Announcement+" "); IsNative(got) != native {
			t.Fatalf("%v: native is %t", got, IsNative(got))
		}
		if by == 0 {
			return
		}
		b[int(at)%len(b)] ^= by
		if got, _, err := Decode(b); err == nil && got.Announced {
			t.Fatalf("byte %d was changed by %#x, and it is still an announcement: %v", int(at)%len(b), by, got)
		}
	})
}
