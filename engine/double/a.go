package double

import (
	"net/netip"
	"time"
)

// Kind A: Takacs/Lendvay, github.com/Taki224/Networking2-Final-Project
// (simp_daemon.py, sock.py, simp_client.py), and the recordings a-*.
//
// Four sorts of threads, no locks. A "handshake receiver" reads the socket
// until a chat opens, then a "listener" reads it until the chat ends; a
// forwarder sends the chat messages; one serves the client. What matters:
//
//   - The handshake receiver does not read while its user is asked, nor while
//     there is no client to ask: what arrives waits in the socket buffer.
//     A SYN that waits there is a new question afterwards.
//   - Nothing is compared with anything: an ACK, a FIN, a chat is taken from
//     any address. An ACK alone opens a chat.
//   - Every chat has number 0, every answer number 1, both whatever was asked.
//     Every copy of a chat is shown. Answers go to port 7777 of the partner.
//   - The listener that received a FIN goes on reading beside the new
//     handshake receiver, and its daemon stays "in a chat" for good. The two
//     take turns: the kernel wakes the reader that has waited longest, and
//     the recordings show that to be the listener first.
//   - A FIN is neither sent, if a message waits unsent, nor repeated, ever.
//   - The forwarder ends for good if it has something to send when the chat is
//     over. That is no datagram's fault, so the double is mute, not dead.
//
// What kills it: see aFatal for datagrams that are fatal as such; and, by
// state, everything that is to be told to a client when there is none:
// FIN, ERR, ACK, SYN+ACK, and CHAT once a listener runs. A SYN+ACK
// kills it also when nobody was invited, for then it has no address to answer.
// Since a FIN and an ERR end the client, a second one of them is fatal.
// A network that duplicates a FIN or an ACK kills it without anybody's doing.

const (
	// aRepeat: 501 naps of 10 ms, which took 5.34 and 5.45 s when recorded.
	aRepeat = 5380 * time.Millisecond
	aNap    = 10 * time.Millisecond
	aReads  = 4096
)

// aReader is a thread that waits for a datagram.
type aReader byte

const (
	aHandshake aReader = iota
	aListener
)

// aQuestion is a handshake receiver that waits for its user's answer.
type aQuestion struct {
	from  netip.AddrPort
	name  string
	shown bool // no client yet: not asked yet
}

type aDaemon struct {
	*host
	name      string // "" is None: nobody ever logged in
	client    bool
	choosing  bool       // the client shows "wait or start"
	talking   bool       // the client reads chat lines
	partner   netip.Addr // where answers go; invalid is None
	connected bool
	finSent   bool

	waiting []aReader // longest wait first
	asking  []aQuestion
	buffer  buffer

	unsent      []string // the message buffer, without the message in flight
	flying      bool     // the forwarder waits for an ACK
	inFlight    string
	messageSent bool      // an ACK would count
	acked       time.Time // when the forwarder will notice the ACK; zero: none came
	repeat      time.Time
	mute        bool // the forwarder's thread has ended
}

func newA(h *host) program { return &aDaemon{host: h, waiting: []aReader{aHandshake}} }

func (a *aDaemon) inChat() bool   { return a.connected }
func (a *aDaemon) attached() bool { return a.client }

func (a *aDaemon) login(_ time.Time, user string) {
	if a.client {
		return
	}
	a.name, a.client, a.talking = user, true, false
	a.choosing = len(a.asking) == 0
	for i := range a.asking {
		a.ask(&a.asking[i])
	}
}

// ask puts the question to the client. From here on answers go to whom it
// came from, also those that were meant for somebody else.
func (a *aDaemon) ask(q *aQuestion) {
	q.shown = true
	a.choosing = false
	a.partner = q.from.Addr()
	a.show(Invitation, q.from, q.name)
}

// invite: its client offers "start" once, and again after a decline; while it
// waits or asks there is no way back.
func (a *aDaemon) invite(_ time.Time, peer netip.AddrPort) {
	if !a.client || !a.choosing {
		return
	}
	a.choosing = false
	a.partner = peer.Addr()
	a.answer(opSyn, 0, "")
}

func (a *aDaemon) accept(now time.Time) {
	if a.answered() {
		a.answer(opSynAck, 1, "")
		a.waiting = append(a.waiting, aHandshake)
		a.pump(now)
	}
}

func (a *aDaemon) decline(now time.Time) {
	if a.answered() {
		a.answer(opFin, 1, "Error: The other client declined your request")
		a.choosing = true
		a.waiting = append(a.waiting, aHandshake)
		a.pump(now)
	}
}

// answered takes the question that is shown away, if there is one.
func (a *aDaemon) answered() bool {
	if !a.client || len(a.asking) == 0 {
		return false
	}
	a.asking = a.asking[1:]
	return true
}

func (a *aDaemon) say(now time.Time, text string) {
	if a.client && a.talking {
		a.unsent = append(a.unsent, text)
		a.forward(now)
	}
}

func (a *aDaemon) leave(time.Time) {
	if !a.client || !a.talking {
		return
	}
	a.talking = false
	a.finSent = true
	if len(a.unsent) == 0 {
		a.answer(opFin, 0, "")
	}
}

func (a *aDaemon) receive(now time.Time, from netip.AddrPort, b []byte) {
	a.buffer.push(datagram{from, cut(b, 0, aReads)})
	a.pump(now)
}

func (a *aDaemon) expire(now time.Time) { a.forward(now) }

func (a *aDaemon) deadline() time.Time {
	switch {
	case a.mute || !a.flying:
		return time.Time{}
	case !a.acked.IsZero():
		return a.acked
	}
	return a.repeat
}

// forward is the forwarder's thread: one message, its ACK or 5 s, the next.
func (a *aDaemon) forward(now time.Time) {
	for !a.mute {
		if a.flying {
			switch {
			case due(a.acked, now):
			case a.acked.IsZero() && due(a.repeat, now):
				a.unsent = append([]string{a.inFlight}, a.unsent...)
			default:
				return
			}
			a.flying, a.acked = false, time.Time{}
		}
		if len(a.unsent) == 0 {
			return
		}
		a.inFlight, a.unsent = a.unsent[0], a.unsent[1:]
		if !a.partner.IsValid() || !ascii([]byte(a.inFlight)) {
			a.mute = true
			return
		}
		a.send(a.to(), pack(typeChat, opChat, 0, a.name, 0, a.inFlight))
		a.flying, a.messageSent, a.repeat = true, true, now.Add(aRepeat)
	}
}

// pump hands what waits in the socket buffer to those who wait for it.
func (a *aDaemon) pump(now time.Time) {
	for a.dead == "" && len(a.buffer) > 0 && len(a.waiting) > 0 {
		reader := a.waiting[0]
		a.waiting = a.waiting[1:]
		d := a.buffer.pop()
		if reason := aFatal(d.bytes); reason != "" {
			a.die(reason)
			return
		}
		if reader == aHandshake {
			a.shake(d.from, d.bytes)
		} else {
			a.listen(now, d.from, d.bytes)
		}
	}
}

// aFatal returns why a datagram raises an exception as it is decoded, if so.
// Type and Operation of a chat, and the Length of anything, are not looked at.
func aFatal(b []byte) string {
	switch {
	case len(b) < 3:
		return "a datagram under 3 bytes"
	case b[0] != typeControl && b[0] != typeChat:
		return "a type other than 1 and 2"
	case b[2] > 1:
		return "a sequence number above 1"
	case !ascii(cut(b, userAt, lengthAt)):
		return "a byte above 0x7f in the name"
	case !ascii(rest(b, payloadAt)):
		return "a byte above 0x7f in the payload"
	}
	return ""
}

// shake is the handshake receiver's thread.
func (a *aDaemon) shake(from netip.AddrPort, b []byte) {
	payload := string(rest(b, payloadAt))
	if b[0] != typeControl {
		a.waiting = append(a.waiting, aHandshake)
		return
	}
	switch b[1] {
	case opSyn:
		a.asking = append(a.asking, aQuestion{from: from, name: stripped(cut(b, userAt, lengthAt), "\x00")})
		if a.client {
			a.ask(&a.asking[len(a.asking)-1])
		}
	case opAck:
		a.open(from, "ACK while no client is attached")
	case opSynAck:
		if a.name == "" {
			a.die("SYN+ACK while no client was ever attached")
			return
		}
		if !a.partner.IsValid() {
			a.die("SYN+ACK that nobody waits for")
			return
		}
		a.answer(opAck, 0, "")
		a.open(from, "SYN+ACK while no client is attached")
	case opFin, opErr:
		if !a.client {
			a.die("FIN or ERR while no client is attached")
			return
		}
		a.show(Refused, from, payload)
		a.forget()
		a.waiting = append(a.waiting, aHandshake)
	default:
		a.waiting = append(a.waiting, aHandshake)
	}
}

// open ends the handshake receiver and starts a listener in its place.
func (a *aDaemon) open(from netip.AddrPort, without string) {
	a.connected = true
	if !a.client {
		a.die(without)
		return
	}
	a.choosing, a.talking = false, true
	a.show(Opened, from, "Connection established")
	a.waiting = append(a.waiting, aListener)
}

// listen is the listener's thread.
func (a *aDaemon) listen(now time.Time, from netip.AddrPort, b []byte) {
	again := append(a.waiting, aListener)
	op := b[1]
	if b[0] == typeChat {
		if !a.client {
			a.die("CHAT while no client is attached")
			return
		}
		a.show(Message, from, string(rest(b, payloadAt)))
		a.answer(opAck, 1, "")
		a.waiting = again
		return
	}
	switch {
	case op == opFin:
		if !a.client {
			a.die("FIN while no client is attached")
			return
		}
		a.answer(opAck, 1, "")
		a.show(Closed, from, "")
		a.forget()
		a.waiting = append(again, aHandshake)
	case op == opAck && a.finSent:
		if !a.client {
			a.die("ACK while no client is attached")
			return
		}
		a.show(Closed, from, "")
		a.forget()
		a.connected, a.finSent = false, false
		a.waiting = append(a.waiting, aHandshake)
	case op == opAck:
		if a.messageSent {
			a.messageSent = false
			a.acked = now.Add(aNap)
		}
		a.waiting = again
	case op == opSyn && a.connected:
		a.send(from, pack(typeControl, opErr, 1, a.name, 0, "User is busy in another chat"))
		a.waiting = again
	default:
		a.waiting = again
	}
}

// forget is how a chat and a failed invitation end: the client exits.
func (a *aDaemon) forget() {
	a.client, a.choosing, a.talking = false, false, false
	a.partner = netip.Addr{}
}

// to is where everything goes but the busy answer.
func (a *aDaemon) to() netip.AddrPort { return netip.AddrPortFrom(a.partner, daemonPort) }

func (a *aDaemon) answer(op, seq byte, payload string) {
	if !a.partner.IsValid() {
		a.die("something to answer in a chat without a partner")
		return
	}
	a.send(a.to(), pack(typeControl, op, seq, a.name, 0, payload))
}
