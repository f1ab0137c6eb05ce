// Package demo plays a conversation between two users through two real daemons, and draws it while it happens.
//
//	stage   opens the daemons on loopback, listens to their machines and their wire, and loses what the story wants lost
//	person  is a user's client, over TCP
//	play    is the story
//	verdict judges what the users were told, not what the story intended
//	paint   turns what happened into lines; it knows nothing but its arguments
package demo

import "time"

// Side is one of the two who talk, and the lane of the picture that is theirs.
type Side uint8

// The sides.
const (
	Left Side = iota
	Right
)

// Other is who is talked to.
func (s Side) Other() Side { return 1 - s }

// Kind is what sort of thing happened.
type Kind uint8

// The kinds, in the order in which one side's things happen: a user acts, the machine takes a step, the user is told, a
// datagram leaves. That a message is handed on before its ACK is sent is a promise of the daemon's.
const (
	Chapter  Kind = iota // a new part of the story: Text is its title, Detail what it is about
	Act                  // the user does something: Text
	Step                 // the machine goes from Text to Detail by Rule
	Told                 // the user is told something: Text
	Datagram             // one leaves towards the other side: Text is its summary
)

// Entry is one thing that happened.
type Entry struct {
	At     time.Duration // since the beginning
	Side   Side          // whose lane it is in; the sender's, for a datagram
	Kind   Kind
	Text   string
	Detail string
	Rule   string

	Copy int  // of a datagram: the first, the second and so on of the same bytes
	Lost bool // of a datagram: it does not arrive
}
