// Package follow reads conversations off the wire. From packets alone it infers which conversation each belongs to, which is
// a copy of which, what it answers, in which state both sides are, and which datagram should have come and did not.
//
// It knows nothing of what the programs on both sides are, and judges nobody: package rules does. It assumes that what was
// captured has arrived until something shows otherwise, for where a capture was made decides what it can hold.
//
//	f := follow.New(follow.Options{}, watcher)
//	for each packet, in the order of the capture {
//		f.Packet(p) // calls watcher.Missing for what became due before, then watcher.Seen
//	}
//	f.Finish() // what is awaited still
//
// A Follower is for one goroutine. Its memory is bounded by the conversations that are open, and by those that ended or fell
// silent within Options.Remember; a packet costs no allocation once its conversation is known.
package follow
