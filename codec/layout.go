package codec

// Sizes, in bytes.
const (
	// HeaderLen is everything in front of the payload.
	HeaderLen = offPayload

	// UserLen is the width of the User field, and so the longest name.
	UserLen = offLength - offUser

	// MaxDatagram is the most that we send. It passes every common link
	// unfragmented; a fragmented datagram is lost when one fragment is.
	MaxDatagram = 1200

	// MaxPayload is the most payload that we send; see also [Wire.MaxPayload].
	MaxPayload = MaxDatagram - HeaderLen

	// MaxReceive is the most that we read: no implementation known reads more.
	// A reader needs a buffer of at least MaxReceive+1 bytes. With one byte less
	// the operating system would cut a longer datagram to exactly MaxReceive
	// bytes, and [Decode] could not tell that anything is missing.
	MaxReceive = 4096
)

const (
	offType      = 0
	offOperation = 1
	offSeq       = 2
	offUser      = 3
	offLength    = 35
	offPayload   = 39

	// trailerLen is the checksum that some peers put behind the payload, and the
	// seal that ends an announcement.
	trailerLen = 2
)

// Field is one field of the datagram, for programs that draw or dissect it.
type Field struct {
	Name   string
	Offset int // bytes from the start of the datagram
	Size   int // bytes; 0 for the payload, whose size is the value of Length
}

// Layout lists the fields in the order in which they stand in the datagram.
func Layout() []Field {
	return []Field{
		{"Type", offType, offOperation - offType},
		{"Operation", offOperation, offSeq - offOperation},
		{"Sequence", offSeq, offUser - offSeq},
		{"User", offUser, offLength - offUser},
		{"Length", offLength, offPayload - offLength},
		{"Payload", offPayload, 0},
	}
}
