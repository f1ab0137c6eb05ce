package main

import (
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"simp/engine/double"
)

// guest is a daemon of another make with its user, at a real socket.
type guest struct {
	t    *testing.T
	conn *net.UDPConn
	addr netip.AddrPort

	mu     sync.Mutex
	double *double.Double
	shown  []double.Shown
	change sync.Cond
	done   chan struct{}
}

// startGuest starts one for a daemon, at an address like that one's where it has the usual port too.
func startGuest(t *testing.T, kind double.Kind, beside netip.AddrPort) *guest {
	t.Helper()
	ip := beside.Addr().As4()
	ip[1] = 253 // a net that no daemon of these tests is in
	addr := netip.AddrPortFrom(netip.AddrFrom4(ip), 7777)
	conn, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(addr))
	if err != nil {
		t.Skipf("no second loopback address with a free port: %v", err)
	}
	g := &guest{t: t, conn: conn, addr: addr, double: double.New(kind, addr, nil), done: make(chan struct{})}
	g.change.L = &g.mu
	go g.run()
	t.Cleanup(func() {
		_ = conn.Close()
		<-g.done
		if why := g.double.Dead(); why != "" {
			t.Errorf("%s dies: %s", kind, why)
		}
	})
	g.act(func(d *double.Double, now time.Time) { d.Login(now, "bob") })
	return g
}

// run reads its socket and keeps its timers until the socket is closed.
func (g *guest) run() {
	defer close(g.done)
	buf := make([]byte, 4096)
	for {
		g.mu.Lock()
		at, any := g.double.NextDeadline()
		g.mu.Unlock()
		if !any {
			at = time.Time{}
		}
		if err := g.conn.SetReadDeadline(at); err != nil {
			return
		}
		n, from, err := g.conn.ReadFromUDPAddrPort(buf)
		switch late, is := err.(net.Error); { //nolint:errorlint // as the connection returns it
		case err == nil:
			from = netip.AddrPortFrom(from.Addr().Unmap(), from.Port())
			g.act(func(d *double.Double, now time.Time) { d.Receive(now, from, buf[:n]) })
		case is && late.Timeout():
			g.act(func(d *double.Double, now time.Time) { d.Expire(now) })
		default:
			return
		}
	}
}

// act does something, and sends and shows what comes of it.
func (g *guest) act(do func(d *double.Double, now time.Time)) {
	g.mu.Lock()
	defer g.mu.Unlock()
	do(g.double, time.Now())
	sent, shown := g.double.Take()
	for _, s := range sent {
		if _, err := g.conn.WriteToUDPAddrPort(s.Bytes, s.To); err != nil {
			g.t.Logf("the guest cannot send: %v", err)
		}
	}
	g.shown = append(g.shown, shown...)
	g.change.Broadcast()
	_ = g.conn.SetReadDeadline(time.Now()) // its deadline may be another one now
}

// anew starts its daemon anew.
func (g *guest) anew() {
	g.mu.Lock()
	if why := g.double.Dead(); why != "" {
		g.t.Errorf("%s dies: %s", g.double.Kind(), why)
	}
	g.double = double.New(g.double.Kind(), g.addr, nil)
	g.mu.Unlock()
	g.act(func(d *double.Double, now time.Time) { d.Login(now, "bob") })
}

// sees waits until its user is shown something.
func (g *guest) sees(what double.What, text string) {
	g.t.Helper()
	over := time.AfterFunc(patience, g.change.Broadcast)
	defer over.Stop()
	deadline := time.Now().Add(patience)
	g.mu.Lock()
	defer g.mu.Unlock()
	for {
		for i, s := range g.shown {
			if s.What == what && strings.Contains(s.Text, text) {
				g.shown = g.shown[i+1:]
				return
			}
		}
		if time.Now().After(deadline) {
			g.t.Fatalf("the guest is not shown %s %q, but %v", what, text, g.shown)
		}
		g.change.Wait()
	}
}

// TestPeersOfOtherMakes: a user chats with each of the other implementations, hears what it is and from what, and finds that
// remembered by the next daemon.
func TestPeersOfOtherMakes(t *testing.T) {
	for _, tc := range []struct {
		kind     double.Kind
		evidence string
	}{
		{double.A, "it answered our SYN, numbered 0, with the number 1"},
		{double.B, "a checksum ends its datagrams"},
		{double.C, "it pads names with blanks"},
		{double.D, "the first message between us has the number 1"},
		{double.E, "its control datagrams lack the Length field"},
		{double.F, "it counts beyond 1"},
	} {
		t.Run(tc.kind.String(), func(t *testing.T) {
			t.Parallel()
			state := "--state-dir=" + t.TempDir()
			p := startAtUsualPorts(t, state)
			g := startGuest(t, tc.kind, netip.MustParseAddrPort(p.addr))
			alice, _ := login(t, p, "alice")
			alice.say(`{"op":"invite","peer":%q}`, g.addr)
			if tc.kind != double.B { // which accepts without asking
				g.sees(double.Invitation, "")
				g.act(func(d *double.Double, now time.Time) { d.Accept(now) })
			}
			alice.await("established")
			g.sees(double.Opened, "")
			for n := range 2 {
				if tc.kind != double.B || n == 0 {
					g.act(func(d *double.Double, now time.Time) { d.Say(now, "from the guest "+string(rune('1'+n))) })
					if e := alice.await("message"); e.Text != "from the guest "+string(rune('1'+n)) {
						t.Errorf("alice is shown %q", e.Text)
					}
				}
				alice.say(`{"op":"chat","text":"to the guest %d","id":%d}`, n+1, n+1)
				alice.await("delivered")
				if tc.kind != double.B { // which shows no message
					g.sees(double.Message, "to the guest")
				}
			}
			alice.say(`{"op":"status"}`)
			if e := alice.await("status"); len(e.Chats) != 1 || e.Chats[0].Dialect != tc.kind.String() || e.Chats[0].Evidence != tc.evidence {
				t.Errorf("status says %+v, want %s because %s", e.Chats, tc.kind, tc.evidence)
			}
			alice.say(`{"op":"leave"}`)
			alice.await("closed")

			// The next daemon at the same address knows it from the first datagram on.
			p.interrupt(t)
			g.anew() // some carry one chat only
			p = start(t, "--port=7777", "--client-port=7778", state, netip.MustParseAddrPort(p.addr).Addr().String())
			alice, _ = login(t, p, "alice")
			alice.say(`{"op":"invite","peer":%q}`, g.addr)
			alice.await("inviting")
			alice.say(`{"op":"status"}`)
			if e := alice.await("status"); len(e.Chats) != 1 || e.Chats[0].Dialect != tc.kind.String() || e.Chats[0].Evidence != "it was recognised in an earlier chat" {
				t.Errorf("after a restart status says %+v", e.Chats)
			}
		})
	}
}

// TestDialectFlag: what the user says of a peer beats what it shows.
func TestDialectFlag(t *testing.T) {
	p := startAtUsualPorts(t, "--dialect=127.255.255.254=c", "--dialect=192.0.2.1:8888=a")
	alice, _ := login(t, p, "alice")
	alice.say(`{"op":"invite","peer":"127.255.255.254"}`)
	alice.await("inviting")
	alice.say(`{"op":"status"}`)
	if e := alice.await("status"); len(e.Chats) != 1 || e.Chats[0].Dialect != "c" || e.Chats[0].Evidence != "our user said so" {
		t.Errorf("status says %+v, want c, because our user said so", e.Chats)
	}
}
