package ui

import (
	"errors"
	"net/netip"
	"strings"

	"simp/codec/client"
	"simp/codec/text"
)

// What the person types.

const help = "Type an address such as 192.0.2.7 to invite its user, y or n to answer an invitation, q to end simp. /help has the rest."

// helpLines is /help, for a screen of 40 columns too.
func helpLines() []string {
	return []string{
		"Outside a chat:",
		"  192.0.2.7  invite the user there",
		"  y, n       answer an invitation",
		"  s, g       repeat yours, give it up",
		"  q          give it up, or end simp",
		"In a chat lines are messages, except:",
		"  q          leave; again: at once",
		"  /say q     send a lone q",
		"  //text     send /text",
		"Always:",
		"  /start IP[:PORT]  invite somebody",
		"  /accept WHO, /decline WHO",
		"  /back      give up your invitation",
		"  /to WHO    write to another chat",
		"  /status    what is going on",
		"  /peers     whose daemons are what",
		"  /quit      end simp, like Ctrl-D",
		"WHO is an address or a name.",
	}
}

// line takes a line once we are the daemon's user.
func (m *Model) line(s string) {
	trimmed := strings.TrimSpace(s)
	said, isText := quoted(s)
	switch {
	case strings.HasPrefix(s, "/") && !isText:
		m.command(s)
	case trimmed == "":
		m.blank()
	case m.holding() && (len(m.held) > 0 || !isKey(trimmed)):
		m.held = append(m.held, s)
	case isText:
		m.write(said)
	case trimmed == "q":
		m.echo(promptMark, s)
		m.leave()
	case m.current != nil:
		m.write(s)
	default:
		m.echo(promptMark, s)
		m.outside(trimmed)
	}
}

// quoted returns the text of a line that sends one which could not be typed as it is.
func quoted(s string) (said string, is bool) {
	if strings.HasPrefix(s, "//") {
		return s[1:], true
	}
	return strings.CutPrefix(s, "/say ")
}

// isKey reports whether a line is one of those that steer an invitation of ours.
func isKey(s string) bool { return s == "q" || s == "s" || s == "g" }

// holding reports whether lines of a pipe wait for the answer to its invitation. What steers the invitation itself does
// not wait, unless it comes behind a line that does: there it is meant for what comes later.
func (m *Model) holding() bool {
	return m.opt.Pipe && (len(m.held) > 0 || m.current == nil && m.out() != nil)
}

// release takes the lines that were held, as far as nothing holds them again.
func (m *Model) release() {
	lines, end := m.held, m.heldEnd
	m.held, m.heldEnd = nil, false
	for i, l := range lines {
		m.line(l)
		if len(m.held) > 0 {
			m.held = append(m.held, lines[i+1:]...)
			m.heldEnd = end
			return
		}
	}
	switch {
	case end && m.holding():
		m.heldEnd = true
	case end:
		m.quit()
	}
}

// drop gives up the lines that were held, because what they waited for will not come.
func (m *Model) drop() {
	for _, l := range m.held {
		m.lost = true
		m.say("Not sent: %s", text.Visible(l))
	}
	m.held = nil
	if m.heldEnd {
		m.heldEnd = false
		m.quit()
	}
}

// blank takes an empty line: in answer to "keep waiting?" it means yes, otherwise nothing.
func (m *Model) blank() {
	if c := m.out(); c != nil && m.current == nil && !m.opt.Pipe {
		m.say("Still waiting for %s.", m.label(c))
	}
}

// outside takes a line that is neither a command nor for a chat.
func (m *Model) outside(s string) {
	switch strings.ToLower(s) {
	case "y", "yes":
		m.answer("", true)
		return
	case "n", "no":
		m.answer("", false)
		return
	case "s":
		if c := m.out(); c != nil && c.state == inviting {
			m.invite(c.peer)
			return
		}
	case "g":
		if m.out() != nil {
			m.back()
			return
		}
	}
	if peer, err := client.ParsePeer(s); err == nil {
		m.invite(peer)
		return
	}
	if chats := m.in(open); len(chats) > 0 {
		m.say("Nothing was sent, since you are not writing to anybody. /to %s goes on with that chat.", m.label(chats[0]))
		return
	}
	m.say(help)
}

// command takes a line that begins with a slash.
func (m *Model) command(s string) {
	verb, rest, _ := strings.Cut(s, " ")
	who := strings.TrimSpace(rest)
	m.echo(promptMark, s)
	switch verb {
	case "/start":
		peer, err := client.ParsePeer(who)
		if err != nil {
			m.say("%s", text.Visible(err.Error()))
			return
		}
		m.invite(peer)
	case "/accept":
		m.answer(who, true)
	case "/decline":
		m.answer(who, false)
	case "/back":
		m.back()
	case "/to":
		m.switchTo(who)
	case "/status":
		m.ask(false)
	case "/peers":
		m.ask(true)
	case "/help":
		for _, l := range helpLines() {
			m.say("%s", l)
		}
	case "/quit":
		if m.quitting {
			m.endAtOnce()
			return
		}
		m.drop()
		m.quit()
	default:
		m.say("There is no command %s. /help lists them; //text sends a text that begins with /.", text.Visible(verb))
	}
}

// write sends a message to the current chat.
func (m *Model) write(s string) {
	c := m.current
	switch {
	case c == nil:
		m.echo(promptMark, s)
		m.outside("") // not a chat: say what there is
		return
	case c.state == leaving:
		m.echo(promptMark, s)
		m.lost = true
		m.say("Not sent, since you are leaving the chat with %s: %s", m.label(c), text.Visible(s))
		return
	}
	m.nextID++
	cmd := client.Chat{Peer: c.peer, Text: s, ID: client.NumberID(m.nextID)}
	if _, err := (client.Native{}).AppendCommand(nil, cmd); err != nil {
		m.echo(promptMark, s)
		m.lost = true
		m.say("Not sent. %s", text.Visible(sentenceOf(err)))
		return
	}
	m.echo(own+": ", s)
	c.ours = append(c.ours, message{id: cmd.ID, text: s})
	m.send(cmd)
}

// sentenceOf returns what a refused command tells people.
func sentenceOf(err error) string {
	var refused *client.DecodeError
	if errors.As(err, &refused) {
		return refused.Text
	}
	return err.Error()
}

// leave is q: out of the chat, else back from the invitation, else the end.
func (m *Model) leave() {
	c := m.current
	switch {
	case c != nil && c.state == open:
		m.leaveChat(c)
	case c != nil:
		m.say("Leaving %s at once.", m.label(c))
		m.send(client.Leave{Peer: c.peer, Now: true})
	case m.out() != nil:
		m.back()
	case m.quitting:
		m.endAtOnce()
	default:
		m.quit()
	}
}

func (m *Model) leaveChat(c *conversation) {
	c.state = leaving
	c.tries = 0
	if len(c.ours) > 0 {
		m.say("Leaving when %s has everything: %s. q leaves at once.", m.label(c), c.onTheirWay())
	}
	m.send(client.Leave{Peer: c.peer})
}

func (m *Model) back() {
	c := m.out()
	if c == nil {
		m.say("You are not inviting anybody.")
		return
	}
	m.send(client.Cancel{Peer: c.peer})
}

// invite asks somebody for a chat, or again.
func (m *Model) invite(peer netip.AddrPort) {
	c := m.find(peer)
	switch {
	case c == nil:
	case c.state == inviting:
		m.say("Inviting %s again.", m.label(c))
	case c.state == asking:
		m.accept(c)
		return
	case c.state == connecting:
		m.say("%s has yet to confirm the chat. /back gives up.", m.label(c))
		return
	case c.state == open:
		m.current = c
		m.say("You are in a chat with %s already.", m.label(c))
		return
	case c.state == leaving:
		m.say("The chat with %s is still being closed. Invite again when it is, or leave it at once with q.", m.label(c))
		return
	}
	if self := m.self.Addr.Addr(); self.IsLoopback() && !peer.Addr().IsLoopback() {
		m.say("Your daemon is at %s, which nobody outside this host reaches. If this fails, start simp with this host's own address in the network.", self)
	}
	if c == nil {
		m.meet(peer, "", inviting) // now, and not when the daemon says so: the next line of a pipe is here already
	}
	m.send(client.Invite{Peer: peer})
}

// answer accepts or declines the invitation of who; "": of the only one.
func (m *Model) answer(who string, yes bool) {
	asks := m.in(asking)
	if who != "" {
		asks = m.named(who, asks)
	}
	switch {
	case len(asks) == 0 && who == "":
		m.say("Nobody is inviting you at the moment.")
	case len(asks) == 0:
		m.say("%s is not inviting you. /status lists who is.", text.Visible(who))
	case len(asks) > 1:
		verb := "/decline"
		if yes {
			verb = "/accept"
		}
		m.say("Whom do you mean?")
		for _, c := range asks {
			m.say("%s %s  (%s)", verb, Address(c.peer), whole(c))
		}
	case yes:
		m.accept(asks[0])
	default:
		m.send(client.Decline{Peer: asks[0].peer})
	}
}

func (m *Model) accept(c *conversation) {
	c.state = connecting
	m.send(client.Accept{Peer: c.peer})
}

// switchTo makes another open chat the one that lines go to.
func (m *Model) switchTo(who string) {
	chats := m.in(open)
	if who != "" {
		chats = m.named(who, chats)
	}
	switch len(chats) {
	case 0:
		m.say("You have no such chat. /status lists them.")
	case 1:
		m.current = chats[0]
		m.say("You are writing to %s.", whole(m.current))
	default:
		m.say("Whom do you mean?")
		for _, c := range chats {
			m.say("/to %s  (%s)", Address(c.peer), whole(c))
		}
	}
}

// named returns those of the conversations that who means, by address or by name.
func (m *Model) named(who string, among []*conversation) []*conversation {
	peer, err := client.ParsePeer(who)
	var found []*conversation
	for _, c := range among {
		if err == nil && c.peer == peer || err != nil && c.user == who {
			found = append(found, c)
		}
	}
	return found
}
