package codec

// Checksum returns the checksum that one kind of peer demands at the end of
// every datagram, over b: header and payload. It is the Internet checksum (RFC
// 1071) with its two bytes swapped: the complement of the one's-complement sum
// of little-endian 16-bit words, b being padded with a zero byte to even
// length, written big endian. The recordings of b in testdata/traces show it.
func Checksum(b []byte) [2]byte {
	return complement(sum(b))
}

// sum adds b up as little-endian words, without folding the carries yet: a byte
// at an even offset counts once, one at an odd offset 256 times. A last word of
// one byte needs no padding this way.
func sum(b []byte) uint64 {
	var s uint64
	for i, c := range b {
		s += weight(c, i)
	}
	return s
}

// weight is what the byte c at offset at adds to the sum.
func weight(c byte, at int) uint64 {
	return uint64(c) << (8 * (at & 1))
}

// complement folds the carries of s back into 16 bits (the end-around carry;
// folding once at the end gives the same as folding after each addition) and
// returns the complement.
func complement(s uint64) [2]byte {
	for s > 0xffff {
		s = s&0xffff + s>>16
	}
	return [2]byte{^byte(s >> 8), ^byte(s)}
}
