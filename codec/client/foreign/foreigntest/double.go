// Package foreigntest has doubles of the two foreign daemons: their threads,
// their questions, and what kills them, without their sockets. A double is
// driven like what it doubles: by datagrams of clients, by packets of other
// daemons, and by time.
package foreigntest

import (
	"net/netip"
	"time"
)

// Op is the operation of a packet between daemons, as far as it matters here.
type Op string

// The operations.
const (
	SYN    Op = "SYN"
	SYNACK Op = "SYN+ACK"
	ACK    Op = "ACK"
	FIN    Op = "FIN"
	ERR    Op = "ERR"
	Chat   Op = "chat"
)

// Packet is what daemons send to each other.
type Packet struct {
	Op   Op
	User string
	Text string
}

// World is what a double acts on.
type World struct {
	Own    netip.Addr
	Client func(to netip.AddrPort, b []byte) // sends a datagram to a client
	Peer   func(to netip.Addr, p Packet)     // sends a packet to another daemon
	Harm   func(reason string)               // the client has done what harms the original
}

// Daemon is a double.
type Daemon interface {
	FromClient(now time.Time, from netip.AddrPort, b []byte)
	FromPeer(now time.Time, from netip.Addr, p Packet)
	Expire(now time.Time)
	Deadline() time.Time // zero: none
	// Free reports whether it takes a client.
	Free() bool
}

func ascii(b []byte) bool {
	for _, c := range b {
		if c >= 0x80 {
			return false
		}
	}
	return true
}
