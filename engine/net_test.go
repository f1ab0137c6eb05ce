package engine

import (
	"errors"
	"fmt"
	"net/netip"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"simp/codec"
	"simp/codec/client"
	"simp/netio"
)

// Tests of running daemons: goroutines and an in-memory network in a bubble of time. wait lets everything happen that can.

const millisecond = time.Millisecond

// newNetwork is a network without faults in which a datagram takes a millisecond.
func newNetwork() *netio.Memory {
	return netio.NewMemory(netio.Faults{MinDelay: millisecond, MaxDelay: millisecond}, 1)
}

// inBubble runs a test in a bubble: its goroutines have all ended when it returns, or the test fails.
func inBubble(t *testing.T, test func(t *testing.T)) {
	t.Helper()
	synctest.Test(t, test)
}

// goroutines counts those that are somewhere in a function whose name contains match. The runtime's own come and go as
// they like, so their number says nothing.
func goroutines(match string) int {
	buf := make([]byte, 1<<20)
	n := 0
	for _, g := range strings.Split(string(buf[:runtime.Stack(buf, true)]), "\n\n") {
		if strings.Contains(g, match) {
			n++
		}
	}
	return n
}

const (
	anyOfOurs = "simp/engine."
	anActor   = "simp/engine.(*actor).run("
)

// wait lets a second pass: enough for every answer, too short for any timer.
func wait() { time.Sleep(time.Second) }

// pair starts alice at 10.0.0.1 and bob at 10.0.0.2.
func pair(t *testing.T, network *netio.Memory, change func(*Config)) (alice, bob *node) {
	t.Helper()
	alice = startNode(t, network, "10.0.0.1:7777", change)
	bob = startNode(t, network, "10.0.0.2:7777", change)
	alice.login("alice")
	bob.login("bob")
	return alice, bob
}

// openPair is pair with a chat open that alice asked for.
func openPair(t *testing.T, network *netio.Memory, change func(*Config)) (alice, bob *node) {
	t.Helper()
	alice, bob = pair(t, network, change)
	openChat(t, alice, bob)
	return alice, bob
}

// openChat opens a chat between two users.
func openChat(t *testing.T, a, b *node) {
	t.Helper()
	a.client.Do(client.Invite{Peer: b.addr})
	wait()
	b.client.Do(client.Accept{Peer: a.addr})
	wait()
	for _, n := range []*node{a, b} {
		if got := only[client.Established](n.events()); len(got) != 1 {
			t.Fatalf("the chat at %s is not open", n.addr)
		}
	}
}

// labelled puts behind a datagram from n's partner what their chat demands (§1.6, §4.19). Nothing may be under way.
func labelled(n *node, partner netip.AddrPort, b []byte, num uint32) []byte {
	name := n.engine.peers[partner].session.names.Ours
	return codec.AppendLabel(append(slices.Clone(b), 0), name, num)
}

// wantTexts checks the messages that arrived since the last call, in order.
func (n *node) wantTexts(want ...string) {
	n.t.Helper()
	var got []string
	for _, m := range only[client.Message](n.events()) {
		got = append(got, m.Text)
	}
	if strings.Join(got, "|") != strings.Join(want, "|") {
		n.t.Errorf("at %s arrived %q, want %q", n.addr, got, want)
	}
}

// wantNames checks what kinds of events came since the last call.
func (n *node) wantNames(want string) {
	n.t.Helper()
	if got := names(n.events()); got != want {
		n.t.Errorf("%s was told %q, want %q", n.addr, got, want)
	}
}

// wantRefusal lets the client do something and checks that the only answer is an error with that reason.
func (n *node) wantRefusal(cmd client.Command, reason client.ErrorReason) {
	n.t.Helper()
	n.events()
	n.client.Do(cmd)
	wait()
	got := n.events()
	if len(got) != 1 {
		n.t.Errorf("%s: told %q, want one error", cmd.Op(), names(got))
		return
	}
	e, is := got[0].(client.Error)
	if !is || e.Reason != reason || e.OpName != cmd.Op() || e.Text == "" {
		n.t.Errorf("%s: told %+v, want the error %s", cmd.Op(), got[0], reason)
	}
}

// status asks the client's daemon what is going on.
func (n *node) status() client.Status {
	n.t.Helper()
	n.events()
	n.client.Do(client.StatusQuery{})
	synctest.Wait()
	got := only[client.Status](n.events())
	if len(got) != 1 {
		n.t.Fatalf("%d answers to status, want 1", len(got))
	}
	return got[0]
}

// wantCounter checks a counter of the daemon.
func (n *node) wantCounter(name string, want uint64) {
	n.t.Helper()
	if got := n.engine.Counters()[name]; got != want {
		n.t.Errorf("%s counts %d of %s, want %d; all: %v", n.addr, got, name, want, n.engine.Counters())
	}
}

// wantChatWorks shows that a chat is undisturbed: a message goes each way and is reported as delivered.
func wantChatWorks(t *testing.T, a, b *node) {
	t.Helper()
	a.events()
	b.events()
	a.client.Do(client.Chat{Peer: b.addr, Text: "still there?"})
	b.client.Do(client.Chat{Peer: a.addr, Text: "yes"})
	wait()
	for _, n := range []*node{a, b} {
		events := n.events()
		if len(only[client.Message](events)) != 1 || len(only[client.Delivered](events)) != 1 || len(events) != 3 {
			t.Errorf("%s was told %q, want sent, message and delivered", n.addr, names(events))
		}
	}
}

// stranger is a socket from which a test sends whatever it likes.
type stranger struct {
	t    *testing.T
	conn netio.Conn
	to   netip.AddrPort
}

func newStranger(t *testing.T, network *netio.Memory, at string, to *node) *stranger {
	t.Helper()
	conn, err := network.Listen(netip.MustParseAddrPort(at))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return &stranger{t: t, conn: conn, to: to.addr}
}

func (s *stranger) send(b []byte) {
	s.t.Helper()
	if err := s.conn.WriteTo(b, s.to); err != nil {
		s.t.Fatal(err)
	}
}

func (s *stranger) sendDatagram(d codec.Datagram) {
	s.t.Helper()
	s.send(encode(s.t, d))
}

// answers reads what has come back so far, closing the socket.
func (s *stranger) answers() []string {
	s.t.Helper()
	// A reader that finds nothing would wait: it runs beside, until everything has been read.
	got := make(chan []string)
	go func() {
		var all []string
		buf := make([]byte, codec.MaxReceive+1)
		for {
			n, _, err := s.conn.ReadFrom(buf)
			if err != nil {
				got <- all
				return
			}
			d, _, err := codec.Decode(buf[:n])
			if err != nil {
				all = append(all, fmt.Sprintf("%x", buf[:n]))
				continue
			}
			all = append(all, summary(d))
		}
	}()
	synctest.Wait()
	_ = s.conn.Close()
	return <-got
}

// startFiltered runs a daemon of whose datagrams drop picks the ones that get lost.
func startFiltered(t *testing.T, network *netio.Memory, addr string, change func(*Config), drop func(d codec.Datagram) bool) *node {
	t.Helper()
	return startNodeOn(t, network, addr, change, func(c netio.Conn) netio.Conn {
		return netio.WithFilter(c, func(b []byte, _ netip.AddrPort) bool {
			d, _, err := codec.Decode(b)
			return err == nil && drop(d)
		})
	})
}

// failingConn is a socket whose sending can be made to fail.
type failingConn struct {
	netio.Conn
	fail atomic.Bool
}

func (c *failingConn) wrap(conn netio.Conn) netio.Conn {
	c.Conn = conn
	return c
}

var errCable = errors.New("the cable is cut")

func (c *failingConn) WriteTo(b []byte, to netip.AddrPort) error {
	if c.fail.Load() {
		return fmt.Errorf("netio: send: %w", errCable)
	}
	return c.Conn.WriteTo(b, to)
}
