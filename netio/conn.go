package netio

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"syscall"
)

// Conn is one datagram socket: a real one, one of a [Memory] network, or a
// decorator round another Conn.
//
// Addresses that come out of a Conn are always unmapped: an IPv4 peer is
// 192.0.2.1, never ::ffff:192.0.2.1, so that an address is one map key and not
// two. Zones of IPv6 link-local addresses are kept, because without its zone
// such an address cannot be answered.
type Conn interface {
	// ReadFrom waits for the next datagram, copies it to b and says how long it
	// is and who sent it. What does not fit into b is cut off, with n == len(b)
	// and no error: a caller that has to notice gives one byte more than the
	// longest datagram it takes. n may be 0: an empty datagram is a datagram.
	//
	// Only one goroutine may call ReadFrom at a time.
	//
	// After Close, and in a call that Close interrupts, the error wraps
	// [net.ErrClosed]. Every other error is transient: the socket still works,
	// and the caller counts it, waits a moment (the cause may last, as with a
	// host that is out of memory) and calls again.
	ReadFrom(b []byte) (n int, from netip.AddrPort, err error)

	// WriteTo sends b to one address as one datagram, and does not keep b.
	// Any number of goroutines may call it at once.
	//
	// A nil error means that the datagram was handed on, not that it arrived.
	// After Close the error wraps [net.ErrClosed]. Every other error concerns
	// this datagram alone (no route, refused by a firewall, too long).
	WriteTo(b []byte, to netip.AddrPort) error

	// LocalAddr is the address that peers see as the sender, with the real port
	// even if the Conn was asked for port 0. It stays valid after Close.
	LocalAddr() netip.AddrPort

	// Close releases the address and interrupts a ReadFrom. A second Close does
	// nothing and returns an error that wraps [net.ErrClosed].
	Close() error
}

// MaxDatagram is the longest payload, in bytes, that one UDP datagram carries
// over IPv4: 65,535 less 20 for the IP header and 8 for the UDP header
// (RFC 768, RFC 791).
const MaxDatagram = 65535 - 20 - 8

// Why an address could not be taken. [ListenUDP], [ListenClients] and
// [Memory.Listen] wrap these, so that a command can say in one sentence what to
// do about it.
var (
	// ErrPortTaken says that another socket of this host has the address and
	// port (EADDRINUSE). Usually another daemon is running already.
	ErrPortTaken = errors.New("another program has this port")

	// ErrNotLocal says that the address belongs to none of this host's
	// interfaces (EADDRNOTAVAIL), or not any more.
	ErrNotLocal = errors.New("not an address of this host")

	// ErrNotPermitted says that this process may not have the port (EACCES,
	// EPERM): one below 1024 without the right to it, or a security policy.
	ErrNotPermitted = errors.New("not permitted to use this port")
)

// Windows reports socket errors under numbers of its own, which package syscall
// does not translate. No other system uses numbers this high, so they can be
// looked for everywhere.
const (
	wsaEACCES        = syscall.Errno(10013)
	wsaEMSGSIZE      = syscall.Errno(10040)
	wsaEADDRINUSE    = syscall.Errno(10048)
	wsaEADDRNOTAVAIL = syscall.Errno(10049)
	wsaENETRESET     = syscall.Errno(10052)
	wsaECONNRESET    = syscall.Errno(10054)
)

// listenError wraps what the system said when it refused network and addr,
// together with the class of the refusal if it has one.
func listenError(network string, addr netip.AddrPort, err error) error {
	// A net.OpError repeats network and address; only its core is news.
	if op, ok := errors.AsType[*net.OpError](err); ok {
		err = op.Err
	}
	class := listenClass(err)
	if class == nil {
		return fmt.Errorf("netio: listen on %s %v: %w", network, addr, err)
	}
	return fmt.Errorf("netio: listen on %s %v: %w (%w)", network, addr, class, err)
}

// listenClass returns the sentinel error that err belongs to, or nil.
func listenClass(err error) error {
	switch {
	case isErrno(err, syscall.EADDRINUSE, wsaEADDRINUSE):
		return ErrPortTaken
	case isErrno(err, syscall.EADDRNOTAVAIL, wsaEADDRNOTAVAIL):
		return ErrNotLocal
	case isErrno(err, syscall.EACCES, syscall.EPERM, wsaEACCES):
		return ErrNotPermitted
	}
	return nil
}

// isErrno tells whether err wraps one of these system errors.
func isErrno(err error, numbers ...syscall.Errno) bool {
	errno, ok := errors.AsType[syscall.Errno](err)
	return ok && slices.Contains(numbers, errno)
}

// errClosed is what a Conn that is not a system socket returns after Close.
func errClosed(verb string) error {
	return fmt.Errorf("netio: %s: %w", verb, net.ErrClosed)
}

// ofFamily names network for the family of addr alone. Without that, an IPv6
// socket for all addresses would take IPv4 as well.
func ofFamily(network string, addr netip.AddrPort) string {
	if addr.Addr().Is6() {
		return network + "6"
	}
	return network + "4"
}

// unmap turns ::ffff:192.0.2.1 into 192.0.2.1 and leaves all else alone.
func unmap(a netip.AddrPort) netip.AddrPort {
	return netip.AddrPortFrom(a.Addr().Unmap(), a.Port())
}
