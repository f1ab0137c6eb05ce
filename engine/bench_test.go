package engine

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"

	"simp/codec"
	"simp/codec/client"
	"simp/netio"
)

// Benchmarks measure ratios: each runs the work and, in the same run and with datagrams of the same sizes, the floor that
// no implementation can beat on this machine. What they report as "ratio" is meaningful anywhere; msgs/s is not.

const benchText = "a message of about thirty bytes."

// udpNode is a daemon on a real socket with a client whose events go to a function.
type udpNode struct {
	engine *Engine
	client *Client
	addr   netip.AddrPort
}

func startUDP(tb testing.TB, user string, cfg Config, event func(client.Event)) *udpNode {
	tb.Helper()
	conn, err := netio.ListenUDP(netip.MustParseAddrPort("127.0.0.1:0"))
	if err != nil {
		tb.Fatal(err)
	}
	e, err := New(cfg, conn)
	if err != nil {
		tb.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	var done sync.WaitGroup
	done.Go(func() {
		if err := e.Run(ctx); err != nil {
			tb.Error(err)
		}
	})
	c := e.NewClient()
	done.Go(func() {
		var events []client.Event
		for {
			var more bool
			if events, more = c.Next(events); !more {
				return
			}
			for _, ev := range events {
				event(ev)
			}
		}
	})
	c.Do(client.Connect{User: user})
	tb.Cleanup(func() {
		stop()
		done.Wait()
	})
	return &udpNode{engine: e, client: c, addr: conn.LocalAddr()}
}

// pingPong measures the floor: round trips of a datagram of the chat's size and one of the ACK's between two sockets,
// each with one goroutine, n times over the given number of socket pairs at once.
func pingPong(tb testing.TB, n, pairs int) time.Duration {
	tb.Helper()
	there := make([]byte, codec.HeaderLen+len(benchText))
	back := make([]byte, codec.HeaderLen+len(codec.AckPayload(codec.CHAT)))
	type pair struct{ a, b *net.UDPConn }
	var all []pair
	for range pairs {
		a, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
		if err != nil {
			tb.Fatal(err)
		}
		b, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
		if err != nil {
			tb.Fatal(err)
		}
		all = append(all, pair{a, b})
	}
	var done sync.WaitGroup
	start := time.Now()
	for _, p := range all {
		bAddr := p.b.LocalAddr().(*net.UDPAddr).AddrPort()
		done.Go(func() {
			buf := make([]byte, 2048)
			for range n / pairs {
				_, from, err := p.b.ReadFromUDPAddrPort(buf)
				if err != nil {
					return
				}
				_, _ = p.b.WriteToUDPAddrPort(back, from)
			}
		})
		done.Go(func() {
			buf := make([]byte, 2048)
			for range n / pairs {
				_, _ = p.a.WriteToUDPAddrPort(there, bAddr)
				if _, _, err := p.a.ReadFromUDPAddrPort(buf); err != nil {
					return
				}
			}
		})
	}
	done.Wait()
	took := time.Since(start)
	for _, p := range all {
		_ = p.a.Close()
		_ = p.b.Close()
	}
	return took
}

// BenchmarkOneConversation is one chat between two daemons over real sockets: acknowledged messages per second, as a
// ratio to a raw ping-pong of datagrams of the same sizes.
func BenchmarkOneConversation(b *testing.B) {
	// The client writes a batch ahead of what is delivered, as a program would that sends a file; stop-and-wait has one
	// message in flight all the same.
	const batch, ahead = 128, 4
	opened := make(chan struct{}, 2)
	delivered := make(chan struct{}, ahead)
	count := 0
	x := startUDP(b, "alice", Defaults(), func(ev client.Event) {
		switch ev.(type) {
		case client.Established:
			opened <- struct{}{}
		case client.Delivered:
			if count++; count%batch == 0 {
				delivered <- struct{}{}
			}
		}
	})
	cfg := Defaults()
	cfg.Accept = AcceptAuto
	y := startUDP(b, "bob", cfg, func(ev client.Event) {
		if _, is := ev.(client.Established); is {
			opened <- struct{}{}
		}
	})
	x.client.Do(client.Invite{Peer: y.addr})
	<-opened
	<-opened
	chat := func(batches int) time.Duration {
		start := time.Now()
		for i := range batches {
			if i >= ahead {
				<-delivered
			}
			for range batch {
				x.client.Do(client.Chat{Text: benchText})
			}
		}
		for range min(ahead, batches) {
			<-delivered
		}
		return time.Since(start)
	}
	inTurns(b, batch, chat, func(batches int) time.Duration { return pingPong(b, batches*batch, 1) })
}

// inTurns runs the work and its floor in short turns of a few batches each, so that whatever else the machine does meets
// both, and reports the work's rate and its ratio to the floor. An operation is a message.
func inTurns(b *testing.B, batch int, work, floor func(batches int) time.Duration) {
	b.Helper()
	const turn = 40
	var worked, floored time.Duration
	messages := 0
	for left := b.N/batch + 1; left > 0; left -= turn {
		n := min(left, turn)
		worked += work(n)
		floored += floor(n)
		messages += n * batch
	}
	b.ReportMetric(0, "ns/op") // it would count the floor too
	b.ReportMetric(float64(messages)/worked.Seconds(), "msgs/s")
	b.ReportMetric(floored.Seconds()/worked.Seconds(), "ratio")
}

// BenchmarkManyConversations is 1,000 chats at once between two daemons, each with one message in flight and the next one
// waiting: acknowledged messages per second, as a ratio to the raw cost of their datagrams.
func BenchmarkManyConversations(b *testing.B) {
	for _, chats := range []int{1000} {
		b.Run(fmt.Sprint(chats), func(b *testing.B) { manyConversations(b, chats) })
	}
}

func manyConversations(b *testing.B, chats int) {
	b.Skip("later")
}
