package engine

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rs/zerolog"

	"simp/codec"
	"simp/codec/client"
	"simp/fsm"
)

// The user hears once in a conversation what kind of peer it is, and again when that turns out to be another or in the next
// conversation; and never that it is none in particular, or one that speaks as we do. The log says the same.
func TestRecognised_SaidOnce(t *testing.T) {
	var log bytes.Buffer
	p := newSolo(t, func(c *Config) { c.Log = zerolog.New(&log) })
	said := func(want ...string) {
		t.Helper()
		var got, logged []string
		for _, ev := range only[client.Recognised](p.events()) {
			got = append(got, ev.Dialect)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("said (-want +got):\n%s", diff)
		}
		for line := range strings.Lines(log.String()) {
			var entry struct{ Message, Peer, Dialect, Evidence string }
			if err := json.Unmarshal([]byte(line), &entry); err != nil {
				t.Fatal(err)
			}
			if entry.Message == "recognised" && entry.Peer == bobAddr.String() && entry.Evidence != "" {
				logged = append(logged, entry.Dialect)
			}
		}
		log.Reset()
		if diff := cmp.Diff(want, logged); diff != "" {
			t.Errorf("logged (-want +got):\n%s", diff)
		}
	}
	spacedly := func(d codec.Datagram) { p.raw(from(t, codec.Spaced, d)) }

	spacedly(plain(codec.SYN, 0))
	said("c")
	spacedly(plain(codec.SYN, 0))
	p.do(client.Accept{Peer: bobAddr})
	spacedly(plain(codec.ACK, 0))
	spacedly(chat(0, "hi"))
	said()
	p.receive(chat(1, "ho")) // it pads otherwise now, so it is none in particular
	said()
	p.raw(from(t, codec.Trailing, chat(0, "hu")))
	said("b")
	p.receive(plain(codec.SYN, 0)) // began anew, and was something else
	said()
	p.receive(nativeSYN())
	said()

	p.again()
	spacedly(plain(codec.SYN, 0))
	said("c")
}

// What is remembered is said as soon as the peer is heard, and not before: perhaps nobody is there any more.
func TestRecognised_RememberedIsSaidWhenHeard(t *testing.T) {
	p := newSolo(t, knownAs("e"))
	inviting(p)
	if got := only[client.Recognised](p.events()); len(got) != 0 {
		t.Errorf("told %+v of somebody who has not answered", got)
	}
	p.raw(from(t, codec.Short, plain(codec.SYNACK, 0)))
	p.wantAnnounced("e", "it was recognised in an earlier chat")
}

// One that is remembered as any kind, and announces itself, is native from then on.
func TestRecognised_AnnouncementsCountAlways(t *testing.T) {
	for _, d := range dialects {
		for _, tc := range []struct {
			name   string
			before func(*solo)
			last   codec.Datagram
		}{
			{"SYN", nothing, nativeSYN()},
			{"SYN+ACK", inviting, nativeSYNACK()},
			{"ringing", inviting, nativeACK(codec.SYN, 0)},
			{"refusal", inviting, nativeFIN(0, codec.Busy)},
		} {
			t.Run(d.name+" "+tc.name, func(t *testing.T) {
				p := newSolo(t, knownAs(d.name))
				tc.before(p)
				p.receive(tc.last)
				if p.s.dialect != native {
					t.Errorf("taken for %s", p.s.dialect.name)
				}
			})
		}
	}
}

// §3.23: a SYN that comes again in an open chat is a copy of the one that led there only one retransmission time later, with
// the same number; else its sender has begun anew.
func TestIsCopyOfSYN(t *testing.T) {
	const ms = time.Millisecond
	for _, tc := range []struct {
		after time.Duration
		seq   uint8
		copy  bool
	}{
		{sec, 0, false},
		{4499 * ms, 0, false},
		{4500 * ms, 0, true},
		{5 * sec, 0, true},
		{7 * sec, 0, true},
		{7001 * ms, 0, false},
		{5 * sec, 1, false},
	} {
		t.Run(tc.after.String(), func(t *testing.T) {
			p := newSolo(t, nil)
			called(p)
			p.forget()
			p.pass(tc.after)
			p.receive(plain(codec.SYN, tc.seq))
			want := fsm.SynReceived
			if tc.copy {
				want = fsm.Established
			}
			p.wantState(want)
			p.flush()
			if got := len(p.sent); (got == 1) != tc.copy {
				t.Errorf("%d datagrams sent, copy=%v", got, tc.copy)
			}
		})
	}
	for name, tc := range map[string]struct {
		before func(*solo)
		state  fsm.State
	}{
		"in a chat that we asked for":    {opened, fsm.SynReceived},
		"behind a message of the peer's": {then(called, hears(chat(0, "hi"))), fsm.SynReceived},
		"behind a message of ours":       {then(called, says("hi")), fsm.Established},
	} {
		t.Run(name, func(t *testing.T) {
			p := newSolo(t, nil)
			tc.before(p)
			p.pass(5 * sec)
			p.receive(plain(codec.SYN, 0))
			p.wantState(tc.state)
		})
	}
}

// §3.23 is for legacy peers. A bare SYN from the address of a native partner, when copies would come, begins anew: had it
// only ended the announcement, either side would wait for ever for an ACK that the other can believe.
func TestIsCopyOfSYN_NotOfANativeOne(t *testing.T) {
	p := newSolo(t, nil)
	p.receive(nativeSYN())
	p.do(client.Accept{Peer: bobAddr})
	p.receive(nativeACK(codec.SYNACK, 0))
	p.wantState(fsm.Established)
	p.pass(5 * sec)
	p.receive(plain(codec.SYN, 0))
	p.wantState(fsm.SynReceived)
	if got := only[client.Closed](p.told); len(got) != 1 || got[0].Reason != client.CloseRestarted {
		t.Errorf("told %+v, want that the chat is over", got)
	}
}

// A copy of a SYN does not make its sender a stranger: what is under way to it is still sent again.
func TestIsCopyOfSYN_LeavesThePeerProven(t *testing.T) {
	p := newSolo(t, nil)
	called(p)
	p.do(client.Chat{Text: strings.Repeat("long ", 100)})
	p.pass(4900 * time.Millisecond)
	p.receive(plain(codec.SYN, 0))
	p.flush()
	p.forget()
	p.pass(11 * sec)
	if len(p.sent) != 3 {
		t.Errorf("the message went out %d times in 11 s, want 3", len(p.sent))
	}
	if n := p.env.Counters()["drop/amplification"]; n != 0 {
		t.Errorf("%d datagrams were kept back", n)
	}
}

// §1.4: 0x0C acknowledges a FIN, and nothing else: neither our acceptance nor a message.
func TestFINACK_AcknowledgesNothingElse(t *testing.T) {
	late := codec.Datagram{Kind: codec.ACK, Form: codec.FINACK, User: []byte("bob")}
	p := newSolo(t, knownAs("e"))
	p.from(codec.Short, plain(codec.SYN, 0))
	p.do(client.Accept{Peer: bobAddr})
	p.from(codec.Short, late)
	p.wantState(fsm.SynReceived)
	p.from(codec.Short, plain(codec.ACK, 0))
	p.wantState(fsm.Established)
	p.do(client.Chat{Text: "hi"})
	p.from(codec.Short, late)
	if got := only[client.Delivered](p.told); len(got) != 0 {
		t.Errorf("told %+v", got)
	}
	p.from(codec.Short, plain(codec.ACK, 0))
	p.do(client.Leave{})
	late.Seq = 1
	p.from(codec.Short, late)
	if got := only[client.Closed](p.told); len(got) != 1 || p.s.snap.State != fsm.Idle {
		t.Errorf("in %s, told %+v: it does acknowledge a FIN", p.s.snap, got)
	}
}

// §11.5: the user is told each kind once in a conversation, however often its sender changes the look of what it sends.
func TestSayRecognised_OnceForEachKind(t *testing.T) {
	p := newSolo(t, nil)
	p.from(codec.Spaced, plain(codec.SYN, 0))
	for range 100 {
		p.from(codec.Short, plain(codec.SYN, 0))
		p.from(codec.Spaced, plain(codec.SYN, 0))
	}
	var got []string
	for _, r := range only[client.Recognised](p.told) {
		got = append(got, r.Dialect)
	}
	if diff := cmp.Diff([]string{"c", "e"}, got); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
}
