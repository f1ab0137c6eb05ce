package double

import (
	"net/netip"
	"strings"
	"time"
)

// Kind D: github.com/dfoddav2/networking-II-final-assignment (simp_daemon.py,
// simp_classes.py, simp_client.py, the version with the pending-ACK flag), and
// the recordings d-*.
//
// A listener thread reads the daemons' socket; a client thread serves one TCP
// connection. What matters:
//
//   - One counter for both directions: every message that was acknowledged and
//     every message that came moves it. Whatever has another number is passed
//     over without an answer, be it a FIN or a copy of the last message; only
//     a SYN is read in any case. Nobody's address is compared with anything.
//   - A thread that sends something but SYN and ACK reads the socket itself until
//     the ACK comes: whatever else it gets is thrown away. Three copies, each
//     not sent at all with a chance of a fifth, 5 s apart; a foreign datagram
//     in between makes the wait longer. Then it sends an 0x09 in the same way,
//     for ever.
//   - While the client thread waits for an ACK, the listener reads too, and
//     either gets the next datagram. The recordings show the client thread to
//     win nine times of ten; without a random source it always does. If the listener
//     gets the ACK, the client thread notices after its 5 s, and after a copy.
//   - The listener does not read while its user is asked.
//   - A copy that the network makes of our message is thus harmless (wrong
//     number), unless two acts cross: then D expects a number that we never send.
//   - Its client's lines are a TCP stream without a frame: what is typed while the client
//     thread waits arrives as one line.
//   - Client and listener read the same TCP connection while the user is asked.
//     The recordings show the listener to get the answer each time, and so does
//     the double's.
//
// What kills it: see dFatal for what cannot be read; a FIN, ERR, 0x09,
// SYN+ACK or CHAT with the expected number, 0, while no client is attached; the same,
// and a SYN, while its client has left and its FIN is not acknowledged; a SYN
// with a number above 1; and an 0x09 of its own, without a client, that nobody acknowledges.

const (
	dWait   = 5 * time.Second
	dCopies = 3
	dReads  = 1024
	dLoss   = 0.2 // of what it sends, on purpose
	dRace   = 0.1 // of what comes while both threads read goes to the listener
)

const opFinErr = 0x09

// dTransfer is a datagram on its way, with the wait for its ACK.
type dTransfer struct {
	bytes   []byte
	to      netip.AddrPort // invalid: None
	seq     byte
	any     bool // any ACK will do, and moves no counter
	copies  int  // that were due, lost or not
	started time.Time
	wake    time.Time
	done    func(now time.Time, acked bool)
}

type dThread struct{ transfer *dTransfer }

type dDaemon struct {
	*host
	name  string // "" is None
	taken bool   // client_is_connected
	conn  bool   // the client's connection is open

	chat       bool
	remote     netip.AddrPort
	counter    byte // sends and expects the same number
	pending    bool // an invitation that was not settled
	inviting   netip.AddrPort
	pendingAck bool
	buffer     buffer

	listener dThread
	client   dThread
	asking   bool // the listener waits for the user
	askedSeq byte

	stream   string // what the client wrote and nobody read
	eof      bool
	called   bool // its client waits for the answer to an invitation
	chatting bool // its client shows the chat prompt
}

func newD(h *host) program { return &dDaemon{host: h} }

func (d *dDaemon) inChat() bool   { return d.chat }
func (d *dDaemon) attached() bool { return d.taken }

func (d *dDaemon) login(_ time.Time, user string) {
	if d.taken {
		return
	}
	d.name, d.taken, d.conn = user, true, true
	d.stream, d.eof, d.called, d.chatting = "", false, false, false
}

// idle reports whether the client's prompt takes commands.
func (d *dDaemon) idle() bool { return d.conn && !d.eof && !d.asking }

func (d *dDaemon) invite(now time.Time, peer netip.AddrPort) {
	if !d.idle() || d.called || d.chatting {
		return
	}
	d.called = true
	d.write(now, "CONNECT "+peer.Addr().String())
}

func (d *dDaemon) say(now time.Time, text string) {
	if d.idle() && d.chatting && text != "" {
		d.write(now, "CHAT "+text)
	}
}

// leave: its client listens to nobody while an invitation is out.
func (d *dDaemon) leave(now time.Time) {
	if d.idle() && !d.called {
		d.eof = true
		d.write(now, "QUIT")
	}
}

func (d *dDaemon) write(now time.Time, command string) {
	d.stream += command
	d.serve(now)
}

// serve is the client thread's loop.
func (d *dDaemon) serve(now time.Time) {
	for d.dead == "" && d.conn && d.client.transfer == nil && (d.stream != "" || d.eof) {
		n := min(len(d.stream), dReads)
		command := d.stream[:n]
		d.stream = d.stream[n:]
		switch {
		case strings.HasPrefix(command, "CONNECT "):
			_, ip, _ := strings.Cut(command, " ")
			addr, err := netip.ParseAddr(ip)
			if err != nil {
				d.hangUp(now)
				return
			}
			d.remote = netip.AddrPortFrom(addr, daemonPort)
			d.send(d.remote, d.build(typeControl, opSyn, d.counter, ""))
		case strings.HasPrefix(command, "CHAT "):
			_, text, _ := strings.Cut(command, " ")
			if !d.chat {
				d.show(Notice, netip.AddrPort{}, "Not in chat, can not send message.")
				continue
			}
			d.transfer(now, &d.client, &dTransfer{
				bytes: d.build(typeChat, opChat, d.counter, text), to: d.remote, seq: d.counter,
				done: func(time.Time, bool) {},
			})
		case command == "" || strings.HasPrefix(command, "QUIT"):
			d.hangUp(now)
			return
		}
	}
}

// hangUp is the end of the client thread. The connection is closed before the
// FIN is sent: what the listener has to tell the client meanwhile is fatal.
func (d *dDaemon) hangUp(now time.Time) {
	d.conn, d.stream, d.eof = false, "", false
	if !d.chat || !d.remote.IsValid() {
		d.taken = false
		return
	}
	d.transfer(now, &d.client, &dTransfer{
		bytes: d.build(typeControl, opFin, d.counter, ""), to: d.remote, seq: d.counter,
		done: func(time.Time, bool) {
			d.reset()
			d.taken = false
		},
	})
}

func (d *dDaemon) reset() {
	d.chat, d.remote, d.counter = false, netip.AddrPort{}, 0
}

func (d *dDaemon) toggle() { d.counter = 1 - d.counter }

func (d *dDaemon) accept(now time.Time) {
	if !d.asking {
		return
	}
	d.asking = false
	if d.askedSeq > 1 {
		d.die("a SYN with a number above 1, which it cannot answer")
		return
	}
	d.transfer(now, &d.listener, &dTransfer{
		bytes: d.build(typeControl, opSynAck, d.askedSeq, ""), to: d.inviting, seq: d.askedSeq,
		done: func(_ time.Time, acked bool) {
			// Without an ACK the invitation stays, and makes it busy for good.
			if acked && d.tell(Opened, d.inviting, "") {
				d.chat, d.remote = true, d.inviting
				d.pending, d.inviting = false, netip.AddrPort{}
			}
		},
	})
	d.pump(now)
}

func (d *dDaemon) decline(now time.Time) {
	if !d.asking {
		return
	}
	d.asking = false
	d.refuse(now, d.inviting, d.askedSeq, d.name, "Chat invitation rejected.", func(time.Time, bool) {
		if d.tell(Notice, d.inviting, "Chat invitation rejected.") {
			d.called, d.chatting = false, false
			d.pending, d.inviting = false, netip.AddrPort{}
		}
	})
	d.pump(now)
}

// refuse sends an 0x09 that any ACK settles.
func (d *dDaemon) refuse(now time.Time, to netip.AddrPort, seq byte, name, text string, done func(time.Time, bool)) {
	if seq > 1 {
		d.die("a SYN with a number above 1, which it cannot answer")
		return
	}
	d.transfer(now, &d.listener, &dTransfer{
		bytes: pack(typeControl, opFinErr, seq, name, 0, text), to: to, seq: seq, any: true, done: done,
	})
}

func (d *dDaemon) build(typ, op, seq byte, payload string) []byte {
	return pack(typ, op, seq, d.name, 0, payload)
}

func (d *dDaemon) transfer(now time.Time, th *dThread, t *dTransfer) {
	th.transfer = t
	d.pendingAck = true
	d.copy(now, th)
}

// copy is one attempt. A loss on purpose also hides an address that is missing.
func (d *dDaemon) copy(now time.Time, th *dThread) {
	t := th.transfer
	if !d.chance(dLoss) {
		if !t.to.IsValid() {
			d.stumble(now, th, "nobody to send its 0x09 to")
			return
		}
		d.send(t.to, append([]byte(nil), t.bytes...))
	}
	t.started, t.wake = now, now.Add(dWait)
	if !d.pendingAck { // the listener took the ACK
		d.finish(now, th)
	}
}

// stumble is an exception in a thread: the listener ends, the client thread
// throws its client out.
func (d *dDaemon) stumble(now time.Time, th *dThread, reason string) {
	th.transfer = nil
	switch {
	case th == &d.listener:
		d.die(reason)
	case d.conn:
		d.hangUp(now)
	default: // in its last act: the daemon keeps the place of a client that is gone
	}
}

// finish is the return of a transfer that was acknowledged.
func (d *dDaemon) finish(now time.Time, th *dThread) {
	t := th.transfer
	th.transfer = nil
	t.done(now, true)
	if th == &d.client {
		d.serve(now)
	}
}

// late is what happens when no ACK came in time.
func (d *dDaemon) late(now time.Time, th *dThread) {
	t := th.transfer
	t.copies++
	if t.copies < dCopies {
		d.copy(now, th)
		return
	}
	if d.name == "" {
		d.stumble(now, th, "no ACK for the 0x09 that it sent without ever having had a client")
		return
	}
	const text = "Connection timed out, exiting chat... :("
	to := d.remote
	if d.inviting.IsValid() {
		to = d.inviting
	}
	d.transfer(now, th, &dTransfer{
		bytes: d.build(typeControl, opFinErr, d.counter, text), to: to, seq: d.counter,
		done: func(now time.Time, _ bool) {
			d.reset()
			if !d.conn {
				d.stumble(now, th, "no ACK for what it sent before its client left")
				return
			}
			d.tell(Closed, to, text)
			t.done(now, false)
		},
	})
}

func (d *dDaemon) expire(now time.Time) {
	for _, th := range []*dThread{&d.listener, &d.client} {
		for d.dead == "" && th.transfer != nil && due(th.transfer.wake, now) {
			d.late(th.transfer.wake, th)
		}
	}
	d.pump(now)
}

func (d *dDaemon) deadline() time.Time {
	var at time.Time
	for _, th := range []*dThread{&d.listener, &d.client} {
		if th.transfer != nil {
			at = earliest(at, th.transfer.wake)
		}
	}
	return at
}

func (d *dDaemon) receive(now time.Time, from netip.AddrPort, b []byte) {
	d.buffer.push(datagram{from, cut(b, 0, dReads)})
	d.pump(now)
}

// pump hands what waits in the socket buffer to whoever reads.
func (d *dDaemon) pump(now time.Time) {
	for d.dead == "" && len(d.buffer) > 0 {
		second := d.client.transfer != nil
		if d.asking && !second {
			return
		}
		g := d.buffer.pop()
		if reason := dFatal(g.bytes); reason != "" {
			d.die(reason)
			return
		}
		switch {
		case second && (d.asking || !d.chance(dRace)):
			d.await(now, &d.client, g.bytes)
		case d.listener.transfer != nil:
			d.await(now, &d.listener, g.bytes)
		default:
			d.handle(now, g.from, g.bytes)
		}
	}
}

// dFatal returns why a datagram cannot be read, which ends the thread that tries.
func dFatal(b []byte) string {
	switch {
	case len(b) < 3:
		return "a datagram under 3 bytes"
	case b[0] != typeControl && b[0] != typeChat:
		return "a type other than 1 and 2"
	case !ascii(cut(b, userAt, lengthAt)):
		return "a byte above 0x7f in the name"
	case !ascii(rest(b, payloadAt)):
		return "a byte above 0x7f in the payload"
	}
	switch b[1] {
	case opErr, opSyn, opAck, opSynAck, opFin, opFinErr:
		return ""
	}
	return "an operation other than 1, 2, 4, 6, 8 and 9"
}

// await is a thread that waits for its ACK and throws all else away.
func (d *dDaemon) await(now time.Time, th *dThread, b []byte) {
	t := th.transfer
	switch {
	case b[1] == opAck && t.any:
		d.finish(now, th) // the flag stays up: the next ACK moves the counter
	case b[1] == opAck && b[2] == t.seq:
		d.toggle()
		d.pendingAck = false
		d.finish(now, th)
	case now.Sub(t.started) > dWait:
		d.late(now, th)
	case !d.pendingAck:
		d.finish(now, th)
	default:
		t.wake = now.Add(dWait)
	}
}

// handle is the listener between its own transfers.
func (d *dDaemon) handle(now time.Time, from netip.AddrPort, b []byte) {
	op, seq, name, text := b[1], b[2], stripped(cut(b, userAt, lengthAt), "\x00"), string(rest(b, payloadAt))
	if seq != d.counter && op != opSyn {
		return
	}
	if b[0] == typeChat {
		if d.ack(from, seq) && d.tell(Message, from, text) {
			d.toggle()
		}
		return
	}
	switch op {
	case opSyn:
		d.syn(now, from, seq, name)
	case opSynAck:
		if d.tell(Opened, from, name) {
			d.chat, d.remote = true, from
			d.ack(from, seq)
			d.toggle()
		}
	case opErr:
		d.ack(from, seq)
	case opFin:
		if d.ack(from, seq) && d.tell(Closed, from, "") {
			d.reset()
		}
	case opFinErr:
		what := Refused
		if d.chat {
			what = Closed
		}
		if d.tell(what, from, text) && d.ack(from, seq) {
			d.reset()
		}
	case opAck:
		if d.pending {
			if !d.tell(Opened, from, name) {
				return
			}
			d.pending, d.inviting = false, netip.AddrPort{}
			d.toggle()
		}
		if d.pendingAck {
			d.pendingAck = false
			d.toggle()
		}
	}
}

func (d *dDaemon) syn(now time.Time, from netip.AddrPort, seq byte, name string) {
	switch {
	case d.chat || d.pending:
		d.refuse(now, from, seq, d.name, "User already in chat, or has pending invitation.", func(time.Time, bool) {
			d.tell(Notice, from, name+" tried to start a chat, but was automatically rejected.")
		})
	case !d.taken:
		d.refuse(now, from, seq, "DAEMON", "No client is connected to the daemon.", func(time.Time, bool) {})
	case d.tell(Invitation, from, name):
		d.pending, d.inviting = true, from
		d.asking, d.askedSeq = true, seq
	}
}

// ack answers in the user's name, of which there is none before the first login.
func (d *dDaemon) ack(to netip.AddrPort, seq byte) bool {
	if d.name == "" {
		d.die("something to acknowledge while no client was ever attached")
		return false
	}
	d.send(to, d.build(typeControl, opAck, seq, ""))
	return true
}

// tell writes to the client, whose connection must be open. Its client leaves
// the prompt for an answer only at words that it knows.
func (d *dDaemon) tell(what What, peer netip.AddrPort, text string) bool {
	if !d.conn {
		d.die("something to tell a client while none is attached: " + what.String())
		return false
	}
	d.show(what, peer, text)
	switch what {
	case Opened:
		d.called, d.chatting = false, true
	case Closed:
		d.called, d.chatting = false, false
	case Refused:
		for _, known := range []string{"invitation rejected", "already in chat", "No client is connected", "timed out"} {
			if strings.Contains(text, known) {
				d.called, d.chatting = false, false
			}
		}
	default: // does not move its prompt
	}
	return true
}
