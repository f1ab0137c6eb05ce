package foreign

import (
	"net/netip"
	"strings"
	"time"

	"simp/codec/client"
)

// How b's daemon opens chats, and what the person wants of it.

// welcomed takes the answer to our name: there may be a list of invitations.
func (d *dialogueB) welcomed(now time.Time, words string, out *Outbox) {
	if d.state != enteringB {
		return
	}
	first := !d.entered
	d.entered = true
	d.pending = parseList(words, now)
	connected := client.Connected{User: d.user, Daemon: "foreign, protocol b", Addr: netip.AddrPortFrom(d.cfg.Daemon, client.DefaultPort)}
	for _, p := range d.pending {
		connected.Pending = append(connected.Pending, client.Pending{Peer: p.peer, User: p.user, Since: p.since.UTC()})
	}
	if first {
		out.tell(connected)
		out.note("This daemon (b) never passes on what the other side writes: through it you can write, but not read. It does not tell whether a message has arrived either.")
	} else {
		for _, p := range d.pending {
			out.tell(client.Invitation{Peer: p.peer, User: p.user})
		}
	}
	if len(d.pending) > 0 {
		d.state = listedB
		switch {
		case d.wanted.IsValid() && d.rings(d.wanted):
			d.choose(now, client.Invite{}.Op(), d.wanted, out)
		case d.wanted.IsValid():
			out.tell(d.answerFirst(d.wanted))
			d.wanted = netip.AddrPort{}
		}
		return
	}
	d.menu(now)
}

// parseList reads the lines "IP: ADDRESS | Username: NAME" of a welcome.
func parseList(words string, now time.Time) []*party {
	var list []*party
	for line := range strings.Lines(words) {
		rest, ok := strings.CutPrefix(strings.TrimSuffix(line, "\n"), "IP: ")
		ip, name, both := strings.Cut(rest, " | Username: ")
		if !ok || !both {
			continue
		}
		if peer, err := client.ParsePeer(ip); err == nil {
			list = append(list, &party{peer: peer, user: name, since: now})
		}
	}
	return list
}

// choose answers the list. The daemon does not acknowledge it; its answer is
// the news that the chat is open.
func (d *dialogueB) choose(now time.Time, op string, peer netip.AddrPort, out *Outbox) {
	d.wanted = netip.AddrPort{}
	for _, p := range d.pending {
		if p.peer == peer {
			if strings.Contains(p.user, "|") || strings.EqualFold(p.user, nobodyB) {
				// It would look for what stands before the bar, and answer nothing.
				out.tell(unsupported(op, peer, "This daemon (b) is answered with a name, and cannot be given the name %s. Decline, and have the other side choose another one.", p.user))
				return
			}
			p.answer = yes
			d.talk = p
			d.send(now, opConnect, p.user, out)
			return
		}
	}
}

// met takes the news that somebody is there.
func (d *dialogueB) met(now time.Time, words string, out *Outbox) {
	_, user, _ := strings.Cut(words, ": ")
	d.timers.stop(timerCalled)
	d.busied = now
	switch d.state {
	case listedB, enteringB:
		if words == "" {
			d.busied = time.Time{} // it has done nothing
			d.pending = nil
			d.menu(now)
			return
		}
		if d.talk == nil && len(d.pending) > 0 {
			d.talk = d.pending[0]
		}
		d.open(out)
	case callingB:
		if d.talk == nil {
			// It was withdrawn as far as the person is concerned.
			d.partner = &party{peer: UnknownPeer, user: user}
			d.state = ringingB
			return // settle logs out
		}
		if user != "" {
			d.talk.user = user
		}
		d.open(out)
	case waitingB:
		d.state = ringingB
		d.talk = &party{peer: UnknownPeer, user: user, since: now}
		out.tell(client.Invitation{Peer: UnknownPeer, User: user})
		out.note("This daemon (b) does not tell where the invitation comes from; " + UnknownPeer.Addr().String() + " stands for the address. It has accepted it already.")
	default:
	}
}

func (d *dialogueB) open(out *Outbox) {
	if d.talk == nil {
		return
	}
	d.state = openB
	d.pending = nil
	d.partner = d.talk
	out.tell(client.Established{Peer: d.talk.peer, User: d.talk.user})
	for _, m := range d.held {
		out.tell(d.talk.message(m))
	}
	d.held = nil
}

// heard takes a message, such as other daemons than b's own send in this
// protocol.
func (d *dialogueB) heard(words string, out *Outbox) {
	switch d.state {
	case openB:
		out.tell(d.talk.message(words))
	case ringingB:
		d.held = append(d.held, words)
	default:
	}
}

// Command implements [Dialogue].
func (d *dialogueB) Command(now time.Time, c client.Command, out *Outbox) {
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
func (d *dialogueB) busy() bool {
	return !d.taken && d.user != "" && !d.entered || d.wanted.IsValid()
}

// catchUp takes the commands that had to wait.
func (d *dialogueB) catchUp(now time.Time, out *Outbox) {
	for len(d.later) > 0 && !d.busy() && !d.ended {
		d.perform(now, d.later.next(), out)
	}
}

func (d *dialogueB) perform(now time.Time, c client.Command, out *Outbox) {
	switch c := c.(type) {
	case client.Ping:
		out.tell(client.Pong{Daemon: "foreign, protocol b"})
	case client.Connect:
		switch {
		case d.taken:
			out.tell(d.takenError())
		case d.user != "":
			out.tell(client.NewError(c.Op(), client.ReasonAlreadyConnected, client.Facts{User: d.user}))
		default:
			d.user = c.User
		}
	case client.Quit:
		d.quitting, d.later, d.wanted = true, nil, netip.AddrPort{}
		d.timers[timerEnd] = now.Add(departB)
	default:
		if d.user == "" || d.taken {
			out.tell(client.NewError(c.Op(), client.ReasonNotConnected, client.Facts{}))
			return
		}
		d.obey(now, c, out)
	}
	d.settle(now, out)
}

func (d *dialogueB) obey(now time.Time, c client.Command, out *Outbox) {
	switch c := c.(type) {
	case client.Invite:
		d.invite(now, c, out)
	case client.Cancel:
		d.cancel(c, out)
	case client.Accept:
		d.accept(now, c.Op(), c.Peer, out)
	case client.Decline:
		d.decline(now, c, out)
	case client.Chat:
		d.write(c, out)
	case client.Leave:
		d.leave(c, out)
	case client.StatusQuery:
		out.tell(d.status())
	}
}

func (d *dialogueB) invite(now time.Time, c client.Invite, out *Outbox) {
	facts := client.Facts{Peer: c.Peer, Limit: 1}
	refused := callable(B, d.cfg.Daemon, c.Peer)
	switch {
	case d.rings(c.Peer):
		d.accept(now, c.Op(), c.Peer, out)
		return
	case refused != nil:
		out.tell(refused)
		return
	case d.state == openB && d.talk.peer == c.Peer:
		reason := client.ReasonAlreadyOpen
		if d.talk.leaving {
			reason = client.ReasonClosing
		}
		out.tell(client.NewError(c.Op(), reason, facts))
		return
	case d.state == openB:
		out.tell(client.NewError(c.Op(), client.ReasonBusy, facts))
		return
	}
	switch {
	case d.state == partingB:
		d.wanted = c.Peer // what comes next shows whether it stays with its partner
	case d.stuck(c.Peer):
		out.tell(d.stays(c.Peer))
	case d.state == waitingB:
		out.tell(unsupported(c.Op(), c.Peer, "This daemon (b) waits for an invitation and has no way back. Start it again to invite somebody."))
	case d.state == callingB:
		out.tell(unsupported(c.Op(), c.Peer, "This daemon (b) does nothing else, and repeats nothing, until its invitation is answered. Start it again to invite somebody else."))
	case d.state == listedB, d.state == ringingB:
		out.tell(d.answerFirst(c.Peer))
	default:
		d.wanted = c.Peer
	}
}

func (d *dialogueB) answerFirst(peer netip.AddrPort) client.Error {
	return unsupported(client.Invite{}.Op(), peer, "Somebody invites you, and this daemon (b) does nothing else until you have answered. Accept or decline first.")
}

// stuck reports whether the daemon has a partner other than peer. It would take
// an invitation of peer and never answer it.
func (d *dialogueB) stuck(peer netip.AddrPort) bool {
	return d.partner != nil && d.partner.peer != peer
}

func (d *dialogueB) stays(peer netip.AddrPort) client.Error {
	return unsupported(client.Invite{}.Op(), peer, "This daemon (b) stays with its first partner, %s, until it is started again. Start it again to invite somebody else.", d.partner.name())
}

func (p *party) name() string {
	if p.peer == UnknownPeer {
		return p.user
	}
	return client.FormatPeer(p.peer)
}

func (d *dialogueB) rings(peer netip.AddrPort) bool {
	if d.state == ringingB && d.talk != nil && d.talk.answer == unanswered {
		return d.talk.peer == peer
	}
	if d.state != listedB || d.talk != nil {
		return false
	}
	for _, p := range d.pending {
		if p.peer == peer {
			return true
		}
	}
	return false
}

func (d *dialogueB) cancel(c client.Cancel, out *Outbox) {
	switch {
	case d.state == callingB && d.talk != nil && d.talk.peer == c.Peer:
		out.tell(d.talk.closed(client.CloseCancelled, ""))
		d.talk = nil
		d.timers.stop(timerCalled)
		out.note("This daemon (b) cannot withdraw an invitation, and does nothing else until it is answered. Start it again to go on.")
	case d.wanted.IsValid() && d.wanted == c.Peer:
		d.wanted = netip.AddrPort{}
		out.tell((&party{peer: c.Peer}).closed(client.CloseCancelled, ""))
	default:
		out.tell(client.NewError(c.Op(), client.ReasonNotInviting, client.Facts{Peer: c.Peer}))
	}
}

func (d *dialogueB) accept(now time.Time, op string, peer netip.AddrPort, out *Outbox) {
	switch {
	case !d.rings(peer):
		out.tell(client.NewError(op, client.ReasonNoInvitation, client.Facts{Peer: peer}))
	case d.state == listedB:
		d.choose(now, op, peer, out)
	default:
		// Nothing is sent: the daemon has accepted long ago.
		d.talk.answer = yes
		d.open(out)
	}
}

// decline declines. That daemon has accepted already, and tells nobody.
func (d *dialogueB) decline(now time.Time, c client.Decline, out *Outbox) {
	switch {
	case !d.rings(c.Peer):
		out.tell(client.NewError(c.Op(), client.ReasonNoInvitation, client.Facts{Peer: c.Peer}))
	case d.state == ringingB:
		d.talk.answer = no // settle logs out
	default:
		var left []*party
		for _, p := range d.pending {
			if p.peer != c.Peer {
				left = append(left, p)
				continue
			}
			out.tell(p.closed(client.CloseDeclined, ""))
		}
		// The daemon takes one answer to the whole list.
		if d.pending = left; len(left) == 0 {
			d.state = enteringB
			d.send(now, opConnect, nobodyB, out)
		}
	}
}

func (d *dialogueB) write(c client.Chat, out *Outbox) {
	var t *party
	if d.state == openB {
		t = d.talk
	}
	onWire, refused := writable(B, c, t)
	if refused != nil {
		out.tell(refused)
		return
	}
	t.take(c, onWire, out)
}

func (d *dialogueB) leave(c client.Leave, out *Outbox) {
	t := d.talk
	switch {
	case d.state != openB || c.Peer.IsValid() && c.Peer != t.peer:
		out.tell(client.NewError(c.Op(), client.ReasonNoChat, client.Facts{Peer: c.Peer}))
	case t.leaving && !c.Now:
		out.tell(client.NewError(c.Op(), client.ReasonClosing, client.Facts{Peer: t.peer, User: t.user}))
	default:
		t.leaving = true
		if c.Now && len(t.queue) > 0 {
			d.dropQueue(t)
		}
	}
}

// dropQueue takes back all but the message that is on its way: its ACK is still
// to come and must find it.
func (d *dialogueB) dropQueue(t *party) {
	first := 0
	if strings.HasPrefix(d.flight, opChat+"|") {
		first = 1
	}
	t.dropped = append(t.dropped, t.queue[first:]...)
	t.queue = t.queue[:first]
}

func (d *dialogueB) status() client.Status {
	s := client.Status{User: d.user}
	for _, p := range d.pending {
		s.Pending = append(s.Pending, client.Pending{Peer: p.peer, User: p.user, Since: p.since.UTC()})
	}
	t := d.talk
	if t == nil {
		return s
	}
	chat := client.ChatStatus{Peer: t.peer, User: t.user, Queued: len(t.queue)}
	switch {
	case d.state == callingB:
		chat.State, chat.Tries = "syn-sent", t.tries
	case d.state == ringingB:
		s.Pending = append(s.Pending, client.Pending{Peer: t.peer, User: t.user, Since: t.since.UTC()})
		return s
	case t.leaving:
		chat.State = "fin-wait"
	default:
		chat.State = "established"
	}
	s.Chats = append(s.Chats, chat)
	return s
}
