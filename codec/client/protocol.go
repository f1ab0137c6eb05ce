package client

import "fmt"

// Protocol turns commands and events into the bytes of one connection between a
// client and its daemon, and back.
//
// Frames are what the connection carries at a time: a line, or a datagram. A
// protocol may remember what went before, so every connection has its own, and
// calls for one connection must not overlap. Arguments are neither kept nor
// changed, and results share no memory with them, so a caller may reuse its
// buffers.
//
// Not every protocol says as much as the commands and events do, nor at the same
// moment. A frame may mean no command (part of a dialogue, an acknowledgement),
// and an event may need no frame, or have to wait. Callers must therefore take
// a nil Command without error for "nothing to do", and an AppendEvent that
// appends nothing for "nothing to send". [Native] never does either.
//
// The Append methods return dst unchanged together with an error.
type Protocol interface {
	// DecodeCommand is for the daemon. The error is always a *[DecodeError], by
	// which the daemon answers the frame; the connection goes on.
	DecodeCommand(frame []byte) (Command, error)

	// AppendEvent is for the daemon.
	AppendEvent(dst []byte, e Event) ([]byte, error)

	// AppendCommand is for the client. It refuses with a *[DecodeError] what
	// DecodeCommand would refuse at the other end.
	AppendCommand(dst []byte, c Command) ([]byte, error)

	// DecodeEvent is for the client. An error means that the other end does not
	// speak this protocol. An event that merely is not known yields Unknown.
	DecodeEvent(frame []byte) (Event, error)
}

// DecodeError says why a command was not taken.
type DecodeError struct {
	Op     string // the command's name; empty if it could not be read
	Reason ErrorReason
	Text   string // a sentence for people
}

// Event returns the event that tells the client.
func (e *DecodeError) Event() Error {
	return Error{OpName: e.Op, Reason: e.Reason, Text: e.Text}
}

func (e *DecodeError) Error() string {
	return fmt.Sprintf("client: decode command %q: %s: %s", e.Op, e.Reason, e.Text)
}

func refuse(op string, reason ErrorReason, f Facts) *DecodeError {
	return &DecodeError{Op: op, Reason: reason, Text: sentence(op, reason, f)}
}
