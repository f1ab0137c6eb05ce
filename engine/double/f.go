package double

import (
	"net/netip"
	"time"
)

// Kind F: github.com/MarioPalagyi/UNI-SIMP-Messaging-Protocol, the same
// program as github.com/nevinjoseph01/Networking-Chat-Protocol
// (simp_daemon.py, protocol.py, simp_client.py), and the recordings f-*.
//
// What matters:
//
//   - It remembers its partner's port, not the address: SYN, SYN+ACK, CHAT and
//     FIN go to the address of its command line. The double was started with the
//     right one: the address of the peer that it invites, or of the one that
//     invites it. ACK, and the FIN of the busy, go to the source address.
//   - One byte counts for the daemon's lifetime: SYN, SYN+ACK and FIN carry
//     it, a chat the next value. Only an ACK with its value is one.
//   - Every chat is acknowledged, from anybody, in a chat or not; shown is
//     what has another number than the last one shown, be that in another chat.
//   - A FIN ends everything, from anybody.
//   - A SYN is remembered though there is no client; from then on it is busy. A
//     copy of a SYN is refused with FIN though the user is being asked.
//   - It repeats every 5 s without limit while a flag is up: its first SYN puts
//     it up, after it was sent, and an ACK with the counter's value takes it
//     down. So the starter's first chat is repeated, all others are not; and after an
//     attempt that failed so is whatever comes next. While it repeats, the
//     client waits; what the user types queues.
//   - Turns: a chat may be sent after a new one came. A second line in a row is
//     dropped. The turn outlives the chat, and is lost again if it comes while
//     the first chat is being repeated.
//   - The starter who leaves by itself stays busy until some FIN comes.
//   - A FIN while its user is asked does not take the question away. Either
//     answer then ends the client's thread, for there is nobody to send it to.
//
// What kills it: nothing that arrives. Its client's thread ends at its 256th
// chat, and as said above; the daemon goes on answering for itself.

const (
	fReads  = 1024
	fRepeat = 5 * time.Second
)

// fSending is a datagram that is repeated until the flag goes down.
type fSending struct {
	bytes []byte
	to    netip.AddrPort
	wake  time.Time
	then  func(now time.Time)
}

type fDaemon struct {
	*host
	name    string
	client  bool
	counter int
	ip      netip.Addr // of its command line
	port    uint16     // the partner's; 0 is None
	waiting bool       // the flag
	turn    bool
	busy    bool
	last    int // number of the last chat shown

	sending *fSending
	acts    []func(now time.Time) // wait for the client's thread
	ended   bool                  // the client's thread

	menu     bool // its client can start a chat
	asked    bool // its client shows the question
	chatting bool // its client takes lines
}

func newF(h *host) program { return &fDaemon{host: h, turn: true, last: -1} }

func (f *fDaemon) inChat() bool   { return f.chatting && f.port != 0 }
func (f *fDaemon) attached() bool { return f.client }

// act runs what the user does once the client's thread has nothing else to do.
func (f *fDaemon) act(now time.Time, do func(now time.Time)) {
	f.acts = append(f.acts, do)
	f.serve(now)
}

func (f *fDaemon) serve(now time.Time) {
	for !f.ended && f.sending == nil && len(f.acts) > 0 {
		do := f.acts[0]
		f.acts = f.acts[1:]
		do(now)
	}
}

func (f *fDaemon) login(now time.Time, user string) {
	if f.client {
		return
	}
	f.act(now, func(time.Time) { f.name, f.client, f.menu = user, true, true })
}

func (f *fDaemon) invite(now time.Time, peer netip.AddrPort) {
	if !f.client || !f.menu || f.asked {
		return
	}
	f.menu = false
	f.act(now, func(now time.Time) {
		f.ip = peer.Addr()
		f.transmit(now, typeControl, opSyn, "", peer.Port(), func(time.Time) {
			f.waiting, f.port = true, peer.Port()
		})
	})
}

func (f *fDaemon) accept(now time.Time) {
	if !f.asked {
		return
	}
	f.asked = false
	if f.port != 0 {
		f.chatting = true
		f.show(Opened, f.partner(), "")
	}
	f.act(now, func(now time.Time) {
		f.transmit(now, typeControl, opSynAck, "", f.port, func(time.Time) {})
	})
}

func (f *fDaemon) decline(now time.Time) {
	if !f.asked {
		return
	}
	f.asked = false
	f.act(now, func(now time.Time) {
		f.transmit(now, typeControl, opFin, "", f.port, func(time.Time) { f.port = 0 })
	})
}

func (f *fDaemon) say(now time.Time, text string) {
	if !f.chatting {
		return
	}
	f.act(now, func(now time.Time) {
		if !f.turn || f.port == 0 {
			f.show(Notice, f.partner(), "Not your turn")
			return
		}
		f.counter++
		f.transmit(now, typeChat, opChat, text, f.port, func(time.Time) { f.turn = false })
	})
}

func (f *fDaemon) leave(now time.Time) {
	if !f.chatting {
		return
	}
	f.chatting, f.menu = false, true
	f.act(now, func(now time.Time) {
		if f.port != 0 {
			f.transmit(now, typeControl, opFin, "", f.port, func(time.Time) { f.port = 0 })
		}
	})
}

func (f *fDaemon) partner() netip.AddrPort { return netip.AddrPortFrom(f.ip, f.port) }

// transmit sends once, and again while the flag is up. Without a port, and
// with a counter that no longer fits, the client's thread ends.
func (f *fDaemon) transmit(now time.Time, typ, op byte, text string, port uint16, then func(now time.Time)) {
	if port == 0 || f.counter > 0xff {
		f.ended = true
		return
	}
	b := pack(typ, op, byte(f.counter), f.name, 0, text)
	to := netip.AddrPortFrom(f.ip, port)
	f.send(to, b)
	if !f.waiting {
		then(now)
		return
	}
	f.sending = &fSending{bytes: b, to: to, wake: now.Add(fRepeat), then: then}
}

func (f *fDaemon) expire(now time.Time) {
	for f.sending != nil && due(f.sending.wake, now) {
		f.send(f.sending.to, append([]byte(nil), f.sending.bytes...))
		f.sending.wake = f.sending.wake.Add(fRepeat)
	}
}

func (f *fDaemon) deadline() time.Time {
	if f.sending == nil {
		return time.Time{}
	}
	return f.sending.wake
}

func (f *fDaemon) receive(now time.Time, from netip.AddrPort, b []byte) {
	b = cut(b, 0, fReads)
	if len(b) < 3 {
		return
	}
	name := cut(b, userAt, lengthAt)
	for i, c := range name {
		if c == 0 {
			name = name[:i]
			break
		}
	}
	var length uint64
	for _, l := range cut(b, lengthAt, payloadAt) {
		length = length<<8 | uint64(l)
	}
	text := rest(b, payloadAt)
	if uint64(len(text)) > length {
		text = text[:length]
	}
	if !ascii(name) || !ascii(text) {
		return
	}
	op, seq := b[1], b[2]
	switch b[0] {
	case typeControl:
		switch op {
		case opSyn:
			f.syn(from, seq, string(name))
		case opSynAck:
			f.busy = true
			if f.answer(from, opAck, seq) {
				f.show(Opened, from, string(name))
				f.chatting = true
			}
		case opAck:
			f.ack(now, seq)
		case opFin:
			f.busy = false
			if f.answer(from, opAck, seq) {
				f.port = 0
				f.over(from)
			}
		}
	case typeChat:
		if f.answer(from, opAck, seq) && int(seq) != f.last {
			f.last, f.turn = int(seq), true
			f.show(Message, from, string(text))
		}
	}
}

// answer fails where there was never a client, for want of a name.
func (f *fDaemon) answer(to netip.AddrPort, op, seq byte) bool {
	if !f.client {
		return false
	}
	f.send(to, pack(typeControl, op, seq, f.name, 0, ""))
	return true
}

func (f *fDaemon) syn(from netip.AddrPort, seq byte, name string) {
	if f.busy || f.port != 0 {
		f.answer(from, opFin, seq)
		return
	}
	f.ip, f.port = from.Addr(), from.Port()
	if f.client && !f.chatting {
		f.asked, f.menu = true, false
		f.show(Invitation, from, name)
	}
}

// over is the client's end of a chat, or of an invitation.
func (f *fDaemon) over(peer netip.AddrPort) {
	what := Refused
	if f.chatting || f.asked {
		what = Closed
	}
	f.show(what, peer, "Chat ended")
	f.chatting, f.menu = false, !f.asked
}

func (f *fDaemon) ack(now time.Time, seq byte) {
	if int(seq) != f.counter {
		return
	}
	f.waiting = false
	if s := f.sending; s != nil {
		f.sending = nil
		s.then(now)
		f.serve(now)
	}
}
