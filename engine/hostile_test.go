package engine

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"simp/codec"
	"simp/codec/client"
)

// flooder is one of many addresses of hosts that nobody knows.
func flooder(i int) netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 66, byte(i >> 8), byte(i)}), uint16(1024+i))
}

// flooding counts goroutines round a flood: a stranger must not cost one.
func flooding(t *testing.T, flood func()) {
	t.Helper()
	synctest.Wait()
	before := goroutines(anyOfOurs)
	flood()
	synctest.Wait()
	if now := goroutines(anyOfOurs); now != before {
		t.Errorf("the flood left %d goroutines where %d were", now, before)
	}
}

// §9.1, §9.2: 10,000 SYNs from as many addresses, and a storm of everything else, while a chat is open.
func TestFlood_DoesNotDisturbAChat(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		alice, bob := openPair(t, newNetwork(), nil)
		const n = 10_000
		e := alice.engine
		flooding(t, func() {
			for _, syn := range [][]byte{encode(t, nativeSYN()), shortSYN()} {
				for i := range n / 2 {
					e.receive(syn, flooder(i))
				}
			}
		})
		alice.wantCounter("refused/idle/busy", n)
		flooding(t, func() {
			for i := range n {
				e.receive(encode(t, plain(codec.FIN, uint8(i&1))), flooder(i))
			}
		})
		alice.wantCounter("unexpected/idle/stray-fin", n)
		if got := len(e.all()); got != 1 {
			t.Errorf("%d actors after the flood, want the partner's", got)
		}
		// The same from the partner's host, but another port: still a stranger.
		other := netip.AddrPortFrom(bob.addr.Addr(), bob.addr.Port()+1)
		for _, d := range []codec.Datagram{
			plain(codec.FIN, 0), nativeFIN(0, codec.Left), nativeACK(codec.CHAT, 0), plain(codec.ACK, 1), chat(0, "hi"),
			nativeSYNACK(), plain(codec.SYNACK, 0), {Kind: codec.ERR, User: []byte("bob"), Payload: []byte(busyText)},
		} {
			e.receive(encode(t, d), other)
		}
		alice.wantNames("")
		wantChatWorks(t, alice, bob)
	})
}

// §9.2: unanswered invitations are bounded: 64 in all, 8 from one address. Beyond that a SYN is dropped and counted; what
// was dropped has a place again when one of the others is gone.
func TestFlood_HalfOpenIsBounded(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		alice := startNode(t, newNetwork(), "10.0.0.1:7777", nil)
		alice.login("alice")
		syn := encode(t, nativeSYN())
		oneHost := func(port int) netip.AddrPort {
			return netip.AddrPortFrom(netip.MustParseAddr("10.9.9.9"), uint16(port))
		}
		for port := range 100 {
			alice.engine.receive(syn, oneHost(1000+port))
		}
		if got := len(alice.status().Pending); got != maxHalfOpenPerIP {
			t.Errorf("%d invitations of one host wait, want %d", got, maxHalfOpenPerIP)
		}
		for i := range 200 {
			alice.engine.receive(syn, flooder(i))
		}
		pending := alice.status().Pending
		if got := len(pending); got != maxHalfOpen {
			t.Errorf("%d invitations wait, want %d", got, maxHalfOpen)
		}
		alice.wantCounter("refused/idle/too-many-invitations", 300-maxHalfOpen)
		if got := len(alice.engine.all()); got != maxHalfOpen {
			t.Errorf("%d actors, want %d", got, maxHalfOpen)
		}
		alice.engine.receive(encode(t, nativeFIN(0, codec.Cancelled)), pending[0].Peer)
		synctest.Wait()
		alice.engine.receive(syn, flooder(1000))
		if got := len(alice.status().Pending); got != maxHalfOpen {
			t.Errorf("%d invitations wait after one was exchanged, want %d", got, maxHalfOpen)
		}
		// §3.13: they all expire, and nothing is left of them.
		time.Sleep(10 * time.Minute)
		if got := len(alice.engine.all()); got != 0 {
			t.Errorf("%d actors are left", got)
		}
		events := alice.events()
		if got, want := len(only[client.Withdrawn](events)), maxHalfOpen; got != want {
			t.Errorf("%d invitations withdrawn, want %d", got, want)
		}
	})
}

// §9.2, §9.3: a flood of strangers that an answering machine accepts costs no more than the chats that it may have.
func TestFlood_AnsweringMachine(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		alice := startNode(t, newNetwork(), "10.0.0.1:7777", func(c *Config) { c.Accept = AcceptAuto; c.MaxChats = 3 })
		syn := encode(t, plain(codec.SYN, 0))
		for i := range 5000 {
			alice.engine.receive(syn, flooder(i))
		}
		if got := len(alice.engine.all()); got != 3 {
			t.Errorf("%d actors, want 3", got)
		}
		time.Sleep(time.Minute)
		if got := len(alice.engine.all()); got != 0 {
			t.Errorf("%d actors are left of callers that never confirmed", got)
		}
	})
}

// §9.2, §11.7: strangers of a kind that is not ready for an answer at once cost a goroutine while it waits, and 1,024 at most.
// Whoever comes on top of them is answered too soon, and costs none.
func TestFlood_AnswersThatWait(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		alice, bob := openPair(t, newNetwork(), nil)
		synctest.Wait()
		before := goroutines(anyOfOurs)
		syn := from(t, codec.Trailing, plain(codec.SYN, 0))
		const n, most = 10_000, 1024
		for i := range n {
			alice.engine.receive(syn, flooder(i))
		}
		synctest.Wait()
		if got := len(alice.engine.all()); got != 1+most {
			t.Errorf("%d actors during the flood, want the partner's and %d", got, most)
		}
		time.Sleep(2 * longestPause)
		synctest.Wait()
		if got := len(alice.engine.all()); got != 1 {
			t.Errorf("%d actors after the flood, want the partner's", got)
		}
		if now := goroutines(anyOfOurs); now != before {
			t.Errorf("the flood left %d goroutines where %d were", now, before)
		}
		alice.wantCounter("refused/idle/busy", n)
		wantChatWorks(t, alice, bob)
	})
}

// §1.3, §1.4: whatever arrives from the partner's address and is no datagram changes nothing in the chat, and has a name.
func TestBadInput_ChangesNothing(t *testing.T) {
	bad := make(map[string][][]byte)
	add := func(counter string, b []byte) { bad[counter] = append(bad[counter], b) }
	hello := encode(t, chat(0, "hello"))
	add("drop/empty", nil)
	for n := 1; n < codec.HeaderLen; n++ {
		add("drop/short", hello[:n])
		if n != 35 { // the one short form of a control datagram that is read
			add("drop/short", encode(t, plain(codec.FIN, 0))[:n])
		}
	}
	for _, n := range []int{codec.MaxReceive + 1, 5000, 9000, 65507} {
		b := make([]byte, n)
		copy(b, hello)
		binary.BigEndian.PutUint32(b[35:], uint32(n-codec.HeaderLen))
		add("drop/oversized", b)
	}
	with := func(at int, v byte) []byte {
		b := append([]byte(nil), hello...)
		b[at] = v
		return b
	}
	for v := range 256 {
		if v != 1 && v != 2 {
			add("drop/type", with(0, byte(v)))
		}
		if v != 1 {
			add("drop/operation", with(1, byte(v)))
		}
		switch v {
		case 1, 2, 4, 6, 8, 9, 12: // the last two are others' ways to write FIN and ACK
		default:
			b := encode(t, plain(codec.FIN, 0))
			b[1] = byte(v)
			add("drop/operation", b)
		}
		if v > 1 {
			add("unexpected/established/misnumbered", with(2, byte(v)))
		}
	}
	inBubble(t, func(t *testing.T) {
		alice, bob := openPair(t, newNetwork(), nil)
		for counter, all := range bad {
			for _, b := range all {
				if counter == "unexpected/established/misnumbered" {
					b = labelled(alice, bob.addr, b, 0)
				}
				// As Engine.read hands it on: cut to the reader's buffer.
				alice.engine.receive(b[:min(len(b), codec.MaxReceive+1)], bob.addr)
				synctest.Wait()
			}
			alice.wantNames("")
			alice.wantCounter(counter, uint64(len(all)))
			wantChatWorks(t, alice, bob)
		}
	})
}

// §1.3: what is read in spite of a questionable header is counted by the name of the tolerance.
func TestBadInput_TolerancesAreCounted(t *testing.T) {
	want := map[string]string{
		"length 0": "length-short", "length 4": "length-short", "length 6": "length-long", "length 65536": "length-long",
		"length 2147483648": "length-long", "length 4294967295": "length-long", "empty name": "user-empty",
		"name not ASCII": "user-not-ascii", "name with controls": "user-control", "blanks only": "user-empty",
		"bytes behind NUL": "user-after-nul", "payload with controls": "payload-control", "name without padding": "",
	}
	inBubble(t, func(t *testing.T) {
		// A partner that announced itself labels what it sends, and a false Length would hide that.
		alice, bob := openPair(t, newNetwork(), func(c *Config) { c.Plain = true })
		seq := byte(0)
		before := uint64(0)
		for name, b := range badHeaders(t) {
			b[2] = seq
			seq ^= 1
			note, known := want[name]
			if !known {
				t.Fatalf("no counter is named for %q", name)
			}
			if note != "" {
				before = alice.engine.Counters()["note/"+note]
			}
			alice.engine.receive(b, bob.addr)
			wait()
			if note != "" {
				alice.wantCounter("note/"+note, before+1)
			}
			if told := alice.events(); len(only[client.Message](told)) != 1 {
				t.Errorf("%s: told %q, want one message", name, names(told))
			}
		}
		if st := alice.status(); len(st.Chats) != 1 || st.Chats[0].State != "established" {
			t.Errorf("the chat is %+v", st.Chats)
		}
	})
}

// A peer that sends faster than its actor works: what does not fit into the mailbox is dropped and counted, the user's
// commands still get in, and the chat goes on.
func TestMailboxFull(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		hold, entered := make(chan struct{}), make(chan struct{})
		blocked := false
		network := newNetwork()
		alice := startNode(t, network, "10.0.0.1:7777", func(c *Config) {
			c.OnTransition = func(tr Transition) {
				if tr.Rule == "partner-error" && !blocked {
					blocked = true
					close(entered)
					<-hold
				}
			}
		})
		bob := startNode(t, network, "10.0.0.2:7777", nil)
		alice.login("alice")
		bob.login("bob")
		openChat(t, alice, bob)
		oops := labelled(alice, bob.addr, encode(t, codec.Datagram{Kind: codec.ERR, User: []byte("bob"), Payload: []byte("oops")}), 0)
		alice.engine.receive(oops, bob.addr)
		<-entered
		const more = 36
		for range mailboxDatagrams + more {
			alice.engine.receive(oops, bob.addr)
		}
		alice.wantCounter("drop/mailbox-full", more)
		for range mailboxCommands {
			alice.client.Do(client.Chat{Text: "x"})
		}
		alice.client.Do(client.Chat{Text: "one too many"})
		synctest.Wait()
		alice.wantCounter("client/overloaded", 1)
		diffEvents(t, []client.Event{client.Error{OpName: "chat", Peer: bob.addr, Reason: client.ReasonOverloaded}}, alice.events())
		close(hold)
		time.Sleep(10 * time.Second)
		events := alice.events()
		if got := len(only[client.Error](events)); got != mailboxDatagrams+1 {
			t.Errorf("%d errors shown, want %d", got, mailboxDatagrams+1)
		}
		if got := len(only[client.Delivered](events)); got != mailboxCommands {
			t.Errorf("%d messages delivered, want %d", got, mailboxCommands)
		}
		bob.events()
		wantChatWorks(t, alice, bob)
	})
}

// A datagram that the network refuses is told to the user, with the cause, and counted; the protocol goes on.
func TestSendFails(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		network := newNetwork()
		conn := new(failingConn)
		alice := startNodeOn(t, network, "10.0.0.1:7777", nil, conn.wrap)
		bob := startNode(t, network, "10.0.0.2:7777", nil)
		alice.login("alice")
		bob.login("bob")
		openChat(t, alice, bob)
		conn.fail.Store(true)
		alice.client.Do(client.Chat{Text: "hello"})
		wait()
		events := alice.events()
		diffEvents(t, []client.Event{
			client.Sent{Peer: bob.addr, User: "bob", N: 1},
			client.Error{Peer: bob.addr, Reason: client.ReasonSendFailed},
		}, events)
		if e := only[client.Error](events)[0]; !strings.Contains(e.Text, "cable is cut") {
			t.Errorf("the user is told %q, which does not name the cause", e.Text)
		}
		alice.wantCounter("drop/send-failed", 1)
		conn.fail.Store(false)
		time.Sleep(5 * time.Second)
		if got := names(alice.events()); got != "retrying delivered" {
			t.Errorf("then alice was told %q", got)
		}
		bob.wantTexts("hello")
	})
}

// Nothing is kept of strangers, whatever they send: the admission's books are even afterwards.
func TestFlood_LeavesNothingBehind(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		alice := startNode(t, newNetwork(), "10.0.0.1:7777", auto)
		random := byteChoices{}
		for i := range 20_000 {
			random.b = append(random.b, byte(i*7), byte(i>>3), byte(i*i), byte(i), byte(i>>5), byte(i*13))
			alice.engine.receive(anyDatagram(t, &random, true, codec.TokenFrom(uint64(i%3))), flooder(i%50))
			if i%100 == 0 {
				synctest.Wait()
			}
		}
		wait()
		for _, a := range alice.engine.all() { // the callers that got in say goodbye
			alice.engine.receive(encode(t, plain(codec.FIN, 0)), a.session.peer)
		}
		time.Sleep(time.Hour)
		alice.login("alice") // and what they left is shown
		time.Sleep(time.Hour)
		a := alice.engine.env.admit
		a.mu.Lock()
		defer a.mu.Unlock()
		if got := fmt.Sprint(len(a.chats), len(a.ringing), len(a.ringingIP), len(a.inviting), a.boxes, a.lingering); got != "0 0 0 0 0 0" {
			t.Errorf("places still taken: %s (chats, ringing, addresses ringing, inviting, boxes, lingering)", got)
		}
		if got := len(alice.engine.all()); got != 0 {
			t.Errorf("%d actors are left", got)
		}
	})
}
