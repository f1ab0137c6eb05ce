package engine

import (
	"context"
	"net/netip"
	"sync"
	"testing"

	"simp/codec/client"
	"simp/netio"
)

// node is a daemon with a client, in a test's network.
type node struct {
	t      *testing.T
	engine *Engine
	client *Client
	addr   netip.AddrPort
	stop   context.CancelFunc
	done   sync.WaitGroup

	mu   sync.Mutex
	seen []client.Event
}

// startNode runs a daemon at addr in the given network until the test ends or stop is called.
func startNode(t *testing.T, network *netio.Memory, addr string, change func(*Config)) *node {
	t.Helper()
	return startNodeOn(t, network, addr, change, func(c netio.Conn) netio.Conn { return c })
}

// startNodeOn is startNode with something round the socket.
func startNodeOn(t *testing.T, network *netio.Memory, addr string, change func(*Config), wrap func(netio.Conn) netio.Conn) *node {
	t.Helper()
	at := netip.MustParseAddrPort(addr)
	conn, err := network.Listen(at)
	if err != nil {
		t.Fatal(err)
	}
	cfg := Defaults()
	if change != nil {
		change(&cfg)
	}
	e, err := New(cfg, wrap(conn))
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	n := &node{t: t, engine: e, addr: at, stop: stop}
	n.done.Go(func() {
		if err := e.Run(ctx); err != nil {
			t.Errorf("daemon at %s: %v", addr, err)
		}
	})
	t.Cleanup(n.halt)
	return n
}

func (n *node) halt() {
	n.stop()
	n.done.Wait()
}

// login attaches a client and collects what it is told. The client that it was before is closed by whoever wants that.
func (n *node) login(user string) {
	c := n.engine.NewClient()
	n.client = c
	n.collect(c)
	c.Do(client.Connect{User: user})
}

// collect reads a client's events for as long as it is open.
func (n *node) collect(c *Client) {
	n.done.Go(func() {
		var events []client.Event
		for {
			var more bool
			if events, more = c.Next(events); !more {
				return
			}
			n.mu.Lock()
			n.seen = append(n.seen, events...)
			n.mu.Unlock()
		}
	})
}

// events returns what the client was told since the last call.
func (n *node) events() []client.Event {
	n.mu.Lock()
	defer n.mu.Unlock()
	got := n.seen
	n.seen = nil
	return got
}
