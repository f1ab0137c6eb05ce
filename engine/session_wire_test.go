package engine

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"simp/codec"
	"simp/codec/client"
	"simp/fsm"
)

// §2.1 to §2.3: a conversation with a native peer, datagram by datagram: the SYN announces, ACKs say what of, FINs why.
func TestWire_NativeConversation(t *testing.T) {
	p := newSolo(t, nil)
	p.do(client.Invite{Peer: bobAddr})
	p.receive(nativeACK(codec.SYN, 0), nativeSYNACK())
	p.do(client.Chat{Text: "hello"})
	p.receive(nativeACK(codec.CHAT, 0), chat(0, "hi"), chat(1, "there"))
	p.do(client.Chat{Text: "bye"})
	p.receive(nativeACK(codec.CHAT, 1))
	p.do(client.Leave{})
	p.receive(nativeACK(codec.FIN, 0))
	p.receive(nativeFIN(0, codec.Left)) // §6.5: a partner of a moment ago
	p.wantSent(
		`0s SYN seq=0 user="alice" announce="simp/1"`,
		`0s ACK seq=0 user="alice" of="syn+ack"`,
		`0s CHAT seq=0 user="alice" len=5 "hello" label="#1"`,
		`0s ACK seq=0 user="alice" of="chat"`,
		`0s ACK seq=1 user="alice" of="chat"`,
		`0s CHAT seq=1 user="alice" len=3 "bye" label="#2"`,
		`0s FIN seq=0 user="alice" "left"`,
		`0s ACK seq=0 user="alice" of="fin"`,
	)
	p.wantEvents(
		client.Inviting{Peer: bobAddr, Tries: 1},
		client.Established{Peer: bobAddr, User: "bob"},
		client.Sent{Peer: bobAddr, User: "bob", N: 1},
		client.Delivered{Peer: bobAddr, User: "bob", N: 1},
		client.Message{Peer: bobAddr, User: "bob", Text: "hi", N: 1},
		client.Message{Peer: bobAddr, User: "bob", Text: "there", N: 2},
		client.Sent{Peer: bobAddr, User: "bob", N: 2},
		client.Delivered{Peer: bobAddr, User: "bob", N: 2},
		client.Closed{Peer: bobAddr, User: "bob", Reason: client.CloseLeft},
	)
}

// §2.5: the same conversation with a legacy peer: but for the SYN, control datagrams are bare.
func TestWire_LegacyConversation(t *testing.T) {
	p := newSolo(t, nil)
	p.do(client.Invite{Peer: bobAddr})
	p.receive(plain(codec.SYNACK, 0))
	p.do(client.Chat{Text: "hello"})
	p.pass(sec)
	p.receive(plain(codec.ACK, 0), chat(0, "hi"))
	p.do(client.Leave{})
	p.pass(sec)
	p.receive(plain(codec.ACK, 1))
	p.receive(plain(codec.FIN, 0))
	p.pass(sec)
	p.wantSent( // answers wait (§11.7), and what is behind them waits too
		`0s SYN seq=0 user="alice" announce="simp/1"`,
		`0.05s ACK seq=0 user="alice"`,
		`0.05s CHAT seq=0 user="alice" len=5 "hello"`,
		`1.05s ACK seq=0 user="alice"`,
		`1.05s FIN seq=1 user="alice"`,
		`2.05s ACK seq=0 user="alice"`,
	)
}

// §3.5, §2.2: the invited side confirms an announced SYN at once and announces in its answer; a legacy peer hears nothing
// before the user has answered, and no announcement then.
func TestWire_Answers(t *testing.T) {
	for _, tc := range []struct {
		name string
		syn  codec.Datagram
		want []string
	}{
		{"native", nativeSYN(), []string{`0s ACK seq=0 user="alice" of="syn"`, `60s SYN+ACK seq=0 user="alice" announce="simp/1"`}},
		{"legacy", plain(codec.SYN, 1), []string{`60s SYN+ACK seq=1 user="alice"`}},
		{"newer version", codec.Datagram{Kind: codec.SYN, User: []byte("bob"), Payload: []byte("simp/2"), Announced: true}, []string{`60.05s SYN+ACK seq=0 user="alice"`}},
		{"further words", codec.Datagram{Kind: codec.SYN, User: []byte("bob"), Payload: []byte("simp/1 more words"), Announced: true},
			[]string{`0s ACK seq=0 user="alice" of="syn"`, `60s SYN+ACK seq=0 user="alice" announce="simp/1"`}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := newSolo(t, nil)
			p.receive(tc.syn)
			p.pass(60 * sec)
			p.do(client.Accept{Peer: bobAddr})
			p.pass(sec)
			p.wantSent(tc.want...)
		})
	}
}

// §2.3, §3.3: a native peer is told in the FIN why it is refused, a legacy one gets a bare FIN.
func TestWire_Refusals(t *testing.T) {
	never := func(c *Config) { c.Accept = AcceptNever }
	for _, tc := range []struct {
		name   string
		change func(*Config)
		syn    codec.Datagram
		then   client.Command
		want   []string
	}{
		{"declined, native", nil, nativeSYN(), client.Decline{Peer: bobAddr}, []string{`0s FIN seq=0 user="alice" "declined"`}},
		{"declined, legacy", nil, plain(codec.SYN, 0), client.Decline{Peer: bobAddr}, []string{`0s FIN seq=0 user="alice"`}},
		{"never, native", never, nativeSYN(), nil, []string{`0s FIN seq=0 user="alice" "declined"`}},
		{"never, legacy", never, plain(codec.SYN, 0), nil, []string{`0s FIN seq=0 user="alice"`}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := newSolo(t, tc.change)
			p.receive(tc.syn)
			if tc.then != nil {
				p.forget()
				p.do(tc.then)
			}
			p.wantSent(tc.want...)
		})
	}
}

// §2.6: with --plain the SYN is the bare 39 bytes, and even a peer that announces itself is treated as legacy.
func TestWire_Plain(t *testing.T) {
	p := newSolo(t, func(c *Config) { c.Plain = true })
	p.do(client.Invite{Peer: bobAddr})
	if got := len(p.sent[0].raw); got != codec.HeaderLen {
		t.Errorf("the SYN has %d bytes, want the bare %d", got, codec.HeaderLen)
	}
	p.receive(nativeSYNACK())
	p.do(client.Chat{Text: "grüße"})
	p.receive(chat(0, "x"))
	p.pass(sec)
	p.wantSent(
		`0s SYN seq=0 user="alice"`,
		`0.05s ACK seq=0 user="alice"`,
		`0.05s CHAT seq=0 user="alice" len=7 "gruesse"`,
		`0.05s ACK seq=0 user="alice"`,
	)
}

// §2.7: a peer that was native when a chat was last open is taken for native when it is invited again.
func TestWire_MemoryOfNativePeers(t *testing.T) {
	p := newSolo(t, nil)
	p.openNative()
	p.again()
	p.do(client.Invite{Peer: bobAddr})
	p.pass(11 * sec)
	p.wantCopies(codec.SYN, every(5*sec, 0, 3)...)

	// ... until it shows otherwise: it comes back as an implementation that announces nothing.
	p.receive(plain(codec.SYNACK, 0))
	p.wantState(fsm.Established)
	p.again()
	p.forget()
	p.do(client.Invite{Peer: bobAddr})
	p.pass(100 * sec)
	if got := len(p.sent); got != 1 {
		t.Errorf("%d SYNs to a peer that turned out to be legacy, want 1", got)
	}
}

// §2.7 speaks of open chats: who only announced itself in an invitation is not remembered.
func TestWire_NoMemoryWithoutChat(t *testing.T) {
	p := newSolo(t, nil)
	p.receive(nativeSYN(), nativeFIN(0, codec.Cancelled))
	p.again()
	p.forget()
	p.do(client.Invite{Peer: bobAddr})
	p.pass(100 * sec)
	if got := len(p.sent); got != 1 {
		t.Errorf("%d SYNs, want 1", got)
	}
}

// §1.2: a long message goes out in datagrams of at most 1,200 bytes, 1,024 to a legacy peer, each acknowledged before the
// next; the user sees one message, numbered by its last part.
func TestWire_LongMessage(t *testing.T) {
	words := strings.Repeat("the quick brown fox jumps ", 150)
	for _, tc := range []struct {
		name  string
		open  func(*solo)
		ack   func(uint8) codec.Datagram
		limit int
	}{
		{"native", (*solo).openNative, func(seq uint8) codec.Datagram { return nativeACK(codec.CHAT, seq) }, 1200},
		{"legacy", (*solo).openLegacy, func(seq uint8) codec.Datagram { return plain(codec.ACK, seq) }, 1024},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := newSolo(t, nil)
			tc.open(p)
			id := client.NumberID(7)
			p.do(client.Chat{Text: words, ID: id})
			var joined strings.Builder
			parts := 0
			for len(p.sent) > 0 {
				if len(p.sent) != 1 {
					t.Fatalf("%d datagrams in flight, want 1", len(p.sent))
				}
				d, _ := p.sent[0].decoded(t)
				if n := len(p.sent[0].raw); n > tc.limit {
					t.Errorf("a datagram of %d bytes, want at most %d", n, tc.limit)
				}
				if got, want := d.Seq, uint8(parts%2); got != want {
					t.Errorf("part %d has number %d, want %d", parts+1, got, want)
				}
				joined.Write(d.Payload)
				if parts++; !strings.HasSuffix(string(d.Payload), " ") {
					t.Errorf("part %d was cut within a word: ...%q", parts, d.Payload[len(d.Payload)-10:])
				}
				p.sent = nil
				p.receive(tc.ack(d.Seq))
			}
			if joined.String() != words {
				t.Error("the parts joined are not the text")
			}
			if want := len(words)/cleanLength(tc.limit-codec.HeaderLen) + 1; parts != want {
				t.Errorf("%d parts, want %d", parts, want)
			}
			user := p.s.user
			p.wantEvents(
				client.Sent{Peer: bobAddr, User: user, ID: id, N: parts},
				client.Delivered{Peer: bobAddr, User: user, ID: id, N: parts},
			)
			p.do(client.Chat{Text: "next"})
			p.wantEvents(client.Sent{Peer: bobAddr, User: user, N: parts + 1})
		})
	}
}

// §1.2: whatever the text is, the parts joined are the text, each fits, none is empty, no character is cut, and where
// that matters no length has a byte above 0x7f.
func TestSplit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		txt := rapid.OneOf(rapid.StringOfN(rapid.RuneFrom([]rune("ab  é漢😀\n")), 1, 600, -1), rapid.StringOfN(rapid.RuneFrom([]rune("ab ")), 1, 1200, -1)).Draw(t, "text")
		clean := rapid.Bool().Draw(t, "clean")
		limit := rapid.IntRange(4, 300).Draw(t, "limit")
		parts := split(nil, txt, limit, clean)
		if diff := cmp.Diff(txt, strings.Join(parts, "")); diff != "" {
			t.Fatalf("joined (-want +got):\n%s", diff)
		}
		for _, p := range parts {
			if len(p) == 0 || len(p) > limit || !utf8.ValidString(p) || clean && isASCII(txt) && len(p)&0x80 != 0 {
				t.Fatalf("part %q of %d bytes with a limit of %d", p, len(p), limit)
			}
		}
	})
}

func isASCII(s string) bool { return strings.IndexFunc(s, func(r rune) bool { return r > 0x7f }) < 0 }

func TestSplit_Places(t *testing.T) {
	for _, tc := range []struct {
		name, text string
		limit      int
		want       []string
	}{
		{"fits", "hello", 5, []string{"hello"}},
		{"at a blank", "hello big world", 11, []string{"hello big ", "world"}},
		{"blank at the limit", "hello world", 6, []string{"hello ", "world"}},
		{"long word", "aaaaaaaaaaaa", 5, []string{"aaaaa", "aaaaa", "aa"}},
		{"blank too early", "a bbbbbbbbbbb", 8, []string{"a bbbbbb", "bbbbb"}},
		{"between characters", "ääää", 5, []string{"ää", "ää"}},
		{"four bytes", "😀😀", 7, []string{"😀", "😀"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, split(nil, tc.text, tc.limit, false)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// §1.5: towards a legacy peer what is not ASCII is transliterated, and the user is shown what was sent.
func TestWire_Transliteration(t *testing.T) {
	p := newSolo(t, nil)
	p.openLegacy()
	p.do(client.Chat{Text: "Grüße, 3 €"})
	p.wantSent(`0s CHAT seq=0 user="alice" len=14 "Gruesse, 3 EUR"`)
	p.wantEvents(client.Sent{Peer: bobAddr, N: 1, As: "Gruesse, 3 EUR"})

	p = newSolo(t, nil)
	p.openLegacy()
	p.do(client.Chat{Text: "plain"})
	p.wantEvents(client.Sent{Peer: bobAddr, N: 1})

	// Between native peers it is UTF-8 as written.
	p = newSolo(t, nil)
	p.openNative()
	p.do(client.Chat{Text: "Grüße, 3 €"})
	p.wantSent(`0s CHAT seq=0 user="alice" len=14 "Grüße, 3 €" label="#1"`)
	p.wantEvents(client.Sent{Peer: bobAddr, User: "bob", N: 1})
}
