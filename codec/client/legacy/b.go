package legacy

import (
	"net/netip"
	"strings"
	"time"

	"simp/codec/client"
)

// B's protocol: OPERATION|PAYLOAD in ASCII. The client reads 1,024 bytes and the first two fields.
const (
	bHello = "PING|"
	bReady = "PONG|"

	bConnect    = "CONNECT|"
	bConnecting = "CONNECTING|"
	bRequest    = "request:" // in front of the address that the user typed
	bChat       = "CHAT|"
	bQuit       = "QUIT|"
	bError      = "ERROR|"

	bLongest = 1024

	// bPartner stands in front of a name where the client looks for one: behind the first ": ", without which it ends.
	bPartner = "Connected to user: "
	bFirst   = "new message from: "

	bFarewell = "You have been disconnected."

	// bRefusals is how often the client offers its name before it gives up and exits.
	bRefusals = 3
)

// bGrace is how long an invitation stays unanswered after the client has shown it.
//
// Its user is asked y or n then. "n" sends QUIT|, "y" sends nothing: the client just waits for the first message, which
// cannot come before the chat is open. So the daemon has to accept for a user who may still be reading the question. B's
// own daemon does so before it asks. Whoever says no within the grace declines properly; after it the chat opens, and a
// QUIT| that comes all the same ends it: the inviting side then sees its chat being left.
//
// A CHAT sent ahead of the answer would be acknowledged after "y" only, and so tell. But it would be the one message that
// the user reads before writing, in place of what the partner says.
const bGrace = 3 * time.Second

// stateB is where the client is.
type stateB uint8

const (
	bNaming    stateB = iota // typing the name
	bJoining                 // waiting for the ACK of its name, which it gets when it has the daemon
	bMenu                    // choosing
	bStarting                // waiting for the result of its invitation
	bWaiting                 // waiting for an invitation
	bAsked                   // typing y or n; the invitation is not answered
	bAgreed                  // perhaps still typing y or n, perhaps waiting for the first message; the invitation is accepted
	bTyping                  // typing a message
	bListening               // has sent one and waits for one
)

type dialogueB struct {
	lobby
	link
	state stateB
	then  stateB // the state once the message in flight is confirmed
	sent  []string

	typed    string         // the name, as the client has to read it again
	refusals int            // of names
	wanted   netip.AddrPort // whom to invite once the last chat is closed; zero: nobody
	agreeAt  time.Time      // end of the grace; zero: none
}

func (d *dialogueB) open(now time.Time, _ []byte, at Circumstances, out *Output) {
	d.near = at.Near
	if at.Taken {
		d.acknowledge(now, bHello, out)
		out.send(bError + "Daemon is busy with another user.")
		out.Gone = true
		return
	}
	d.greet(now, out)
}

func (d *dialogueB) greet(now time.Time, out *Output) {
	d.acknowledge(now, bHello, out)
	d.tell(now, bReady+"Daemon is running.", bNaming, out)
}

// tell sends a message that the client is waiting for; it is in state then when it has read it.
func (d *dialogueB) tell(now time.Time, message string, then stateB, out *Output) {
	d.then = then
	d.send(now, message, d.state == bAgreed, out)
}

func (d *dialogueB) Receive(now time.Time, datagram []byte, out *Output) {
	s := string(datagram)
	got := d.receive(s)
	switch {
	case got.confirmed:
		d.confirmed(now, out)
	case got.thrown:
		d.thrown(s)
	}
	if got.fresh {
		d.act(now, s, out)
	}
	if !out.Gone && !out.Anew {
		d.advance(now, out)
	}
}

// confirmed goes on to where the client is now that it has read our message.
func (d *dialogueB) confirmed(now time.Time, out *Output) {
	d.state, d.sent = d.then, nil
	switch d.state {
	case bAsked:
		if d.with.stage == ringing {
			d.agreeAt = now.Add(bGrace)
		} else {
			d.state = bAgreed // the daemon accepts by itself, or the invitation is gone
		}
	case bMenu:
		d.leave(out)
	case bNaming:
		out.Gone = d.refusals >= bRefusals
	case bJoining, bStarting, bWaiting, bAgreed, bTyping, bListening:
	}
}

// thrown takes back what the client has thrown away. If that was because its user said no or left, the messages have been
// seen on the way, since it prints what it does not expect.
func (d *dialogueB) thrown(because string) {
	if d.with != nil && because != bQuit {
		d.with.texts = append(d.sent, d.with.texts...)
	}
	d.sent = nil
}

// act carries out a message of the client's.
func (d *dialogueB) act(now time.Time, s string, out *Output) {
	if d.inMenu(now, s) {
		d.state = bMenu
		d.leave(out)
	}
	switch d.state {
	case bNaming:
		if name, is := strings.CutPrefix(s, bConnect); is {
			d.join(now, name, out)
			return
		}
		if s == bHello && d.acked == bHello {
			d.greet(now, out)
			return
		}
	case bMenu:
		if d.menu(now, s, out) {
			return
		}
	case bAsked, bAgreed:
		if s == bQuit {
			d.acknowledge(now, s, out)
			d.agreeAt = time.Time{}
			d.state = bMenu
			d.leave(out)
			return
		}
	case bTyping:
		if d.say(now, s, out) {
			return
		}
	case bListening:
		// What it has said already it says again only for want of our ACK; anything else shows that it is typing.
		if s != d.acked && d.say(now, s, out) {
			return
		}
	case bJoining, bStarting, bWaiting:
	}
	out.Ignored = true
	switch {
	case s == bHello: // where this client cannot say it, another one does
		out.Anew = true
	case d.late(now, s):
		d.acknowledge(now, s, out)
	}
}

// inMenu reports whether a message shows that the client is in its menu, although we have it in a chat: it goes back when
// it reads what it does not expect, a copy of what it has read before the chat.
func (d *dialogueB) inMenu(now time.Time, s string) bool {
	if !strings.HasPrefix(s, bConnecting) || s == d.acked && !d.late(now, s) {
		return false
	}
	return d.state == bAgreed || d.state == bTyping || d.state == bListening
}

// join offers the name to the daemon. The ACK has to wait for its answer: the client cannot be asked for another name,
// but while it waits for the ACK it shows what comes instead, and offers the name again.
func (d *dialogueB) join(now time.Time, name string, out *Output) {
	user, err := client.ParseUser(name)
	switch {
	case err != nil:
		d.refuseName(now, err.Error(), out)
	case strings.Contains(name, "|"): // it would not find its own name in the welcome
		d.refuseName(now, "A name with a vertical bar does not work with this client. Start it again with another one.", out)
	default:
		d.typed, d.state = name, bJoining
		out.do(client.Connect{User: user})
	}
}

func (d *dialogueB) refuseName(now time.Time, why string, out *Output) {
	d.refusals++
	d.state = bNaming
	d.tell(now, d.limited(bError+line(why)), bNaming, out)
}

// menu carries out a choice; false if it is none.
func (d *dialogueB) menu(now time.Time, s string, out *Output) bool {
	choice, connecting := strings.CutPrefix(s, bConnecting)
	switch {
	case s == bQuit:
		d.acknowledge(now, s, out)
		out.send(bQuit + d.lastWords(bLongest-len(bQuit)-len(bFarewell)) + bFarewell)
		out.Gone = true
	case connecting && strings.TrimSpace(choice) == "":
		d.acknowledge(now, s, out)
		d.state = bWaiting
	case connecting:
		d.acknowledge(now, s, out)
		d.state = bStarting
		to, err := peer(strings.TrimPrefix(choice, bRequest))
		if err != nil {
			d.tell(now, d.limited(bError+line(err.Error())), bMenu, out)
			return true
		}
		d.wanted = to
	default:
		return false
	}
	return true
}

// say carries out what the client sends in a chat; false if it is neither a message nor the end.
func (d *dialogueB) say(now time.Time, s string, out *Output) bool {
	said, chat := strings.CutPrefix(s, bChat)
	switch {
	case s == bQuit:
		d.acknowledge(now, s, out)
		d.state = bMenu
		d.leave(out)
	case chat:
		d.acknowledge(now, s, out)
		d.state = bListening
		switch said, c := message(said), d.with; {
		case said == "" && len(c.texts) == 0 && c.stage != over:
			// The client now waits for an answer, and a partner that does the same would make both wait for ever.
			c.texts = []string{aside("nothing was sent, the line was empty")}
		case said == "":
		case c.stage != over:
			out.do(client.Chat{Peer: c.peer, Text: said})
		case len(c.texts) > 0:
			// What came before the end goes first, and would look like an answer.
			c.texts = append([]string{aside("your message was not sent, the chat is over")}, c.texts...)
		}
	default:
		return false
	}
	return true
}

func (d *dialogueB) Tell(now time.Time, ev client.Event, out *Output) {
	d.note(ev, out)
	switch e := ev.(type) {
	case client.Connected:
		if d.state == bJoining {
			d.acknowledge(now, bConnect+d.typed, out)
			// The client compares the whole text, and opens its menu for this one only. So it has to be sent also when
			// invitations wait: they are shown when the client waits for one.
			d.tell(now, bConnect+"Welcome, "+d.typed+"! \nYou currently have no pending chat requests.", bMenu, out)
		}
	case client.Error:
		d.refused(now, e, out)
	}
	d.advance(now, out)
}

// refused takes the answer to a command that could not be carried out.
func (d *dialogueB) refused(now time.Time, e client.Error, out *Output) {
	switch op := e.OpName; {
	case d.state == bJoining && op == (client.Connect{}).Op():
		d.refuseName(now, e.Text, out)
	case d.with == nil || e.Peer.IsValid() && e.Peer != d.with.peer:
	case d.with.beginning() && (op == (client.Invite{}).Op() || op == (client.Accept{}).Op()):
		d.with.stage, d.with.refusal = over, e.Text
	case d.with.stage == open && op == (client.Chat{}).Op():
		d.with.texts = append(d.with.texts, aside(e.Text))
	}
}

// advance sends the client what it is waiting for, if that is there.
func (d *dialogueB) advance(now time.Time, out *Output) {
	if !d.idle() || out.Gone {
		return
	}
	switch d.state {
	case bStarting:
		d.advanceStart(now, out)
	case bWaiting:
		if !d.cleared(out) {
			return
		}
		switch c := d.next(); {
		case c == nil:
		case c.stage == over: // nobody to talk to any more, but something to read; the client goes on waiting
			d.with = c
			d.showWaiting(now, out)
		default:
			d.with = c
			d.tell(now, bConnecting+bPartner+line(c.who()), bAsked, out)
		}
	case bAgreed:
		switch {
		case len(d.with.texts) > 0:
			d.show(now, bFirst+line(d.with.who())+": ", bTyping, out)
		case d.with.stage == over:
			d.part(now, out)
		}
	case bListening:
		switch {
		case len(d.with.texts) > 0:
			d.show(now, "", bTyping, out)
		case d.with.stage == over:
			d.part(now, out)
		}
	case bNaming, bJoining, bMenu, bAsked, bTyping:
		// Whatever came now would be taken for something else.
	}
}

func (d *dialogueB) advanceStart(now time.Time, out *Output) {
	if d.wanted.IsValid() {
		if !d.cleared(out) {
			return
		}
		d.call(d.wanted)
		if d.with.stage != open {
			out.do(client.Invite{Peer: d.wanted})
		}
		d.wanted = netip.AddrPort{}
	}
	switch {
	case d.with == nil:
	case d.with.stage == open:
		d.tell(now, bConnecting+bPartner+line(d.with.who()), bTyping, out)
	case d.with.stage == over:
		d.tell(now, d.limited(bError+line(d.with.ending())), bMenu, out)
	}
}

// cleared reports whether the last chat is closed, so that another one can begin, and sees to it. A user who asks for
// the next chat does not wait for a peer that does not answer any more.
func (d *dialogueB) cleared(out *Output) bool {
	last := d.inTheWay()
	if last == nil {
		return true
	}
	if !last.hurried {
		last.hurried = true
		out.do(client.Leave{Peer: last.peer, Now: true})
	}
	return false
}

// part tells a client that waits for a message that none will come.
func (d *dialogueB) part(now time.Time, out *Output) {
	ending := d.with.ending()
	news := d.with.said()
	if lost := losses(d.with.lost); lost != "" {
		news = append(news, lost)
	}
	if len(news) > 0 && d.state == bListening {
		// QUIT's text is shown to nobody; that of ERROR is.
		d.tell(now, d.limited(bError+line(ending+". "+strings.Join(news, " "))), bMenu, out)
		return
	}
	d.tell(now, d.limited(bQuit+line(ending)), bMenu, out)
}

// show sends the client what waits for it, as much as it reads at a time.
func (d *dialogueB) show(now time.Time, prefix string, then stateB, out *Output) {
	var text string
	d.with.texts = d.with.said() // what the daemon remarks has no place of its own
	text, d.sent, d.with.texts = fill(d.with.texts, bLongest-len(bChat)-len(prefix))
	d.tell(now, bChat+prefix+text, then, out)
}

// showWaiting sends the client what came in a chat that is over. A client that waits for an invitation prints anything.
func (d *dialogueB) showWaiting(now time.Time, out *Output) {
	d.show(now, "message from "+line(d.with.who())+": ", bWaiting, out)
	d.release()
}

// lastWords is what nobody has read, as much as fits in front of the last words to a client. It ends when it has read those.
func (d *dialogueB) lastWords(limit int) string {
	var said []string
	for _, c := range d.all {
		for _, t := range c.texts {
			said = append(said, "message from "+line(c.who())+": "+t)
		}
	}
	if len(said) == 0 {
		return ""
	}
	more := "\n" + aside("more messages came than fit here")
	joined, _, rest := fill(said, limit-len(more)-1)
	if len(rest) > 0 {
		joined += more
	}
	return joined + "\n"
}

// limited cuts what is not worth a second datagram.
func (d *dialogueB) limited(s string) string { return s[:min(len(s), bLongest)] }

// fill takes texts from the front until limit bytes are full, and joins them by line feeds. used is what it took, as it
// can be put back, rest what is left.
func fill(texts []string, limit int) (joined string, used, rest []string) {
	for i, t := range texts {
		t = plain(t)
		switch room := limit - len(joined) - 1; {
		case i == 0 && len(t) > limit:
			pieces := cut(t, limit)
			return pieces[0], pieces[:1:1], append([]string{strings.Join(pieces[1:], "")}, texts[1:]...)
		case i == 0:
			joined = t
		case len(t) > room:
			return joined, texts[:i:i], texts[i:]
		default:
			joined += "\n" + t
		}
	}
	return joined, texts, nil
}

// Expire repeats what was not acknowledged, and accepts when the grace is over.
func (d *dialogueB) Expire(now time.Time, out *Output) {
	d.expire(now, out)
	if d.agreeAt.IsZero() || now.Before(d.agreeAt) {
		return
	}
	d.agreeAt = time.Time{}
	if d.state != bAsked {
		return
	}
	d.state = bAgreed
	if d.with.stage == ringing {
		d.with.stage = accepted
		out.do(client.Accept{Peer: d.with.peer})
	}
	d.advance(now, out)
}

// NextDeadline is the next repeat or the end of the grace.
func (d *dialogueB) NextDeadline() (time.Time, bool) {
	at := d.repeatAt
	if at.IsZero() || !d.agreeAt.IsZero() && d.agreeAt.Before(at) {
		at = d.agreeAt
	}
	return at, !at.IsZero()
}

// Goodbye tells a client that waits for something. One that types notices when it gets no ACK.
func (d *dialogueB) Goodbye(_ time.Time, why End, out *Output) {
	out.Gone = true
	if !d.idle() {
		return
	}
	switch d.state {
	case bStarting, bWaiting:
		out.send(bError + why.sentence())
	case bAgreed, bListening:
		out.send(bQuit + why.sentence())
	case bNaming, bJoining, bMenu, bAsked, bTyping:
	}
}

// Held is how many messages wait for the client's turn.
//
// Messages of conversations that are over are left out while the client itself waits: they cannot be shown before it is
// told what it waits for, and must not keep that from being told.
func (d *dialogueB) Held() int {
	switch d.state {
	case bStarting, bAgreed, bListening:
		return d.heldIn(open)
	case bNaming, bJoining, bMenu, bWaiting, bAsked, bTyping:
	}
	return d.held()
}
