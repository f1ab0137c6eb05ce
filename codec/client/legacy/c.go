package legacy

import (
	"strings"
	"time"

	"simp/codec/client"
)

// C's protocol: command|key=value|..., in ASCII, without acknowledgements but the answers to connect and quit. The client
// listens beside its menu, so it may be told anything at any time; only the first datagram that it reads has to be the
// answer to its connect.
const (
	cHello = cConnect + "|"

	// What the client says.
	cConnect = "connect"
	cInvite  = "invite"
	cAccept  = "accept"
	cDecline = "decline"
	cSend    = "send"
	cQuit    = "quit"

	// What it is told.
	cOK         = "ok"
	cInvitation = "invitation"
	cConnected  = "connected"
	cMessage    = "message"
	cClosed     = "disconnected"
	cError      = "error"

	cLongest = 4096
)

type dialogueC struct {
	lobby
	user   string        // who connects or has connected; "": nobody
	joined bool          // the daemon has taken the user
	opened bool          // the client knows that its chat is open
	asked  *conversation // the invitation that the client knows: accept and decline name none
}

// open takes the connect. That the daemon is taken its own answer says, with the name of who holds it.
func (d *dialogueC) open(_ time.Time, first []byte, _ Circumstances, out *Output) {
	d.connect(fields(string(first)), out)
}

// fields splits a message at its bars. The value of text, which is always the last, keeps its own.
func fields(s string) map[string]string {
	all := make(map[string]string)
	for rest, more := s, true; more; {
		var f string
		if strings.HasPrefix(rest, "text=") {
			f, more = rest, false
		} else {
			f, rest, more = strings.Cut(rest, "|")
		}
		if key, value, is := strings.Cut(f, "="); is {
			all[key] = value
		}
	}
	return all
}

func (d *dialogueC) Receive(_ time.Time, datagram []byte, out *Output) {
	s := string(datagram)
	command, _, _ := strings.Cut(s, "|")
	given := fields(s)
	switch {
	case command == cConnect:
		d.connect(given, out)
	case !d.joined:
		out.Ignored = true
	case command == cInvite:
		d.invite(given, out)
	case command == cAccept && d.asked != nil:
		d.accept(out)
	case command == cDecline && d.asked != nil:
		d.decline(out)
	case (command == cAccept || command == cDecline) && d.with != nil:
		// The client asks its user once more if the chat is not open by the time it has sent the answer.
	case command == cAccept, command == cDecline:
		d.fail("There is no invitation any more.", out)
	case command == cSend:
		d.say(message(given["text"]), out)
	case command == cQuit:
		d.leave(out)
		d.opened = false
		out.send(cOK)
	default:
		out.Ignored = true
	}
	d.advance(out)
}

func (d *dialogueC) connect(given map[string]string, out *Output) {
	name := given["username"]
	switch user, err := client.ParseUser(name); {
	case d.joined && name == d.user:
		out.send(cOK) // it asks again for want of the answer
	case d.user != "":
		out.Anew = true
	case err != nil:
		d.fail(err.Error(), out)
		out.Gone = true
	default:
		d.user = user
		out.do(client.Connect{User: user})
	}
}

func (d *dialogueC) invite(given map[string]string, out *Output) {
	if d.engaged(out) {
		return
	}
	at := given["ip"]
	if port := given["port"]; port != "" {
		if strings.Contains(at, ":") {
			at = "[" + at + "]"
		}
		at += ":" + port
	}
	to, err := peer(at)
	if err != nil {
		d.fail(err.Error(), out)
		return
	}
	if d.with != nil && d.with.peer != to {
		d.leave(out)
	}
	d.call(to)
	d.opened = false
	if d.asked == d.with {
		d.asked = nil
	}
	out.do(client.Invite{Peer: to})
}

// engaged reports whether the user is in a chat, and says so. An invitation of theirs is no chat yet.
func (d *dialogueC) engaged(out *Output) bool {
	if d.with == nil || d.with.stage == calling {
		return false
	}
	d.fail("You are in a chat. Leave it first.", out)
	return true
}

func (d *dialogueC) accept(out *Output) {
	if d.engaged(out) {
		return
	}
	d.leave(out) // whom the user has invited: there is one chat at a time
	d.with, d.asked, d.opened = d.asked, nil, false
	d.with.stage = accepted
	out.do(client.Accept{Peer: d.with.peer})
}

func (d *dialogueC) decline(out *Output) {
	c := d.asked
	d.asked = nil
	out.do(client.Decline{Peer: c.peer})
	c.stage = over
	d.tidy()
}

func (d *dialogueC) say(said string, out *Output) {
	switch {
	case d.with == nil || d.with.stage != open:
		d.fail("There is no open chat.", out)
	case said != "":
		out.do(client.Chat{Peer: d.with.peer, Text: said})
	}
}

func (d *dialogueC) Tell(_ time.Time, ev client.Event, out *Output) {
	d.note(ev, out)
	switch e := ev.(type) {
	case client.Connected:
		d.joined = true
		out.send(cOK)
	case client.Error:
		d.refused(e, out)
	}
	d.advance(out)
}

func (d *dialogueC) refused(e client.Error, out *Output) {
	switch op := e.OpName; {
	case op == (client.Connect{}).Op():
		d.fail(e.Text, out)
		out.Gone = !d.joined
	case d.with == nil || e.Peer.IsValid() && e.Peer != d.with.peer:
	case d.with.beginning() && (op == (client.Invite{}).Op() || op == (client.Accept{}).Op()):
		d.with.stage, d.with.refusal = over, e.Text
	case op == (client.Chat{}).Op(), op == "":
		d.fail(e.Text, out)
	}
}

// advance tells the client what it does not know yet.
func (d *dialogueC) advance(out *Output) {
	if !d.joined || out.Gone || out.Anew {
		return
	}
	if d.asked != nil && d.asked.stage != ringing {
		d.asked = nil
	}
	for (d.with != nil || d.attend(out)) && d.follow(out) {
	}
	d.showOthers(out)
}

// showOthers shows what others have said than the one whom the client attends to.
func (d *dialogueC) showOthers(out *Output) {
	for _, c := range d.all {
		if c != d.with && len(c.texts) > 0 {
			d.show(c, out)
		}
	}
	d.tidy()
}

// show shows what somebody has said.
func (d *dialogueC) show(c *conversation, out *Output) {
	front := cMessage + "|username=" + line(c.who()) + "|text="
	for _, said := range c.said() {
		for _, piece := range cut(plain(said), cLongest-len(front)) {
			out.send(front + piece)
		}
	}
}

// attend looks for the next conversation: a chat that the daemon has accepted by itself, or an invitation to be shown.
// It returns true if there is a chat to follow.
func (d *dialogueC) attend(out *Output) bool {
	c := d.next()
	switch {
	case c == nil:
	case c.stage == ringing && d.asked == nil:
		d.asked = c
		at := client.FormatPeer(c.peer)
		if c.peer.Port() == client.DefaultPort {
			at = c.peer.Addr().String()
		}
		out.send(cInvitation + "|username=" + line(c.user) + "|ip=" + line(at))
	case c.stage == ringing:
	default:
		d.with, d.opened = c, false
		return true
	}
	return false
}

// follow tells the client how its conversation goes; true if that is over and the next one may come.
func (d *dialogueC) follow(out *Output) bool {
	c := d.with
	reading := c.stage == open || c.stage == over && len(c.texts) > 0
	if reading && !d.opened {
		d.opened = true
		out.send(cConnected + "|username=" + line(c.who()))
	}
	if d.opened {
		d.show(c, out)
	}
	if c.stage != over {
		return false
	}
	if lost := losses(c.lost); lost != "" {
		d.fail(lost, out)
	}
	if d.opened {
		out.send(cClosed)
	} else {
		d.fail(c.ending(), out)
	}
	d.opened = false
	d.release()
	return true
}

// fail tells the client a sentence.
func (d *dialogueC) fail(why string, out *Output) {
	s := cError + "|message=" + line(why)
	out.send(s[:min(len(s), cLongest)])
}

// Expire does nothing: nothing is repeated in C's protocol.
func (d *dialogueC) Expire(time.Time, *Output) {}

// NextDeadline is never.
func (d *dialogueC) NextDeadline() (time.Time, bool) { return time.Time{}, false }

// Goodbye tells the client. It notices no other way, and does not exit either.
func (d *dialogueC) Goodbye(_ time.Time, why End, out *Output) {
	if d.opened {
		out.send(cClosed)
	}
	d.fail(why.sentence(), out)
	out.Gone = true
}

// Held is how many messages wait. Once the client has connected none does.
func (d *dialogueC) Held() int { return d.held() }
