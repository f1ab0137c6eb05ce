package replay

import (
	"encoding/binary"

	"simp/codec"
)

// names is the chance of a daemon in a recording: the name that it gives next to a conversation is the one that was recorded. It is
// what engine.Config.Random asks.
type names struct {
	next  codec.Token // zero: none is known
	drawn uint64
}

// Read gives the bits of the next name. Where none is known they are counted, so that a replay is always the same.
func (n *names) Read(p []byte) (int, error) {
	n.drawn++
	bits := n.drawn
	if len(p) == 8 && n.next != (codec.Token{}) {
		bits, n.next = bitsOf(n.next), codec.Token{}
	}
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], bits)
	if len(p) < len(b) {
		clear(p) // where to begin to count: nobody can know
		return len(p), nil
	}
	return copy(p, b[:]), nil
}

// bitsOf is the number of which codec.TokenFrom makes a name.
func bitsOf(t codec.Token) (bits uint64) {
	for i := len(t) - 1; i >= 0; i-- {
		digit := uint64(t[i] - 'a')
		if t[i] < 'a' {
			digit = uint64(t[i]-'2') + 26
		}
		bits = bits<<5 | digit
	}
	return bits
}

// given is the name that a datagram gives to a conversation, as opposed to one that it repeats.
func given(d *codec.Datagram) codec.Token {
	name, second := d.Name()
	switch d.Kind {
	case codec.SYN:
		return name
	case codec.SYNACK:
		return second
	case codec.ACK, codec.FIN, codec.ERR, codec.CHAT, codec.Invalid:
	}
	return codec.Token{}
}
