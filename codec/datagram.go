package codec

// Datagram is one datagram, decoded or about to be encoded. It owns nothing:
// User and Payload of a decoded datagram are parts of the buffer that was
// decoded, and change when the next read goes into the same buffer.
type Datagram struct {
	Kind Kind

	// Seq is the Sequence field: 0 or 1 in what we send of our own, any byte in
	// what arrives and in the answers that echo it.
	Seq uint8

	// User is the sender's name without its padding.
	User []byte

	// Payload is what Length covers. In an announced datagram it is the words
	// only ("simp/1" and what follows), without filler and seal.
	Payload []byte

	// Announced tells that the payload is a sealed announcement. Only SYN and
	// SYN+ACK can carry one.
	Announced bool
}
