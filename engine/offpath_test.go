package engine

import (
	"testing"
	"testing/synctest"
	"time"

	"simp/codec"
	"simp/codec/client"
)

// forged is a datagram of somebody who is not the partner, and by which name it is counted.
type forged struct {
	codec.Datagram
	counter string
}

// withLabel puts behind a message what says to which chat it belongs, and which one it is (§1.6).
func withLabel(d codec.Datagram, name codec.Token, num uint32) codec.Datagram {
	d.Label = codec.AppendLabel(nil, name, num)
	return d
}

func busyERR() codec.Datagram {
	return codec.Datagram{Kind: codec.ERR, User: []byte("bob"), Payload: []byte(busyText)}
}

// §9.1: whatever comes from an address that is not the partner's changes nothing in an open chat, is not shown, and
// is counted by what it is, each time.
func TestOffPath_OtherAddress(t *testing.T) {
	wrong, busy := codec.TokenFrom(99), busyERR()
	all := []forged{
		{plain(codec.ACK, 0), "ignored/idle/late-ack"},
		{plain(codec.ACK, 1), "ignored/idle/late-ack"},
		{nativeACK(codec.CHAT, 0), "ignored/idle/late-ack"},
		{named(nativeACK(codec.CHAT, 0), wrong), "ignored/idle/late-ack"},
		{plain(codec.FIN, 0), "unexpected/idle/stray-fin"},
		{nativeFIN(0, codec.Left), "unexpected/idle/stray-fin"},
		{named(nativeFIN(0, codec.Left), wrong), "unexpected/idle/stray-fin"},
		{busy, "unexpected/idle/stray-err"},
		{chat(0, "hello"), "unexpected/idle/stray-chat"},
		{chat(1, "hello"), "unexpected/idle/stray-chat"},
		{plain(codec.SYNACK, 0), "unexpected/idle/stray-acceptance"},
		{named(nativeSYNACK(), wrong), "unexpected/idle/orphan-acceptance"},
	}
	inBubble(t, func(t *testing.T) {
		network := newNetwork()
		alice, bob := openPair(t, network, nil)
		attackers := []*stranger{
			newStranger(t, network, "10.0.0.9:7777", alice), // another host
			newStranger(t, network, "10.0.0.2:7778", alice), // the partner's, but another program
		}
		// A message of alice's waits for its ACK meanwhile: there is something to be taken for delivered.
		network.Cut(alice.addr.Addr(), bob.addr.Addr(), true)
		alice.client.Do(client.Chat{Text: "to bob alone"})
		wait()
		alice.wantNames("sent")
		for _, f := range all {
			before := alice.engine.Counters()[f.counter]
			for _, a := range attackers {
				a.sendDatagram(f.Datagram)
			}
			wait()
			alice.wantCounter(f.counter, before+uint64(len(attackers)))
			if got := names(withoutRepeats(alice.events())); got != "" {
				t.Errorf("%s: alice was told of it: %s", f.Datagram, got)
			}
		}
		// §3.20: a native peer whose acceptance leads nowhere is told so, once a datagram. Nothing else is answered. (What goes to
		// the partner's host is cut off.)
		if got := attackers[0].answers(); len(got) != 1 || got[0] != `FIN seq=0 user="alice" "cancelled"` {
			t.Errorf("%s was answered: %q", attackers[0].conn.LocalAddr(), got)
		}
		network.Cut(alice.addr.Addr(), bob.addr.Addr(), false)
		time.Sleep(6 * time.Second)
		alice.wantNames("retrying delivered")
		bob.wantTexts("to bob alone")
		wantChatWorks(t, alice, bob)
	})
}

// §2.8, §4.10: who can write the partner's address into a datagram, but has not seen the chat, does not know its name. An ACK
// confirms nothing then, a FIN closes nothing, a SYN+ACK opens nothing, and a message or an ERR is not shown, with no name or
// a wrong one, on either side of the chat. (Such a FIN may be the copy of an earlier chat's, which the partner wants acknowledged: it is counted as a repeat.)
func TestOffPath_PartnersAddress(t *testing.T) {
	wrong, busy := codec.TokenFrom(99), busyERR()
	var all []forged
	for seq := range uint8(2) {
		all = append(all,
			forged{plain(codec.ACK, seq), "ignored/established/old-ack"},
			forged{nativeACK(codec.CHAT, seq), "ignored/established/old-ack"},
			forged{named(nativeACK(codec.CHAT, seq), wrong), "ignored/established/old-ack"},
			forged{named(nativeACK(codec.SYNACK, seq), wrong), "ignored/established/old-ack"},
			forged{plain(codec.FIN, seq), "repeated/established/old-fin"},
			forged{nativeFIN(seq, codec.Left), "repeated/established/old-fin"},
			forged{named(nativeFIN(seq, codec.Shutdown), wrong), "repeated/established/old-fin"},
			forged{plain(codec.SYNACK, seq), "ignored/established/old-syn-ack"},
			forged{nativeSYNACK(), "ignored/established/old-syn-ack"},
			forged{named(nativeSYNACK(), wrong), "ignored/established/old-syn-ack"},
			forged{chat(seq, "hello"), "ignored/established/old-chat"},
			forged{withLabel(chat(seq, "hello"), codec.Token{}, 1), "ignored/established/old-chat"},
			forged{withLabel(chat(seq, "hello"), wrong, 1), "ignored/established/old-chat"},
			forged{withLabel(chat(seq, "hello"), wrong, 2), "ignored/established/old-chat"},
			forged{busy, "ignored/established/old-err"},
			forged{named(busy, wrong), "ignored/established/old-err"},
		)
	}
	inBubble(t, func(t *testing.T) {
		network := newNetwork()
		alice, bob := openPair(t, network, nil)
		network.Partition(alice.addr.Addr(), bob.addr.Addr(), true)
		for _, side := range [][2]*node{{alice, bob}, {bob, alice}} {
			victim, partner := side[0], side[1]
			victim.client.Do(client.Chat{Text: "hello"})
			wait()
			victim.events()
			for _, f := range all {
				before := victim.engine.Counters()[f.counter]
				victim.engine.receive(encode(t, f.Datagram), partner.addr)
				synctest.Wait()
				victim.wantCounter(f.counter, before+1)
				victim.wantNames("")
			}
		}
		network.Partition(alice.addr.Addr(), bob.addr.Addr(), false)
		time.Sleep(6 * time.Second)
		for _, n := range []*node{alice, bob} {
			if got := names(withoutRepeats(n.events())); got != "message delivered" && got != "delivered message" {
				t.Errorf("%s was told %q, want one message and one delivered", n.addr, got)
			}
		}
		wantChatWorks(t, alice, bob)
	})
}

// §2.8: before the chat is open there is a name too. Nobody but the invited peer can accept, ring or decline: the name of our
// invitation went to it alone.
func TestOffPath_Invitation(t *testing.T) {
	wrong := codec.TokenFrom(99)
	inBubble(t, func(t *testing.T) {
		alice, bob := pair(t, newNetwork(), nil)
		alice.client.Do(client.Invite{Peer: bob.addr})
		wait()
		alice.wantNames("connected inviting")
		for _, f := range []forged{
			{named(nativeSYNACK(), wrong), "ignored/syn-sent/old-syn-ack"},
			{named(nativeACK(codec.SYN, 0), wrong), "ignored/syn-sent/old-ack"},
			{named(nativeFIN(0, codec.Declined), wrong), "repeated/syn-sent/old-fin"},
		} {
			alice.engine.receive(encode(t, f.Datagram), bob.addr)
			synctest.Wait()
			alice.wantCounter(f.counter, 1)
			alice.wantNames("")
		}
		bob.client.Do(client.Accept{Peer: alice.addr})
		wait()
		wantChatWorks(t, alice, bob)
	})
}
