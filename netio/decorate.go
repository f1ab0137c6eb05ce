package netio

import (
	"net/netip"
	"sync/atomic"
)

// WithFilter returns a Conn that sends through c only what drop does not pick.
// A datagram that is dropped counts as sent: WriteTo returns nil, as it does for
// one that gets lost on its way.
//
// drop runs within WriteTo, so many calls may run at once. It must neither keep
// nor change b. With a nil drop the result is c itself.
func WithFilter(c Conn, drop func(b []byte, to netip.AddrPort) bool) Conn {
	if drop == nil {
		return c
	}
	return &filterConn{Conn: c, drop: drop}
}

type filterConn struct {
	Conn
	drop   func(b []byte, to netip.AddrPort) bool
	closed atomic.Bool
}

func (c *filterConn) WriteTo(b []byte, to netip.AddrPort) error {
	// Asked here, because what is dropped never reaches the Conn that knows.
	if c.closed.Load() {
		return errClosed("send")
	}
	if c.drop(b, to) {
		return nil
	}
	return c.Conn.WriteTo(b, to)
}

func (c *filterConn) Close() error {
	c.closed.Store(true)
	return c.Conn.Close()
}

// Direction says which way a datagram went.
type Direction uint8

// The two directions, seen from this process.
const (
	In  Direction = iota // received
	Out                  // sent
)

func (d Direction) String() string {
	switch d {
	case In:
		return "in"
	case Out:
		return "out"
	}
	return "unknown direction"
}

// WithTap returns a Conn that shows tap every datagram that goes through c, with
// the address at the other end.
//
// What is sent is shown before c sends it, and so also if c then fails: shown
// afterwards, a request could appear below its answer. What is received is shown
// as it was read, cut to the reader's buffer.
//
// tap runs within ReadFrom and WriteTo, so many calls may run at once, and what
// it takes long for the network takes long for. It must neither keep nor change
// b. With a nil tap the result is c itself.
func WithTap(c Conn, tap func(dir Direction, b []byte, peer netip.AddrPort)) Conn {
	if tap == nil {
		return c
	}
	return &tapConn{Conn: c, tap: tap}
}

type tapConn struct {
	Conn
	tap    func(dir Direction, b []byte, peer netip.AddrPort)
	closed atomic.Bool
}

func (c *tapConn) ReadFrom(b []byte) (int, netip.AddrPort, error) {
	n, from, err := c.Conn.ReadFrom(b)
	if err == nil {
		c.tap(In, b[:n], from)
	}
	return n, from, err
}

func (c *tapConn) WriteTo(b []byte, to netip.AddrPort) error {
	// A closed Conn sends nothing, so there is nothing to show.
	if !c.closed.Load() {
		c.tap(Out, b, unmap(to))
	}
	return c.Conn.WriteTo(b, to)
}

func (c *tapConn) Close() error {
	c.closed.Store(true)
	return c.Conn.Close()
}
