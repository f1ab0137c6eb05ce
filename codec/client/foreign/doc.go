// Package foreign is the client's side of the client protocols of two other
// implementations of SIMP, so that a client of this project can use their
// daemons as they are. Their protocols run over UDP port 7778:
//
//   - a (Takacs/Lendvay): a type byte, a flag byte, text; nothing is
//     acknowledged, and the daemon leads through a fixed series of questions;
//   - b (Hollaus/Meseli): OPERATION|PAYLOAD in ASCII; every datagram but an ACK
//     is acknowledged.
//
// A [Dialogue] stands between a person and such a daemon:
//
//	          commands                  datagrams
//	person ------------>  Dialogue  -------------> daemon
//	       <------------            <-------------
//	           events        ^
//	                         | time
//
// Commands and events are those of package client, so that everything built on
// them works with any daemon. What the foreign daemon cannot do is answered by a
// [client.Error] that says so; its reason is [ReasonUnsupported] where none of
// package client fits. The same event, with an empty OpName, tells what the
// person must know about that daemon.
//
// Both daemons have threads that die of a datagram they did not expect, and
// neither checks who sent one. What a Dialogue sends, and when it does not,
// follows from where the daemon's threads are reading at that moment. Each such
// rule stands where it is applied.
//
// Neither daemon tells whether a message has arrived. A message that has been
// handed to the daemon is therefore reported by Sent and then by an Unconfirmed
// whose Tries is 0: nobody has counted any copies, and nothing more will be
// heard of it.
//
// Nothing here does I/O, reads a clock or starts a goroutine. A Dialogue belongs
// to one goroutine at a time.
package foreign
