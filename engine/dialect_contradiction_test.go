package engine

import (
	"fmt"
	"net/netip"
	"testing"

	"simp/codec"
	"simp/codec/client"
)

// knownAs makes the daemon remember the peer as one of a kind.
func knownAs(kind string) func(*Config) {
	return func(c *Config) { c.Known = map[netip.AddrPort]string{bobAddr: kind} }
}

// A datagram that looks otherwise than those of the kind that is remembered shows that another program runs there: each kind
// against the look of each other. Its own look shows nothing, and neither does a name without padding.
func TestContradicts_Look(t *testing.T) {
	for _, known := range dialects {
		if !known.lettered() {
			continue
		}
		for _, tc := range []struct {
			look  string
			shape shape
			raw   func(testing.TB) []byte
			leads string // where nothing else is known
		}{
			{"regular", regular, regularly(plain(codec.SYN, 0)), "unknown"},
			{"trailing", trailing, wire(codec.Trailing, plain(codec.SYN, 0)), "b"},
			{"spaced", spaced, wire(codec.Spaced, plain(codec.SYN, 0)), "c"},
			{"short", short, wire(codec.Short, plain(codec.SYN, 0)), "e"},
			{"shapeless", shapeless, func(tb testing.TB) []byte {
				return withName(from(tb, codec.Canonical, plain(codec.SYN, 0)), "bob-with-a-name-of-32-characters", 0)
			}, ""},
		} {
			t.Run(known.name+" looks "+tc.look, func(t *testing.T) {
				p := newSolo(t, knownAs(known.name))
				if p.s.dialect != known || p.s.evidence != "it was recognised in an earlier chat" {
					t.Fatalf("begins with %s, %q", p.s.dialect.name, p.s.evidence)
				}
				p.raw(tc.raw(t))
				want := tc.leads
				if tc.shape == known.shape || tc.shape == shapeless {
					want = known.name
				}
				if p.s.dialect.name != want {
					t.Errorf("taken for %s, want %s", p.s.dialect.name, want)
				}
			})
		}
	}
}

// What a kind never does, although it may look like it, ends the belief in it. What it may do does not.
func TestContradicts_Conversation(t *testing.T) {
	for _, tc := range []struct {
		known, name string
		before      func(*solo)
		last        codec.Datagram
		want        string
	}{
		{"a", "SYN+ACK 0", inviting, plain(codec.SYNACK, 0), "unknown"},
		{"a", "SYN 0", nothing, plain(codec.SYN, 0), "a"},
		{"a", "SYN 1", nothing, plain(codec.SYN, 1), "f"},
		{"a", "SYN+ACK 1", inviting, plain(codec.SYNACK, 1), "a"},
		{"a", "SYN+ACK 7", inviting, plain(codec.SYNACK, 7), "f"},
		{"a", "FIN 0 for our SYN", inviting, plain(codec.FIN, 0), "a"},
		{"a", "SYN+ACK 0 when there is no invitation", nothing, plain(codec.SYNACK, 0), "a"},
		{"a", "CHAT 0", called, chat(0, "hi"), "a"},
		{"a", "CHAT 1 as the first", called, chat(1, "hi"), "d"},
		{"a", "CHAT 1 behind CHAT 0", then(called, hears(chat(0, "hi"))), chat(1, "ho"), "unknown"},
		{"a", "CHAT 2", then(called, hears(chat(0, "hi"))), chat(2, "ho"), "f"},
		{"a", "ACK 0 of a message, in a chat that we asked for", then(inviting, hears(plain(codec.SYNACK, 1)), says("hi")), plain(codec.ACK, 0), "unknown"},
		{"a", "ACK 1 of a message, in a chat that we asked for", then(inviting, hears(plain(codec.SYNACK, 1)), says("hi")), plain(codec.ACK, 1), "a"},
		{"a", "ACK 0, which may be of the handshake, in a chat that it asked for", then(called, says("hi")), plain(codec.ACK, 0), "a"},
		{"a", "ACK 1 in a chat that it asked for", then(called, says("hi")), plain(codec.ACK, 1), "a"},
		{"a", "FIN once more at once, as the network may double it", then(called, hears(plain(codec.FIN, 0))), plain(codec.FIN, 0), "a"},
		{"a", "FIN again, as the others send it until they have its ACK", then(called, hears(plain(codec.FIN, 0)), pauses), plain(codec.FIN, 0), "unknown"},
		{"d", "SYN+ACK 0", inviting, plain(codec.SYNACK, 0), "d"},
		{"d", "SYN+ACK 1", inviting, plain(codec.SYNACK, 1), "a"},
		{"d", "SYN+ACK 200", inviting, plain(codec.SYNACK, 200), "f"},
		{"d", "CHAT 0 as the first", called, chat(0, "hi"), "unknown"},
		{"d", "CHAT 0 as the first, while one of ours is under way", then(called, says("hi")), chat(0, "hi"), "d"},
		{"d", "CHAT 0 behind CHAT 1", then(called, hears(chat(1, "hi"))), chat(0, "ho"), "d"},
		{"d", "CHAT 1 behind CHAT 1", then(called, hears(chat(1, "hi"))), chat(1, "ho"), "a"},
		{"d", "CHAT 1 behind CHAT 1, and a message of ours", then(called, hears(chat(1, "hi")), says("ha"), hears(plain(codec.ACK, 0))), chat(1, "ho"), "d"},
		{"d", "CHAT 1 in the next chat", then(called, hears(chat(1, "hi")), hears(plain(codec.FIN, 0)), called), chat(1, "ho"), "d"},
		{"d", "SYN 1", nothing, plain(codec.SYN, 1), "f"},
		{"f", "SYN 1", nothing, plain(codec.SYN, 1), "f"},
		{"f", "CHAT 0 as the first", called, chat(0, "hi"), "unknown"},
		{"f", "ACK 1 for our message 0", then(called, says("hi")), plain(codec.ACK, 1), "a"},
		{"d", "CHAT 1 as the first", called, chat(1, "hi"), "d"},
		{"d", "CHAT 3", called, chat(3, "hi"), "f"},
		{"f", "SYN+ACK 0", inviting, plain(codec.SYNACK, 0), "f"},
		{"f", "SYN+ACK 3", inviting, plain(codec.SYNACK, 3), "f"},
		{"f", "CHAT 1 as the first", called, chat(1, "hi"), "f"},
		{"f", "a refusal with 0x09", inviting, refusal09(), "d"},
		{"a", "a refusal with 0x09", inviting, refusal09(), "d"},
	} {
		t.Run(fmt.Sprintf("%s, %s", tc.known, tc.name), func(t *testing.T) {
			p := newSolo(t, knownAs(tc.known))
			tc.before(p)
			if got := p.s.dialect.name; got != tc.known {
				t.Fatalf("what comes before shows %s already", got)
			}
			p.receive(tc.last)
			if got := p.s.dialect.name; got != tc.want {
				t.Errorf("taken for %s, want %s", got, tc.want)
			}
		})
	}
}

// One that is remembered as native is taken for it until its next invitation or answer, which decides anew: native
// announcements are of the peer's own making, so nothing else can show that it has become another.
func TestContradicts_Native(t *testing.T) {
	for _, tc := range []struct {
		name   string
		before func(*solo)
		last   func(testing.TB) []byte
		want   string
	}{
		{"an announced SYN", nothing, regularly(nativeSYN()), "native"},
		{"a bare SYN", nothing, regularly(plain(codec.SYN, 0)), "unknown"},
		{"a SYN with a checksum", nothing, wire(codec.Trailing, plain(codec.SYN, 0)), "b"},
		{"a bare SYN+ACK", inviting, regularly(plain(codec.SYNACK, 0)), "unknown"},
		{"SYN+ACK 1", inviting, regularly(plain(codec.SYNACK, 1)), "a"},
		{"it rings", inviting, regularly(nativeACK(codec.SYN, 0)), "native"},
		{"a bare ACK as the first answer", inviting, regularly(plain(codec.ACK, 0)), "unknown"},
		{"a bare ACK behind the ringing", then(inviting, hears(nativeACK(codec.SYN, 0))), regularly(plain(codec.ACK, 0)), "native"},
		{"a bare refusal", inviting, regularly(plain(codec.FIN, 0)), "unknown"},
		{"a refusal that says why", inviting, regularly(nativeFIN(0, codec.Declined)), "native"},
		{"a message with a checksum, in a chat", then(inviting, hears(nativeSYNACK())), wire(codec.Trailing, chat(0, "hi")), "native"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := newSolo(t, knownAs("native"))
			tc.before(p)
			if p.s.dialect != native {
				t.Fatalf("what comes before shows %s already", p.s.dialect.name)
			}
			p.raw(tc.last(t))
			if got := p.s.dialect.name; got != tc.want {
				t.Errorf("taken for %s, want %s", got, tc.want)
			}
		})
	}
}

// A peer that changes how it pads names in the middle of a chat is followed, and what a wrong guess has changed in its
// treatment is taken back. The chat goes on, and nothing is lost.
func TestContradicts_ChangesInTheMiddle(t *testing.T) {
	type writes struct {
		wire codec.Wire
		want string
	}
	for _, order := range [][]writes{
		{{codec.Canonical, "unknown"}, {codec.Spaced, "c"}, {codec.Canonical, "unknown"}},
		{{codec.Spaced, "c"}, {codec.Trailing, "b"}, {codec.Spaced, "c"}, {codec.Short, "e"}},
		{{codec.Short, "e"}, {codec.Canonical, "unknown"}, {codec.Trailing, "b"}, {codec.Canonical, "unknown"}},
	} {
		name := ""
		for _, w := range order {
			name += w.wire.Name + " "
		}
		t.Run(name, func(t *testing.T) {
			p := newSolo(t, nil)
			p.raw(from(t, order[0].wire, plain(codec.SYN, 0)))
			p.do(client.Accept{Peer: bobAddr})
			p.raw(from(t, order[0].wire, plain(codec.ACK, p.s.snap.HsSeq)))
			p.pass(sec)
			seq := uint8(0)
			for i, w := range order {
				text := fmt.Sprint("message ", i)
				p.forget()
				p.raw(from(t, w.wire, chat(seq, text)))
				seq ^= 1
				if p.s.dialect.name != w.want {
					t.Errorf("message %d: taken for %s, want %s", i, p.s.dialect.name, w.want)
				}
				if got := p.env.memory.recall(bobAddr).name; got != w.want {
					t.Errorf("message %d: remembered as %s, want %s", i, got, w.want)
				}
				if got := only[client.Message](p.told); len(got) != 1 || got[0].Text != text {
					t.Errorf("message %d: shown %+v", i, got)
				}
				wantPolicy := dialectNamed(w.want).policy
				if got := p.s.snap.Policy; got != wantPolicy {
					t.Errorf("message %d: treated as %+v, want %+v", i, got, wantPolicy)
				}
				p.pass(sec)
				p.wantAllSent(w.want)
			}
			p.do(client.Leave{})
			p.pass(sec)
			p.wantAllSent(order[len(order)-1].want)
		})
	}
}

// wantAllSent checks that every datagram since the last call looks as the kind writes, and that there was one.
func (p *solo) wantAllSent(kind string) {
	p.tb.Helper()
	if len(p.sent) == 0 {
		p.tb.Error("nothing was sent")
	}
	want := dialectNamed(kind).shape
	if want == shapeless {
		want = regular
	}
	for _, s := range p.sent {
		if d, n := s.decoded(p.tb); shapeOf(&d, n) != want {
			p.tb.Errorf("%s has the shape %d, want %d", d, shapeOf(&d, n), want)
		}
	}
	p.sent = nil
}

// A trailer that is right by accident, or two bytes behind a datagram of any other peer: what it is taken for is corrected
// by its next datagram, also in the memory, and its chat goes on.
func TestContradicts_TrailerByAccident(t *testing.T) {
	for _, wireOf := range []codec.Wire{codec.Canonical, codec.Spaced} {
		t.Run(wireOf.Name, func(t *testing.T) {
			p := newSolo(t, nil)
			p.raw(from(t, wireOf, plain(codec.SYN, 0)))
			p.do(client.Accept{Peer: bobAddr})
			p.raw(from(t, wireOf, plain(codec.ACK, 0)))
			p.do(client.Chat{Text: "waits for its ACK"})
			before := p.s.dialect

			odd := wireOf
			odd.Trailer = true
			p.raw(from(t, odd, chat(0, "by accident")))
			if p.s.dialect != kindB {
				t.Fatalf("taken for %s", p.s.dialect.name)
			}
			p.raw(from(t, wireOf, plain(codec.ACK, 0)))
			if p.s.dialect != before {
				t.Errorf("taken for %s, want %s", p.s.dialect.name, before.name)
			}
			p.raw(from(t, wireOf, chat(1, "as usual")))
			if got := p.env.memory.recall(bobAddr); got != before {
				t.Errorf("remembered as %s, want %s", got.name, before.name)
			}
			var texts []string
			for _, m := range only[client.Message](p.told) {
				texts = append(texts, m.Text)
			}
			if len(texts) != 2 || texts[0] != "by accident" || texts[1] != "as usual" {
				t.Errorf("shown %q", texts)
			}
			if got := only[client.Delivered](p.told); len(got) != 1 {
				t.Errorf("%d messages delivered, want 1", len(got))
			}
		})
	}
}
