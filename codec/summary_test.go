package codec

import (
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestSummary(t *testing.T) {
	x60 := strings.Repeat("x", 60)
	for _, tt := range []struct {
		d    Datagram
		want string
	}{
		{Datagram{Kind: SYN, User: []byte("alice")}, `SYN seq=0 user="alice"`},
		{Datagram{Kind: SYN, User: []byte("alice"), Payload: []byte("simp/1"), Announced: true}, `SYN seq=0 user="alice" announce="simp/1"`},
		{Datagram{Kind: SYN, User: []byte("alice"), Payload: []byte("simp/1")}, `SYN seq=0 user="alice" "simp/1"`},
		{Datagram{Kind: SYNACK, Seq: 1, User: []byte("bob"), Payload: []byte("simp/1 more"), Announced: true}, `SYN+ACK seq=1 user="bob" announce="simp/1 more"`},
		{Datagram{Kind: ACK, User: []byte("bob"), Payload: []byte("chat")}, `ACK seq=0 user="bob" of="chat"`},
		{Datagram{Kind: ACK, User: []byte("bob"), Payload: []byte("chat\x1b")}, `ACK seq=0 user="bob" "chat\x1b"`},
		{Datagram{Kind: ACK, Seq: 255, User: []byte("bob")}, `ACK seq=255 user="bob"`},
		{Datagram{Kind: CHAT, Seq: 1, User: []byte("bob"), Payload: []byte("hello")}, `CHAT seq=1 user="bob" len=5 "hello"`},
		{Datagram{Kind: CHAT, Seq: 1, User: []byte("bob")}, `CHAT seq=1 user="bob" len=0 ""`},
		{Datagram{Kind: ERR, User: []byte("bob"), Payload: []byte("User already in another chat")}, `ERR seq=0 user="bob" "User already in another chat"`},
		{Datagram{Kind: FIN, User: []byte("bob"), Payload: []byte("left")}, `FIN seq=0 user="bob" "left"`},
		{Datagram{Kind: FIN, User: []byte("bob"), Payload: []byte("left abcdefgh"), Announced: true}, `FIN seq=0 user="bob" sealed="left abcdefgh"`},
		{Datagram{Kind: FIN, User: []byte("bob"), Announced: true}, `FIN seq=0 user="bob" sealed=""`},
		{Datagram{Kind: FIN, Form: FINERR, User: []byte("bob"), Payload: []byte("Not now.")}, `FIN(09) seq=0 user="bob" "Not now."`},
		{Datagram{Kind: ACK, Form: FINACK, Seq: 1, User: []byte("bob")}, `ACK(0c) seq=1 user="bob"`},
		{Datagram{Kind: ERR, Form: Stub, User: []byte("bob")}, `ERR(stub) seq=0 user="bob"`},
		{Datagram{Kind: ERR, Form: 200, User: []byte("bob")}, `ERR(?) seq=0 user="bob"`},
		{Datagram{}, `invalid seq=0 user=""`},

		{Datagram{Kind: CHAT, User: []byte("bob"), Payload: []byte(x60)}, `CHAT seq=0 user="bob" len=60 "` + x60 + `"`},
		{Datagram{Kind: CHAT, User: []byte("bob"), Payload: []byte(x60 + "y")}, `CHAT seq=0 user="bob" len=61 "` + x60 + `"...`},
		{Datagram{Kind: ERR, User: []byte("bob"), Payload: []byte(x60 + "yy")}, `ERR seq=0 user="bob" len=62 "` + x60 + `"...`},
		{Datagram{Kind: CHAT, User: []byte("bob"), Payload: []byte(strings.Repeat("\u20ac", 61))}, `CHAT seq=0 user="bob" len=183 "` + strings.Repeat("\u20ac", 60) + `"...`},
		{Datagram{Kind: CHAT, User: []byte("bob"), Payload: []byte(strings.Repeat("\xff", 61))}, `CHAT seq=0 user="bob" len=61 "` + strings.Repeat(`\xff`, 60) + `"...`},

		{Datagram{Kind: CHAT, User: []byte(`"bob\`), Payload: []byte("caf\u00e9 \U0001f44b")}, `CHAT seq=0 user="\"bob\\" len=10 "` + "caf\u00e9 \U0001f44b" + `"`},
		{Datagram{Kind: CHAT, User: []byte("\x1b[2J"), Payload: []byte("a\nSYN\r\t\x00\x7f")}, `CHAT seq=0 user="\x1b[2J" len=9 "a\nSYN\r\t\x00\x7f"`},
		{Datagram{Kind: CHAT, User: []byte("bob"), Payload: []byte("\u202egnp.exe\u2066\u200b\u2028\u0085")}, `CHAT seq=0 user="bob" len=21 "\u202egnp.exe\u2066\u200b\u2028\u0085"`},
		{Datagram{Kind: CHAT, User: []byte("bob"), Payload: []byte("\U000e0041\ufeff\u00a0")}, `CHAT seq=0 user="bob" len=9 "\U000e0041\ufeff\u00a0"`},
	} {
		t.Run(tt.want, func(t *testing.T) {
			if got := string(tt.d.AppendSummary([]byte("> "))); got != "> "+tt.want {
				t.Errorf("got  %s\nwant > %s", got, tt.want)
			}
			if got := tt.d.String(); got != tt.want {
				t.Errorf("String: %s", got)
			}
		})
	}
}

// TestSummaryQuotesLikeStrconv: whoever wants the exact text back can have it
// with strconv.Unquote, and every line is printable.
func TestSummaryQuotesLikeStrconv(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := rapid.OneOf(
			rapid.SliceOfN(rapid.Byte(), 0, 100),
			rapid.Map(rapid.String(), func(s string) []byte { return []byte(s) }),
		).Draw(t, "bytes")
		if got, want := string(appendQuoted(nil, b)), strconv.Quote(string(b)); got != want {
			t.Errorf("quoted %s, want %s", got, want)
		}
		line := Datagram{Kind: CHAT, User: b, Payload: b}.String()
		if !printableLine(line) {
			t.Errorf("not printable: %q", line)
		}
		if got, want := firstRunes(b, 3), []rune(string(b)); utf8.RuneCount(got) != min(3, len(want)) {
			t.Errorf("%d of the %d characters", utf8.RuneCount(got), len(want))
		}
	})
}

func printableLine(s string) bool {
	for _, r := range s {
		if !strconv.IsPrint(r) {
			return false
		}
	}
	return utf8.ValidString(s)
}
