package codec

import (
	"encoding/binary"
	"testing"

	"pgregory.net/rapid"
)

func TestChecksumExamples(t *testing.T) {
	for _, tt := range []struct {
		name string
		in   []byte
		want [2]byte
	}{
		{"SYN from alice", datagram(1, 2, 0, "alice", 0, ""), [2]byte{0xce, 0x2e}},
		{"CHAT from alice", datagram(2, 1, 0, "alice", 9, "hello bob"), [2]byte{0xc6, 0xc2}},
		{"SYN+ACK from bob", datagram(1, 6, 1, "bob", 0, ""), [2]byte{0x35, 0x8e}},
		{"announced SYN from gopher", datagram(1, 2, 0, "gopher", 11, "simp/1 AA"), [2]byte{'O', ']'}},
		{"nothing", nil, [2]byte{0xff, 0xff}},
		{"zeros", make([]byte, 5), [2]byte{0xff, 0xff}},
		{"one byte", []byte{0x01}, [2]byte{0xff, 0xfe}},
		{"all ones", []byte{0xff, 0xff, 0xff, 0xff}, [2]byte{0x00, 0x00}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := Checksum(tt.in); got != tt.want {
				t.Errorf("% x, want % x", got, tt.want)
			}
		})
	}
}

// TestChecksumIsSwappedInternetChecksum compares with RFC 1071 as the RFC puts
// it: big-endian words, the carry added at each step.
func TestChecksumIsSwappedInternetChecksum(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := rapid.SliceOfN(rapid.Byte(), 0, 2000).Draw(t, "bytes")
		padded := append([]byte{}, b...)
		if len(padded)%2 == 1 {
			padded = append(padded, 0)
		}
		var sum uint16
		for i := 0; i < len(padded); i += 2 {
			word := binary.BigEndian.Uint16(padded[i:])
			if sum += word; sum < word {
				sum++
			}
		}
		want := [2]byte{^byte(sum), ^byte(sum >> 8)}
		if got := Checksum(b); got != want {
			t.Errorf("% x, want % x", got, want)
		}
	})
}
