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
