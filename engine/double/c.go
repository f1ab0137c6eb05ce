package double

import (
	"net/netip"
	"strings"
	"time"
)

// Kind C: the course's reference, github.com/Tingting-Yuan/NTMGTII_Project
// (simp_daemon.py, simp_common.py, simp_client.py), and the recordings c-*.
//
// What matters:
//
//   - Names are padded with blanks, and only blanks are taken off.
//   - Nothing is ever repeated. A chat that was not acknowledged stays the
//     current number, and the next message goes out under the same one.
//   - An ACK is taken from anybody: it opens the chat if an invitation is
//     known and no chat is open, else it counts if it has the current number.
//     An invitation stays known until such an ACK or a decline; one that came
//     while another chat was opened makes the ACK of the FIN open a ghost chat.
//   - A FIN is answered and ends the chat, from anybody. The number of the next
//     own chat is reset by a FIN that comes, not by one's own. So the ACK
//     with which a caller settles the FIN of a busy C moves C's number in the
//     chat that it is busy with (c-busy: its first chat goes out as 1, and is lost).
//   - Chat comes from the partner's exact address only, with exactly the number
//     that is due; anything else, a duplicate too, is passed over in silence.
//   - While no client ever spoke to the daemon, it accepts by itself.
//   - The client's thread sleeps 100 ms after each message that it sends;
//     whatever the user does meanwhile waits.
//
// A thread is started for every datagram, without a lock: under load the
// original may handle two in the wrong order, or a datagram and its copy both
// before either changed the number, and then shows the message twice. The
// double handles them one by one, in the order of their arrival.
//
// What kills it: nothing. Each thread catches what its datagram raises.

const (
	cPause = 100 * time.Millisecond
	cReads = 4096
	// cBlanks is what Python's strip takes off.
	cBlanks = " \t\n\v\f\r\x1c\x1d\x1e\x1f"
)

type cInvitation struct {
	from netip.AddrPort
	seq  byte
}

type cDaemon struct {
	*host
	name    string // "" is None
	client  bool   // never false again
	chat    bool
	partner netip.AddrPort
	own     byte // number of its next chat
	due     byte // number that the partner's next chat must have
	pending *cInvitation

	acts []func(now time.Time) // what the user did while the client's thread slept
	free time.Time             // when it wakes up
}

func newC(h *host) program { return &cDaemon{host: h} }

func (c *cDaemon) inChat() bool   { return c.chat }
func (c *cDaemon) attached() bool { return c.client }

// called returns the user's name, or what the daemon calls itself without one.
func (c *cDaemon) called(otherwise string) string {
	if c.name == "" {
		return otherwise
	}
	return c.name
}

// control sends a control datagram as the daemon of nobody, or of its user.
func (c *cDaemon) control(to netip.AddrPort, op, seq byte) {
	c.send(to, pack(typeControl, op, seq, c.called("daemon"), ' ', ""))
}

// tell shows something to the client, if there ever was one.
func (c *cDaemon) tell(what What, peer netip.AddrPort, text string) {
	if c.client {
		c.show(what, peer, text)
	}
}

// act runs what the user does, after the client's thread has woken up.
func (c *cDaemon) act(now time.Time, do func(now time.Time)) {
	c.acts = append(c.acts, do)
	c.expire(now)
}

func (c *cDaemon) expire(now time.Time) {
	for len(c.acts) > 0 && !now.Before(c.free) {
		do := c.acts[0]
		c.acts = c.acts[1:]
		do(now)
	}
}

func (c *cDaemon) deadline() time.Time {
	if len(c.acts) == 0 {
		return time.Time{}
	}
	return c.free
}

func (c *cDaemon) login(now time.Time, user string) {
	c.act(now, func(time.Time) { c.name, c.client = user, true })
}

func (c *cDaemon) invite(now time.Time, peer netip.AddrPort) {
	c.act(now, func(time.Time) {
		if c.client && !c.chat {
			c.control(peer, opSyn, 0)
		}
	})
}

func (c *cDaemon) accept(now time.Time) {
	c.act(now, func(time.Time) {
		if c.client && c.pending != nil {
			c.control(c.pending.from, opSynAck, c.pending.seq)
		}
	})
}

func (c *cDaemon) decline(now time.Time) {
	c.act(now, func(time.Time) {
		if c.client && c.pending != nil {
			c.control(c.pending.from, opFin, c.pending.seq)
			c.pending = nil
		}
	})
}

func (c *cDaemon) say(now time.Time, text string) {
	c.act(now, func(now time.Time) {
		if !c.client || !c.chat {
			return
		}
		text, _, _ = strings.Cut(text, "|") // the separator of the client's protocol
		c.send(c.partner, pack(typeChat, opChat, c.own, c.called("daemon"), ' ', text))
		c.free = now.Add(cPause)
	})
}

func (c *cDaemon) leave(now time.Time) {
	c.act(now, func(time.Time) {
		if c.client && c.chat {
			c.control(c.partner, opFin, 0)
			c.chat, c.partner = false, netip.AddrPort{}
		}
	})
}

func (c *cDaemon) receive(_ time.Time, from netip.AddrPort, b []byte) {
	b = cut(b, 0, cReads)
	if len(b) < payloadAt {
		return
	}
	var length uint64
	for _, l := range b[lengthAt:payloadAt] {
		length = length<<8 | uint64(l)
	}
	if uint64(len(b)) < payloadAt+length {
		return
	}
	name, payload := b[userAt:lengthAt], b[payloadAt:payloadAt+length]
	if !ascii(name) || !ascii(payload) {
		return
	}
	user, text, seq := stripped(name, cBlanks), string(payload), b[2]
	switch b[0] {
	case typeControl:
		switch b[1] {
		case opSyn:
			c.syn(from, user, seq)
		case opSynAck:
			c.control(from, opAck, seq)
			c.opened(from, user)
		case opAck:
			c.ack(from, user, seq)
		case opFin:
			c.send(from, pack(typeControl, opAck, seq, c.called("unknown"), ' ', ""))
			what := Refused
			if c.chat {
				what = Closed
			}
			c.chat, c.partner = false, netip.AddrPort{}
			c.own, c.due = 0, 0
			c.tell(what, from, "")
		case opErr:
			c.tell(Refused, from, text)
		}
	case typeChat: // whatever the operation
		if !c.chat || from != c.partner || seq != c.due {
			return
		}
		c.control(from, opAck, seq)
		c.due = 1 - c.due
		c.tell(Message, from, text)
	}
}

func (c *cDaemon) syn(from netip.AddrPort, user string, seq byte) {
	if c.chat {
		name := c.called("unknown")
		c.send(from, pack(typeControl, opErr, 0, name, ' ', "User already in another chat"))
		c.send(from, pack(typeControl, opFin, 0, name, ' ', ""))
		return
	}
	c.pending = &cInvitation{from, seq}
	c.tell(Invitation, from, user)
	if !c.client {
		c.control(from, opSynAck, seq)
	}
}

func (c *cDaemon) ack(from netip.AddrPort, user string, seq byte) {
	switch {
	case !c.chat && c.pending != nil:
		c.pending = nil
		c.opened(from, user)
	case seq == c.own:
		c.own = 1 - c.own
	}
}

func (c *cDaemon) opened(from netip.AddrPort, user string) {
	c.chat, c.partner = true, from
	c.own, c.due = 0, 0
	c.tell(Opened, from, user)
}
