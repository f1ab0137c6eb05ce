package netio

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
)

// Bound tells whether some program of this host has a UDP socket bound to addr, to this address or to all addresses
// with this port. It finds out by binding a socket of its own there, which it closes at once.
//
// That is how the end of a local program is noticed that speaks UDP and answers nothing by itself: its port is free
// again. A datagram would be no question that any program could be relied upon to take well. What arrives for the port
// in the microseconds in which it is bound here is lost, but then nobody was there to read it. If another program has
// got the port meanwhile, the answer is true.
//
// An error says that it cannot be told: above all for an address of another host (it wraps [ErrNotLocal]), or a port
// that this process may not bind ([ErrNotPermitted]).
func Bound(addr netip.AddrPort) (bool, error) {
	addr = unmap(addr)
	if !addr.IsValid() || addr.Port() == 0 {
		return false, fmt.Errorf("netio: look for a socket on udp %v: not an address with a port", addr)
	}
	socket, err := net.ListenUDP(ofFamily("udp", addr), net.UDPAddrFromAddrPort(addr))
	switch {
	case err == nil:
		if err := socket.Close(); err != nil {
			return false, fmt.Errorf("netio: close: %w", err)
		}
		return false, nil
	case errors.Is(listenError("udp", addr, err), ErrPortTaken):
		return true, nil
	default:
		return false, listenError("udp", addr, err)
	}
}
