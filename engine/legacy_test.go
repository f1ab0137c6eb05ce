package engine

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"simp/codec/client"
	"simp/codec/client/legacy/legacytest"
	"simp/netio"
)

// memorySocket is a double's socket in a network in memory.
type memorySocket struct {
	conn     netio.Conn
	to       netip.AddrPort
	incoming chan []byte // closed with the socket
}

func newMemorySocket(t *testing.T, network *netio.Memory, to netip.AddrPort) *memorySocket {
	t.Helper()
	conn, err := network.Listen(netip.AddrPortFrom(to.Addr(), 0))
	if err != nil {
		t.Fatal(err)
	}
	s := &memorySocket{conn: conn, to: to, incoming: make(chan []byte, 256)}
	go func() {
		defer close(s.incoming)
		buf := make([]byte, 1<<16)
		for {
			n, from, err := conn.ReadFrom(buf)
			if err != nil {
				return
			}
			if from == to {
				s.incoming <- append([]byte(nil), buf[:n]...)
			}
		}
	}()
	return s
}

func (s *memorySocket) Send(b []byte) { _ = s.conn.WriteTo(b, s.to) }
func (s *memorySocket) Close()        { _ = s.conn.Close() }

func (s *memorySocket) Receive(size int, limit time.Duration) ([]byte, bool) {
	var late <-chan time.Time
	if limit > 0 {
		timer := time.NewTimer(limit)
		defer timer.Stop()
		late = timer.C
	}
	select {
	case b, ok := <-s.incoming:
		return b[:min(len(b), size)], ok
	case <-late:
		return nil, false
	}
}

// house is a daemon with a port for legacy clients.
type house struct {
	*node
	network *netio.Memory
	server  *LegacyServer
	port    netip.AddrPort
}

func newHouse(t *testing.T, network *netio.Memory, ip string, change func(*Config)) *house {
	t.Helper()
	h := &house{node: startNode(t, network, ip+":7777", change), network: network, port: netip.MustParseAddrPort(ip + ":7778")}
	conn, err := network.Listen(h.port)
	if err != nil {
		t.Fatal(err)
	}
	h.server = h.engine.NewLegacyServer(conn, LegacyConfig{
		Allow: func(a netip.Addr) bool { return a == h.port.Addr() },
		Bound: func(at netip.AddrPort) (bool, error) {
			conn, err := network.Listen(at)
			if errors.Is(err, netio.ErrPortTaken) {
				return true, nil
			}
			return false, errors.Join(err, conn.Close())
		},
	})
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- h.server.Serve(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-served; err != nil {
			t.Errorf("serve legacy clients at %s: %v", ip, err)
		}
	})
	return h
}

// user is somebody at one of the three kinds of client, who knows which keys to press.
type person interface {
	login(name string)
	wait()
	invite(peer netip.AddrPort)
	accept()
	decline()
	say(text string)
	leave()
	sees(what string) bool // on what was shown since the last time it was asked
	open() bool            // since the last time
	ended() bool           // the chat or the invitation, since the last time
	fate() string
	quit()
}

func calm() { time.Sleep(5 * time.Second) } // longer than B's grace

// userA sits at A's client.
type userA struct {
	t *testing.T
	h *house
	*legacytest.A
	seen string
}

func (u *userA) take(what string) bool {
	u.seen += u.Screen() + "\n"
	if _, after, found := strings.Cut(u.seen, what); found {
		u.seen = after
		return true
	}
	return false
}
func (u *userA) login(name string) {
	u.A = legacytest.StartA(newMemorySocket(u.t, u.h.network, u.h.port))
	u.t.Cleanup(u.Kill)
	u.Type(name)
	wait()
}
func (u *userA) wait()                      { u.Type("wait") }
func (u *userA) invite(peer netip.AddrPort) { u.Type("start"); u.Type(peer.Addr().String()) }
func (u *userA) accept()                    { u.Type("y") }
func (u *userA) decline()                   { u.Type("n") }
func (u *userA) say(text string)            { u.Type(text) }
func (u *userA) leave()                     { u.Type("q") }
func (u *userA) sees(what string) bool      { return u.take(what) }
func (u *userA) open() bool                 { return u.take("Connection established!") }
func (u *userA) ended() bool {
	return u.Fate() == "exit: quit" || u.Fate() == "exit: error"
}
func (u *userA) fate() string { return u.Fate() }
func (u *userA) quit()        { u.Kill() }

// userB sits at B's client.
type userB struct {
	t *testing.T
	h *house
	*legacytest.B
	seen string
}

func (u *userB) take(what string) bool {
	u.seen += u.Screen() + "\n"
	if _, after, found := strings.Cut(u.seen, what); found {
		u.seen = after
		return true
	}
	return false
}
func (u *userB) login(name string) {
	u.B = legacytest.StartB(newMemorySocket(u.t, u.h.network, u.h.port))
	u.t.Cleanup(u.Kill)
	u.Type(name)
	wait()
}
func (u *userB) wait()                      { u.Type("2") }
func (u *userB) invite(peer netip.AddrPort) { u.Type("1"); u.Type(peer.Addr().String()) }
func (u *userB) accept()                    { u.Type("y") }
func (u *userB) decline()                   { u.Type("n") }
func (u *userB) say(text string)            { u.Type(text) }
func (u *userB) leave()                     { u.Type("q") }
func (u *userB) sees(what string) bool {
	// The first message this client prints twice: as the news that the partner is there, and as its first line.
	return u.take("new message from: xaver: "+what+"\nnew message from: xaver: "+what) || u.take(what)
}
func (u *userB) open() bool { return u.take("Connected to user: ") || u.take("Chat request accepted") }
func (u *userB) ended() bool {
	return u.take("Chat partner has disconnected.") || u.take("Chat partner disconnected.") || u.take("Chat ended.") || u.take("Error: ")
}
func (u *userB) fate() string { return u.Fate() }
func (u *userB) quit()        { u.Kill() }

// userNative sits at a native client.
type userNative struct {
	h    *house
	seen []client.Event
	peer netip.AddrPort
}

func (u *userNative) login(name string) { u.h.login(name); wait(); u.seen = nil }
func (u *userNative) wait()             {}
func (u *userNative) invite(peer netip.AddrPort) {
	u.peer = peer
	u.h.client.Do(client.Invite{Peer: peer})
}
func (u *userNative) find(match func(client.Event) bool) bool {
	u.seen = append(u.seen, u.h.events()...)
	for i, e := range u.seen {
		if match(e) {
			u.seen = u.seen[i+1:]
			return true
		}
	}
	return false
}
func (u *userNative) asked() netip.AddrPort {
	u.find(func(e client.Event) bool {
		i, is := e.(client.Invitation)
		if is {
			u.peer = i.Peer
		}
		return is
	})
	return u.peer
}
func (u *userNative) accept()         { u.h.client.Do(client.Accept{Peer: u.asked()}) }
func (u *userNative) decline()        { u.h.client.Do(client.Decline{Peer: u.asked()}) }
func (u *userNative) say(text string) { u.h.client.Do(client.Chat{Text: text}) }
func (u *userNative) leave()          { u.h.client.Do(client.Leave{}) }
func (u *userNative) sees(what string) bool {
	return u.find(func(e client.Event) bool { m, is := e.(client.Message); return is && m.Text == what })
}
func (u *userNative) open() bool {
	return u.find(func(e client.Event) bool { _, is := e.(client.Established); return is })
}
func (u *userNative) ended() bool {
	return u.find(func(e client.Event) bool { _, is := e.(client.Closed); return is })
}
func (u *userNative) fate() string { return "" }
func (u *userNative) quit()        { u.h.client.Close() }

func newUser(t *testing.T, kind string, h *house) person {
	switch kind {
	case "A":
		return &userA{t: t, h: h}
	case "B":
		return &userB{t: t, h: h}
	default:
		return &userNative{h: h}
	}
}

// everyPair runs a test for each kind of client on either side.
func everyPair(t *testing.T, test func(t *testing.T, a, b *house, inviting, invited person)) {
	for _, from := range []string{"A", "B", "native"} {
		for _, to := range []string{"A", "B", "native"} {
			t.Run(from+" invites "+to, func(t *testing.T) {
				inBubble(t, func(t *testing.T) {
					network := newNetwork()
					a, b := newHouse(t, network, "10.0.0.1", nil), newHouse(t, network, "10.0.0.2", nil)
					test(t, a, b, newUser(t, from, a), newUser(t, to, b))
				})
			})
		}
	}
}

func want(t *testing.T, ok bool, what string, users ...person) {
	t.Helper()
	if ok {
		return
	}
	var more strings.Builder
	for _, u := range users {
		switch u := u.(type) {
		case *userA:
			fmt.Fprintf(&more, "\nA: fate %q, prompt %q, screen:\n%s\n%s", u.Fate(), u.Prompt(), u.seen, u.Screen())
		case *userB:
			fmt.Fprintf(&more, "\nB: fate %q, prompt %q, screen:\n%s\n%s", u.Fate(), u.Prompt(), u.seen, u.Screen())
		case *userNative:
			fmt.Fprintf(&more, "\nnative: %v", names(u.seen))
		}
	}
	t.Fatalf("not so: %s%s", what, &more)
}

// TestLegacyChats opens a chat between each two kinds of clients, talks both ways, leaves it from either side, and does
// all that twice on the same daemons.
func TestLegacyChats(t *testing.T) {
	everyPair(t, func(t *testing.T, a, b *house, x, y person) {
		for round := range 2 {
			y.login("yvonne")
			y.wait()
			calm()
			x.login("xaver")
			x.invite(b.addr)
			calm()
			y.accept()
			calm()
			want(t, x.open(), "the inviting side is in a chat", x, y)
			want(t, y.open(), "the invited side is in a chat", x, y)
			for i := range 3 {
				there, back := fmt.Sprintf("there %d in round %d", i, round), fmt.Sprintf("back %d in round %d", i, round)
				x.say(there)
				calm()
				want(t, y.sees(there), "the invited user reads "+there, x, y)
				want(t, !y.sees(there), there+" is shown once", x, y)
				y.say(back)
				calm()
				want(t, x.sees(back), "the inviting user reads "+back, x, y)
				want(t, !x.sees(back), back+" is shown once", x, y)
			}
			leaver, left := x, y
			if round == 1 {
				leaver, left = y, x
				// B can leave only in its turn, which comes with a message.
				x.say("your turn")
				calm()
				want(t, y.sees("your turn"), "the invited user reads the last message", x, y)
			}
			leaver.leave()
			calm()
			if b, is := left.(*userB); is && b.Prompt() != "" && b.Prompt() != "Choose an option: " {
				b.say("in vain") // it is told when it listens
				calm()
			}
			want(t, left.ended(), "the other side hears that the chat is over", x, y)
			for _, u := range []person{x, y} {
				want(t, !strings.HasPrefix(u.fate(), "crash"), "no client is harmed", x, y)
				u.quit()
			}
			calm()
		}
	})
}

// TestLegacyDeclines: who says no is not bothered again, and the other side hears so.
func TestLegacyDeclines(t *testing.T) {
	everyPair(t, func(t *testing.T, a, b *house, x, y person) {
		y.login("yvonne")
		y.wait()
		calm()
		x.login("xaver")
		x.invite(b.addr)
		time.Sleep(time.Second)
		y.decline()
		calm()
		want(t, x.ended(), "the inviting side hears that it was declined", x, y)
		want(t, !x.open(), "no chat has been open", x, y)
		for _, u := range []person{x, y} {
			want(t, !strings.HasPrefix(u.fate(), "crash"), "no client is harmed", x, y)
		}
		// The one who declined can be asked again.
		if _, is := y.(*userA); is || func() bool { _, is := y.(*userB); return is }() {
			y.wait()
		}
		x.quit()
		calm()
		x.login("xaver")
		x.invite(b.addr)
		calm()
		y.accept()
		calm()
		want(t, x.open() && y.open(), "the chat opens at the second time", x, y)
	})
}
