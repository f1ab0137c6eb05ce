package foreign

import (
	"fmt"
	"net/netip"
	"time"

	"simp/codec/client"
)

// What the person wants of a's daemon.

// Command implements [Dialogue].
func (d *dialogueA) Command(now time.Time, c client.Command, out *Outbox) {
	if d.ended {
		return
	}
	if _, quits := c.(client.Quit); d.busy() && !quits {
		d.later.add(c, out)
		return
	}
	d.perform(now, c, out)
	d.catchUp(now, out)
}

// busy reports whether a command still waits for its answer.
func (d *dialogueA) busy() bool {
	return !d.taken && d.user != "" && !d.entered || d.call != nil && d.call.tries == 0 && d.wanted.IsValid()
}

// catchUp takes the commands that had to wait.
func (d *dialogueA) catchUp(now time.Time, out *Outbox) {
	for len(d.later) > 0 && !d.busy() && !d.ended {
		d.perform(now, d.later.next(), out)
	}
}

func (d *dialogueA) perform(now time.Time, c client.Command, out *Outbox) {
	switch c := c.(type) {
	case client.Ping:
		out.tell(client.Pong{Daemon: "foreign, protocol a"})
	case client.Connect:
		d.connect(c, out)
	case client.Quit:
		d.quit(now)
	default:
		if d.user == "" || d.taken {
			out.tell(client.NewError(c.Op(), client.ReasonNotConnected, client.Facts{}))
			return
		}
		d.obey(now, c, out)
	}
	d.settle(now, out)
}

// quit begins the end. An invitation that has not gone out does not.
func (d *dialogueA) quit(now time.Time) {
	d.quitting, d.later = true, nil
	d.timers[timerDepart] = now.Add(departA)
	if d.call == nil || d.call.tries > 0 {
		return
	}
	d.call, d.wanted = nil, netip.AddrPort{}
	if d.place == startingA {
		// The daemon takes what comes next for an address. Its own is the way out.
		d.logout = true
		d.wanted = d.own()
	}
}

func (d *dialogueA) connect(c client.Connect, out *Outbox) {
	switch {
	case d.taken:
		out.tell(d.takenError(c.Op()))
	case d.user != "":
		out.tell(client.NewError(c.Op(), client.ReasonAlreadyConnected, client.Facts{User: d.user}))
	default:
		d.user = c.User
	}
}

func (d *dialogueA) obey(now time.Time, c client.Command, out *Outbox) {
	switch c := c.(type) {
	case client.Invite:
		d.invite(now, c, out)
	case client.Cancel:
		d.cancel(c, out)
	case client.Accept:
		d.accept(c.Op(), c.Peer, out)
	case client.Decline:
		if r := d.invitation(c.Op(), c.Peer, out); r != nil {
			r.answer = no
		}
	case client.Chat:
		onWire, refused := writable(A, c, d.chat)
		if refused != nil {
			out.tell(refused)
			return
		}
		d.chat.take(c, onWire, out)
	case client.Leave:
		d.leave(c, out)
	case client.StatusQuery:
		out.tell(d.status())
	}
}

func (d *dialogueA) invite(now time.Time, c client.Invite, out *Outbox) {
	if refused := callable(A, d.cfg.Daemon, c.Peer); refused != nil && !d.rings(c.Peer) {
		out.tell(refused)
		return
	}
	facts := client.Facts{Peer: c.Peer, Limit: 1}
	switch {
	case d.chat != nil && d.chat.ghost:
		out.tell(unsupported(c.Op(), c.Peer, "This daemon (a) is leaving a chat that opened although it was withdrawn. Try again in a second."))
	case d.chat != nil && d.chat.peer == c.Peer && d.chat.leaving:
		out.tell(client.NewError(c.Op(), client.ReasonClosing, facts))
	case d.chat != nil && d.chat.peer == c.Peer:
		out.tell(client.NewError(c.Op(), client.ReasonAlreadyOpen, facts))
	case d.chat != nil:
		out.tell(client.NewError(c.Op(), client.ReasonBusy, facts))
	case d.rings(c.Peer):
		d.accept(c.Op(), c.Peer, out)
	case d.ring != nil:
		out.tell(answerFirst(c.Peer, d.ring))
	case d.call != nil && d.call.peer != c.Peer:
		out.tell(unsupported(c.Op(), c.Peer, "You are inviting %s, and this daemon (a) keeps no two invitations apart. Give that one up first.", client.FormatPeer(d.call.peer)))
	case d.loose && d.call != nil:
		out.tell(unsupported(c.Op(), c.Peer, "The invitation is out, and this daemon (a) sends it once. Wait for the answer, or start the daemon again."))
	case d.loose, d.wanted.IsValid() && d.call == nil:
		// The menu would have to be asked for. If the answer to the invitation
		// comes at that moment, the daemon forgets its client before it has
		// opened the menu, and its thread dies of having nobody to ask.
		out.tell(unsupported(c.Op(), c.Peer, "This daemon (a) still waits for the answer to your last invitation, although you do not. Start it again to invite somebody else."))
	default:
		if d.call == nil {
			d.call = &party{peer: c.Peer, since: now}
		}
		d.wanted = c.Peer
		if d.gone {
			if d.timers[timerLogin] = d.timers[timerSettled]; d.timers[timerLogin].IsZero() {
				d.timers[timerLogin] = now // it forgot us long ago
			}
		}
	}
}

func (d *dialogueA) rings(peer netip.AddrPort) bool { return d.ring != nil && d.ring.peer == peer }

func (d *dialogueA) cancel(c client.Cancel, out *Outbox) {
	switch r := d.ring; {
	case d.call != nil && d.call.peer == c.Peer:
		out.tell(d.call.closed(client.CloseCancelled, ""))
		if d.place != startingA {
			d.wanted = netip.AddrPort{}
		}
		if d.call.tries > 0 || d.place == startingA {
			out.note(fmt.Sprintf("This daemon (a) cannot withdraw an invitation: %s is not told. If it is accepted later, simp leaves that chat at once.", client.FormatPeer(c.Peer)))
		}
		d.call = nil
		d.timers.stop(timerUnanswered)
	case r != nil && r.peer == c.Peer && r.answer == yes:
		out.tell(unsupported(c.Op(), c.Peer, "You have accepted, and this daemon (a) cannot take that back. Wait until the chat is open, and leave it."))
	default:
		out.tell(client.NewError(c.Op(), client.ReasonNotInviting, client.Facts{Peer: c.Peer}))
	}
}

// invitation returns the invitation of peer if it can be answered.
func (d *dialogueA) invitation(op string, peer netip.AddrPort, out *Outbox) *party {
	switch r := d.ring; {
	case r == nil || r.peer != peer:
		out.tell(client.NewError(op, client.ReasonNoInvitation, client.Facts{Peer: peer}))
	case r.answer != unanswered:
		out.tell(client.NewError(op, client.ReasonConnecting, client.Facts{Peer: peer, User: r.user}))
	default:
		return r
	}
	return nil
}

func (d *dialogueA) accept(op string, peer netip.AddrPort, out *Outbox) {
	r := d.invitation(op, peer, out)
	switch {
	case r == nil:
	case d.chat != nil:
		out.tell(client.NewError(op, client.ReasonBusy, client.Facts{Peer: peer, Limit: 1}))
	default:
		r.answer = yes
	}
}

func (d *dialogueA) leave(c client.Leave, out *Outbox) {
	p := d.chat
	switch {
	case p == nil || p.ghost || c.Peer.IsValid() && c.Peer != p.peer:
		out.tell(client.NewError(c.Op(), client.ReasonNoChat, client.Facts{Peer: c.Peer}))
	case p.leaving && !c.Now:
		out.tell(client.NewError(c.Op(), client.ReasonClosing, client.Facts{Peer: p.peer, User: p.user}))
	default:
		p.leaving = true
		if c.Now {
			p.drop()
		}
	}
}

func (d *dialogueA) status() client.Status {
	s := client.Status{User: d.user}
	if c := d.chat; c != nil && !c.ghost {
		state := "established"
		if c.leaving {
			state = "fin-wait"
		}
		s.Chats = append(s.Chats, client.ChatStatus{Peer: c.peer, User: c.user, State: state, Queued: len(c.queue)})
	}
	if c := d.call; c != nil {
		s.Chats = append(s.Chats, client.ChatStatus{Peer: c.peer, User: c.user, State: "syn-sent", Tries: c.tries})
	}
	if r := d.ring; r != nil && r.answer == yes {
		s.Chats = append(s.Chats, client.ChatStatus{Peer: r.peer, User: r.user, State: "syn-received"})
	} else if r != nil {
		s.Pending = append(s.Pending, client.Pending{Peer: r.peer, User: r.user, Since: r.since.UTC()})
	}
	return s
}
