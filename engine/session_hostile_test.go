package engine

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"simp/codec"
	"simp/codec/client"
	"simp/fsm"
)

func auto(c *Config)  { c.Accept = AcceptAuto }
func never(c *Config) { c.Accept = AcceptNever }

// shortSYN is the smallest SYN that is taken: 35 bytes, without a Length field.
func shortSYN() []byte {
	b := make([]byte, 35)
	b[0], b[1] = 1, 2
	copy(b[3:], "bob")
	return b
}

func (p *solo) bytesSent() int {
	n := 0
	for _, s := range p.sent {
		n += len(s.raw)
	}
	return n
}

// §9.3: what goes out on the daemon's own account to an address that has completed no handshake is never more than 3 times
// what came from there, however the SYNs are spread over time.
func TestAmplification(t *testing.T) {
	for _, mode := range []struct {
		name   string
		change func(*Config)
		busy   bool
	}{{"ask", nil, false}, {"auto", auto, false}, {"never", never, false}, {"ask, busy", nil, true}, {"auto, busy", auto, true}} {
		for _, syn := range []struct {
			name string
			raw  []byte
		}{{"native", encode(t, nativeSYN())}, {"plain", encode(t, plain(codec.SYN, 0))}, {"short", shortSYN()}} {
			for _, pause := range []time.Duration{0, 2 * sec, 6 * sec, 10 * time.Minute} {
				t.Run(fmt.Sprintf("%s/%s/%s", mode.name, syn.name, pause), func(t *testing.T) {
					p := newSolo(t, mode.change)
					if mode.busy {
						p.env.admit.takeChat(soloPeer(99))
					}
					received := 0
					for range 5 {
						p.raw(syn.raw)
						received += len(syn.raw)
						if got := p.bytesSent(); got > 3*received {
							t.Fatalf("%d bytes sent for %d received", got, received)
						}
						p.pass(pause)
					}
					p.pass(30 * time.Minute)
					if got := p.bytesSent(); got > 3*received {
						t.Errorf("%d bytes sent for %d received", got, received)
					}
					if got := p.bytesSent(); got == 0 && (mode.name != "ask" || syn.name == "native") {
						t.Error("nothing was sent at all: the test tests nothing")
					}
				})
			}
		}
	}
}

func soloPeer(n byte) netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 1, 0, n}), 7777)
}

// §5.2 within §9.3: a SYN of the specification's length is answered by the whole refusal, 106 bytes for 39. Whoever leaves
// out the Length field is of a kind that reads no more than one answer.
func TestAmplification_BusyAnswer(t *testing.T) {
	p := newSolo(t, nil)
	p.env.admit.takeChat(soloPeer(99))
	p.receive(plain(codec.SYN, 0))
	p.wantSent(
		`0s ERR seq=0 user="alice" "User already in another chat"`,
		`0s FIN seq=0 user="alice"`,
	)
	p.raw(shortSYN())
	p.wantSent(`0s ERR seq=0 user="alice"`)
}

// §9.3: our own user's acts are exempt: they are not on the daemon's account.
func TestAmplification_NotOfWhatTheUserDoes(t *testing.T) {
	p := newSolo(t, nil)
	p.receive(nativeSYN())
	p.forget()
	p.do(client.Accept{Peer: bobAddr})
	p.pass(2 * time.Minute)
	if got := len(p.sent); got != 13 {
		t.Errorf("%d datagrams, want 12 SYN+ACKs and a FIN", got)
	}
	if got := p.env.Counters()["drop/amplification"]; got != 0 {
		t.Errorf("%d datagrams held back", got)
	}
}

// §9.3: a daemon that accepts by itself repeats its answer to somebody unproven 3 times at most, also after more SYNs.
func TestAmplification_AutoAnswersThreeTimes(t *testing.T) {
	p := newSolo(t, auto)
	p.receive(nativeSYN())
	for range 4 {
		p.receive(nativeSYN())
		p.receive(nativeSYN())
		p.pass(sec)
	}
	p.pass(5 * time.Minute)
	n := 0
	for _, s := range p.sent {
		if d, _ := s.decoded(t); d.Kind == codec.SYNACK {
			n++
		}
	}
	if n != autoCopies {
		t.Errorf("%d SYN+ACKs, want %d", n, autoCopies)
	}
}

// §9.1, §3.19, §7.3: nothing but a SYN means anything from a stranger. Each kind is counted under its name.
func TestStranger(t *testing.T) {
	for _, tc := range []struct {
		from    codec.Datagram
		counter string
	}{
		{plain(codec.ACK, 0), "ignored/idle/late-ack"},
		{nativeACK(codec.CHAT, 0), "ignored/idle/late-ack"},
		{plain(codec.FIN, 0), "unexpected/idle/stray-fin"},
		{nativeFIN(0, codec.Left), "unexpected/idle/stray-fin"},
		{codec.Datagram{Kind: codec.ERR, User: []byte("bob"), Payload: []byte(busyText)}, "unexpected/idle/stray-err"},
		{chat(0, "hello"), "unexpected/idle/stray-chat"},
		{plain(codec.SYNACK, 0), "unexpected/idle/stray-acceptance"},
	} {
		t.Run(tc.from.String(), func(t *testing.T) {
			p := newSolo(t, nil)
			p.receive(tc.from)
			p.wantSent()
			p.wantEvents()
			if !p.s.Done() {
				t.Error("something is kept of a stranger")
			}
			if got := p.env.Counters()[tc.counter]; got != 1 {
				t.Errorf("counted %v, want one %s", p.env.Counters(), tc.counter)
			}
		})
	}
}

// §3.20: a native peer whose acceptance leads nowhere is told, once a datagram.
func TestStranger_NativeAcceptance(t *testing.T) {
	p := newSolo(t, nil)
	p.receive(nativeSYNACK())
	p.wantSent(`0s FIN seq=0 user="alice" "cancelled"`)
	if !p.s.Done() {
		t.Error("something is kept of a stranger")
	}
}

// §8.3, §4.8: an answering machine keeps 256 messages; the next is not acknowledged, and comes when there is room.
func TestAnsweringMachine_IsBounded(t *testing.T) {
	p := newUnattended(t, auto)
	p.receive(nativeSYN(), nativeACK(codec.SYNACK, 0))
	p.wantState(fsm.Established)
	seq := uint8(0)
	for range inboxLen - 1 { // the chat's opening takes a place too
		p.receive(chat(seq, "x"))
		seq ^= 1
	}
	p.forget()
	p.receive(chat(seq, "one too many"))
	p.wantSent()
	p.attach("alice")
	events := p.events()
	if len(only[client.Established](events)) != 1 || len(only[client.Message](events)) != inboxLen-1 {
		t.Errorf("%d events shown to the client that came", len(events))
	}
	p.receive(chat(seq, "one too many"))
	p.wantSent(fmt.Sprintf(`0s ACK seq=%d user="simpd" of="chat"`, seq))
}

// §8.3: a peer that sends errors and reopens its chat for ever cannot fill the memory of an answering machine.
func TestAnsweringMachine_ErrorsAndChatsAreBounded(t *testing.T) {
	p := newUnattended(t, auto)
	for range 3000 {
		p.receive(nativeSYN(), nativeACK(codec.SYNACK, 0))
		p.receive(codec.Datagram{Kind: codec.ERR, User: []byte("bob"), Payload: []byte("oops")})
		p.receive(nativeFIN(0, codec.Left))
		p.forget()
	}
	for range 3000 {
		p.receive(codec.Datagram{Kind: codec.ERR, User: []byte("bob"), Payload: []byte("oops")})
	}
	const slack = 2 // a chat that was let in brings its opening and its end
	if got := len(p.s.box); got > boxEvents+slack {
		t.Errorf("%d events wait for a client, want at most %d", got, boxEvents+slack)
	}

	p = newUnattended(t, auto)
	p.receive(nativeSYN(), nativeACK(codec.SYNACK, 0))
	for range 3000 {
		p.receive(codec.Datagram{Kind: codec.ERR, User: []byte("bob"), Payload: []byte("oops")})
	}
	p.receive(nativeFIN(0, codec.Left))
	if got := len(p.s.box); got > boxEvents {
		t.Errorf("%d events of one chat wait for a client, want at most %d", got, boxEvents)
	}
	if got := names(p.s.box[len(p.s.box)-1:]); got != "closed" {
		t.Errorf("the last event that is kept is %s, want the chat's end", got)
	}
}

// §8.3: what a caller said and that it left is shown to the client that comes after that.
func TestAnsweringMachine_CallerHasLeft(t *testing.T) {
	p := newUnattended(t, auto)
	p.receive(nativeSYN(), nativeACK(codec.SYNACK, 0), chat(0, "call me"), nativeFIN(1, codec.Left))
	p.pass(time.Hour)
	if p.s.Done() {
		t.Fatal("the message is forgotten")
	}
	p.attach("alice")
	p.wantEvents(
		client.Established{Peer: bobAddr, User: "bob"},
		client.Message{Peer: bobAddr, User: "bob", Text: "call me", N: 1},
		client.Closed{Peer: bobAddr, User: "bob", Reason: client.CloseLeft},
	)
	if !p.s.Done() {
		t.Error("something is kept after it was shown")
	}
}

// badHeaders are datagrams that are read, with whatever is wrong in their header, as if they came from the partner.
func badHeaders(tb testing.TB) map[string][]byte {
	tb.Helper()
	all := make(map[string][]byte)
	base := func() []byte { return encode(tb, chat(0, "hello")) }
	for _, l := range []uint32{0, 4, 6, 1 << 16, 1 << 31, 1<<32 - 1} {
		b := base()
		binary.BigEndian.PutUint32(b[35:], l)
		all[fmt.Sprintf("length %d", l)] = b
	}
	for name, user := range map[string]string{
		"empty name": "", "name without padding": "bobbobbobbobbobbobbobbobbobbobbo", "name not ASCII": "b\xf6b", "name with controls": "\x1b[2Jbob",
		"blanks only": "                                ", "bytes behind NUL": "bob\x00eve",
	} {
		b := base()
		clear(b[3:35])
		copy(b[3:35], user)
		all[name] = b
	}
	b := base()
	copy(b[39:], "\x00\x1b\xff\n\x7f")
	all["payload with controls"] = b
	return all
}

// §1.3: a datagram of the partner with a questionable header is read or not, but the chat goes on and the next message
// is taken as usual.
func TestBadHeadersFromThePartner(t *testing.T) {
	for name, b := range badHeaders(t) {
		t.Run(name, func(t *testing.T) {
			p := newSolo(t, nil)
			p.openNative()
			p.raw(b)
			p.wantState(fsm.Established)
			if got := names(p.events()); got != "message" {
				t.Errorf("told %q, want one message", got)
			}
			p.receive(chat(1, "next"))
			msgs := only[client.Message](p.events())
			if len(msgs) != 1 || msgs[0].Text != "next" || msgs[0].N != 2 {
				t.Errorf("then %+v, want the next message as number 2", msgs)
			}
		})
	}
}

// §3.8, §9.3: an acceptance that no user asked for is sent three times at most, whatever other SYNs come in between.
func TestAutoAcceptance_ThreeCopiesWhateverComes(t *testing.T) {
	p := newSolo(t, auto)
	p.receive(named(nativeSYN(), firstName))
	acceptances := 0
	for range 20 {
		p.receive(named(nativeSYN(), firstName), named(nativeSYN(), secondName))
		p.pass(6 * sec)
		for _, s := range p.sent {
			if d, _ := s.decoded(t); d.Kind == codec.SYNACK {
				acceptances++
			}
		}
		p.forget()
		if p.s.State() != fsm.SynReceived {
			break
		}
	}
	if acceptances != autoCopies {
		t.Errorf("%d acceptances, want %d", acceptances, autoCopies)
	}
}
