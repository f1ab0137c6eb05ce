// Package client is what a client and its daemon say to each other: commands one
// way, events the other, and the protocols that carry them as bytes.
//
//	client                               daemon
//	  | {"op":"connect","user":"alice"}    |
//	  |----------------------------------->|
//	  | {"v":1,"ev":"connected", ...}      |
//	  |<-----------------------------------|
//	  | {"op":"invite","peer":"192.0.2.7"} |
//	  |----------------------------------->|
//	  | {"v":1,"ev":"inviting", ...}       |
//	  |<-----------------------------------|
//
// A [Command] is what a person wants, an [Event] what happened; both are plain
// values. Every command has one direct answer: the event that it leads to, or an
// [Error]. A [Protocol] turns the values into bytes and back. [Native] is the
// project's own: JSON, one object a line.
//
// Whoever wants to see how the daemon works sends a [Watch]: from then on it is
// told every step of every conversation, and every datagram.
//
// Names, texts and reasons in events come from the network. They stay exact
// here, since programs read them; what prints them on a terminal makes them
// harmless first.
//
// Nothing in this package does I/O but [LineReader], reads the clock or starts a
// goroutine. Values may be used from several goroutines as long as nobody
// changes them.
package client

const (
	// Version is the version of the native protocol. Every line of a daemon
	// carries it as "v"; a client refuses lines of another version.
	Version = 1

	// MaxLine is the length in bytes, without the line feed, of the longest line
	// that a daemon reads from a client.
	MaxLine = 64 << 10

	// MaxEventLine is the same for the lines that a client reads from its daemon.
	// It is larger because one event can return a whole queue of messages, each
	// of which came in a line of its own and may need more escapes on the way
	// back. It bounds what a client must hold in memory at worst.
	MaxEventLine = 16 << 20

	// MaxID is the length in bytes of the longest [ID], quotes included.
	MaxID = 64

	// MaxUser is the length in bytes of the longest user name: the size of the
	// User field of a SIMP datagram.
	MaxUser = 32

	// DefaultPort is the UDP port on which daemons talk to each other; it is
	// meant where a peer's address is given without a port.
	DefaultPort = 7777
)
