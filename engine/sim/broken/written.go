package broken

import (
	"bytes"
	"encoding/binary"
	"slices"

	"simp/codec"
)

// The fields of a datagram that are spoilt here.
const (
	operation = 1
	sequence  = 2
	user      = 3
	length    = user + codec.UserLen
	payload   = codec.HeaderLen
)

// is reports whether a datagram is of a kind.
func is(b []byte, kind codec.Kind) bool {
	typ, op := kind.Code()
	return b[0] == typ && b[operation] == op
}

// written lists faults of daemons that write a field in another way.
func written() []Trace {
	return []Trace{
		miswritten("length-little-endian", "dg/3", "alice", "writes the Length in little endian", chat, func(b []byte) []byte {
			binary.LittleEndian.PutUint32(b[length:], binary.BigEndian.Uint32(b[length:]))
			return b
		}),
		miswritten("length-with-header", "dg/3", "bob", "counts the header in the Length", chat, func(b []byte) []byte {
			binary.BigEndian.PutUint32(b[length:], uint32(len(b)))
			return b
		}),
		miswritten("length-zero", "dg/3", "alice", "leaves the Length of a message 0", chat, func(b []byte) []byte {
			binary.BigEndian.PutUint32(b[length:], 0)
			return b
		}),
		miswritten("length-with-nul", "dg/3", "bob", "counts a NUL behind the message that it does not send", chat, func(b []byte) []byte {
			if is(b, codec.CHAT) {
				binary.BigEndian.PutUint32(b[length:], uint32(len(b)-payload+1))
			}
			return b
		}),
		miswritten("blanks", "dg/6", "bob", "pads its name with blanks", chat, func(b []byte) []byte {
			copy(b[user:length], bytes.ReplaceAll(b[user:length], []byte{0}, []byte{' '}))
			return b
		}),
		miswritten("no-padding", "dg/2", "alice", "does not pad its name", chat, func(b []byte) []byte {
			end := user + bytes.IndexByte(b[user:length], 0)
			return slices.Delete(b, end, length)
		}),
		miswritten("no-length", "dg/2", "bob", "leaves out the Length of control datagrams", chat, func(b []byte) []byte {
			if is(b, codec.CHAT) {
				return b
			}
			return b[:length]
		}),
		miswritten("added-operations", "dg/1", "bob", "writes SYN+ACK with the Operation 0x05", chat, func(b []byte) []byte {
			if is(b, codec.SYNACK) {
				b[operation] = 0x05
			}
			return b
		}),
		miswritten("type-three", "dg/1", "alice", "writes messages with the Type 0x03", chat, func(b []byte) []byte {
			if is(b, codec.CHAT) {
				b[0] = 0x03
			}
			return b
		}),
		miswritten("chat-operation-zero", "dg/1", "bob", "writes messages with the Operation 0x00", chat, func(b []byte) []byte {
			if is(b, codec.CHAT) {
				b[operation] = 0
			}
			return b
		}),
		miswritten("digit-for-sequence", "dg/4", "alice", "writes the Sequence as a digit", chat, func(b []byte) []byte {
			b[sequence] += '0'
			return b
		}),
		miswritten("checksum", "dg/8", "bob", "ends its datagrams with a checksum", chat, func(b []byte) []byte {
			sum := codec.Checksum(b)
			return append(b, sum[:]...)
		}),
		miswritten("nul-in-front", "dg/9", "alice", "puts a NUL in front of its messages", chat, func(b []byte) []byte {
			if is(b, codec.CHAT) {
				b = slices.Insert(b, payload, 0)
				binary.BigEndian.PutUint32(b[length:], uint32(len(b)-payload))
			}
			return b
		}),
		miswritten("ack-with-text", "dg/7", "bob", "writes a text into its ACKs", chat, func(b []byte) []byte {
			if is(b, codec.ACK) {
				b = append(b, "received"...)
				binary.BigEndian.PutUint32(b[length:], uint32(len(b)-payload))
			}
			return b
		}),
		miswritten("name-in-utf-8", "dg/5", "alice", "writes its name in UTF-8", chat, func(b []byte) []byte {
			copy(b[user:], "älice")
			return b
		}),
		miswritten("old-buffer", "dg/5", "bob", "does not clear the field behind its name", chat, func(b []byte) []byte {
			copy(b[user+len("bob")+1:length], "ert the builder")
			return b
		}),
		miswritten("no-name", "dg/5", "alice", "sends no name", chat, func(b []byte) []byte {
			clear(b[user:length])
			return b
		}),
		miswritten("silent-error", "er/1", "bob", "sends its ERR without a text", busy, func(b []byte) []byte {
			if is(b, codec.ERR) {
				b = b[:payload]
				binary.BigEndian.PutUint32(b[length:], 0)
			}
			return b
		}),
		miswritten("other-words", "bz/3", "bob", "has words of its own for being busy", busy, func(b []byte) []byte {
			if is(b, codec.ERR) {
				b = append(b[:payload], "Busy!"...)
				binary.BigEndian.PutUint32(b[length:], uint32(len(b)-payload))
			}
			return b
		}),
	}
}
