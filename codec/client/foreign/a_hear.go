package foreign

import (
	"fmt"
	"net/netip"
	"strings"
	"time"

	"simp/codec/client"
)

// What a's daemon says.

// Datagram implements [Dialogue].
func (d *dialogueA) Datagram(now time.Time, b []byte, out *Outbox) {
	if d.ended || len(b) < 2 {
		return
	}
	words := string(b[2:])
	switch b[0] {
	case typeConnect:
		d.greeted(now, b[1] != 0 || words != "")
	case typeMenu:
		d.asked(now, words, out)
	case typeRequest:
		d.requested(now, words, out)
	case typeEstablished:
		d.established(now, out)
	case typeChat:
		d.heard(now, words, out)
	case typeError:
		d.refused(now, words, out)
	case typeQuit:
		d.parted(now, out)
	}
	d.settle(now, out)
	d.catchUp(now, out)
}

func (d *dialogueA) greeted(now time.Time, question bool) {
	if d.place != greetingA {
		return
	}
	if question {
		d.arrive(namingA)
		return
	}
	d.expect(now, greetingA)
}

// enter tells the person that the daemon has taken the name.
func (d *dialogueA) enter(pending []client.Pending, out *Outbox) {
	if d.entered || d.user == "" {
		return
	}
	d.entered = true
	out.tell(client.Connected{User: d.user, Daemon: "foreign, protocol a", Addr: d.own(), Pending: pending})
	out.note("This daemon (a) holds one chat at a time and does not tell whether a message has arrived.")
}

// asked takes the menu, or the question for an address behind "start".
func (d *dialogueA) asked(now time.Time, words string, out *Outbox) {
	switch {
	case d.place == startingA && !strings.Contains(words, "[wait/start]"):
		d.address(now, out)
	case d.place == enteringA:
		d.arrive(menuOpenA)
		if !d.taken {
			d.enter(nil, out)
		}
	case d.place == idleA:
		// It had begun to open the menu when the request came, and took our
		// answer to that for a choice, if there was one.
		if r := d.ring; r != nil {
			r.told = false
		}
		d.arrive(menuOpenA)
	default:
		d.arrive(menuOpenA)
	}
}

// address says whom to invite. The thread takes whatever comes next for that,
// so this is sent also if the invitation has been withdrawn meanwhile.
func (d *dialogueA) address(now time.Time, out *Outbox) {
	if d.gone || !d.wanted.IsValid() {
		// Whoever accepted would find no client. Its own invitation waits for the
		// next login, and is declined then.
		d.wanted = d.own()
	}
	out.send(menuA + d.wanted.Addr().String())
	own := d.wanted == d.own()
	d.wanted = netip.AddrPort{}
	d.arrive(idleA)
	if own {
		return
	}
	d.loose = true
	if c := d.call; c != nil {
		c.tries++
		out.tell(client.Inviting{Peer: c.peer, User: c.user, Tries: c.tries})
		d.timers[timerUnanswered] = now.Add(unansweredEvery)
	}
}

// requested takes an invitation.
func (d *dialogueA) requested(now time.Time, words string, out *Outbox) {
	peer, user := parseRequest(words)
	early := d.place == enteringA
	if early {
		// It was there before us, so the menu is left out.
		d.arrive(idleA)
	}
	if r := d.ring; r != nil && r.peer == peer && !r.told {
		return // the same question again
	}
	if d.taken {
		return // its other client has been asked too
	}
	d.ring = &party{peer: peer, user: user, since: now}
	switch {
	case d.quitting, peer == d.own():
		// The daemon's own is the way out, or what was left of somebody's.
		d.ring = nil
		d.dismiss(out)
	case early && !d.entered:
		d.enter(d.ring.pending(), out)
	case d.place == namingA && !d.entered:
		// The person hears of it with the answer to the name.
	case d.call != nil && d.call.peer == peer:
		// Both have invited, so both have agreed.
		if d.place != startingA {
			d.wanted = netip.AddrPort{}
		}
		d.ring.answer = yes
	default:
		out.tell(client.Invitation{Peer: peer, User: user})
		if d.call != nil && d.call.tries == 0 && d.place != startingA {
			out.tell(answerFirst(d.call.peer, d.ring))
			d.call, d.wanted = nil, netip.AddrPort{}
		}
	}
}

// pending is the invitation as one that was there before the person.
func (r *party) pending() []client.Pending {
	return []client.Pending{{Peer: r.peer, User: r.user, Since: r.since.UTC()}}
}

// dismiss declines an invitation of which the person is told nothing.
func (d *dialogueA) dismiss(out *Outbox) {
	if d.place == menuOpenA {
		d.wait(out)
	}
	if d.place == idleA {
		out.send(answerA + string(no))
	}
}

func answerFirst(peer netip.AddrPort, r *party) client.Error {
	return unsupported(client.Invite{}.Op(), peer,
		"Somebody at %s invites you, and this daemon (a) does nothing else until you have answered. Accept or decline first.", client.FormatPeer(r.peer))
}

// parseRequest reads "Request from user NAME address: IP:PORT. Do you ...". The
// name comes from the network and may contain any of these words, so the last
// of them count.
func parseRequest(words string) (netip.AddrPort, string) {
	const before, between, behind = "Request from user ", " address: ", ". Do you want to accept?"
	rest, ok := strings.CutPrefix(words, before)
	if end := strings.LastIndex(rest, behind); ok && end >= 0 {
		rest = rest[:end]
		if at := strings.LastIndex(rest, between); at >= 0 {
			if peer, err := client.ParsePeer(rest[at+len(between):]); err == nil {
				return peer, rest[:at]
			}
		}
	}
	return UnknownPeer, ""
}

// established takes the news that a chat is open. It does not say with whom.
func (d *dialogueA) established(now time.Time, out *Outbox) {
	if d.chat != nil {
		return
	}
	p := d.call
	if r := d.ring; r != nil && r.told && r.answer == yes {
		p = r
		if c := d.call; c != nil && c.peer != r.peer {
			out.tell(c.closed(client.CloseCancelled, ""))
		}
	}
	d.timers.stop(timerUnanswered)
	if p == nil && !d.loose {
		// It has taken a stray packet for the end of a handshake. It would die of
		// a goodbye that it can send to nobody.
		out.note("This daemon (a) says that a chat is open, and nobody knows with whom. Start it again.")
		d.end(out)
		return
	}
	d.loose = false
	if p == nil {
		// Somebody has accepted what was withdrawn.
		d.chat = &party{ghost: true, leaving: true}
		return
	}
	if r := d.ring; r != nil && r != p {
		out.tell(client.Withdrawn{Peer: r.peer, User: r.user, Reason: client.WithdrawLost})
	}
	d.chat = &party{peer: p.peer, user: p.user, since: now}
	d.call, d.ring = nil, nil
	d.wanted = netip.AddrPort{}
	d.quiet = time.Time{}
	out.tell(client.Established{Peer: p.peer, User: p.user})
}

// heard takes a message. Over a network it can overtake the news that the chat
// is open.
func (d *dialogueA) heard(now time.Time, words string, out *Outbox) {
	if d.chat == nil && (d.call != nil || d.ring != nil && d.ring.told) {
		d.established(now, out)
	}
	if d.chat != nil && !d.chat.ghost {
		out.tell(d.chat.message(words))
	}
}

// refused takes an error: of the greeting, of an invitation, or of a caller who
// has lost patience. But for the first it means that the daemon forgets us.
func (d *dialogueA) refused(now time.Time, words string, out *Outbox) {
	if d.place == greetingA {
		d.refuse(out)
		return
	}
	switch r := d.ring; {
	case d.chat != nil:
		if !d.chat.ghost {
			out.tell(d.chat.closed(client.CloseRefused, words))
		}
	case r != nil && r.told:
		out.tell(r.closed(client.CloseLeft, words))
	case d.call != nil && d.call.tries > 0:
		out.tell(d.call.closed(refusal(words)))
		d.call = nil
	case words != "" && !d.quitting:
		out.tell(client.NewError("", client.ReasonRefusedText, client.Facts{Detail: words}))
	}
	d.forgotten(now, out)
}

// refuse takes it that the daemon has another client. That daemon nevertheless
// goes on to ask for a name, and takes the next two datagrams of anybody for the
// answers, also those of the client that it has. So they are answered.
func (d *dialogueA) refuse(out *Outbox) {
	d.taken = true
	switch {
	case d.entered:
		out.tell(d.takenError(""))
		d.end(out)
	case d.user != "":
		out.tell(d.takenError(client.Connect{}.Op()))
	}
}

func (d *dialogueA) takenError(op string) client.Error {
	return client.Error{OpName: op, Reason: client.ReasonTaken, Text: fmt.Sprintf(
		"The daemon at %s (a) already has a client, and it takes one at a time. Start that client again, since the daemon sends what arrives to whoever asked last; if it is gone, start the daemon again.",
		d.cfg.Daemon)}
}

// parted takes the end of a chat.
func (d *dialogueA) parted(now time.Time, out *Outbox) {
	c := d.chat
	if c == nil {
		if !d.gone && d.place != greetingA {
			d.end(out) // it sends us away
		}
		return
	}
	if !c.ghost {
		out.tell(c.closed(client.CloseLeft, ""))
	}
	if !c.goodbye && !c.ghost && !d.worn {
		d.worn = true
		out.note("This daemon (a) goes on listening to the partner who has left, so a next chat may never open, and simp does not wait for one. Start the daemon again, then simp.")
	}
	d.forgotten(now, out)
}

// forgotten notes that the daemon has no client any more.
func (d *dialogueA) forgotten(now time.Time, out *Outbox) {
	d.chat, d.loose = nil, false
	if r := d.ring; r != nil {
		if !r.told {
			out.tell(client.Withdrawn{Peer: r.peer, User: r.user, Reason: client.WithdrawLost})
		}
		d.ring = nil
	}
	d.wanted = netip.AddrPort{}
	if c := d.call; c != nil {
		d.wanted = c.peer
	}
	d.timers = timers{timerDepart: d.timers[timerDepart]}
	if d.gone = true; d.place == askingA || d.place == startingA {
		d.timers[timerReply] = now.Add(replyA)
	}
	d.timers[timerSettled] = now.Add(forgetA)
	if !d.worn || d.wanted.IsValid() {
		d.timers[timerLogin] = now.Add(returnA)
	}
}
