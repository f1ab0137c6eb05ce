package netio

import (
	"bytes"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// maxDelayed is how many datagrams WithFaults holds back at once; the next
	// is dropped and counted. At 1,200 bytes each that is 5 MB.
	maxDelayed = 4096
	// maxLinks is for how many destinations WithFaults remembers a Link. A
	// daemon also answers addresses that somebody made up, so the number must
	// have an end.
	maxLinks = 1024
)

// FaultCounters counts what [WithFaults] did. At any moment when no WriteTo is
// running
//
//	Sent + Duplicated ==
//		Passed + Failed + Lost + Overflowed + Abandoned + copies held back
//
// The fields may be read at any time; the zero value is ready to use.
type FaultCounters struct {
	Sent       atomic.Uint64 // datagrams given to WriteTo
	Duplicated atomic.Uint64 // additional copies made by Faults.Duplicate
	Passed     atomic.Uint64 // copies that the Conn below took
	Failed     atomic.Uint64 // copies that the Conn below refused
	Lost       atomic.Uint64 // taken by Faults.Drop
	Overflowed atomic.Uint64 // dropped because too many were held back
	Abandoned  atomic.Uint64 // held back when the Conn was closed
}

// FaultOption is an option of [WithFaults].
type FaultOption func(*faultConn)

// CountFaults makes WithFaults count into counters, which may be shared by
// several Conns.
func CountFaults(counters *FaultCounters) FaultOption {
	return func(c *faultConn) { c.counters = counters }
}

// WithFaults returns a Conn that treats what is sent through c as a bad network
// would. What c receives is left alone: between two nodes that both have faults
// each direction suffers once. Zero faults return c itself.
//
// Every destination has a [Link] of its own, seeded with seed and [PairSeed].
// (After 1,024 destinations they are all forgotten and begin anew with another
// seed; what is held back then may be passed by later datagrams.)
//
// WriteTo returns the error of the Conn below for what is sent at once. For what
// is sent later the caller is gone: errors are counted as Failed. At most 4,096
// datagrams are held back; Close drops them, closes c and leaves no goroutine.
func WithFaults(c Conn, f Faults, seed uint64, opts ...FaultOption) Conn {
	if f == (Faults{}) {
		return c
	}
	fc := &faultConn{
		Conn:     c,
		faults:   f,
		seed:     seed,
		links:    make(map[netip.AddrPort]*Link),
		counters: new(FaultCounters),
	}
	fc.sendLater = fc.fire
	for _, opt := range opts {
		opt(fc)
	}
	return fc
}

type faultConn struct {
	Conn      // what is below; ReadFrom and LocalAddr are its own
	faults    Faults
	seed      uint64
	counters  *FaultCounters
	sendLater func()

	// mu is held while the Conn below sends, because the order in which copies
	// are taken from the line must be the order in which they leave.
	mu     sync.Mutex
	closed bool
	links  map[netip.AddrPort]*Link
	line   delayLine
	fates  []time.Time
}

func (c *faultConn) WriteTo(b []byte, to netip.AddrPort) error {
	to = unmap(to)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return errClosed("send")
	}
	now := time.Now()
	// What is overdue leaves first: its timer may be only just about to go off.
	c.flush(now)
	c.fates = c.link(to).Fate(now, c.fates[:0])
	c.counters.Sent.Add(1)
	if len(c.fates) == 0 {
		c.counters.Lost.Add(1)
		c.line.arm(now, c.sendLater)
		return nil
	}
	c.counters.Duplicated.Add(uint64(len(c.fates) - 1))
	var failed error
	for _, at := range c.fates {
		switch {
		case !at.After(now):
			if err := c.send(b, to); err != nil {
				failed = err
			}
		case c.line.len() >= maxDelayed:
			c.counters.Overflowed.Add(1)
		default:
			c.line.push(at, c.LocalAddr(), to, bytes.Clone(b))
		}
	}
	c.line.arm(now, c.sendLater)
	return failed
}

func (c *faultConn) Close() error {
	// First the Conn below: a send that blocks there holds the lock.
	err := c.Conn.Close()
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.closed {
		c.closed = true
		c.counters.Abandoned.Add(uint64(c.line.clear()))
	}
	return err
}

func (c *faultConn) link(to netip.AddrPort) *Link {
	link := c.links[to]
	if link == nil {
		if len(c.links) == maxLinks {
			clear(c.links)
			// With the seed as it was, a destination would meet the same fates
			// again, for example always lose its first datagram.
			c.seed++
		}
		link = NewLink(c.faults, c.seed, PairSeed(c.LocalAddr(), to))
		c.links[to] = link
	}
	return link
}

// fire is what the timer calls.
func (c *faultConn) fire() {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	c.flush(now)
	c.line.arm(now, c.sendLater)
}

// flush sends what is due.
func (c *faultConn) flush(now time.Time) {
	for d := c.line.due(now); d != nil; d = c.line.due(now) {
		_ = c.send(d.b, d.to) // counted; nobody is there to be told
	}
}

func (c *faultConn) send(b []byte, to netip.AddrPort) error {
	err := c.Conn.WriteTo(b, to)
	if err != nil {
		c.counters.Failed.Add(1)
	} else {
		c.counters.Passed.Add(1)
	}
	return err
}
