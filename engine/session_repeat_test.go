package engine

import (
	"bytes"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"simp/codec"
	"simp/codec/client"
	"simp/fsm"
)

// wantCopies checks that all datagrams since the last call are the same bytes, of one kind, sent at these times (§4.3).
func (p *solo) wantCopies(kind codec.Kind, at ...time.Duration) {
	p.tb.Helper()
	var got []time.Duration
	for i, s := range p.sent {
		got = append(got, s.at)
		if !bytes.Equal(s.raw, p.sent[0].raw) {
			p.tb.Errorf("copy %d differs from the first:\n%x\n%x", i+1, p.sent[0].raw, s.raw)
		}
		if d, _ := s.decoded(p.tb); d.Kind != kind {
			p.tb.Errorf("copy %d is a %s, want %s", i+1, d.Kind, kind)
		}
	}
	if diff := cmp.Diff(at, got); diff != "" {
		p.tb.Errorf("%s sent at (-want +got):\n%s", kind, diff)
	}
	p.sent = nil
}

func every(interval time.Duration, from time.Duration, n int) []time.Duration {
	var all []time.Duration
	for range n {
		all = append(all, from)
		from += interval
	}
	return all
}

const sec = time.Second

// §4.3, §3.7: the SYN to a native peer is repeated every 5 s, the same bytes each time, from the moment that it is known
// to be native.
func TestRepeatSYN(t *testing.T) {
	p := newSolo(t, nil)
	p.do(client.Invite{Peer: bobAddr})
	p.pass(2 * sec)
	p.receive(nativeACK(codec.SYN, 0))
	p.pass(21 * sec)
	p.wantCopies(codec.SYN, 0, 7*sec, 12*sec, 17*sec, 22*sec)
	tries := []int{}
	for _, ev := range only[client.Inviting](p.events()) {
		tries = append(tries, ev.Tries)
	}
	if diff := cmp.Diff([]int{1, 2, 3, 4, 5}, tries); diff != "" {
		t.Errorf("tries told (-want +got):\n%s", diff)
	}
}

// §3.7: nobody knows what an unknown peer does with a second SYN, so the timer never sends one; the user may.
func TestRepeatSYN_UnknownPeerOnlyWhenTheUserSaysSo(t *testing.T) {
	p := newSolo(t, nil)
	p.do(client.Invite{Peer: bobAddr})
	p.pass(100 * sec)
	p.do(client.Invite{Peer: bobAddr})
	p.pass(100 * sec)
	p.wantCopies(codec.SYN, 0, 100*sec)
}

// §3.7: a stream of confirmations does not postpone the next copy.
func TestRepeatSYN_DuplicateRingingDoesNotPostpone(t *testing.T) {
	p := newSolo(t, nil)
	p.do(client.Invite{Peer: bobAddr})
	for range 12 {
		p.receive(nativeACK(codec.SYN, 0))
		p.pass(sec)
	}
	p.wantCopies(codec.SYN, 0, 5*sec, 10*sec)
}

// §3.8: 12 copies to a native peer, 3 to a legacy one, then one FIN; each copy is the same bytes (§4.3).
func TestRepeatSYNACK(t *testing.T) {
	for _, tc := range []struct {
		name   string
		syn    codec.Datagram
		first  time.Duration // when it goes out: the answer to a legacy peer waits (§11.7)
		copies int
	}{
		{"native", nativeSYN(), 0, 12},
		{"legacy", plain(codec.SYN, 0), longestPause, 3},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := newSolo(t, nil)
			p.receive(tc.syn)
			p.forget()
			p.do(client.Accept{Peer: bobAddr})
			p.pass(200 * sec)
			last := p.sent[len(p.sent)-1]
			p.sent = p.sent[:len(p.sent)-1]
			p.wantCopies(codec.SYNACK, every(5*sec, tc.first, tc.copies)...)
			if d, _ := last.decoded(t); d.Kind != codec.FIN || last.at != time.Duration(tc.copies)*5*sec {
				t.Errorf("at last a %s at %s, want one FIN 5 s after the last copy", d.Kind, last.at)
			}
			closed := only[client.Closed](p.events())
			if len(closed) != 1 || closed[0].Reason != client.CloseUnreachable {
				t.Errorf("closed %+v, want it unreachable once", closed)
			}
			p.wantState(fsm.Idle)
		})
	}
}

// §4.3, §4.6: a native peer gets copies of a message every 5 s until it answers.
func TestRepeatCHAT_Native(t *testing.T) {
	p := newSolo(t, nil)
	p.openNative()
	p.do(client.Chat{Text: "grüß Gott"})
	p.pass(123 * sec)
	p.wantCopies(codec.CHAT, every(5*sec, 0, 25)...)
	if got := len(only[client.Retrying](p.events())); got != 24 {
		t.Errorf("told of %d repeats, want 24", got)
	}
	p.receive(nativeACK(codec.CHAT, 0))
	p.pass(60 * sec)
	p.wantSent()
	p.wantEvents(client.Delivered{Peer: bobAddr, User: "bob", N: 1})
}

// §4.6: a legacy peer that has acknowledged in this chat gets copies after 1, 1, 2, 4, 8, then 12 retransmission times.
func TestRepeatCHAT_LegacyIntervalsGrow(t *testing.T) {
	p := newSolo(t, nil)
	p.openLegacy()
	p.do(client.Chat{Text: "one"})
	p.receive(plain(codec.ACK, 0))
	p.forget()
	p.do(client.Chat{Text: "two"})
	p.pass(250 * sec)
	p.wantCopies(codec.CHAT, 0, 5*sec, 10*sec, 20*sec, 40*sec, 80*sec, 140*sec, 200*sec)
}

// §4.7, §4.15: a legacy peer that has acknowledged nothing gets 3 copies and one with the other number; then the message is
// unconfirmed and the next goes out.
func TestRepeatCHAT_UnconfirmedAfterItsCopies(t *testing.T) {
	p := newSolo(t, nil)
	p.openLegacy()
	one, two := client.NumberID(1), client.NumberID(2)
	p.do(client.Chat{Text: "one", ID: one}, client.Chat{Text: "two", ID: two})
	p.pass(14 * sec)
	p.wantCopies(codec.CHAT, 0, 5*sec, 10*sec)
	p.pass(sec)
	p.wantSent(`15s CHAT seq=1 user="alice" len=3 "one"`)
	p.told = nil
	p.pass(5 * sec)
	p.wantSent(`20s CHAT seq=0 user="alice" len=3 "two"`)
	p.wantEvents(client.Unconfirmed{Peer: bobAddr, ID: one, N: 1, Tries: 4})
	// The first ACK shows that this peer does acknowledge: from now on it is waited for.
	p.receive(plain(codec.ACK, 0))
	p.wantEvents(client.Delivered{Peer: bobAddr, ID: two, N: 2})
	p.do(client.Chat{Text: "three"})
	p.told = nil
	p.pass(100 * sec)
	if got := only[client.Unconfirmed](p.events()); len(got) != 0 {
		t.Errorf("a peer that acknowledges leads to %+v", got)
	}
}

// §4.15: an ACK of the copy with the other number proves nothing, and the doubt stays until the peer shows how it counts.
func TestRepeatCHAT_TheOtherNumberProvesNothing(t *testing.T) {
	p := newSolo(t, nil)
	p.openLegacy()
	one := client.NumberID(1)
	p.do(client.Chat{Text: "one", ID: one})
	p.pass(15 * sec)
	p.forget()
	p.receive(plain(codec.ACK, 1))
	p.wantEvents(client.Unconfirmed{Peer: bobAddr, ID: one, N: 1, Tries: 4})
	p.do(client.Chat{Text: "two"})
	p.receive(plain(codec.ACK, 0))
	p.do(client.Chat{Text: "three"})
	p.forget()
	p.pass(20 * sec)
	p.wantSent(
		`20s CHAT seq=1 user="alice" len=5 "three"`,
		`25s CHAT seq=1 user="alice" len=5 "three"`,
		`35s CHAT seq=0 user="alice" len=5 "three"`,
	)
}

// §6.3, §4.3: a FIN is repeated until its ACK, 3 copies in all, the same bytes.
func TestRepeatFIN(t *testing.T) {
	for _, tc := range []struct {
		name string
		open func(*solo)
	}{{"native", (*solo).openNative}, {"legacy", (*solo).openLegacy}} {
		t.Run(tc.name, func(t *testing.T) {
			p := newSolo(t, nil)
			tc.open(p)
			p.do(client.Leave{})
			p.pass(100 * sec)
			p.wantCopies(codec.FIN, 0, 5*sec, 10*sec)
			closed := only[client.Closed](p.events())
			if len(closed) != 1 || closed[0].Reason != client.CloseLeft {
				t.Errorf("closed %+v, want it left once", closed)
			}
		})
	}
}

// §6.3: towards a legacy peer there is no further copy once anything came back, towards a native one there is.
func TestRepeatFIN_QuietOnceSomethingCame(t *testing.T) {
	for _, tc := range []struct {
		name string
		open func(*solo)
		want []time.Duration
	}{
		{"native", (*solo).openNative, every(5*sec, 0, 3)},
		{"legacy", (*solo).openLegacy, every(5*sec, 0, 1)},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := newSolo(t, nil)
			tc.open(p)
			p.do(client.Leave{})
			p.receive(chat(0, "wait, one more"))
			p.pass(100 * sec)
			p.wantCopies(codec.FIN, tc.want...)
		})
	}
}

// §3.16: a FIN that declines or withdraws is repeated, 3 copies in all, to a native peer and sent once to a legacy one.
func TestRepeatFIN_OfARefusal(t *testing.T) {
	withdraw := func(syn codec.Datagram) func(p *solo) {
		return func(p *solo) {
			p.receive(syn)
			p.forget()
			p.do(client.Decline{Peer: bobAddr})
		}
	}
	for _, tc := range []struct {
		name   string
		refuse func(*solo)
		copies int
	}{
		{"decline native", withdraw(nativeSYN()), 3},
		{"decline legacy", withdraw(plain(codec.SYN, 0)), 1},
		{"cancel native", func(p *solo) {
			p.do(client.Invite{Peer: bobAddr})
			p.receive(nativeACK(codec.SYN, 0))
			p.forget()
			p.do(client.Cancel{Peer: bobAddr})
		}, 3},
		{"cancel unknown", func(p *solo) {
			p.do(client.Invite{Peer: bobAddr})
			p.forget()
			p.do(client.Cancel{Peer: bobAddr})
		}, 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := newSolo(t, nil)
			tc.refuse(p)
			p.pass(100 * sec)
			p.wantCopies(codec.FIN, every(5*sec, 0, tc.copies)...)
		})
	}
}

// §4.3: only the timer repeats. Nothing that arrives twice makes us send a SYN, SYN+ACK, CHAT or FIN twice.
func TestDuplicatesNeverRepeatOurs(t *testing.T) {
	for _, tc := range []struct {
		name string
		put  func(*solo)
		dup  codec.Datagram
		kind codec.Kind
	}{
		{"SYN after our SYN+ACK", func(p *solo) { p.receive(nativeSYN()); p.do(client.Accept{Peer: bobAddr}) }, nativeSYN(), codec.SYNACK},
		{"old ACK while a message is in flight", func(p *solo) { p.openNative(); p.do(client.Chat{Text: "x"}) }, nativeACK(codec.CHAT, 1), codec.CHAT},
		{"duplicate message while ours is in flight", func(p *solo) { p.openNative(); p.do(client.Chat{Text: "x"}) }, chat(1, "y"), codec.CHAT},
		{"SYN+ACK while our message is in flight", func(p *solo) { p.openNative(); p.do(client.Chat{Text: "x"}) }, nativeSYNACK(), codec.CHAT},
		{"message while our FIN is out", func(p *solo) { p.openNative(); p.do(client.Leave{}) }, chat(0, "y"), codec.FIN},
		{"invitation confirmed again", func(p *solo) { p.do(client.Invite{Peer: bobAddr}) }, nativeACK(codec.SYN, 0), codec.SYN},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := newSolo(t, nil)
			tc.put(p)
			p.pass(4 * sec)
			p.forget()
			for range 20 {
				p.receive(tc.dup)
			}
			for _, s := range p.sent {
				if d, _ := s.decoded(t); d.Kind == tc.kind {
					t.Errorf("a duplicate made us send %s", d)
				}
			}
		})
	}
}
