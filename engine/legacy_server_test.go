package engine

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"simp/codec/client"
	"simp/codec/client/legacy/legacytest"
	"simp/netio"
)

// counts checks a counter of the server's.
func (h *house) counts(name string, want uint64) {
	h.t.Helper()
	if got := h.server.engine.Counters()[name]; got != want {
		h.t.Errorf("%s counts %d of %s, want %d; all: %v", h.port, got, name, want, h.server.engine.Counters())
	}
}

// A client that vanishes without a word holds neither the daemon nor its partner, whether somebody asks or nobody does.
func TestLegacyClientVanishes(t *testing.T) {
	for _, kind := range []string{"A", "B"} {
		t.Run(kind, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				network := newNetwork()
				a, b := newHouse(t, network, "10.0.0.1", nil), newHouse(t, network, "10.0.0.2", nil)
				x, y := newUser(t, kind, a), newUser(t, "native", b)
				y.login("yvonne")
				x.login("xaver")
				x.invite(b.addr)
				wait()
				y.accept()
				wait()
				want(t, y.open(), "the chat is open", x, y)
				x.quit()
				calm()
				calm()
				want(t, y.ended(), "the partner hears that the chat is over", x, y)
				a.counts("client/vanished", 1)

				// Now somebody asks the same moment.
				x.login("xaver")
				want(t, a.engine.client.Load() != nil, "the client is attached", x)
				x.quit()
				again := newUser(t, "B", a)
				again.login("zoe")
				want(t, again.sees("Welcome, zoe!"), "the next client is welcome at once", again)
				a.counts("client/vanished", 2)

				// So is one of our own.
				again.quit()
				a.login("abel")
				wait()
				a.wantNames("connected")
				a.counts("client/vanished", 3)
			})
		})
	}
}

// A client that is there is not disturbed by who asks, nor by being silent for hours.
func TestLegacyDaemonIsTaken(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		network := newNetwork()
		h := newHouse(t, network, "10.0.0.1", nil)
		holder := &userA{t: t, h: h}
		holder.login("alice")
		time.Sleep(24 * time.Hour)
		second, third := &userA{t: t, h: h}, &userB{t: t, h: h}
		second.login("bob")
		third.login("carl")
		want(t, second.take("The daemon already connected to a client") && second.Fate() == "exit: refused", "A's client is refused", second)
		want(t, third.take("Daemon is busy with another user.") && third.Fate() == "exit: refused", "B's client is refused", third)
		course := legacytest.StartC(newMemorySocket(t, network, h.port), "dora")
		defer course.Kill()
		wait()
		if got := course.Screen(); !strings.Contains(got, `already has a client, the user "alice"`) {
			t.Errorf("C's client is told %q", got)
		}
		h.login("eve")
		wait()
		h.wantNames("error")
		h.client.Close()
		holder.Type("wait")
		wait()
		want(t, holder.take("Waiting for connection...") && holder.Fate() == "", "the first client goes on", holder)
		h.wantCounter("client/taken", 4)
	})
}

// A native client keeps legacy ones out as they keep it out.
func TestLegacyClientMeetsNativeOne(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		h := newHouse(t, newNetwork(), "10.0.0.1", nil)
		h.login("nina")
		wait()
		late := &userB{t: t, h: h}
		late.login("lisa")
		want(t, late.take("Daemon is busy with another user."), "B's client is refused", late)
		h.client.Close()
		next := &userB{t: t, h: h}
		next.login("lisa")
		want(t, next.take("Welcome, lisa!"), "the next one is not", next)
	})
}

// Invitations that came before the client are the first thing that A's client shows; B's shows them when it waits.
func TestLegacyPendingInvitation(t *testing.T) {
	for _, kind := range []string{"A", "B"} {
		inBubble(t, func(t *testing.T) {
			network := newNetwork()
			a, b := newHouse(t, network, "10.0.0.1", nil), newHouse(t, network, "10.0.0.2", nil)
			x, y := newUser(t, "native", a), newUser(t, kind, b)
			x.login("xaver")
			x.invite(b.addr)
			wait()
			y.login("yvonne")
			if kind == "B" {
				y.wait()
			}
			wait()
			y.accept()
			calm()
			want(t, x.open(), "the chat is open", x, y)
			x.say("at last")
			wait()
			want(t, y.sees("at last"), "the message is read", x, y)
		})
	}
}

// Who does not take turns does not lose messages: what B's client cannot be shown yet stays with its sender when there is
// too much of it, and arrives whole and in order.
func TestLegacyTurnsAndBackPressure(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		network := newNetwork()
		a, b := newHouse(t, network, "10.0.0.1", nil), newHouse(t, network, "10.0.0.2", nil)
		x, y := newUser(t, "B", a), newUser(t, "native", b)
		y.login("yvonne")
		x.login("xaver")
		x.invite(b.addr)
		wait()
		y.accept()
		wait()
		want(t, x.open(), "the chat is open", x, y)
		const messages = clientQueue + 2*maxLegacyHeld
		for i := range messages {
			y.say(fmt.Sprintf("message %d.", i))
			time.Sleep(10 * time.Millisecond)
		}
		calm()
		delivered := len(only[client.Delivered](b.events()))
		if delivered >= messages {
			t.Errorf("all %d messages are reported as delivered although nobody reads", delivered)
		}
		next := 0
		for range messages {
			if next == messages {
				break
			}
			x.say("go on")
			time.Sleep(30 * time.Second)
			for x.sees(fmt.Sprintf("message %d.", next)) {
				next++
			}
		}
		if next != messages {
			t.Errorf("the first %d of %d messages arrive in order", next, messages)
		}
		want(t, !strings.HasPrefix(x.fate(), "crash"), "no client is harmed", x)
	})
}

// Datagrams from elsewhere, or that begin nothing, are not answered.
func TestLegacyIgnores(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		network := newNetwork()
		h := newHouse(t, network, "10.0.0.1", nil)
		for _, at := range []string{"10.0.0.9:5000", "10.0.0.1:5000"} {
			conn, err := network.Listen(netip.MustParseAddrPort(at))
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range []string{"", "\x00", "CHAT|hello", "ACK|", "\x01\x01hello", strings.Repeat("x", 10_000), "\x00\x01" + strings.Repeat("x", 10_000)} {
				if err := conn.WriteTo([]byte(s), h.port); err != nil {
					t.Fatal(err)
				}
			}
			if at == "10.0.0.9:5000" {
				_ = conn.WriteTo([]byte("PING|"), h.port)
			}
			wait()
			_ = conn.Close()
		}
		h.counts("client/datagram-ignored", 14)
		h.counts("client/not-allowed", 1)
		if got := network.Stats().Sent; got != 15 {
			t.Errorf("%d datagrams were sent, want the 15 of the strangers", got)
		}
	})
}

// A program that opens dialogues and goes away leaves room for others.
func TestLegacyDialoguesAreBounded(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		network := newNetwork()
		h := newHouse(t, network, "10.0.0.1", nil)
		greet := func(port uint16) netio.Conn {
			conn, err := network.Listen(netip.AddrPortFrom(h.port.Addr(), port))
			if err != nil {
				t.Fatal(err)
			}
			if err := conn.WriteTo([]byte("PING|"), h.port); err != nil {
				t.Fatal(err)
			}
			return conn
		}
		var conns []netio.Conn
		for port := range uint16(maxLegacyClients + 3) {
			conns = append(conns, greet(1000+port))
		}
		time.Sleep(10 * time.Millisecond)
		h.wantCounter("client/too-many", 3)
		for _, c := range conns {
			_ = c.Close()
		}
		next := &userA{t: t, h: h}
		next.login("alice")
		time.Sleep(10 * time.Millisecond)
		want(t, next.take("wait/start"), "the next client is served", next)
		calm()
		calm()
		if got := len(h.server.all()); got != 1 {
			t.Errorf("%d dialogues are left, want 1", got)
		}
	})
}

// Programs that greet, keep their sockets and say nothing more keep nobody out for long; and whoever finds no place is told so.
func TestLegacySilentGreetings(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		network := newNetwork()
		h := newHouse(t, network, "10.0.0.1", nil)
		holder := &userA{t: t, h: h}
		holder.login("alice")
		for port := range uint16(maxLegacyClients - 1) {
			conn, err := network.Listen(netip.AddrPortFrom(h.port.Addr(), 1000+port))
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			_ = conn.WriteTo([]byte("PING|"), h.port)
			time.Sleep(10 * time.Millisecond) // taken, so it holds nothing
		}
		time.Sleep(time.Second)
		if got := len(h.server.all()); got != 1 {
			t.Fatalf("%d dialogues beside a client that holds the daemon, want none", got-1)
		}
		holder.quit()
		time.Sleep(2 * legacyLook)

		for port := range uint16(maxLegacyClients) {
			conn, err := network.Listen(netip.AddrPortFrom(h.port.Addr(), 2000+port))
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			_ = conn.WriteTo([]byte("PING|"), h.port)
		}
		time.Sleep(10 * time.Millisecond)
		a, b := &userA{t: t, h: h}, &userB{t: t, h: h}
		a.login("abel")
		b.login("bert")
		want(t, a.take("Too many clients") && a.Fate() == "exit: refused", "A's client is told so, and ends", a)
		want(t, b.take("Too many clients") && b.Fate() == "exit: refused", "B's client is told so, and ends", b)
		course := legacytest.StartC(newMemorySocket(t, network, h.port), "dora")
		defer course.Kill()
		wait()
		if got := course.Screen(); !strings.Contains(got, "Too many clients") {
			t.Errorf("C's client is told %q", got)
		}
		h.counts("client/too-many", 3)

		time.Sleep(legacyUndecided)
		next := &userA{t: t, h: h}
		next.login("carol")
		time.Sleep(10 * time.Millisecond)
		want(t, next.take("wait/start"), "a client is served", next)
		time.Sleep(legacyUndecided)
		for port := range uint16(3) {
			conn, err := network.Listen(netip.AddrPortFrom(h.port.Addr(), 3000+port))
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			_ = conn.WriteTo([]byte("\x00\x01"), h.port)
			time.Sleep(10 * time.Millisecond)
		}
		want(t, next.Fate() == "" && h.engine.client.Load() != nil, "who holds the daemon keeps it", next)
	})
}

// A client of which nothing can be seen is believed to be there, and given up when it does not confirm what it is sent.
func TestLegacyClientCannotBeSeen(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		network := newNetwork()
		h := newHouse(t, network, "10.0.0.1", nil)
		h.server.cfg.Bound = func(netip.AddrPort) (bool, error) { return false, errors.New("elsewhere") }
		u := &userB{t: t, h: h}
		u.login("lisa")
		u.wait()
		time.Sleep(time.Hour)
		want(t, h.engine.client.Load() != nil, "the client is attached after an hour", u)
		u.quit()
		time.Sleep(time.Hour)
		other := newHouse(t, network, "10.0.0.2", nil)
		other.login("bob")
		other.client.Do(client.Invite{Peer: h.addr})
		time.Sleep(20 * time.Second)
		if h.engine.client.Load() != nil {
			t.Error("a client that confirms nothing holds the daemon")
		}
	})
}

// When the daemon stops, clients that read hear of it, and nothing is left.
func TestLegacyServerStops(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		network := newNetwork()
		a, b := newHouse(t, network, "10.0.0.1", nil), newHouse(t, network, "10.0.0.2", nil)
		x, y := &userA{t: t, h: a}, &userB{t: t, h: b}
		x.login("xaver")
		y.login("yvonne")
		x.wait()
		y.invite(a.addr)
		wait()
		x.accept()
		wait()
		y.say("hello")
		wait()
		a.halt() // the engine first, as a daemon does
		wait()
		want(t, x.Fate() == "exit: quit", "A's client exits", x)
		want(t, y.take("Chat partner has disconnected."), "B's client hears that the chat is over", y)
		y.wait()
		wait()
		b.halt()
		wait()
		want(t, y.take("Error: The daemon is stopping."), "B's client hears that its daemon stops", y)
		synctest.Wait()
	})
}

// Another client behind the same address takes the place of one that is gone.
func TestLegacyClientIsReplaced(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		network := newNetwork()
		h := newHouse(t, network, "10.0.0.1", nil)
		at := netip.MustParseAddrPort("10.0.0.1:5000")
		for i, name := range []string{"alice", "bob"} {
			conn, err := network.Listen(at)
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range []string{"\x00\x01", "\x00\x01" + name} {
				_ = conn.WriteTo([]byte(s), h.port)
				time.Sleep(10 * time.Millisecond)
			}
			if c := h.engine.client.Load(); c == nil || c.user != name {
				t.Errorf("the daemon's client is %v, want %s", c, name)
			}
			h.counts("client/replaced", uint64(i))
			_ = conn.Close()
		}
	})
}

// What was said to an answering machine is read at the next login, whoever said it, although A's client exits with its
// chat and B's with its user.
func TestLegacyAnsweringMachine(t *testing.T) {
	for _, kind := range []string{"A", "B"} {
		t.Run(kind, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				network := newNetwork()
				h := newHouse(t, network, "10.0.0.1", func(c *Config) { c.Accept = AcceptAuto })
				callers := []string{"bob", "carla"}
				for i, name := range callers {
					p := newHouse(t, network, fmt.Sprintf("10.0.0.%d", i+2), nil)
					p.login(name)
					p.client.Do(client.Invite{Peer: h.addr})
					calm()
					p.client.Do(client.Chat{Text: "message of " + name})
					calm()
					p.client.Do(client.Leave{})
					calm()
				}
				u := newUser(t, kind, h)
				u.login("alice")
				u.wait()
				calm()
				var screen string
				switch u := u.(type) {
				case *userA:
					screen = u.Screen()
				case *userB:
					screen = u.Screen()
				}
				for _, name := range callers {
					if n := strings.Count(screen, "message of "+name); n != 1 {
						t.Errorf("%s's message is shown %d times, want once; the screen:\n%s", name, n, screen)
					}
				}
				want(t, u.fate() == "", "the client goes on waiting", u)
			})
		})
	}
}

// Who cannot be seen gives way after a while of silence: to whoever asks for the daemon, be it a legacy client or a native
// one, and at once where it has greeted only.
func TestLegacyClientMakesWay(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		network := newNetwork()
		h := newHouse(t, network, "10.0.0.1", nil)
		h.server.cfg.Bound = func(netip.AddrPort) (bool, error) { return false, errors.New("elsewhere") }
		holder, early, late := &userA{t: t, h: h}, &userA{t: t, h: h}, &userA{t: t, h: h}
		holder.login("alice")
		holder.wait()
		time.Sleep(legacySilence - time.Second)
		early.login("bob")
		want(t, early.Fate() == "exit: refused" && holder.Fate() == "", "a client is refused for one that was heard of", early, holder)
		time.Sleep(time.Second)
		late.login("carl")
		time.Sleep(10 * time.Millisecond)
		want(t, late.take("wait/start"), "a client is served in place of one that is silent", late)
		want(t, holder.take("which was silent for long") && holder.Fate() == "exit: error", "that one is told", holder)
		time.Sleep(legacySilence)
		h.login("nina")
		wait()
		h.wantNames("connected")
	})
}

// Greetings whose senders cannot be seen take nobody's place for long, and keep nobody out.
func TestLegacyGreetingsOfNobody(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		network := newNetwork()
		h := newHouse(t, network, "10.0.0.1", nil)
		h.server.cfg.Bound = func(netip.AddrPort) (bool, error) { return false, errors.New("elsewhere") }
		forge := func(n uint16) {
			for port := range n {
				conn, err := network.Listen(netip.AddrPortFrom(h.port.Addr(), 1000+port))
				if err != nil {
					t.Fatal(err)
				}
				_ = conn.WriteTo([]byte("\x00\x01"), h.port)
				_ = conn.Close()
				time.Sleep(time.Second)
			}
		}
		forge(maxLegacyClients)
		u := &userA{t: t, h: h}
		u.login("alice")
		time.Sleep(10 * time.Millisecond)
		want(t, u.take("wait/start"), "a client is served at once", u)
		forge(maxLegacyClients + 3)
		want(t, u.Fate() == "" && h.engine.client.Load() != nil, "who holds the daemon keeps it", u)
		h.wantCounter("client/too-many", 0)
		time.Sleep(legacySilence)
		if got := len(h.server.all()); got != 1 {
			t.Errorf("%d dialogues are left after a while, want that of the holder", got)
		}
	})
}

// Whoever may not be a client does not make the server look for anybody.
func TestLegacyStrangersCostNoLook(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		network := newNetwork()
		h := newHouse(t, network, "10.0.0.1", nil)
		var looks atomic.Int64
		bound := h.server.cfg.Bound
		h.server.cfg.Bound = func(at netip.AddrPort) (bool, error) { looks.Add(1); return bound(at) }
		holder := &userA{t: t, h: h}
		holder.login("alice")
		time.Sleep(10 * time.Millisecond)
		before := looks.Load()
		stranger := &memorySocket{to: h.port}
		var err error
		if stranger.conn, err = network.Listen(netip.MustParseAddrPort("10.0.0.9:5000")); err != nil {
			t.Fatal(err)
		}
		stranger.Send([]byte("PING|"))
		time.Sleep(10 * time.Millisecond)
		stranger.Close()
		if n := looks.Load() - before; n != 0 {
			t.Errorf("the server has looked %d times", n)
		}
		h.counts("client/not-allowed", 1)
	})
}

// Who chats with an answering machine, leaves and repeats that is not confirmed any more once enough waits for a user who
// does not read.
func TestLegacyMessagesAreBounded(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		network := newNetwork()
		h := newHouse(t, network, "10.0.0.1", func(c *Config) { c.Accept = AcceptAuto })
		u := &userA{t: t, h: h}
		u.login("alice") // stays at its prompt
		p := newHouse(t, network, "10.0.0.2", nil)
		p.login("mallory")
		for range 16 {
			p.client.Do(client.Invite{Peer: h.addr})
			wait()
			for range 200 {
				p.client.Do(client.Chat{Text: "again"})
			}
			calm()
			p.client.Do(client.Leave{})
			calm()
		}
		wait()
		got, most := len(only[client.Delivered](p.events())), maxLegacyHeld+clientQueue+inboxLen
		if got < maxLegacyHeld || got > most {
			t.Errorf("%d messages were confirmed, want %d to %d", got, maxLegacyHeld, most)
		}
		u.wait()
		calm()
		want(t, strings.Count(u.Screen(), "again") >= maxLegacyHeld, "they are read when the user waits", u)
	})
}
