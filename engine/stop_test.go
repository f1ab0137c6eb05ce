package engine

import (
	"errors"
	"net"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"simp/codec"
	"simp/codec/client"
	"simp/netio"
)

// §6.8: a daemon that stops says so to its partner and its client, and does not wait longer than for the ACK.
func TestShutdown(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		alice, bob := openPair(t, newNetwork(), nil)
		start := time.Now()
		alice.halt()
		if took := time.Since(start); took > 10*millisecond {
			t.Errorf("the end took %s, want one round trip", took)
		}
		diffEvents(t, []client.Event{client.Closed{Peer: bob.addr, User: "bob", Reason: client.CloseShutdown}}, alice.events())
		diffEvents(t, []client.Event{client.Closed{Peer: alice.addr, User: "alice", Reason: client.CloseShutdown}}, bob.events())
	})
}

// §6.8: nobody answers: it ends after one retransmission time, and the user hears what was not delivered.
func TestShutdown_PartnerIsDead(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		network := newNetwork()
		alice, bob := openPair(t, network, nil)
		network.Partition(alice.addr.Addr(), bob.addr.Addr(), true)
		id := client.NumberID(7)
		alice.client.Do(client.Chat{Text: "too late", ID: id})
		wait()
		alice.events()
		start := time.Now()
		alice.halt()
		if took := time.Since(start); took != 5*time.Second {
			t.Errorf("the end took %s, want 5s", took)
		}
		closed := only[client.Closed](alice.events())
		diffEvents(t, []client.Event{client.Closed{
			Peer: bob.addr, User: "bob", Reason: client.CloseShutdown, Undelivered: []client.Undelivered{{ID: id, N: 1, Text: "too late"}},
		}}, asEvents(closed))
	})
}

// §6.8: invitations out, invitations in and an acceptance under way all end with the daemon, and their peers hear of it.
func TestShutdown_EveryState(t *testing.T) {
	for _, tc := range []struct {
		name string
		put  func(alice *node, bob *stranger)
		want string
	}{
		{"inviting", func(a *node, b *stranger) {
			a.client.Do(client.Invite{Peer: b.conn.LocalAddr()})
			wait()
			b.sendDatagram(nativeACK(codec.SYN, 0))
		}, `FIN seq=0 user="alice" "cancelled"`},
		{"invited", func(_ *node, b *stranger) { b.sendDatagram(nativeSYN()) }, `FIN seq=0 user="alice" "shutdown"`},
		{"connecting", func(a *node, b *stranger) {
			b.sendDatagram(nativeSYN())
			wait()
			a.client.Do(client.Accept{Peer: b.conn.LocalAddr()})
		}, `FIN seq=0 user="alice" "shutdown"`},
		{"open", openWith, `FIN seq=0 user="alice" "shutdown"`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				network := newNetwork()
				alice := startNode(t, network, "10.0.0.1:7777", nil)
				alice.login("alice")
				bob := newStranger(t, network, "10.0.0.2:7777", alice)
				tc.put(alice, bob)
				wait()
				alice.stop()
				wait()
				c := alice.engine.NewClient()
				c.Do(client.Connect{User: "late"})
				if got, _ := c.Next(nil); len(got) != 1 || got[0].(client.Error).Reason != client.ReasonShuttingDown {
					t.Errorf("a client that comes now is told %+v", got)
				}
				c.Close()
				bob.sendDatagram(nativeSYN()) // nobody new gets in
				wait()
				alice.halt()
				answers := bob.answers()
				n := 0
				for _, a := range answers {
					if a == tc.want {
						n++
					}
				}
				if n == 0 {
					t.Errorf("the peer was sent\n%s\nwant among it %s", strings.Join(answers, "\n"), tc.want)
				}
			})
		})
	}
}

// A client whose connection does not come from here: the daemon ends although a client does not read.
func TestShutdown_ClientDoesNotRead(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		alice := startNode(t, newNetwork(), "10.0.0.1:7777", nil)
		c := alice.engine.NewClient()
		c.Do(client.Connect{User: "alice"})
		alice.halt()
		got, _ := c.Next(nil)
		if names(got) != "connected" {
			t.Errorf("what was still there is %q, want connected", names(got))
		}
		if _, more := c.Next(nil); more {
			t.Error("the client goes on after the daemon's end")
		}
	})
}

// brokenConn is a socket that fails to read some times.
type brokenConn struct {
	netio.Conn
	times int
}

var errBroken = errors.New("out of memory")

func (c *brokenConn) ReadFrom(b []byte) (int, netip.AddrPort, error) {
	if c.times > 0 {
		c.times--
		return 0, netip.AddrPort{}, errBroken
	}
	return c.Conn.ReadFrom(b)
}

// A socket that fails for a moment is read again; one that fails for good ends the daemon with its error.
func TestSocketFails(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		network := newNetwork()
		alice := startNodeOn(t, network, "10.0.0.1:7777", nil, func(c netio.Conn) netio.Conn {
			return &brokenConn{Conn: c, times: readFailures - 1}
		})
		bob := startNode(t, network, "10.0.0.2:7777", nil)
		alice.login("alice")
		bob.login("bob")
		time.Sleep(10 * time.Second)
		openChat(t, alice, bob)
		wantChatWorks(t, alice, bob)
	})
	inBubble(t, func(t *testing.T) {
		conn, err := newNetwork().Listen(netip.MustParseAddrPort("10.0.0.1:7777"))
		if err != nil {
			t.Fatal(err)
		}
		e, err := New(Defaults(), &brokenConn{Conn: conn, times: 1 << 30})
		if err != nil {
			t.Fatal(err)
		}
		if err := e.Run(t.Context()); !errors.Is(err, errBroken) || !strings.HasPrefix(err.Error(), "engine: read network: ") {
			t.Errorf("Run returns %v, want the socket's error", err)
		}
		if err := conn.Close(); !errors.Is(err, net.ErrClosed) {
			t.Errorf("the socket is still open: %v", err)
		}
	})
}

// An actor that has nothing to do for 10 s gives its goroutine back; a datagram, a command and a timer each bring it
// back to life.
func TestActorRests(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		network := newNetwork()
		alice, bob := openPair(t, network, nil)
		if got := goroutines(anActor); got != 2 {
			t.Errorf("%d actors run with a chat open, want one a side", got)
		}
		resting := func(when string) {
			t.Helper()
			time.Sleep(2 * restAfter)
			synctest.Wait()
			if got := goroutines(anActor); got != 0 {
				t.Errorf("%s: %d actors still run", when, got)
			}
		}
		resting("after the chat opened")
		wantChatWorks(t, alice, bob)
		resting("after messages")

		// Timers of one that rests: a silent partner's copies keep coming, every 5 s, then 30 s and 5 min ones.
		network.Partition(alice.addr.Addr(), bob.addr.Addr(), true)
		alice.client.Do(client.Chat{Text: "x"})
		time.Sleep(61 * time.Second)
		if got := len(only[client.Retrying](alice.events())); got != 12 {
			t.Errorf("%d copies in a minute, want 12", got)
		}
		network.Partition(alice.addr.Addr(), bob.addr.Addr(), false)
		time.Sleep(5 * time.Second)
		alice.client.Do(client.Leave{})
		wait()
		alice.events()
		alice.client.Do(client.Invite{Peer: flooder(1)}) // unknown: nothing happens for 30 s
		time.Sleep(restAfter + 2*time.Second)
		if got := goroutines(anActor); got != 0 {
			t.Errorf("an invitation that waits keeps %d actors running", got)
		}
		time.Sleep(5 * time.Minute)
		events := alice.events()
		if got := len(only[client.Unanswered](events)); got != 9 && got != 10 {
			t.Errorf("%d notices in 5 minutes, want 9 or 10", got)
		}
		if closed := only[client.Closed](events); len(closed) != 1 || closed[0].Reason != client.CloseUnreachable {
			t.Errorf("closed %+v, want it unreachable", closed)
		}
		resting("at the end")
	})
}
