package engine

import (
	"flag"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"simp/codec"
	"simp/codec/client"
)

var floodFor = flag.Duration("flood", 2*time.Second, "for how long TestFlood_RealSockets floods a daemon")

const (
	floodTurn = 50 * time.Millisecond

	// leastPace is what is left of an open chat's message rate at least.
	leastPace = 0.8

	// heapSlack is what the heap, stacks included, may have grown by in bytes: pooled buffers and stacks come and go, by some
	// 200 KB. It does not depend on the length of the flood: one of 30 s that left a byte behind for each stranger would show.
	heapSlack = 512 << 10
)

// floodRate is how many datagrams a second there are, each from an address of its own. The race detector makes a daemon
// several times slower, and is not looking for pace.
func floodRate() float64 {
	if raceDetector {
		return 1_000
	}
	return 10_000
}

// flood sends SYNs from ever new addresses of the loopback network, to whom it is told to at the moment.
type flood struct {
	socket *net.UDPConn
	to     atomic.Pointer[netip.AddrPort]
	sent   atomic.Uint64
}

// startFlood begins to flood to, until the test ends.
func startFlood(t *testing.T, to netip.AddrPort, syns ...[]byte) *flood {
	t.Helper()
	socket, err := net.ListenUDP("udp4", &net.UDPAddr{})
	if err != nil {
		t.Fatal(err)
	}
	f := &flood{socket: socket}
	f.to.Store(&to)
	stop := make(chan struct{})
	var done sync.WaitGroup
	done.Go(func() { f.run(stop, syns) })
	t.Cleanup(func() {
		close(stop)
		done.Wait()
		_ = socket.Close()
	})
	return f
}

func (f *flood) run(stop <-chan struct{}, syns [][]byte) {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	start := time.Now()
	for {
		select {
		case <-stop:
			return
		case <-tick.C:
		}
		for due := uint64(time.Since(start).Seconds() * floodRate()); f.sent.Load() < due; {
			n := f.sent.Add(1)
			// All addresses of the loopback network are this host's, so each datagram can leave from another.
			from := unix.PktInfo4(&unix.Inet4Pktinfo{Spec_dst: [4]byte{127, byte(128 + n>>16&0x7f), byte(n >> 8), byte(n)}})
			_, _, _ = f.socket.WriteMsgUDPAddrPort(syns[n%uint64(len(syns))], from, *f.to.Load())
		}
	}
}

// busyChat is a chat between two daemons on real sockets in which one side says as much as the other acknowledges.
type busyChat struct {
	bob       *udpNode
	delivered atomic.Uint64
	over      atomic.Bool // what happens from here on is the end of the test
}

func startBusyChat(t *testing.T) *busyChat {
	t.Helper()
	c := new(busyChat)
	opened := make(chan struct{}, 2)
	room := make(chan struct{}, 128)
	told := func(ev client.Event) {
		switch ev := ev.(type) {
		case client.Established:
			opened <- struct{}{}
		case client.Delivered:
			c.delivered.Add(1)
			<-room
		case client.Connected, client.Inviting, client.Sent, client.Message:
		case client.Closed:
			if !c.over.Load() {
				t.Errorf("the chat ends: %s", ev.Reason)
			}
		default:
			t.Errorf("the flood is noticed: %+v", ev)
		}
	}
	alice := startUDP(t, "alice", Defaults(), told)
	auto := Defaults()
	auto.Accept = AcceptAuto
	c.bob = startUDP(t, "bob", auto, told)
	alice.client.Do(client.Invite{Peer: c.bob.addr})
	<-opened
	<-opened
	stop := make(chan struct{})
	var talk sync.WaitGroup
	talk.Go(func() {
		for {
			select {
			case <-stop:
				return
			case room <- struct{}{}:
				alice.client.Do(client.Chat{Text: benchText})
			}
		}
	})
	t.Cleanup(func() {
		c.over.Store(true)
		close(stop)
		talk.Wait()
	})
	return c
}

// §9.1, §9.2 on real sockets: a flood of SYNs from as many addresses slows an open chat down by a fifth at most, costs no
// goroutine, and leaves the heap where it was.
//
// Turns with the flood and without take each other's place, so that whatever else the machine does meets both. In those
// without it the same datagrams go to a socket beside: sending them is the work of an attacker, who would have a machine of
// his own.
func TestFlood_RealSockets(t *testing.T) {
	chat := startBusyChat(t)
	bob := chat.bob
	aside, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = aside.Close() }()
	nobody := aside.LocalAddr().(*net.UDPAddr).AddrPort()
	f := startFlood(t, nobody, encode(t, nativeSYN()), encode(t, plain(codec.SYN, 0)), shortSYN())

	turn := func(to netip.AddrPort) (delivered, sent uint64) {
		f.to.Store(&to)
		delivered, sent = chat.delivered.Load(), f.sent.Load()
		time.Sleep(floodTurn)
		return chat.delivered.Load() - delivered, f.sent.Load() - sent
	}
	turn(bob.addr) // to warm up
	turn(nobody)
	running, heap := goroutines(anyOfOurs), liveHeap()

	// Where another program takes the processors for longer than a turn, the ratio says nothing: it is asked for again.
	var ratio float64
	for range 3 {
		var quiet, flooded, strangers uint64
		refused := bob.engine.Counters()["refused/idle/busy"]
		for range max(1, *floodFor/floodTurn) {
			n, _ := turn(nobody)
			quiet += n
			n, sent := turn(bob.addr)
			flooded += n
			strangers += sent
		}
		refused = bob.engine.Counters()["refused/idle/busy"] - refused
		ratio = float64(flooded) / float64(quiet)
		t.Logf("%d strangers in %s, %d SYNs refused; %d messages without the flood, %d with it: %.2f of the rate",
			strangers, *floodFor, refused, quiet, flooded, ratio)
		if low := floodRate() * floodFor.Seconds() / 2; float64(strangers) < low || float64(refused) < low {
			t.Errorf("less than half of the flood reached the daemon: this was no test")
		}
		if ratio >= leastPace {
			break
		}
	}
	if ratio < leastPace && !raceDetector {
		t.Errorf("the flood leaves %.2f of the chat's message rate, want at least %.1f", ratio, leastPace)
	}
	if now := goroutines(anyOfOurs); now > running {
		t.Errorf("%d goroutines after the flood, %d before", now, running)
	}
	if grown := liveHeap() - heap; grown > heapSlack {
		t.Errorf("the heap has grown by %d bytes, want at most %d", grown, heapSlack)
	} else {
		t.Logf("the heap has grown by %d bytes", grown)
	}
}
