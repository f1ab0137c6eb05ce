package engine

import (
	"encoding/binary"
	"io"

	"simp/codec"
	"simp/fsm"
)

// What the names of conversations (2.8) are on the wire: tokens.

// labelIn is what a datagram says of its conversation; nothing if there is no datagram.
func labelIn(d *codec.Datagram) (l fsm.Label[codec.Token]) {
	if d != nil {
		l.Name, l.Second = d.Name()
	}
	return l
}

// packetIn is what kind of datagram a step was about.
func packetIn(d *codec.Datagram) fsm.Packet {
	if d == nil {
		return fsm.NoPacket
	}
	return packetOf[d.Kind]
}

// newCounter draws where to begin to count.
func newCounter(random io.Reader) uint8 {
	var b [1]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		return 0
	}
	return b[0]
}

// newToken draws a name.
func newToken(random io.Reader) codec.Token {
	var b [8]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		return codec.Token{} // without chance we go without names, as peers do that know none
	}
	return codec.TokenFrom(binary.LittleEndian.Uint64(b[:]))
}
