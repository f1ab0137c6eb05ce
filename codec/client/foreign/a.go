package foreign

import (
	"net/netip"
	"time"

	"simp/codec/client"
)

// The types of a's datagrams, their first byte. The second is 1 where an answer
// is expected, and nobody looks at it. a's daemon dies of any other type.
const (
	typeConnect     = 0x00
	typeChat        = 0x01
	typeError       = 0x02
	typeQuit        = 0x03
	typeRequest     = 0x04
	typeMenu        = 0x05
	typeEstablished = 0x06
)

// What a client sends, but for texts.
const (
	greetA   = "\x00\x01"
	nameA    = "\x00\x01" // followed by the name
	chatA    = "\x01\x01" // followed by the text
	quitA    = "\x03\x00"
	menuA    = "\x05\x00" // followed by wait, start, or an address
	reaskA   = "\x07"
	answerA  = "\x09\x01" // followed by y or n
	waitA    = menuA + "wait"
	startA   = menuA + "start"
	anybodyA = "simp" // the name of a client that goes before it has one
)

const (
	// replyA is how long a's daemon may take for its next question. It repeats
	// nothing, and neither may we: it would take the copy for the answer to its
	// next question.
	replyA = 5 * time.Second

	// decideA is how long the daemon's menu is left open before the dialogue
	// answers "wait". At the menu its thread takes whatever comes next for the
	// choice; a person who has just come may be about to invite somebody.
	decideA = time.Second

	// paceA lies between two messages. Behind every message the daemon's threads
	// take 5 to 10 ms from each other, and it reads one datagram at a time: what
	// comes faster is lost in its socket's buffer.
	paceA = 25 * time.Millisecond

	// restA lies between the last message and the goodbye. A goodbye that comes
	// before the daemon has sent a message and has its ACK leaves the partner in
	// the chat, and kills the thread that sends messages.
	restA = time.Second

	// forgetA lies between the end of a chat, or a refusal, and the next login:
	// the daemon says so before it forgets its client, and a login in between
	// is refused first and then kills the thread that answers clients.
	forgetA = 250 * time.Millisecond

	// returnA is when the dialogue logs in again after a chat, so as to be
	// reachable, unless the person has gone or invites somebody before that.
	returnA = time.Second

	// goodbyeA is how long the daemon may wait for its partner's answer to a
	// goodbye, which it sends once.
	goodbyeA = 10 * time.Second

	// departA bounds the end: a program does not stay for a daemon's sake.
	departA = 1800 * time.Millisecond

	// unansweredEvery is the specification's time after which a person is asked
	// whether to wait on.
	unansweredEvery = 30 * time.Second
)

// placeA is where the daemon's thread for clients is, as far as we know: what
// it takes our next datagram for.
type placeA uint8

const (
	greetingA placeA = iota // the greeting is sent, 00 00 and the question for a name are expected
	namingA                 // it takes the next datagram for the name
	enteringA               // the name is sent; the menu comes, or a request
	menuOpenA               // it takes the next datagram for the choice
	idleA                   // it takes commands
	askingA                 // the menu was asked for
	startingA               // start was chosen; it will take the next datagram for the address
)

// The timers of a's dialogue.
const (
	timerReply      = iota // the daemon's next question
	timerDecide            // answer the menu
	timerMessage           // the next message, or the goodbye
	timerGoodbye           // the daemon's answer to the goodbye
	timerLogin             // log in again
	timerUnanswered        // an invitation has had no answer
	timerDepart            // end, whatever is missing
	timerSettled           // nothing that we start can meet the daemon forgetting us
)

// dialogueA is the dialogue with a's daemon.
//
// That daemon has one thread that answers its client, one that opens chats and
// one that receives in a chat. The first one asks a fixed series of questions
// and takes the next datagram, whatever it is, for the answer; only between
// them does it take commands. The second stands still while an invitation waits
// for the client's answer. Each can have at most one invitation of ours (call),
// one of theirs (ring) and one chat.
type dialogueA struct {
	cfg    Config
	timers timers

	place   placeA
	user    string // the person's name; "": none given yet
	entered bool   // Connected was told
	taken   bool   // somebody else is the daemon's client
	wanted  netip.AddrPort
	call    *party // wanted, or invited
	ring    *party
	chat    *party
	gone    bool // the daemon knows us no more; its thread is at its place all the same

	// loose says that an invitation went out and nobody has answered it. It
	// can still be accepted, also when it is withdrawn as far as we are
	// concerned.
	loose bool
	worn  bool // the partner has left a chat: the thread that received in it goes on

	later    waiting
	quiet    time.Time // when messages have come to rest
	quitting bool
	logout   bool // its last step has begun
	ended    bool
}

var _ Dialogue = (*dialogueA)(nil)

func (d *dialogueA) own() netip.AddrPort {
	return netip.AddrPortFrom(d.cfg.Daemon, client.DefaultPort)
}

// Deadline implements [Dialogue].
func (d *dialogueA) Deadline() time.Time {
	if d.ended {
		return time.Time{}
	}
	return d.timers.next()
}

// Start implements [Dialogue].
func (d *dialogueA) Start(now time.Time, out *Outbox) {
	if !d.cfg.Probed {
		out.send(greetA)
	}
	d.expect(now, greetingA)
}

// expect notes that the daemon's next question is due.
func (d *dialogueA) expect(now time.Time, place placeA) {
	d.place = place
	d.timers[timerReply] = now.Add(replyA)
}

func (d *dialogueA) arrive(place placeA) {
	d.place = place
	d.timers.stop(timerReply)
}

func (d *dialogueA) end(out *Outbox) {
	d.ended = true
	out.Ended = true
}

// Expire implements [Dialogue].
func (d *dialogueA) Expire(now time.Time, out *Outbox) {
	for !d.ended {
		id, any := d.timers.due(now)
		if !any {
			return
		}
		switch id {
		case timerReply:
			d.overdue(out)
		case timerDecide:
			if d.place == menuOpenA {
				d.wait(out)
			}
		case timerGoodbye:
			d.unparted(out)
		case timerLogin:
			d.login(now, out)
		case timerUnanswered:
			if c := d.call; c != nil {
				out.tell(client.Unanswered{Peer: c.peer, User: c.user, Seconds: int(now.Sub(c.since) / time.Second)})
				d.timers[timerUnanswered] = now.Add(unansweredEvery)
			}
		case timerDepart:
			d.end(out)
		case timerMessage, timerSettled: // settle sees to it
		}
		d.settle(now, out)
		d.catchUp(now, out)
	}
}

// overdue ends the dialogue with a daemon that does not ask its next question.
func (d *dialogueA) overdue(out *Outbox) {
	if d.taken {
		d.arrive(idleA) // its other client is being asked something, so there is no menu
		return
	}
	sentence := silent(A, d.cfg.Daemon)
	op := ""
	if d.user != "" && !d.entered {
		op = client.Connect{}.Op()
	}
	for _, p := range []*party{d.call, d.chat} {
		if p != nil {
			out.tell(p.closed(client.CloseUnreachable, ""))
		}
	}
	out.tell(client.Error{OpName: op, Reason: ReasonUnsupported, Text: sentence})
	d.end(out)
}

// unparted ends the dialogue with a daemon whose partner has not answered the
// goodbye. It has sent that once and will not do so again, and until the answer
// comes it neither forgets its client nor listens to anybody else.
func (d *dialogueA) unparted(out *Outbox) {
	if d.chat == nil {
		return
	}
	out.tell(d.chat.closed(client.CloseLeft, ""))
	out.note("The partner has not answered the goodbye, and this daemon (a) can do nothing else until it does. Start it again before the next chat.")
	d.chat = nil
	d.end(out)
}

// login greets the daemon once more after it has forgotten us.
func (d *dialogueA) login(now time.Time, out *Outbox) {
	if !d.gone || d.quitting {
		return
	}
	if d.place != idleA {
		d.timers[timerLogin] = now.Add(forgetA) // it would take the greeting for an answer
		return
	}
	d.gone = false
	out.send(greetA)
	d.expect(now, greetingA)
}

// settle does what can be done where the daemon's thread is now. It is called
// after everything that happens.
func (d *dialogueA) settle(now time.Time, out *Outbox) {
	if d.ended {
		return
	}
	if d.quitting {
		d.depart(now, out)
		if d.ended {
			return
		}
	}
	switch d.place {
	case namingA:
		d.name(now, out)
	case menuOpenA:
		d.choose(now, out)
	case greetingA, enteringA, idleA, askingA, startingA:
	}
	if d.place == idleA && !d.gone {
		d.command(now, out)
	}
}

func (d *dialogueA) name(now time.Time, out *Outbox) {
	name := d.user
	if name == "" && (d.quitting || d.taken) {
		name = anybodyA
	}
	if name == "" {
		return
	}
	out.send(nameA + name)
	if d.ring == nil {
		d.expect(now, enteringA)
		return
	}
	d.arrive(idleA) // it has asked already, so the menu is left out
	d.enter(d.ring.pending(), out)
}

// choose answers the menu, at once if there is a reason to.
func (d *dialogueA) choose(now time.Time, out *Outbox) {
	switch {
	case d.ring != nil, d.chat != nil, d.taken, d.gone:
		d.wait(out)
	case d.wanted.IsValid():
		out.send(startA)
		d.timers.stop(timerDecide)
		d.expect(now, startingA)
	case d.timers[timerDecide].IsZero():
		d.timers[timerDecide] = now.Add(decideA)
	}
}

func (d *dialogueA) wait(out *Outbox) {
	out.send(waitA)
	d.timers.stop(timerDecide)
	d.arrive(idleA)
}

// command gives the daemon's thread, which takes commands now, the next one.
func (d *dialogueA) command(now time.Time, out *Outbox) {
	if r := d.ring; r != nil && r.answer != unanswered && !r.told {
		r.told = true
		out.send(answerA + string(r.answer))
		if r.answer == no {
			// What its own client does: it has the menu opened. But see invite for
			// when that must not be.
			out.tell(r.closed(client.CloseDeclined, ""))
			d.ring = nil
			if !d.loose {
				out.send(reaskA)
				d.expect(now, askingA)
			}
			return
		}
	}
	if d.chat != nil {
		d.talk(now, out)
		return
	}
	if d.wanted.IsValid() && d.ring == nil {
		// Its thread ignores "start" here, since it asks no question; but it
		// opens the menu for whoever asks for it.
		out.send(reaskA)
		d.expect(now, askingA)
	}
}

// talk sends the next message, and the goodbye behind the last.
func (d *dialogueA) talk(now time.Time, out *Outbox) {
	c := d.chat
	at := d.quiet
	switch {
	case len(c.queue) > 0 && !now.Before(d.quiet):
		out.send(chatA + c.queue[0].onWire)
		c.handed(out)
		d.quiet = now.Add(paceA)
		at = d.quiet
	case len(c.queue) == 0 && c.leaving && !c.goodbye:
		if at = d.quiet.Add(restA); d.quiet.IsZero() || !now.Before(at) {
			c.goodbye = true
			out.send(quitA)
			d.timers[timerGoodbye] = now.Add(goodbyeA)
			return
		}
	}
	if len(c.queue) > 0 || c.leaving && !c.goodbye {
		if len(c.queue) == 0 {
			at = d.quiet.Add(restA)
		}
		d.timers[timerMessage] = at
	}
}

// depart does the next step towards the end.
//
// The daemon has no command by which a client without a chat could log out, and
// takes nobody else until it has forgotten the one it has. It forgets a client
// whose invitation is declined. So the last thing that a client without a chat
// does is to invite its own daemon and to decline. That is left out where an
// invitation of ours can still be accepted, and where the thread that received
// in a chat goes on after it and would take part: a thread of the daemon's would
// then die of the missing client.
func (d *dialogueA) depart(now time.Time, out *Outbox) {
	switch {
	case d.taken:
		if d.place == idleA {
			d.end(out)
		}
	case d.gone:
		if d.place == idleA && !d.timers[timerSettled].After(now) {
			d.end(out)
		}
	case d.chat != nil:
		d.chat.drop()
		d.chat.leaving = true
	case d.ring != nil:
		if d.ring.answer == unanswered {
			d.ring.answer = no
			// The daemon's thread is not done with it when it opens the menu.
			d.timers[timerSettled] = now.Add(forgetA)
		}
	case d.loose:
		// Whoever accepts in these last moments is told goodbye, and the daemon is free.
	case d.worn:
		d.end(out)
	case d.place == menuOpenA, d.place == idleA:
		if !d.logout && !d.timers[timerSettled].After(now) {
			d.logout = true
			d.wanted = d.own()
		}
	}
}
