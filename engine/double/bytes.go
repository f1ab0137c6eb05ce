package double

import (
	"encoding/binary"
	"strings"
)

// The layout that all kinds share: Type, Operation, Sequence, 32 bytes of
// User, 4 bytes of big-endian Length, payload.
const (
	userAt    = 3
	lengthAt  = 35
	payloadAt = 39
)

const (
	typeControl = 0x01
	typeChat    = 0x02
)

const (
	opErr    = 0x01
	opChat   = 0x01
	opSyn    = 0x02
	opAck    = 0x04
	opSynAck = 0x06
	opFin    = 0x08
)

// pack builds a datagram: the name is padded to 32 bytes with pad, Length is
// the payload's.
func pack(typ, op, seq byte, name string, pad byte, payload string) []byte {
	b := make([]byte, 0, payloadAt+len(payload)+2)
	b = append(b, typ, op, seq)
	b = append(b, padded(name, pad)...)
	b = binary.BigEndian.AppendUint32(b, uint32(len(payload)))
	return append(b, payload...)
}

// padded fills a name up to 32 bytes and cuts what is longer.
func padded(name string, pad byte) []byte {
	if len(name) > 32 {
		name = name[:32]
	}
	b := make([]byte, 32)
	for i := copy(b, name); i < len(b); i++ {
		b[i] = pad
	}
	return b
}

// cut is b[from:to] as Python slices: what is not there is left out.
func cut(b []byte, from, to int) []byte {
	to = min(to, len(b))
	if from >= to {
		return nil
	}
	return b[from:to]
}

// rest is b[from:] as Python slices.
func rest(b []byte, from int) []byte { return cut(b, from, len(b)) }

// ascii reports whether Python would decode b as ASCII without an exception.
func ascii(b []byte) bool {
	for _, c := range b {
		if c > 0x7f {
			return false
		}
	}
	return true
}

// stripped is a name without the padding that its reader knows of: each kind
// leaves the padding of the others in the names that it shows.
func stripped(b []byte, padding string) string { return strings.Trim(string(b), padding) }

// trailer is B's checksum: the one's-complement sum of little-endian words,
// an odd last byte filled up with zero, complemented, big-endian.
func trailer(b []byte) [2]byte {
	var sum uint32
	for i := 0; i < len(b); i += 2 {
		word := uint32(b[i])
		if i+1 < len(b) {
			word |= uint32(b[i+1]) << 8
		}
		sum += word
		sum = sum&0xffff + sum>>16
	}
	sum = ^sum
	return [2]byte{byte(sum >> 8), byte(sum)}
}
