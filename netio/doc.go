// Package netio moves datagrams and client connections in and out of a
// process. It knows addresses, sockets and bytes, and nothing of what the bytes
// mean: the protocol is other packages' business.
//
// # The socket
//
// Everything between daemons goes through one [Conn]. There are two kinds at
// the bottom:
//
//	ListenUDP      a real UDP socket, bound to one address of this host
//	Memory.Listen  a socket of an in-memory network, for tests
//
// and three decorators that go round either, in any order and number:
//
//	WithFaults     loses, doubles, delays and reorders what is sent
//	WithFilter     drops exactly the datagrams that a function picks
//	WithTap        shows every datagram that passes, for traces and captures
//
// The outermost decorator acts first on what is sent and last on what is
// received: WithTap(WithFaults(c)) shows what the program meant to send,
// WithFaults(WithTap(c)) shows what was left of it.
//
// # Faults
//
// One model of a bad network serves everybody. A [Link] decides, from a seed
// and nothing else, what becomes of each datagram of one direction between two
// addresses. It has no clock and no goroutine: it is told the time and answers
// with times. [Memory] and [WithFaults] carry its decisions out with timers; a
// simulator that owns its own idea of time can call it directly. Links seeded
// with the same number and [PairSeed] decide alike in all three places.
//
// # Clients
//
// [ListenClients] accepts the TCP connections of a daemon's own clients and
// turns everybody else away. A client protocol that uses datagrams needs no
// other door: it is one more [ListenUDP], on the client port.
//
// # Time
//
// Memory, WithFaults and the client listener read the clock; nothing else here
// does. No goroutine of this package outlives what it was started for, and
// nothing polls.
package netio
