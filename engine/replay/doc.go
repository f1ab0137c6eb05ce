// Package replay puts our daemon into the place of a recorded one: the sessions that ship are fed with what it got, in virtual
// time, and what they send is held against what it sent. It does no I/O and goes through a recording once, packet by packet; what
// it holds is bounded by the conversations that are open.
//
// # What is inferred
//
// A recording shows datagrams, not users. What a user must have done is taken from what was sent: a SYN is an invitation, a SYN+ACK
// an acceptance, a new message is one that was written, a FIN ends whatever there is to end. The name of the user, and the names
// that native peers give to conversations (2.8), which are chance, are taken from there too. How the daemon was started is taken
// from the whole recording by a [Survey] before: whether it announces itself, whether it asks its user, and how many chats it allows.
// Everything else is the machine's, and what the machine would not have done is a [Divergence].
//
// # What is known of the time
//
// A recording says when a datagram was captured, not when it was received: that is later if it was captured at its sender, by as
// long as the network takes. Nor does a daemon answer in no time, or a timer fire on the dot. So one number, the tolerance, says
// how much the recorded times may be off, 250 ms unless told otherwise:
//
//   - a datagram reaches the recorded daemon within a fifth of the tolerance (50 ms) after it was captured, at whichever moment
//     in that time fits best what the daemon is seen to do. In doubt its user was faster: a SYN that goes out 1 ms after one came
//     in has crossed it. A name that something says proves that what gives it has arrived;
//   - an answer may come the whole tolerance later, and a repeat that much earlier or later, than ours. Ours then goes on from the
//     recorded time, so that differences do not add up.
//
// That a datagram was captured and lost behind that, or overtaken, cannot be seen. It shows as a divergence of its receiver.
//
// # What is not followed
//
// A conversation of which the beginning is missing is left alone until the next SYN: nobody knows how it stands.
package replay
