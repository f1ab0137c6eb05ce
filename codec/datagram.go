package codec

// Datagram is one datagram, decoded or about to be encoded. It owns nothing:
// User and Payload of a decoded datagram are parts of the buffer that was
// decoded, and change when the next read goes into the same buffer.
type Datagram struct {
	Kind Kind

	// Form is which of the ways to write Kind it is; the zero value is the
	// specification's.
	Form Form

	// Seq is the Sequence field: 0 or 1 in what we send of our own, any byte in
	// what arrives, in the answers that echo it, and towards peers that count
	// ([Wire].Counts).
	Seq uint8

	// User is the sender's name without its padding; in a [Stub] the addressee's.
	User []byte

	// Payload is what Length covers, without the NUL that some peers put in
	// front of a message. Of what is announced it is the words: in a SYN and a
	// SYN+ACK "simp/1" and what follows, in a FIN only what follows. A FIN has
	// the same payload, then, whether it is sealed or not: the reason, and the
	// name of the conversation ([ReasonOf], [Datagram.Name]).
	Payload []byte

	// Label is what stands behind the payload of a CHAT or an ERR between native
	// peers, without the NUL in front of it: words that say to which conversation
	// it belongs, and which message it is. Their payload is for people, so there
	// is no room for words in it; Length does not count the label.
	Label []byte

	// Announced tells that the payload is sealed, and well-formed for a peer of
	// any kind. Only SYN, SYN+ACK and FIN can be.
	Announced bool
}
