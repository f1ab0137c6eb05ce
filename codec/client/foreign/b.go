package foreign

import (
	"fmt"
	"net/netip"
	"strings"
	"time"

	"simp/codec/client"
)

// The operations of b's datagrams.
const (
	opAck        = "ACK"
	opPing       = "PING"
	opPong       = "PONG"
	opConnect    = "CONNECT"
	opConnecting = "CONNECTING"
	opChat       = "CHAT"
	opQuit       = "QUIT"
	opError      = "ERROR"
)

// nobodyB answers the list of pending invitations with "none of them".
const nobodyB = "NO"

const (
	// ackB is how long b's own client waits for an acknowledgement, and triesB
	// how often it sends.
	ackB   = 5 * time.Second
	triesB = 3

	// decideB is how long a person has for an invitation of their own before the
	// dialogue waits for somebody else's. The daemon cannot do both, and has no
	// way back.
	decideB = 20 * time.Second

	// hintB is when the person is told so. Whoever knows what to do has done it.
	hintB = 2 * time.Second

	// partB is how long the daemon may take to say that it has logged us out,
	// which follows a QUIT or does not: that depends on the daemon.
	partB = time.Second

	// probedB is how long its complaint about the probe is waited for.
	probedB = time.Second

	// restB lies between the last thing that makes the daemon send something and
	// QUIT. QUIT makes it forget the person's name, and what answers it on the
	// network then needs that name: the thread that answers would die. It opens
	// a second chat with its partner at once, before that partner has answered.
	restB = time.Second

	// departB bounds the end: a program does not stay for a daemon's sake.
	departB = restB + 800*time.Millisecond
)

// stateB is how far b's daemon is with us.
type stateB uint8

const (
	complainingB stateB = iota // its complaint about the probe is expected
	pingingB                   // PING is sent
	namingB                    // it is there, and we have no name yet
	enteringB                  // CONNECT is sent
	listedB                    // it waits for our choice among the pending invitations
	menuB                      // it takes an invitation, or that we wait for one
	callingB                   // it invites, and does nothing else until the chat opens
	waitingB                   // it waits for an invitation, and does nothing else
	ringingB                   // somebody is there; the person decides
	openB                      // in a chat
	partingB                   // QUIT was acknowledged
	goneB                      // logged out
)

// The timers of b's dialogue.
const (
	timerAck = iota
	timerWait
	timerPart
	timerCalled // an invitation has had no answer
	timerHint
	timerRest // settle sees to it
	timerEnd
)

// dialogueB is the dialogue with b's daemon.
//
// That daemon has one thread for its client. It stands still for ever while it
// waits for a chat to open, and accepts every invitation by itself. Its partner
// is its partner until it is started again, and what that partner writes it
// sends to itself instead of to its client.
//
// It waits for the ACK of everything it says, and takes any other datagram in
// that place for none: so nothing of ours may follow a request until its answer
// has come and is acknowledged.
type dialogueB struct {
	cfg    Config
	timers timers

	state   stateB
	user    string
	entered bool
	taken   bool

	flight string // what is not acknowledged yet
	tries  int

	later   waiting
	wanted  netip.AddrPort
	talk    *party   // the invitation or the chat
	pending []*party // the list of pending invitations
	held    []string // messages that came before the person accepted

	partner *party // whom the daemon stays with; nil: nobody yet

	busied time.Time // when something has made the daemon send last

	quitting bool
	ended    bool
}

var _ Dialogue = (*dialogueB)(nil)

// Deadline implements [Dialogue].
func (d *dialogueB) Deadline() time.Time {
	if d.ended {
		return time.Time{}
	}
	return d.timers.next()
}

// Start implements [Dialogue].
func (d *dialogueB) Start(now time.Time, out *Outbox) {
	if d.cfg.Probed {
		d.state = complainingB
		d.timers[timerPart] = now.Add(probedB)
		return
	}
	d.ping(now, out)
}

func (d *dialogueB) ping(now time.Time, out *Outbox) {
	d.state = pingingB
	d.send(now, opPing, "", out)
}

// send sends what must be acknowledged. Only one such thing is ever on its way.
func (d *dialogueB) send(now time.Time, op, payload string, out *Outbox) {
	d.flight, d.tries = op+"|"+payload, 1
	d.timers[timerAck] = now.Add(ackB)
	out.send(d.flight)
}

func (d *dialogueB) end(out *Outbox) {
	d.ended = true
	out.Ended = true
}

// Expire implements [Dialogue].
func (d *dialogueB) Expire(now time.Time, out *Outbox) {
	for !d.ended {
		id, any := d.timers.due(now)
		if !any {
			return
		}
		switch id {
		case timerAck:
			d.repeat(now, out)
		case timerWait:
			if d.state == menuB {
				d.state = waitingB
				d.send(now, opConnecting, "", out)
				out.note("This daemon (b) waits for an invitation now, and cannot invite any more until somebody has come.")
			}
		case timerHint:
			if d.state == menuB && !d.quitting {
				out.note(fmt.Sprintf("This daemon (b) either invites or waits: invite somebody within %s, or it waits for an invitation and has no way back.", decideB-hintB))
			}
		case timerPart:
			switch d.state {
			case complainingB:
				d.ping(now, out)
			case partingB:
				// b's own daemon would have logged us out, and would stay with
				// its partner.
				d.partner = nil
				d.menu(now)
			default:
			}
		case timerCalled:
			if d.state == callingB && d.talk != nil {
				out.tell(client.Unanswered{Peer: d.talk.peer, User: d.talk.user, Seconds: int(now.Sub(d.talk.since) / time.Second)})
				d.timers[timerCalled] = now.Add(unansweredEvery)
			}
		case timerEnd:
			d.end(out)
		case timerRest:
		}
		d.settle(now, out)
		d.catchUp(now, out)
	}
}

// repeat sends again what has not been acknowledged, as b's own client does, and
// gives up when it does.
func (d *dialogueB) repeat(now time.Time, out *Outbox) {
	if d.tries < triesB {
		d.tries++
		d.timers[timerAck] = now.Add(ackB)
		out.send(d.flight)
		return
	}
	op := ""
	if d.user != "" && !d.entered {
		op = client.Connect{}.Op()
	}
	if d.talk != nil && d.state != ringingB {
		out.tell(d.talk.closed(client.CloseUnreachable, ""))
	}
	out.tell(client.Error{OpName: op, Reason: ReasonUnsupported, Text: silent(B, d.cfg.Daemon)})
	d.end(out)
}

func (d *dialogueB) menu(now time.Time) {
	d.state = menuB
	if d.partner == nil {
		d.timers[timerWait] = now.Add(decideB)
		d.timers[timerHint] = now.Add(hintB)
	}
}

// settle sends what may be sent now. It is called after everything that
// happens.
func (d *dialogueB) settle(now time.Time, out *Outbox) {
	if d.ended || d.flight != "" {
		return
	}
	if d.quitting {
		d.depart(now, out)
		return
	}
	switch d.state {
	case namingB:
		if d.user != "" && !d.taken {
			d.state = enteringB
			d.send(now, opConnect, d.user, out)
		}
	case menuB:
		if d.wanted.IsValid() {
			d.call(now, out)
		}
	case openB:
		switch t := d.talk; {
		case len(t.queue) > 0:
			d.send(now, opChat, t.queue[0].onWire, out)
		case t.leaving:
			d.quit(now, out)
		}
	case ringingB:
		if d.talk == nil || d.talk.answer == no {
			d.quit(now, out)
		}
	case goneB:
		switch {
		case !d.wanted.IsValid():
		case d.stuck(d.wanted):
			out.tell(d.stays(d.wanted))
			d.wanted = netip.AddrPort{}
		default:
			d.ping(now, out)
		}
	case complainingB, pingingB, enteringB, listedB, callingB, waitingB, partingB:
	}
}

// quit sends QUIT once the daemon has had its rest.
func (d *dialogueB) quit(now time.Time, out *Outbox) {
	if !d.resting(now) {
		d.send(now, opQuit, "", out)
	}
}

// resting reports whether it is too early to log out, and sees to it that settle
// is called when it is not any more.
func (d *dialogueB) resting(now time.Time) bool {
	at := d.busied.Add(restB)
	if d.busied.IsZero() || !now.Before(at) {
		return false
	}
	d.timers[timerRest] = at
	return true
}

func (d *dialogueB) call(now time.Time, out *Outbox) {
	peer := d.wanted
	d.wanted = netip.AddrPort{}
	d.timers.stop(timerWait)
	d.timers[timerCalled] = now.Add(unansweredEvery)
	d.state = callingB
	d.talk = &party{peer: peer, since: now, tries: 1}
	d.send(now, opConnecting, "request: "+peer.Addr().String(), out)
	out.tell(client.Inviting{Peer: peer, Tries: 1})
}

// depart does the next step towards the end: to log out, so that the daemon
// takes another client.
func (d *dialogueB) depart(now time.Time, out *Outbox) {
	switch d.state {
	case goneB:
		d.end(out)
	case listedB:
		d.state = enteringB
		d.send(now, opConnect, nobodyB, out)
	case namingB, menuB, openB, ringingB:
		if d.taken {
			d.end(out)
			return
		}
		if t := d.talk; t != nil {
			t.leaving = true
			t.drop()
		}
		d.quit(now, out)
	case callingB, waitingB:
		if d.resting(now) {
			return // it may be about to say that the chat is open
		}
		// It reads nothing until somebody has come, and then wants its news
		// acknowledged before it takes a QUIT. So both are put into its queue
		// now, when we are still there.
		for _, op := range []string{opAck, opQuit, opAck} {
			out.send(op + "|")
		}
		d.end(out)
	case complainingB, pingingB, enteringB, partingB:
	}
}

// Datagram implements [Dialogue].
func (d *dialogueB) Datagram(now time.Time, b []byte, out *Outbox) {
	if d.ended {
		return
	}
	op, payload, _ := strings.Cut(string(b), "|")
	if op == opAck {
		d.acked(now, out)
		d.settle(now, out)
		d.catchUp(now, out)
		return
	}
	out.send(opAck + "|")
	if answers(op, d.flight) {
		d.acked(now, out) // its ACK was lost
	}
	switch op {
	case opPong:
		if d.state == pingingB {
			d.state = namingB
		}
	case opConnect:
		d.welcomed(now, payload, out)
	case opConnecting:
		d.met(now, payload, out)
	case opChat:
		d.heard(payload, out)
	case opQuit:
		d.dismissed(now, out)
	case opError:
		d.refused(now, payload, out)
	}
	d.settle(now, out)
	d.catchUp(now, out)
}

// answers reports whether a datagram of the daemon's shows that it has what is
// on its way to it.
func answers(op, flight string) bool {
	to, payload, _ := strings.Cut(flight, "|")
	switch op {
	case opPong:
		return to == opPing
	case opConnect:
		return to == opConnect
	case opConnecting:
		return to == opConnecting || to == opConnect && payload != ""
	case opQuit:
		return to == opQuit
	case opError:
		return to != ""
	}
	return false
}

func (d *dialogueB) acked(now time.Time, out *Outbox) {
	what, _, _ := strings.Cut(d.flight, "|")
	d.flight = ""
	d.timers.stop(timerAck)
	switch what {
	case opConnecting:
		d.busied = now
	case opChat:
		d.busied = now
		if t := d.talk; t != nil && len(t.queue) > 0 {
			t.handed(out)
		}
	case opQuit:
		d.left(now, out)
	}
}

// left takes it that the daemon has our QUIT. It may still say that we are
// logged out.
func (d *dialogueB) left(now time.Time, out *Outbox) {
	if t := d.talk; t != nil {
		reason := client.CloseLeft
		if t.answer == no {
			reason = client.CloseDeclined
		}
		out.note("This daemon (b) does not tell the other side that you have gone.")
		out.tell(t.closed(reason, ""))
		d.partner, d.talk = t, nil
	}
	d.held = nil
	d.state = partingB
	d.timers[timerPart] = now.Add(partB)
}

// dismissed takes a QUIT: the partner's, or that we are logged out.
func (d *dialogueB) dismissed(now time.Time, out *Outbox) {
	switch d.state {
	case partingB:
		d.timers.stop(timerPart)
		d.state = goneB
	case openB, ringingB:
		d.over(now, client.CloseLeft, "", out)
	default:
		d.state = goneB
	}
}

// over takes the end of the chat or invitation that the daemon told of.
func (d *dialogueB) over(now time.Time, reason client.CloseReason, words string, out *Outbox) {
	if t := d.talk; t != nil {
		out.tell(t.closed(reason, words))
	}
	// b's own daemon never says so. Whoever does is free for another partner.
	d.talk, d.held, d.partner = nil, nil, nil
	d.flight = ""
	d.timers.stop(timerAck)
	d.timers.stop(timerCalled)
	d.menu(now)
}

func (d *dialogueB) refused(now time.Time, words string, out *Outbox) {
	switch d.state {
	case complainingB:
		d.timers.stop(timerPart)
		d.ping(now, out)
	case pingingB:
		d.taken = true
		d.state = namingB
		if d.user != "" {
			out.tell(d.takenError())
		}
	case callingB:
		reason, text := refusal(words)
		d.over(now, reason, text, out)
	case openB:
		d.over(now, client.CloseRefused, words, out)
	default:
		out.tell(client.NewError("", client.ReasonRefusedText, client.Facts{Detail: words}))
	}
}

func (d *dialogueB) takenError() client.Error {
	return client.Error{OpName: client.Connect{}.Op(), Reason: client.ReasonTaken, Text: fmt.Sprintf(
		"The daemon at %s (b) already has a client, and it takes one at a time. Quit that one first; if it is gone, start the daemon again.", d.cfg.Daemon)}
}
