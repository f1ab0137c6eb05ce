package engine

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"simp/codec/client"
)

// port is the client port of a daemon in a bubble: connections are pipes, which hold nothing, so whoever does not read stops
// the other side at once.
type port struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func (p *port) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *port) Close() error {
	p.once.Do(func() { close(p.closed) })
	return nil
}

func (p *port) Addr() net.Addr { return nil }

// openPort lets clients connect to a daemon, until the test ends.
func openPort(t *testing.T, n *node) *port {
	t.Helper()
	p := &port{conns: make(chan net.Conn), closed: make(chan struct{})}
	ctx, stop := context.WithCancel(context.Background())
	var done sync.WaitGroup
	done.Go(func() {
		if err := n.engine.ServeClients(ctx, p, func() client.Protocol { return client.Native{} }); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(func() {
		stop()
		done.Wait()
	})
	return p
}

// lineClient is the other end of a connection to a daemon.
type lineClient struct {
	t    *testing.T
	conn net.Conn

	mu    sync.Mutex
	lines []string
}

func (p *port) dial(t *testing.T) *lineClient {
	t.Helper()
	ours, theirs := net.Pipe()
	p.conns <- theirs
	t.Cleanup(func() { _ = ours.Close() })
	return &lineClient{t: t, conn: ours}
}

// read begins to read what the daemon says, to the end of the connection.
func (c *lineClient) read() {
	go func() {
		s := bufio.NewScanner(c.conn)
		s.Buffer(nil, 1<<24)
		for s.Scan() {
			c.mu.Lock()
			c.lines = append(c.lines, s.Text())
			c.mu.Unlock()
		}
	}()
}

// say writes lines, for as long as the daemon takes them.
func (c *lineClient) say(lines ...string) error {
	for _, l := range lines {
		if _, err := c.conn.Write([]byte(l + "\n")); err != nil {
			return err
		}
	}
	return nil
}

// count is how many lines have come that contain all of the words.
func (c *lineClient) count(words ...string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := 0
	for _, l := range c.lines {
		all := true
		for _, w := range words {
			all = all && strings.Contains(l, w)
		}
		if all {
			n++
		}
	}
	return n
}

func (c *lineClient) want(n int, words ...string) {
	c.t.Helper()
	if got := c.count(words...); got != n {
		c.t.Errorf("%d lines with %q came, want %d", got, words, n)
	}
}

// A connection that is nobody's client asks as fast as it can, and does not read the answers: when as many wait as may, its
// lines are not read any more, and after 10 s it is closed. The user's chat does not notice.
func TestHostileClient_StrangerFloods(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		alice, bob := openPair(t, newNetwork(), nil)
		mallory := openPort(t, alice).dial(t)
		taken := make(chan int)
		go func() {
			n := 0
			for mallory.say(`{"op":"ping"}`) == nil {
				n++
			}
			taken <- n
		}()
		synctest.Wait()
		wantChatWorks(t, alice, bob)
		time.Sleep(2 * clientWrite)
		// What is on its way and what the line reader has read ahead comes on top.
		const readAhead = 4096 / len(`{"op":"ping"}`)
		if n := <-taken; n < clientQueue || n > 2*clientQueue+readAhead {
			t.Errorf("%d lines of a client that does not read were taken, want %d and a little", n, clientQueue)
		}
		wantChatWorks(t, alice, bob)
	})
}

// The user's own client says as much as it can to a partner who does not answer: what does not fit is refused, and the other
// chat, and what comes from there, goes on all the while.
func TestHostileClient_UserFloods(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		network := newNetwork()
		alice := startNode(t, network, "10.0.0.1:7777", func(c *Config) { c.MaxChats = 2 })
		bob := startNode(t, network, "10.0.0.2:7777", auto)
		carol := startNode(t, network, "10.0.0.3:7777", auto)
		bob.login("bob")
		carol.login("carol")
		c := openPort(t, alice).dial(t)
		c.read()
		_ = c.say(`{"op":"connect","user":"alice"}`, `{"op":"invite","peer":"10.0.0.2"}`, `{"op":"invite","peer":"10.0.0.3"}`)
		wait()
		c.want(2, `"established"`)
		network.Partition(alice.addr.Addr(), bob.addr.Addr(), true)

		const lines, every = 10_000, 1000
		for i := range lines {
			_ = c.say(`{"op":"chat","peer":"10.0.0.2","text":"x"}`)
			if i%every == 0 {
				_ = c.say(fmt.Sprintf(`{"op":"chat","peer":"10.0.0.3","text":"to carol %d","id":%d}`, i, i))
				carol.client.Do(client.Chat{Text: fmt.Sprint("from carol ", i)})
				time.Sleep(100 * millisecond)
			}
		}
		wait()
		c.want(queueLen, `"sent"`, `"10.0.0.2:7777"`)
		c.want(lines-queueLen, `"error"`, `"queue-full"`)
		c.want(lines/every, `"delivered"`, `"10.0.0.3:7777"`)
		c.want(lines/every, `"message"`, `from carol`)
		if got := len(only[client.Message](carol.events())); got != lines/every {
			t.Errorf("carol has %d messages, want %d", got, lines/every)
		}
		network.Partition(alice.addr.Addr(), bob.addr.Addr(), false)
		time.Sleep(time.Minute)
		c.want(queueLen, `"delivered"`, `"10.0.0.2:7777"`)
	})
}

// The user's client stops reading while two partners write: their messages are taken as long as there is room, and stay with
// them from there on. After 10 s without a byte read it is given up: both partners hear that it has left, and the daemon is
// free for the next client.
func TestHostileClient_Stalls(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		network := newNetwork()
		alice := startNode(t, network, "10.0.0.1:7777", func(c *Config) { c.MaxChats = 2; c.Accept = AcceptAuto })
		bob := startNode(t, network, "10.0.0.2:7777", nil)
		carol := startNode(t, network, "10.0.0.3:7777", nil)
		door := openPort(t, alice)
		stuck := door.dial(t)
		_ = stuck.say(`{"op":"connect","user":"alice"}`)
		for _, n := range []*node{bob, carol} {
			n.login("somebody")
			n.client.Do(client.Invite{Peer: alice.addr})
			wait()
			n.events()
			for range queueLen {
				n.client.Do(client.Chat{Text: "x"})
			}
		}
		time.Sleep(clientWrite / 2)
		got := len(only[client.Delivered](append(bob.events(), carol.events()...)))
		if got > clientQueue+queueLen/2 || got < clientQueue/2 {
			t.Errorf("%d messages are acknowledged for a client that does not read, want %d at most", got, clientQueue)
		}
		time.Sleep(2 * clientWrite)
		for _, n := range []*node{bob, carol} {
			if closed := only[client.Closed](n.events()); len(closed) != 1 || closed[0].Reason != client.CloseLeft || len(closed[0].Undelivered) == 0 {
				t.Errorf("%s is told %+v, want one chat left, and what was not delivered", n.addr, closed)
			}
		}
		next := door.dial(t)
		next.read()
		_ = next.say(`{"op":"connect","user":"alice"}`, `{"op":"invite","peer":"10.0.0.2"}`)
		wait()
		bob.client.Do(client.Accept{Peer: alice.addr})
		wait()
		next.want(1, `"connected"`)
		next.want(1, `"established"`)
	})
}

// A client dies in the middle of a line: half a command is none. Its chats are left; those of others are not touched by a
// stranger's end.
func TestHostileClient_DiesWithinALine(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		network := newNetwork()
		alice := startNode(t, network, "10.0.0.1:7777", nil)
		bob := startNode(t, network, "10.0.0.2:7777", auto)
		bob.login("bob")
		door := openPort(t, alice)
		c, stranger := door.dial(t), door.dial(t)
		c.read()
		stranger.read()
		_ = c.say(`{"op":"connect","user":"alice"}`, `{"op":"invite","peer":"10.0.0.2"}`)
		wait()
		c.want(1, `"established"`)
		bob.events()

		_, _ = stranger.conn.Write([]byte(`{"op":"quit"`))
		_ = stranger.conn.Close()
		_ = c.say(`{"op":"chat","text":"whole"}`)
		wait()
		bob.wantTexts("whole")

		_, _ = c.conn.Write([]byte(`{"op":"chat","text":"half"}`)) // the line feed is missing
		_ = c.conn.Close()
		wait()
		if got := bob.events(); names(got) != "closed" || got[0].(client.Closed).Reason != client.CloseLeft {
			t.Errorf("bob is told %+v, want only that alice has left", got)
		}
		again := door.dial(t)
		again.read()
		_ = again.say(`{"op":"connect","user":"alice"}`)
		wait()
		again.want(1, `"connected"`)
	})
}
