package double

import (
	"net/netip"
	"time"
)

// Kind E: github.com/purgatoriumlautus/SIMP-APP (simp_daemon.py,
// simp_client.py), and the recordings e-*.
//
// What matters:
//
//   - Control datagrams have no Length, 35 bytes; the payload of a chat begins
//     with the NUL that its client's protocol puts in front of every line, and
//     Length counts it. A reader without it loses our first character.
//   - The answer to a chat and to a FIN carries the name of whom it answers.
//   - There is no dispatcher. Each step of a handshake reads exactly one
//     datagram, and what nobody read stays in the socket buffer and is taken for
//     the first answer of the next handshake. A copy of a SYN is thus
//     taken for the ACK of the SYN+ACK, and the setup fails; a copy of a FIN or of
//     an ACK makes the next own invitation fail.
//   - In the menu nothing is read. The double's user says "wait" as
//     soon as there is a SYN to be found that way, each "wait" taking one datagram.
//   - In a chat every copy is shown and acknowledged; numbers are not compared.
//     Chats alone are repeated: 3 copies, 5 s apart, then the next line goes
//     out under the other number and nobody is told.
//   - Its user's lines queue behind the one in flight, and so does leaving.
//   - It leaves with one FIN and then waits for 0x0C (or a FIN) for ever; a plain ACK
//     does not count. The user's next invitation waits as long.
//   - It is busy with 33 bytes that its own kind takes for any refusal: the client
//     protocol's error, sent to the wrong socket.
//   - A datagram that was read as the client attached, if a SYN, is kept for good, and
//     every later client is asked about it first.
//
// What kills it, in a chat only (see chatting): under 3 bytes, a byte
// above 0x7f in the name or the text of what it shows, CHAT and FIN with a number above
// 1. And, while a client attaches, a datagram under 3 bytes.

const (
	eReads    = 1024
	ePoll     = 100 * time.Millisecond
	eWait     = 5*time.Second + 15*time.Millisecond // 50 polls, as recorded
	eCopies   = 3
	eAttach   = time.Second
	eAnswerBy = 30 * time.Second
	eAckBy    = 60 * time.Second
)

const opFinAck = 0x0c

type eState byte

const (
	eNobody   eState = iota // no client
	eChecking               // the first second of a client
	eMenu                   // nothing is read
	eAsked                  // nothing is read
	eConfirm                // SYN+ACK sent
	eInviting               // SYN sent
	eChat
	eLeaving  // FIN sent; chats are still shown
	eEnded    // a line is still "in flight", then the menu
	eOccupied // for ever
)

type eCall struct {
	from netip.AddrPort
	name string
}

// eFlight is a line that waits for its ACK.
type eFlight struct {
	bytes   []byte
	seq     byte
	copies  int
	started time.Time
	acked   time.Time // when the poll will notice; zero: no ACK came
}

type eDaemon struct {
	*host
	state  eState
	name   string
	buffer buffer
	until  time.Time // the end of the state's wait; zero: none

	old     []eCall // calls that were found when a client attached, never emptied
	call    eCall   // whom the user is asked about, or has accepted
	pending bool    // asked about an old call, where a timeout is not caught
	target  netip.AddrPort
	// partners is a stack by mistake: who was not taken off stays the partner.
	partners []netip.AddrPort

	seq     byte
	lines   []string
	flight  *eFlight
	quit    bool            // behind the lines
	another *netip.AddrPort // an invitation that waits for the menu
}

func newE(h *host) program { return &eDaemon{host: h} }

func (e *eDaemon) inChat() bool   { return e.state == eChat || e.state == eLeaving }
func (e *eDaemon) attached() bool { return e.state != eNobody }

func (e *eDaemon) login(now time.Time, user string) {
	if e.state != eNobody {
		return
	}
	e.name, e.state, e.until = user, eChecking, now.Add(eAttach)
	e.pump(now)
}

func (e *eDaemon) invite(now time.Time, peer netip.AddrPort) {
	switch e.state {
	case eMenu:
		e.target = netip.AddrPortFrom(peer.Addr(), daemonPort)
		e.control(e.target, opSyn)
		e.state, e.until = eInviting, now.Add(eAnswerBy)
		e.pump(now)
	case eLeaving, eEnded, eChecking:
		e.another = &peer
	default: // its client has no such choice
	}
}

func (e *eDaemon) accept(now time.Time) {
	if e.state == eAsked {
		e.control(e.call.from, opSynAck)
		e.state, e.until = eConfirm, now.Add(eAckBy)
		e.pump(now)
	}
}

func (e *eDaemon) decline(now time.Time) {
	if e.state == eAsked {
		e.control(e.call.from, opFin)
		e.menu(now)
	}
}

// say: its client is in the chat from the moment at which it accepted.
func (e *eDaemon) say(now time.Time, text string) {
	if (e.state == eChat || e.state == eConfirm) && !e.quit {
		e.lines = append(e.lines, "\x00"+text)
		e.work(now)
	}
}

func (e *eDaemon) leave(now time.Time) {
	switch e.state {
	case eChat, eConfirm:
		e.quit = true
		e.work(now)
	case eMenu:
		e.state, e.name = eNobody, ""
	default:
	}
}

// menu is where every step ends.
func (e *eDaemon) menu(now time.Time) {
	e.state, e.until, e.lines, e.quit, e.flight = eMenu, time.Time{}, nil, false, nil
	if peer := e.another; peer != nil {
		e.another = nil
		e.invite(now, *peer)
	}
	e.pump(now)
}

// work is the thread that serves the client in a chat.
func (e *eDaemon) work(now time.Time) {
	for e.dead == "" && e.flight == nil && e.state == eChat {
		switch {
		case len(e.lines) > 0:
			line := e.lines[0]
			e.lines = e.lines[1:]
			e.flight = &eFlight{bytes: pack(typeChat, opChat, e.seq, e.name, 0, line), seq: e.seq, started: now}
			e.send(e.partners[0], append([]byte(nil), e.flight.bytes...))
		case e.quit:
			e.control(e.partners[0], opFin)
			e.state = eLeaving
		default:
			return
		}
	}
}

func (e *eDaemon) expire(now time.Time) {
	for e.dead == "" && due(e.deadline(), now) {
		if e.flight != nil {
			e.poll(e.deadline())
			continue
		}
		at := e.until
		e.until = time.Time{}
		switch e.state {
		case eChecking:
			e.checked(at)
		case eInviting:
			e.show(Refused, e.target, "User is busy in other chat")
			e.menu(at)
		case eConfirm:
			if e.pending {
				e.state = eOccupied
				return
			}
			e.menu(at)
		default:
		}
	}
}

func (e *eDaemon) deadline() time.Time {
	switch f := e.flight; {
	case f == nil:
		return e.until
	case !f.acked.IsZero():
		return f.acked
	default:
		return f.started.Add(eWait)
	}
}

// poll is the look for the ACK after which something changes.
func (e *eDaemon) poll(now time.Time) {
	f := e.flight
	if f.acked.IsZero() {
		f.copies++
		if f.copies < eCopies {
			f.started = now
			if e.state == eChat {
				e.send(e.partners[0], append([]byte(nil), f.bytes...))
			}
			return
		}
	}
	e.flight = nil
	e.seq = 1 - e.seq
	if e.state == eEnded {
		e.menu(now)
		return
	}
	e.work(now)
}

func (e *eDaemon) receive(now time.Time, from netip.AddrPort, b []byte) {
	e.buffer.push(datagram{from, cut(b, 0, eReads)})
	e.pump(now)
}

func (e *eDaemon) pump(now time.Time) {
	for e.dead == "" && len(e.buffer) > 0 {
		switch e.state {
		case eChecking:
			e.check(now, e.buffer.pop())
		case eMenu:
			if !e.someSyn() {
				return
			}
			e.wait(e.buffer.pop())
		case eConfirm:
			e.confirm(now, e.buffer.pop())
		case eInviting:
			e.answer(now, e.buffer.pop())
		case eChat, eLeaving:
			e.chatting(now, e.buffer.pop())
		default:
			return
		}
	}
}

func (e *eDaemon) someSyn() bool {
	for _, d := range e.buffer {
		if h, ok := eRead(d.bytes); ok && h.is(opSyn) {
			return true
		}
	}
	return false
}

// eHeader is what it makes of a datagram; wrong fields are only printed.
type eHeader struct {
	typ, op byte
	seq     byte
	name    string // 33 bytes are looked at, the first of Length among them
	named   bool   // the name is ASCII; every use of one that is not is an exception
}

func (h eHeader) is(op byte) bool { return h.typ == typeControl && h.op == op }

// eRead reports false where reading is an exception.
func eRead(b []byte) (eHeader, bool) {
	if len(b) < 3 {
		return eHeader{}, false
	}
	name := cut(b, userAt, lengthAt+1)
	return eHeader{b[0], b[1], b[2], stripped(name, "\x00"), ascii(name)}, true
}

// check is the one look at the socket while a client attaches.
func (e *eDaemon) check(now time.Time, d datagram) {
	h, ok := eRead(d.bytes)
	if !ok {
		e.die("a datagram under 3 bytes while a client attaches: occupied for ever")
		return
	}
	if h.is(opSyn) && len(e.partners) == 0 {
		if !h.named {
			e.die("a SYN with a byte above 0x7f in the name while a client attaches: occupied for ever")
			return
		}
		e.old = append(e.old, eCall{d.from, h.name})
	}
	e.checked(now)
}

func (e *eDaemon) checked(now time.Time) {
	if len(e.old) == 0 {
		e.menu(now)
		return
	}
	e.ask(e.old[0], true)
}

func (e *eDaemon) ask(call eCall, pending bool) {
	e.state, e.until, e.call, e.pending = eAsked, time.Time{}, call, pending
	e.show(Invitation, call.from, call.name)
}

// wait is one choice of "wait" in the menu.
func (e *eDaemon) wait(d datagram) {
	h, ok := eRead(d.bytes)
	switch {
	case ok && h.is(opSyn) && len(e.partners) == 0 && h.named:
		e.ask(eCall{d.from, h.name}, false)
	default:
		e.show(Notice, d.from, "got unexpected message type, going back to menu")
	}
}

// confirm reads the one datagram that may be the final ACK.
func (e *eDaemon) confirm(now time.Time, d datagram) {
	h, ok := eRead(d.bytes)
	if !ok && e.pending {
		e.die("a datagram under 3 bytes for the final ACK of an old call: occupied for ever")
		return
	}
	if !ok || !h.is(opAck) {
		e.show(Refused, d.from, "Connection setup failed")
		e.menu(now)
		return
	}
	e.open(now, d.from, e.call.name)
}

// answer reads the one datagram that may be the answer to an invitation.
func (e *eDaemon) answer(now time.Time, d datagram) {
	h, ok := eRead(d.bytes)
	switch {
	case ok && h.is(opSynAck):
		e.control(e.target, opAck)
		if h.named {
			e.open(now, d.from, h.name)
			return
		}
	case ok && h.is(opFin) && h.named:
		e.show(Refused, d.from, "Connection was not accepted")
	case ok && h.named:
		e.show(Refused, d.from, "User is busy in other chat")
	default: // its client hears nothing
	}
	e.menu(now)
}

func (e *eDaemon) open(now time.Time, peer netip.AddrPort, name string) {
	e.partners = append(e.partners, peer)
	e.state, e.until, e.seq = eChat, time.Time{}, 0
	e.show(Opened, peer, name)
	e.work(now)
}

// chatting is the thread that reads during a chat.
func (e *eDaemon) chatting(now time.Time, d datagram) {
	h, ok := eRead(d.bytes)
	if !ok {
		e.die("a datagram under 3 bytes in a chat")
		return
	}
	text := rest(d.bytes, payloadAt)
	switch {
	case h.typ == typeChat:
		switch {
		case !ascii(text):
			e.die("a byte above 0x7f in the text of a CHAT")
			return
		case !h.named:
			e.die("a byte above 0x7f in the name of a CHAT")
			return
		}
		// Its client takes the first byte for the NUL, whatever it is.
		e.show(Message, d.from, string(rest(text, 1)))
		if h.seq > 1 {
			e.die("a CHAT with a number above 1")
			return
		}
		e.reply(d.from, opAck, h)
	case h.is(opSyn):
		if !h.named {
			e.die("a byte above 0x7f in the name of a SYN in a chat")
			return
		}
		e.send(d.from, append([]byte{0x08}, padded(h.name, 0)...))
	case h.is(opAck):
		if f := e.flight; f != nil && f.seq == h.seq && f.acked.IsZero() {
			polls := now.Sub(f.started)/ePoll + 1
			f.acked = f.started.Add(min(polls*ePoll, eWait))
		}
	case h.is(opFinAck):
		// Unasked it ends the chat as well: the client is not told, and the
		// partner stays on the stack.
		if e.state == eLeaving {
			e.partners = e.partners[1:]
			e.show(Closed, d.from, "")
		}
		e.end(now)
	case h.is(opFin):
		if !h.named {
			e.die("a byte above 0x7f in the name of a FIN")
			return
		}
		e.partners = e.partners[1:]
		e.show(Closed, d.from, h.name)
		if h.seq > 1 {
			e.die("a FIN with a number above 1")
			return
		}
		e.reply(d.from, opFinAck, h)
		e.end(now)
	}
}

// end: the thread that serves the client notices when it has given its line up.
func (e *eDaemon) end(now time.Time) {
	if e.flight != nil {
		e.state = eEnded
		return
	}
	e.menu(now)
}

// control sends a control datagram, which ends with the name.
func (e *eDaemon) control(to netip.AddrPort, op byte) {
	e.send(to, append([]byte{typeControl, op, 0}, padded(e.name, 0)...))
}

// reply answers with the number and the name of what it answers.
func (e *eDaemon) reply(to netip.AddrPort, op byte, h eHeader) {
	e.send(to, append([]byte{typeControl, op, h.seq}, padded(h.name, 0)...))
}
