package broken

import (
	"bytes"
	"encoding/binary"
	"slices"

	"simp/codec"
)

// holding gives a datagram another payload, and its length.
func holding(b []byte, text string) []byte {
	b = append(b[:payload:payload], text...)
	binary.BigEndian.PutUint32(b[length:], uint32(len(text)))
	return b
}

// only makes a change to the datagrams of a kind.
func only(kind codec.Kind, change func(b []byte) []byte) func([]byte) []byte {
	return func(b []byte) []byte {
		if is(b, kind) {
			return change(b)
		}
		return b
	}
}

// shapes lists faults of daemons that have understood the layout in another way, or that write too much.
func shapes() []Trace {
	return slices.Concat(headers(), payloads())
}

// headers lists those in front of the payload.
func headers() []Trace {
	code := func(typ, op byte) func([]byte) []byte {
		return func(b []byte) []byte {
			b[0], b[operation] = typ, op
			return b
		}
	}
	return []Trace{
		miswritten("type-zero", "dg/1", "alice", "counts the Types from 0", chat, func(b []byte) []byte {
			b[0]--
			return b
		}),
		miswritten("swapped", "dg/1", "alice", "writes the Sequence in front of the Operation", chat, func(b []byte) []byte {
			b[operation], b[sequence] = b[sequence], b[operation]
			return b
		}),
		miswritten("fin-nine", "dg/1", "alice", "writes FIN with the Operation 0x09", chat, only(codec.FIN, code(1, 0x09))),
		miswritten("fin-ack", "dg/1", "bob", "acknowledges with the Operation 0x0c", chat, only(codec.ACK, code(1, 0x0c))),
		miswritten("ack-as-chat", "dg/1", "bob", "writes ACK with the Type of messages", chat, only(codec.ACK, code(2, 0x04))),
		miswritten("short-field", "dg/2", "bob", "has 16 bytes for the name", chat, func(b []byte) []byte { return slices.Delete(b, user+16, length) }),
		miswritten("short-length", "dg/2", "alice", "has 2 bytes for the Length", chat, func(b []byte) []byte { return slices.Delete(b, length, length+2) }),
		miswritten("empty-acks", "dg/2", "bob", "acknowledges with empty datagrams", chat, only(codec.ACK, func(b []byte) []byte { return b[:0] })),
		{Name: "counting", Rule: "dg/4", Who: "alice", What: "counts its messages in the Sequence", Story: chat, spoil: func() func([]byte) []byte {
			var last []byte
			n := byte(0)
			return func(b []byte) []byte {
				if !is(b, codec.CHAT) {
					return b
				}
				b = slices.Clone(b)
				if last != nil && !bytes.Equal(last, b[payload:]) {
					n++
				}
				last, b[sequence] = slices.Clone(b[payload:]), n
				return b
			}
		}},
		miswritten("full-byte", "dg/4", "bob", "writes the Sequence of control datagrams as 0xff", chat, func(b []byte) []byte {
			if b[0] == 1 {
				b[sequence] = 0xff
			}
			return b
		}),
		miswritten("line-end", "dg/5", "bob", "leaves the end of the line in the name", chat, func(b []byte) []byte {
			b[user+len("bob")] = '\n'
			return b
		}),
		miswritten("length-left-over", "dg/3", "bob", "leaves the Length of a message in its ACKs", chat, only(codec.ACK, func(b []byte) []byte {
			b[length+3] = 5
			return b
		})),
		miswritten("length-in-error", "dg/3", "bob", "leaves the Length of ERR 0", busy, only(codec.ERR, func(b []byte) []byte {
			clear(b[length:payload])
			return b
		})),
		miswritten("length-in-characters", "dg/3", "alice", "counts characters in the Length, where there are more bytes", chat, only(codec.CHAT, func(b []byte) []byte {
			b = holding(b, "é"+string(b[payload:]))
			b[length+3]--
			return b
		})),
		miswritten("native-length", "dg/3", "alice", "writes the Length in little endian", native(chat), func(b []byte) []byte {
			binary.LittleEndian.PutUint32(b[length:], binary.BigEndian.Uint32(b[length:]))
			return b
		}),
	}
}

// payloads lists those in the payload, and behind it.
func payloads() []Trace {
	return []Trace{
		miswritten("greeting", "dg/7", "alice", "writes a text into its SYN", chat, only(codec.SYN, func(b []byte) []byte { return holding(b, "let us talk") })),
		miswritten("last-words", "dg/7", "alice", "writes a text into its FIN", chat, only(codec.FIN, func(b []byte) []byte { return holding(b, "bye") })),
		miswritten("checksum-of-messages", "dg/8", "alice", "ends its messages with a checksum", chat, only(codec.CHAT, func(b []byte) []byte {
			sum := codec.Checksum(b)
			return append(b, sum[:]...)
		})),
		miswritten("whole-buffer", "dg/8", "bob", "sends the whole buffer with each message", chat, only(codec.CHAT, func(b []byte) []byte { return append(b, make([]byte, 64)...) })),
		miswritten("nul-behind", "dg/9", "alice", "ends its messages with a NUL, and counts it", chat, only(codec.CHAT, func(b []byte) []byte { return holding(b, string(b[payload:])+"\x00") })),
		miswritten("error-number", "er/1", "bob", "writes numbers into its ERR", busy, only(codec.ERR, func(b []byte) []byte { return holding(b, "\x00\x00\x00\x07") })),
		{Name: "repeat-says-so", Rule: "sw/4", Who: "alice", What: "adds a word to what it sends again", Story: lostMessage, spoil: func() func([]byte) []byte {
			n := 0
			return func(b []byte) []byte {
				if !is(b, codec.CHAT) {
					return b
				}
				if n++; n == 2 {
					return holding(slices.Clone(b), string(b[payload:])+" (again)")
				}
				return b
			}
		}},
		miswritten("native-no-why", "na/1", "alice", "does not say why it sends FIN", native(chat), only(codec.FIN, func(b []byte) []byte { return holding(b, "") })),
		miswritten("native-no-name", "na/4", "alice", "does not say which conversation its FIN ends", native(chat), only(codec.FIN, func(b []byte) []byte {
			return holding(b, codec.ReasonOf(b[payload:]).Word())
		})),
	}
}
