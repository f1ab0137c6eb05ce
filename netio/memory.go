package netio

import (
	"bytes"
	"fmt"
	"net/netip"
	"sync"
	"time"
)

// MemoryQueue is how many datagrams wait in a Conn of a [Memory] network for
// being read; the next is dropped and counted. A real socket holds about as
// many with the usual buffers, and a test that needs more is one whose reader
// does not read.
const MemoryQueue = 256

// Memory is a network of its own within the process, with as many addresses as
// anybody wants and the faults it is given.
//
// Where no delay applies a datagram is in the receiver's queue when WriteTo
// returns. Delayed ones are delivered by one timer for the whole network, in
// the order in which they are due, and in the order of sending where that is
// the same instant. It works in a testing/synctest bubble if it was made there:
// a network where nothing is under way has no timer running and no goroutine.
//
// All methods may be called from any goroutine. They share one lock, which makes
// the order of events a matter of fact; it is not for measuring throughput.
type Memory struct {
	seed uint64

	mu         sync.Mutex
	closed     bool
	faults     Faults
	conns      map[netip.AddrPort]*memoryConn
	links      map[direction]*Link
	cut        map[addrDirection]bool
	line       delayLine
	fates      []time.Time
	stats      MemoryStats
	freePort   uint16
	deliverNow func()
}

// direction names a link: what goes the other way is another one.
type direction struct{ from, to netip.AddrPort }

type addrDirection struct{ from, to netip.Addr }

// MemoryStats counts what became of every datagram. At any moment
//
//	Sent + Duplicated ==
//		Delivered + Lost + Partitioned + Unreachable + Overflowed + InFlight
type MemoryStats struct {
	Sent        uint64 // datagrams given to WriteTo
	Duplicated  uint64 // additional copies made by Faults.Duplicate
	Delivered   uint64 // copies put into a receiver's queue
	Lost        uint64 // taken by Faults.Drop
	Partitioned uint64 // stopped by Partition or Cut
	Unreachable uint64 // arrived where nobody listened
	Overflowed  uint64 // arrived at a full queue
	InFlight    uint64 // copies under way
}

// NewMemory returns an empty network where every link has the given faults. The
// seed and the two addresses determine a link's fates; see [NewLink].
func NewMemory(f Faults, seed uint64) *Memory {
	m := &Memory{
		seed:     seed,
		faults:   f,
		conns:    make(map[netip.AddrPort]*memoryConn),
		links:    make(map[direction]*Link),
		cut:      make(map[addrDirection]bool),
		freePort: firstEphemeralPort,
	}
	m.deliverNow = m.fire // bound once: a method value allocates
	return m
}

// firstEphemeralPort is where ports for "any" begin (RFC 6335, section 6).
const firstEphemeralPort = 49152

// Listen makes a Conn with the given address, which every Conn of the network
// can send to. Port 0 asks for a free one. The error wraps [ErrPortTaken] if the
// address has a Conn already.
//
// A Conn that listens where another was closed receives what is still under way
// to that address, as a restarted program does.
func (m *Memory) Listen(addr netip.AddrPort) (Conn, error) {
	addr = unmap(addr)
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return nil, errClosed("listen in memory")
	}
	if !addr.Addr().IsValid() || addr.Addr().IsUnspecified() || addr.Addr().IsMulticast() {
		return nil, fmt.Errorf("netio: listen in memory on %v: %s", addr, notUnicast(addr.Addr(), nil))
	}
	if addr.Port() == 0 {
		free, ok := m.ephemeral(addr.Addr())
		if !ok {
			return nil, fmt.Errorf("netio: listen in memory on %v: %w: no free port is left", addr, ErrPortTaken)
		}
		addr = free
	}
	if m.conns[addr] != nil {
		return nil, fmt.Errorf("netio: listen in memory on %v: %w", addr, ErrPortTaken)
	}
	c := &memoryConn{
		network: m,
		local:   addr,
		queue:   make(chan memoryDatagram, MemoryQueue),
		closed:  make(chan struct{}),
	}
	m.conns[addr] = c
	return c, nil
}

// ephemeral finds a free port, going round so that a port is not reused while
// datagrams to its former owner may be under way.
func (m *Memory) ephemeral(a netip.Addr) (netip.AddrPort, bool) {
	for range 1<<16 - firstEphemeralPort {
		addr := netip.AddrPortFrom(a, m.freePort)
		m.freePort++
		if m.freePort == 0 {
			m.freePort = firstEphemeralPort
		}
		if m.conns[addr] == nil {
			return addr, true
		}
	}
	return netip.AddrPort{}, false
}

// SetFaults changes how bad every link is, for what is sent from now on. What is
// under way arrives as decided.
func (m *Memory) SetFaults(f Faults) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.faults = f
	for _, link := range m.links {
		link.SetFaults(f)
	}
}

// Partition cuts the network between two addresses in both directions, whatever
// the ports, or joins it again. While it is cut nothing arrives, not even what
// was under way.
func (m *Memory) Partition(a, b netip.Addr, on bool) {
	m.Cut(a, b, on)
	m.Cut(b, a, on)
}

// Cut is Partition in one direction: b hears nothing from a, but a still hears b.
func (m *Memory) Cut(from, to netip.Addr, on bool) {
	d := addrDirection{from.Unmap(), to.Unmap()}
	m.mu.Lock()
	defer m.mu.Unlock()
	if on {
		m.cut[d] = true
	} else {
		delete(m.cut, d)
	}
}

// Stats returns the counters.
func (m *Memory) Stats() MemoryStats {
	m.mu.Lock()
	defer m.mu.Unlock()
	stats := m.stats
	stats.InFlight = uint64(m.line.len())
	return stats
}

// Close closes every Conn and forgets what is under way, counting it as
// Unreachable. Listen fails from now on. A second Close does nothing and returns
// an error that wraps [net.ErrClosed].
func (m *Memory) Close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return errClosed("close memory")
	}
	m.closed = true
	for addr, c := range m.conns {
		close(c.closed)
		delete(m.conns, addr)
	}
	m.stats.Unreachable += uint64(m.line.clear())
	return nil
}

// send decides what becomes of a datagram and delivers what is due at once.
func (m *Memory) send(c *memoryConn, b []byte, to netip.AddrPort) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.conns[c.local] != c {
		return errClosed("send")
	}
	m.stats.Sent++
	if m.cut[addrDirection{c.local.Addr(), to.Addr()}] {
		m.stats.Partitioned++
		return nil
	}
	now := time.Now()
	m.fates = m.link(direction{c.local, to}).Fate(now, m.fates[:0])
	if len(m.fates) == 0 {
		m.stats.Lost++
		return nil
	}
	m.stats.Duplicated += uint64(len(m.fates) - 1)
	b = bytes.Clone(b) // shared by the copies: nobody writes to it again
	for _, at := range m.fates {
		m.line.push(at, c.local, to, b)
	}
	// Everything goes through the line, also what is due now, so that it cannot
	// pass an earlier datagram whose timer is only just about to go off.
	m.deliver(now)
	return nil
}

func (m *Memory) link(d direction) *Link {
	link := m.links[d]
	if link == nil {
		link = NewLink(m.faults, m.seed, PairSeed(d.from, d.to))
		m.links[d] = link
	}
	return link
}

// fire is what the timer calls.
func (m *Memory) fire() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.deliver(time.Now())
}

// deliver puts what is due into the receivers' queues and sets the timer for the
// rest.
func (m *Memory) deliver(now time.Time) {
	for c := m.line.due(now); c != nil; c = m.line.due(now) {
		receiver := m.conns[c.to]
		switch {
		case m.cut[addrDirection{c.from.Addr(), c.to.Addr()}]:
			m.stats.Partitioned++
		case receiver == nil:
			m.stats.Unreachable++
		default:
			select {
			case receiver.queue <- memoryDatagram{from: c.from, b: c.b}:
				m.stats.Delivered++
			default:
				m.stats.Overflowed++
			}
		}
	}
	m.line.arm(now, m.deliverNow)
}

// release gives a Conn's address back.
func (m *Memory) release(c *memoryConn) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.conns[c.local] != c {
		return errClosed("close")
	}
	delete(m.conns, c.local)
	close(c.closed)
	return nil
}

// memoryConn is a Conn of a Memory network. It is open as long as the network
// lists it.
type memoryConn struct {
	network *Memory
	local   netip.AddrPort
	queue   chan memoryDatagram
	closed  chan struct{}
}

type memoryDatagram struct {
	from netip.AddrPort
	b    []byte
}

func (c *memoryConn) ReadFrom(b []byte) (int, netip.AddrPort, error) {
	// Asked first, because a select would choose at random between a closed Conn
	// and what is left in its queue.
	select {
	case <-c.closed:
		return 0, netip.AddrPort{}, errClosed("receive")
	default:
	}
	select {
	case <-c.closed:
		return 0, netip.AddrPort{}, errClosed("receive")
	case d := <-c.queue:
		return copy(b, d.b), d.from, nil
	}
}

func (c *memoryConn) WriteTo(b []byte, to netip.AddrPort) error {
	if len(b) > MaxDatagram {
		return fmt.Errorf("netio: send: a datagram of %d bytes is longer than the %d that UDP carries", len(b), MaxDatagram)
	}
	return c.network.send(c, b, unmap(to))
}

func (c *memoryConn) LocalAddr() netip.AddrPort { return c.local }

func (c *memoryConn) Close() error { return c.network.release(c) }
