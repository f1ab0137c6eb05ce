package engine

import (
	"context"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"

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
	at := netip.MustParseAddrPort(addr)
	conn, err := network.Listen(at)
	if err != nil {
		t.Fatal(err)
	}
	cfg := Defaults()
	if change != nil {
		change(&cfg)
	}
	e, err := New(cfg, conn)
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

// login attaches a client and collects what it is told.
func (n *node) login(user string) {
	c := n.engine.NewClient()
	n.client = c
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
	c.Do(client.Connect{User: user})
}

// events returns what the client was told since the last call.
func (n *node) events() []client.Event {
	n.mu.Lock()
	defer n.mu.Unlock()
	got := n.seen
	n.seen = nil
	return got
}

func TestTwoDaemonsChat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := netio.NewMemory(netio.Faults{MinDelay: time.Millisecond, MaxDelay: time.Millisecond}, 1)
		a := startNode(t, network, "10.0.0.1:7777", nil)
		b := startNode(t, network, "10.0.0.2:7777", nil)
		a.login("alice")
		b.login("bob")
		a.client.Do(client.Invite{Peer: b.addr})
		time.Sleep(time.Second)
		b.client.Do(client.Accept{Peer: a.addr})
		time.Sleep(time.Second)
		a.client.Do(client.Chat{Text: "hello"})
		b.client.Do(client.Chat{Text: "hi"})
		a.client.Do(client.Chat{Text: "there"})
		time.Sleep(time.Second)
		a.client.Do(client.Leave{})
		time.Sleep(time.Second)
		for _, ev := range a.events() {
			t.Logf("a %T %+v", ev, ev)
		}
		for _, ev := range b.events() {
			t.Logf("b %T %+v", ev, ev)
		}
		t.Log(a.engine.Counters())
		t.Log(b.engine.Counters())
	})
}
