package engine

import (
	"testing"
	"time"

	"simp/codec"
	"simp/codec/client"
	"simp/fsm"
)

// from lets a datagram arrive as another kind of peer writes it.
func (p *solo) from(w codec.Wire, d codec.Datagram) {
	p.tb.Helper()
	b, err := w.Append(nil, d)
	if err != nil {
		p.tb.Fatal(err)
	}
	p.raw(b)
}

// §11.7: what answers a program that is not ready for an answer waits, and nothing overtakes it.
func TestPause_AnswersWaitInOrder(t *testing.T) {
	for _, tc := range []struct {
		kind  *dialect
		first string // what goes out first, and when
	}{
		{kindA, `0.05s SYN+ACK seq=0 user="alice"`},
		{kindB, `0.05s SYN+ACK seq=1 user="alice"`},
		{kindC, `0.02s SYN+ACK seq=0 user="alice"`},
		{kindD, `0s SYN+ACK seq=0 user="alice"`},
		{kindE, `0s SYN+ACK seq=0 user="alice"`},
		{kindF, `0s SYN+ACK seq=0 user="alice"`},
	} {
		t.Run(tc.kind.name, func(t *testing.T) {
			p := newSolo(t, nil)
			p.env.memory.learn(bobAddr, tc.kind)
			p.s = NewSession(p.env, bobAddr, true)
			p.from(tc.kind.wire, plain(codec.SYN, 0))
			p.do(client.Accept{Peer: bobAddr})
			p.pass(time.Second)
			if got := p.lines(); len(got) != 1 || got[0] != tc.first {
				t.Fatalf("sent %q, want %q", got, tc.first)
			}
			seq := p.s.snap.HsSeq
			p.from(tc.kind.wire, plain(codec.ACK, seq))
			p.wantState(fsm.Established)

			// A message, and leaving at once: first the ACK, then the FIN, however the pauses fall. To one kind no FIN goes.
			number := uint8(0)
			if tc.kind == kindD || tc.kind == kindF {
				number = 1
			}
			p.from(tc.kind.wire, chat(number, "hi"))
			p.now = p.now.Add(tc.kind.pause / 2)
			p.do(client.Leave{})
			p.pass(time.Second)
			var kinds []codec.Kind
			for _, s := range p.sent {
				d, _ := s.decoded(t)
				kinds = append(kinds, d.Kind)
				if due := time.Second + tc.kind.pause; s.at < due {
					t.Errorf("%s goes out after %s, too soon", d, s.at)
				}
			}
			want := []codec.Kind{codec.ACK, codec.FIN}
			if tc.kind.policy.NoFIN {
				want = want[:1]
			}
			if len(kinds) != len(want) || kinds[0] != want[0] || kinds[len(kinds)-1] != want[len(want)-1] {
				t.Errorf("sent %v, want %v", kinds, want)
			}
		})
	}
}

// What waits is still sent when the conversation is over, and until then it is not forgotten.
func TestPause_WhatWaitsIsSentAfterTheEnd(t *testing.T) {
	p := newSolo(t, nil)
	p.env.memory.learn(bobAddr, kindA)
	p.s = NewSession(p.env, bobAddr, true)
	p.receive(plain(codec.SYN, 0))
	p.do(client.Decline{Peer: bobAddr})
	p.wantSent()
	if p.s.Done() || p.s.Quiet() {
		t.Error("the session ends with something left to send")
	}
	p.pass(time.Second)
	p.wantSent(`0.05s FIN seq=0 user="alice"`)
	if !p.s.Quiet() {
		t.Error("nothing is left to send, and the session does not know")
	}
}

// §11.7: a program that sends our messages back is acknowledged, and the user not shown their own words; what its user writes
// is shown.
func TestEcho_IsNotShown(t *testing.T) {
	p := newSolo(t, nil)
	p.from(codec.Trailing, plain(codec.SYN, 0))
	p.do(client.Accept{Peer: bobAddr})
	p.pass(time.Second)
	p.from(codec.Trailing, plain(codec.ACK, 1))
	p.do(client.Chat{Text: "ours"})
	p.pass(time.Second)
	p.forget()
	p.from(codec.Trailing, plain(codec.ACK, 0))
	p.from(codec.Trailing, chat(0, "ours"))
	p.pass(5 * time.Second)
	p.from(codec.Trailing, chat(0, "ours"))
	p.from(codec.Trailing, chat(0, "theirs"))
	p.pass(time.Second)
	if got := only[client.Message](p.events()); len(got) != 1 || got[0].Text != "theirs" {
		t.Errorf("shown %+v, want theirs only", got)
	}
	acks := 0
	for _, s := range p.sent {
		if d, _ := s.decoded(t); d.Kind == codec.ACK {
			acks++
		}
	}
	if acks != 3 {
		t.Errorf("%d ACKs for three datagrams", acks)
	}
}

// A message that waits when the partner leaves would find nobody, and end a daemon that is not made for that.
func TestPause_NothingButAnswersAfterTheEnd(t *testing.T) {
	p := newSolo(t, nil)
	p.env.memory.learn(bobAddr, kindA)
	p.s = NewSession(p.env, bobAddr, true)
	p.receive(plain(codec.SYN, 0))
	p.do(client.Accept{Peer: bobAddr})
	p.pass(time.Second)
	p.receive(plain(codec.ACK, 0))
	p.forget()
	p.do(client.Chat{Text: "too late"})
	p.receive(plain(codec.FIN, 0))
	p.pass(time.Minute)
	p.wantSent(`1.05s ACK seq=0 user="alice"`)
	if got := only[client.Closed](p.events()); len(got) != 1 || len(got[0].Undelivered) != 1 {
		t.Errorf("closed says %+v, want the message undelivered", got)
	}
}

// §11.7: a peer of unknown kind gets answers when it can be ready for them, and what answers nothing at once.
func TestPause_UnknownPeer(t *testing.T) {
	p := newSolo(t, nil)
	opened(p)
	p.do(client.Chat{Text: "hi"})
	p.receive(plain(codec.ACK, 0), chat(0, "ho"))
	p.pass(time.Second)
	p.receive(plain(codec.FIN, 1))
	p.pass(time.Second)
	p.wantSent(`0s CHAT seq=0 user="alice" len=2 "hi"`, `0.05s ACK seq=0 user="alice"`, `1.05s ACK seq=1 user="alice"`)
}

// §11.7: ... and not more than a part of the time after which copies go out.
func TestPause_IsShortWhereCopiesComeSoon(t *testing.T) {
	p := newSolo(t, func(c *Config) { c.Retransmit = 40 * time.Millisecond })
	opened(p)
	p.receive(chat(0, "hi"))
	p.pass(time.Second)
	p.wantSent(`0.01s ACK seq=0 user="alice"`)
}

// Nothing overtakes what waits, also not when the peer turns out to need no pause.
func TestPause_NothingOvertakes(t *testing.T) {
	p := newSolo(t, knownAs("a"))
	p.receive(plain(codec.SYN, 0))
	p.do(client.Accept{Peer: bobAddr})
	p.pass(time.Second)
	p.receive(plain(codec.ACK, 0))
	p.forget()
	p.do(client.Chat{Text: "hi"})
	p.receive(chat(3, "I am f")) // who needs none
	p.wantSent()
	p.pass(time.Second)
	p.wantSent(`1.05s CHAT seq=0 user="alice" len=2 "hi"`, `1.05s ACK seq=3 user="alice"`)
}

// §9.2: strangers whose answers wait take places of a bounded number. Whoever finds none gets the answer at once.
func TestPause_StrangersAreBounded(t *testing.T) {
	p := newSolo(t, func(c *Config) { c.Accept = AcceptNever })
	p.from(codec.Spaced, plain(codec.SYN, 0))
	if p.wantSent(); p.s.Done() || !p.s.places.linger {
		t.Error("the answer does not wait, or takes no place")
	}
	p.pass(time.Second)
	p.wantSent(`0.02s FIN seq=0 user="alice"`)
	if !p.s.Done() || p.s.places.linger {
		t.Error("the place is kept")
	}
	for p.env.admit.takeLinger() {
	}
	p.forget()
	p.from(codec.Spaced, plain(codec.SYN, 0))
	if p.wantSent(`1s FIN seq=0 user="alice"`); !p.s.Done() {
		t.Error("it waits without a place")
	}
}
