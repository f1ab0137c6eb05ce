package engine

import (
	"context"
	"net"
	"net/netip"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"simp/codec"
	"simp/codec/client"
)

// silentConn is a socket on which nothing arrives and everything sent is gone.
type silentConn struct {
	closed chan struct{}
	once   sync.Once
}

func newSilentConn() *silentConn { return &silentConn{closed: make(chan struct{})} }

func (c *silentConn) ReadFrom([]byte) (int, netip.AddrPort, error) {
	<-c.closed
	return 0, netip.AddrPort{}, net.ErrClosed
}
func (c *silentConn) WriteTo([]byte, netip.AddrPort) error { return nil }
func (c *silentConn) LocalAddr() netip.AddrPort {
	return netip.MustParseAddrPort("10.255.255.254:7777")
}
func (c *silentConn) Close() error {
	c.once.Do(func() { close(c.closed) })
	return nil
}

// perPeer opens n chats with native peers that then fall silent, and returns what each costs in bytes, heap and stack. It
// runs in a bubble.
func perPeer(tb testing.TB, n int) float64 {
	tb.Helper()
	cfg := Defaults()
	cfg.MaxChats, cfg.Accept, cfg.Retransmit = n, AcceptAuto, time.Hour
	cfg.InvitationExpiry = time.Hour
	e, err := New(cfg, newSilentConn())
	if err != nil {
		tb.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	c := e.NewClient()
	opened := make(chan struct{}, n)
	go func() {
		var events []client.Event
		for {
			var more bool
			if events, more = c.Next(events); !more {
				return
			}
			for _, ev := range events {
				if _, is := ev.(client.Established); is {
					opened <- struct{}{}
				}
			}
		}
	}()
	c.Do(client.Connect{User: "alice"})
	var before, after runtime.MemStats
	settle(&before)
	for i := range n {
		peer := netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}), 7777)
		e.receive(datagramOf(tb, codec.Datagram{Kind: codec.SYN, User: []byte("bob"), Payload: []byte(codec.Announcement), Announced: true}), peer)
		e.receive(datagramOf(tb, codec.Datagram{Kind: codec.ACK, User: []byte("bob"), Payload: []byte(codec.AckWord(codec.SYNACK))}), peer)
	}
	for range n {
		<-opened
	}
	time.Sleep(2 * restAfter) // in a bubble's time
	settle(&after)
	_ = ctx
	each := float64(after.HeapInuse+after.StackInuse) - float64(before.HeapInuse+before.StackInuse)
	c.Close()
	e.env.stop.Store(true)
	e.postAll(letter{kind: letterKill})
	e.actors.Wait()
	return each / float64(n)
}

// settle lets the collector finish: a stack shrinks by half each time it finds the goroutine asleep.
func settle(m *runtime.MemStats) {
	for range 4 {
		runtime.GC()
	}
	runtime.ReadMemStats(m)
}

// liveHeap is what is in use once the collector has been, stacks included.
func liveHeap() int64 {
	var m runtime.MemStats
	settle(&m)
	return int64(m.HeapAlloc + m.StackInuse)
}

func datagramOf(tb testing.TB, d codec.Datagram) []byte {
	tb.Helper()
	b, err := codec.Canonical.Append(nil, d)
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

// An idle peer costs about what a goroutine costs.
func TestIdlePeerIsSmall(t *testing.T) {
	const most = 4096
	peers := 100_000
	switch {
	case testing.Short():
		peers = 10_000
	case raceDetector:
		peers = 2_000 // the detector makes each of them slow, and half a minute of waiting teaches nothing
	}
	synctest.Test(t, func(t *testing.T) {
		if got := perPeer(t, peers); got > most {
			t.Errorf("an idle peer in an open chat takes %.0f bytes, want at most %d", got, most)
		} else {
			t.Logf("an idle peer in an open chat takes %.0f bytes", got)
		}
	})
}
