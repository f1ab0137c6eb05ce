//go:build unix

package engine

import (
	"context"
	"net"
	"net/netip"
	"sync"
	"syscall"
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
	return startOn(tb, conn, user, cfg, event)
}

func startOn(tb testing.TB, conn netio.Conn, user string, cfg Config, event func(client.Event)) *udpNode {
	tb.Helper()
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

// benchSizes are a chat datagram and its ACK as they are on the wire, for the floors.
func benchSizes() (there, back []byte) {
	const num = 12345 // the middle of a run
	there = codec.AppendLabel(make([]byte, codec.HeaderLen+len(benchText)+1), codec.TokenFrom(1), num)
	back = codec.AppendNumbered(make([]byte, codec.HeaderLen), codec.AckWord(codec.CHAT), codec.TokenFrom(1), num)
	return there, back
}

// pingPong measures the floor: round trips of a datagram of the chat's size and one of the ACK's between two sockets,
// each with one goroutine, n times over the given number of socket pairs at once.
func pingPong(tb testing.TB, n, pairs int) time.Duration {
	tb.Helper()
	there, back := benchSizes()
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
// both, and reports the work's rate, and its ratio to the floor in time and in processor time. An operation is a message.
func inTurns(b *testing.B, batch int, work, floor func(batches int) time.Duration) {
	b.Helper()
	const turn = 40
	TuneCollector() // as simpd does; for both
	var worked, floored, workedCPU, flooredCPU time.Duration
	messages := 0
	for left := b.N/batch + 1; left > 0; left -= turn {
		n := min(left, turn)
		cpu := processorTime(b)
		worked += work(n)
		workedCPU += processorTime(b) - cpu
		cpu = processorTime(b)
		floored += floor(n)
		flooredCPU += processorTime(b) - cpu
		messages += n * batch
	}
	b.ReportMetric(0, "ns/op") // it would count the floor too
	b.ReportMetric(float64(messages)/worked.Seconds(), "msgs/s")
	b.ReportMetric(floored.Seconds()/worked.Seconds(), "ratio")
	b.ReportMetric(flooredCPU.Seconds()/workedCPU.Seconds(), "cpu-ratio")
}

// processorTime is what this process has used so far, of all its processors. Its ratio hardly depends on what else the
// machine does, which that of the time on the clock does.
func processorTime(tb testing.TB) time.Duration {
	tb.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		tb.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkManyConversations is 1,000 chats at once between two daemons over one pair of real sockets, with messages
// queued ahead in each as in BenchmarkOneConversation: acknowledged messages per second, as a ratio to what the datagrams
// alone cost.
func BenchmarkManyConversations(b *testing.B) {
	const chats = 1000
	cfg := Defaults()
	cfg.MaxChats = chats
	auto := cfg
	auto.Accept = AcceptAuto
	connA, connB := manyPeers(b)

	opened := make(chan struct{}, 2*chats)
	delivered := make(chan struct{}, 1024)
	count := 0
	x := startOn(b, connA, "alice", cfg, func(ev client.Event) {
		switch ev.(type) {
		case client.Established:
			opened <- struct{}{}
		case client.Delivered:
			if count++; count%chats == 0 {
				delivered <- struct{}{}
			}
		case client.Error:
			b.Errorf("%+v", ev)
		}
	})
	startOn(b, connB, "bob", auto, func(ev client.Event) {
		if _, is := ev.(client.Established); is {
			opened <- struct{}{}
		}
	})
	for i := range chats {
		x.client.Do(client.Invite{Peer: virtualPeer(i)})
		<-opened
		<-opened
	}
	chat := func(batches int) time.Duration {
		start := time.Now()
		for i := range chats {
			for range batches {
				x.client.waitRoom() // as a connection's reader does
				x.client.Do(client.Chat{Peer: virtualPeer(i), Text: benchText})
			}
		}
		for range batches {
			<-delivered
		}
		return time.Since(start)
	}
	inTurns(b, chats, chat, func(batches int) time.Duration { return stream(b, batches*chats, chats) })
}

// manyConn makes one socket look like the way to many peers: two bytes in front of each datagram tell them apart. So
// 1,000 chats between two daemons cost what 1,000 chats cost and need no 1,000 addresses.
type manyConn struct {
	netio.Conn
	other netip.AddrPort
	buf   []byte
	out   sync.Pool
}

func manyPeers(tb testing.TB) (x, y *manyConn) {
	tb.Helper()
	var conns [2]netio.Conn
	for i := range conns {
		c, err := netio.ListenUDP(netip.MustParseAddrPort("127.0.0.1:0"))
		if err != nil {
			tb.Fatal(err)
		}
		conns[i] = c
	}
	return newManyConn(conns[0], conns[1]), newManyConn(conns[1], conns[0])
}

func newManyConn(c, other netio.Conn) *manyConn {
	return &manyConn{Conn: c, other: other.LocalAddr(), buf: make([]byte, 4200), out: sync.Pool{New: func() any { return new([]byte) }}}
}

func virtualPeer(i int) netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}), 7777)
}

func (c *manyConn) ReadFrom(b []byte) (int, netip.AddrPort, error) {
	n, _, err := c.Conn.ReadFrom(c.buf)
	if err != nil || n < 2 {
		return 0, netip.AddrPort{}, err
	}
	return copy(b, c.buf[2:n]), virtualPeer(int(c.buf[0])<<8 | int(c.buf[1])), nil
}

func (c *manyConn) WriteTo(b []byte, to netip.AddrPort) error {
	p := c.out.Get().(*[]byte)
	defer c.out.Put(p)
	ip := to.Addr().As4()
	*p = append(append((*p)[:0], ip[2], ip[3]), b...)
	return c.Conn.WriteTo(*p, c.other)
}

// stream measures the floor of many conversations: n round trips over the same pair of sockets, one goroutine a side,
// with one of them under way for each conversation, so that nobody ever waits for a particular datagram.
func stream(tb testing.TB, n, inFlight int) time.Duration {
	tb.Helper()
	a, b := manyPeers(tb)
	there, back := benchSizes()
	var done sync.WaitGroup
	start := time.Now()
	done.Go(func() {
		buf := make([]byte, 2048)
		for {
			_, from, err := b.ReadFrom(buf)
			if err != nil {
				return
			}
			_ = b.WriteTo(back, from)
		}
	})
	buf := make([]byte, 2048)
	for i := range inFlight {
		_ = a.WriteTo(there, virtualPeer(i))
	}
	for i := range n {
		_, from, err := a.ReadFrom(buf)
		if err != nil {
			tb.Fatal(err)
		}
		if i < n-inFlight {
			_ = a.WriteTo(there, from)
		}
	}
	took := time.Since(start)
	_ = b.Close()
	_ = a.Close()
	done.Wait()
	return took
}
