package engine

import (
	"net/netip"
	"runtime"
	"testing"
	"testing/synctest"
	"time"
	"weak"

	"simp/codec"
	"simp/codec/client"
	"simp/netio"
)

const (
	leakChats = 10_000

	// leakSlack is what the heap may have grown by, in bytes, after as many chats: pools and maps settle at some size, by some
	// 100 KB. An actor weighs 600 bytes and more, its goroutine 2 KB: if one of ten stayed, it would show.
	leakSlack = 512 << 10
)

// remains watches the actors of daemons for what holds them. A weak pointer to one turns nil when nothing refers to the actor
// any more: no registry, no goroutine, and no timer either, as its function would.
type remains struct {
	t      *testing.T
	actors []weak.Pointer[actor]
	heap   int64
	ours   int
}

// begin takes the measure before. It runs in a bubble, as all of these do, with nothing under way.
func (r *remains) begin() {
	synctest.Wait()
	r.actors = nil
	r.ours, r.heap = goroutines(anyOfOurs), liveHeap()
}

func (r *remains) watch(e *Engine, peer netip.AddrPort) {
	r.t.Helper()
	a := e.find(peer)
	if a == nil {
		r.t.Fatalf("%s has no actor for %s", e.Addr(), peer)
	}
	r.actors = append(r.actors, weak.Make(a))
}

// wantNothing compares when the chats are over and forgotten.
func (r *remains) wantNothing(what string, engines ...*Engine) {
	r.t.Helper()
	time.Sleep(time.Hour)
	synctest.Wait()
	for _, e := range engines {
		if got := len(e.all()); got != 0 {
			r.t.Errorf("%s: %s has %d actors", what, e.Addr(), got)
		}
	}
	if now := goroutines(anyOfOurs); now != r.ours {
		r.t.Errorf("%s: %d goroutines run, %d did before", what, now, r.ours)
	}
	runtime.GC()
	held := 0
	for _, w := range r.actors {
		if w.Value() != nil {
			held++
		}
	}
	if held > 0 {
		r.t.Errorf("%s: something still refers to %d of %d actors: a timer, if nothing else does", what, held, len(r.actors))
	}
	r.actors = nil
	grown := liveHeap() - r.heap
	if grown > leakSlack {
		r.t.Errorf("%s: the heap has grown by %d bytes, want at most %d", what, grown, leakSlack)
	}
	r.t.Logf("%s: the heap has grown by %d bytes", what, grown)
}

// 10,000 chats of the same two daemons, each opened, used and left, leave no actor, no goroutine, no timer and no memory.
func TestLeak_SamePartner(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		network := newNetwork()
		alice := startNode(t, network, "10.0.0.1:7777", nil)
		bob := startNode(t, network, "10.0.0.2:7777", auto)
		alice.login("alice")
		bob.login("bob")
		r := &remains{t: t}
		chats := func(n int) {
			for i := range n {
				leaver := []*node{alice, bob}[i%2]
				alice.client.Do(client.Invite{Peer: bob.addr})
				time.Sleep(10 * millisecond)
				alice.client.Do(client.Chat{Text: "hello"})
				bob.client.Do(client.Chat{Text: "hello"})
				time.Sleep(10 * millisecond)
				r.watch(alice.engine, bob.addr)
				r.watch(bob.engine, alice.addr)
				leaver.client.Do(client.Leave{})
				time.Sleep(10 * millisecond)
				if got := names(alice.events()); i > 0 && got != "inviting established sent message delivered closed" && got != "inviting established sent delivered message closed" {
					t.Fatalf("chat %d: alice was told %q", i, got)
				}
				bob.events()
				if i%4 == 0 {
					time.Sleep(time.Minute) // this one is forgotten before the next begins
				}
			}
		}
		chats(leakChats / 10) // until everything has the size that it needs
		time.Sleep(time.Hour)
		r.begin()
		chats(leakChats)
		r.wantNothing("with the same partner", alice.engine, bob.engine)
	})
}

// muteConn sends nothing. The network in memory remembers each pair of addresses, which would be measured with the daemon.
type muteConn struct{ netio.Conn }

func (muteConn) WriteTo([]byte, netip.AddrPort) error { return nil }

// 10,000 chats with as many partners leave what is remembered of peers, which is bounded: once that is full, nothing.
func TestLeak_ManyPartners(t *testing.T) {
	const atOnce = 100
	inBubble(t, func(t *testing.T) {
		alice := startNodeOn(t, newNetwork(), "10.0.0.1:7777", func(c *Config) { c.Accept = AcceptAuto; c.MaxChats = atOnce },
			func(c netio.Conn) netio.Conn { return muteConn{c} })
		alice.login("alice")
		r := &remains{t: t}
		next := 0
		peer := func(i int) netip.AddrPort {
			return netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 7 + byte(i>>16), byte(i >> 8), byte(i)}), 7777)
		}
		chats := func(n int) {
			for range n / atOnce {
				for i := range atOnce {
					syn := named(nativeSYN(), firstName)
					if i%2 == 0 {
						syn = plain(codec.SYN, 0)
					}
					alice.engine.receive(encode(t, syn), peer(next+i))
				}
				wait()
				for i := range atOnce {
					ack, said, fin := plain(codec.ACK, 0), chat(0, "hello"), plain(codec.FIN, 0)
					if i%2 == 1 {
						ours := alice.engine.peers[peer(next+i)].session.names.Ours // §2.8: who takes part says it
						ack, said = named(nativeACK(codec.SYNACK, 0), ours), withLabel(chat(0, "hello"), ours, 1)
						fin = nativeFIN(0, codec.Left)
						fin.Payload = codec.AppendWords(nil, codec.Left.Word(), ours, firstName)
					}
					alice.engine.receive(encode(t, ack), peer(next+i))
					alice.engine.receive(encode(t, said), peer(next+i))
					r.watch(alice.engine, peer(next+i))
					alice.engine.receive(encode(t, fin), peer(next+i))
				}
				time.Sleep(time.Minute)
				events := alice.events()
				if got := len(only[client.Message](events)); got != atOnce || len(only[client.Closed](events)) != atOnce {
					t.Fatalf("%d of %d chats had a message: %q", got, atOnce, names(events))
				}
				next += atOnce
			}
		}
		chats(leakChats)
		time.Sleep(time.Hour)
		r.begin()
		chats(leakChats)
		r.wantNothing("with new partners", alice.engine)
	})
}
