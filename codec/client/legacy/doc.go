// Package legacy lets the unmodified clients of three other SIMP implementations use this daemon. They speak datagrams,
// each in a protocol of its own, and what their users can do is a strict dialogue: whose turn it is, and which datagram a
// client can take at this moment, is known to nobody but the other end. So each protocol is a state machine here:
//
//	client's datagram ──> Receive ─┐                ┌─> Datagrams to the client
//	daemon's event ─────> Tell ────┼─> a Dialogue ──┼─> Commands to the daemon
//	time ───────────────> Expire ──┘                └─> the client is gone, perhaps gone, replaced
//
// [Open] begins a [Dialogue] with the first datagram of a source, which tells the protocol:
//
//	00 01       A (Takacs, Lendvay)   one type byte, one flag byte, text; no acknowledgements         a.go
//	PING|       B (Hollaus, Meseli)   OPERATION|PAYLOAD, acknowledged, strictly in turns              b.go, link.go
//	connect|    C (the course's)      command|key=value|..., no acknowledgements                      c.go
//
// What is the same for all of them is who wants something of the user (lobby.go), and how it is worded (wording.go).
//
// A dialogue does no I/O, reads no clock and starts no goroutine; whoever owns it calls one method at a time and performs
// the [Output]. It bounds nothing by itself: its owner stops telling it events while [Dialogue.Held] is large.
//
// These clients die of what they do not expect, and lose what comes at the wrong moment. Comments say which mistake of
// a client makes a rule necessary.
package legacy
