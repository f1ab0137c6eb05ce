// Package codec turns the datagrams that SIMP daemons exchange into values and
// back. It opens no sockets, reads no clock and keeps no state: every function
// depends on its arguments alone and may be called from any goroutine.
//
// # The datagram
//
// All numbers are unsigned and big endian (PROTOCOL.md, section 1):
//
//	  0      1      2      3                       35                39
//	  +------+------+------+-----------------------+-----------------+- - - - - - +
//	  | Type | Oper | Seq  | User                  | Length          | Payload    |
//	  | 1    | 1    | 1    | 32                    | 4               | Length     |
//	  +------+------+------+-----------------------+-----------------+- - - - - - +
//
//	Type  Operation      Kind      Payload
//	0x01  0x01 ERR       ERR       readable text
//	0x01  0x02 SYN       SYN       empty, or an announcement
//	0x01  0x04 ACK       ACK       empty; between native peers, what it acknowledges
//	0x01  0x06 SYN|ACK   SYN+ACK   empty, or an announcement
//	0x01  0x08 FIN       FIN       empty; between native peers, the reason
//	0x02  0x01           CHAT      the message
//
// User is printable ASCII, padded at the end with NUL. A datagram without
// payload is 39 bytes.
//
// # Other ways to write the same
//
// Other implementations were seen to write three kinds in a second [Form]:
//
//	0x01  0x09 FIN|ERR   FIN       readable text: why it declines
//	0x01  0x0C FIN|ACK   ACK       empty; it acknowledges a FIN
//	0x08                 ERR       none: 33 bytes, of which 32 are a User field
//
// And the way in which a peer writes any datagram differs from the layout above
// in one or the other of these ([Wire]):
//
//	User     padded with blanks
//	Length   left out, and the payload with it: a control datagram of 35 bytes
//	Payload  a message begins with a NUL, which Length counts
//	behind   a checksum of two bytes, which Length does not count
//	Seq      messages are numbered 0 to 255
//
// # Strict out, liberal in
//
// [Wire.Append] writes one thing in one way only, and refuses everything else
// with an error; which way that is, the [Wire] says, and for a kind that has a
// second form the datagram's Form.
//
// [Decode] accepts whatever can be understood without risk. Each tolerance that
// it had to exercise is a [Note], so that a daemon can count it by name and use
// it as evidence of what kind of peer is talking. What cannot be understood is
// one of five errors, each with a short name ([ErrorName]) to be counted by.
//
// # The announcement
//
// Our SYN, our answer to such a SYN, and the FIN that ends what was begun in this
// way, say who we are in a payload that every implementation known takes as
// well-formed (PROTOCOL.md, 2.1):
//
//	"simp/1"  [ ' ' word ]...  ' '  filler  seal
//	|------ the words ------|       |last word|
//
// The seal is two bytes: the [Checksum] of the whole datagram in front of it,
// with Length counting all of the payload, the seal included. One other
// implementation takes the last two bytes of whatever arrives for that checksum
// and stops when they are wrong; others stop at a byte that is not ASCII. The
// filler serves no purpose but to make both bytes of the seal printable. To
// everybody who does not look for it, the announcement is a payload that a SYN
// or a FIN does not need. The words of a FIN behind "simp/1" are the payload of
// an ordinary FIN between native peers, and [Decode] gives that.
package codec
