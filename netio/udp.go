package netio

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync/atomic"
	"syscall"
)

// Socket buffers, in bytes. Linux charges a datagram with its bookkeeping,
// about 0.8 KB for a short one and 2.3 KB for one of 1,200 bytes, so its usual
// 208 KB hold 256 short datagrams or 93 long ones; these hold 5,000 or 1,800.
// One retransmission timer for many peers, or many peers coming back from one
// outage, makes such bursts, and what does not fit costs its sender a
// retransmission time. The buffers take memory only while they are full.
const (
	receiveBuffer = 2 << 20
	// A sender can wait, so the send buffer only has to cover one burst.
	sendBuffer = 512 << 10
)

// ListenUDP binds one UDP socket to an address of this host, IPv4 or IPv6.
// Port 0 asks the system for a free one; see LocalAddr.
//
// One socket serves all peers: it receives from everybody and everything that
// is sent leaves from the address that peers know. Clients that speak in
// datagrams are served by a second such socket on the client port; there is
// nothing else about them that would need a Conn of another kind.
//
// The address must be one host's ([NotUnicast] must have nothing to say about
// it). Binding to "every address" would let the system choose the source of
// each answer, and peers tell each other apart by just that.
//
// A refusal wraps [ErrPortTaken], [ErrNotLocal] or [ErrNotPermitted] together
// with what the system said, or only the latter if it is none of these.
//
// The Conn's methods allocate nothing unless they fail. ReadFrom swallows the
// errors that only report the fate of some datagram sent earlier (ICMP
// "unreachable": ECONNREFUSED, ECONNRESET, EHOSTUNREACH, ENETUNREACH), which
// some systems hand to the next read. Anybody can forge such a report, and
// whoever sent that datagram notices the missing answer anyway.
// WriteTo may block for as long as the system's send buffer is full.
func ListenUDP(addr netip.AddrPort) (Conn, error) {
	addr = unmap(addr)
	if why := NotUnicast(addr.Addr()); why != "" {
		return nil, fmt.Errorf("netio: listen on udp %v: %s", addr, why)
	}
	socket, err := net.ListenUDP(ofFamily("udp", addr), net.UDPAddrFromAddrPort(addr))
	if err != nil {
		return nil, listenError("udp", addr, err)
	}
	// Systems have upper limits for both, which Linux applies silently and
	// others by refusing. A socket with the usual buffers still works.
	_ = socket.SetReadBuffer(receiveBuffer)
	_ = socket.SetWriteBuffer(sendBuffer)

	local := addr
	if bound, ok := socket.LocalAddr().(*net.UDPAddr); ok {
		local = unmap(bound.AddrPort())
	}
	return &udpConn{socket: socket, local: local}, nil
}

type udpConn struct {
	socket *net.UDPConn
	local  netip.AddrPort
	busy   atomic.Bool // somebody is sending through socket
	twin   twin
}

func (c *udpConn) ReadFrom(b []byte) (int, netip.AddrPort, error) {
	for {
		n, from, err := c.socket.ReadFromUDPAddrPort(b)
		switch {
		case err == nil:
			return n, unmap(from), nil
		case aboutEarlierDatagram(err):
			// Reading took the report away, so this loop ends.
			continue
		default:
			return 0, netip.AddrPort{}, fmt.Errorf("netio: receive: %w", err)
		}
	}
}

func (c *udpConn) WriteTo(b []byte, to netip.AddrPort) error {
	var err error
	if c.busy.CompareAndSwap(false, true) {
		_, err = c.socket.WriteToUDPAddrPort(b, to)
		c.busy.Store(false)
	} else {
		_, err = c.twin.of(c.socket).WriteToUDPAddrPort(b, to)
	}
	if err != nil {
		return fmt.Errorf("netio: send: %w", err)
	}
	return nil
}

func (c *udpConn) LocalAddr() netip.AddrPort { return c.local }

func (c *udpConn) Close() error {
	if err := errors.Join(c.socket.Close(), c.twin.close()); err != nil {
		return fmt.Errorf("netio: close: %w", err)
	}
	return nil
}

// aboutEarlierDatagram tells whether a read failed only to report what happened
// to a datagram that this socket had sent, or, on Windows, that a datagram was
// too long for the buffer (which names no sender, so there is nothing to
// return).
func aboutEarlierDatagram(err error) bool {
	return isErrno(err, syscall.ECONNREFUSED, syscall.ECONNRESET,
		syscall.EHOSTUNREACH, syscall.ENETUNREACH,
		wsaECONNRESET, wsaENETRESET, wsaEMSGSIZE)
}
